//! The users of a block who wait for events, each with a number.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::USERS;
use super::members::Members;

/// When events can matter to a user, in ms after the start of the range.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    pub(super) from: i64,
    /// The first time that is too late; 0 where none matters.
    pub(super) limit: i64,
}

/// Those who wait, or did so at a step before, numbered in order of their places in the block.
pub(super) struct Waiting {
    /// By place in the block, the number.
    numbers: Box<[u16; USERS]>,
    /// By number, the place in the block and the window; nobody's has no time.
    lows: Vec<u16>,
    windows: Vec<Window>,
}

/// The number of all who do not wait.
const NOBODY: u16 = 0;

/// A number whose window means nothing.
pub(super) const ANYBODY: usize = 1;

/// The least number of a user.
pub(super) const FIRST: usize = 2;

impl Waiting {
    pub(super) fn none() -> Self {
        let windows = vec![Window::default(); FIRST];
        Self { numbers: Box::new([NOBODY; USERS]), lows: vec![0; FIRST], windows }
    }

    /// Of the users at some places of a block, some wait for events from a time on, which is told of each, until another;
    /// they are told in order.
    pub(super) fn begin(
        &mut self,
        lows: Range<usize>,
        waiting: impl Iterator<Item = (usize, i64)>,
        limit: i64,
    ) {
        self.numbers[lows].fill(NOBODY);
        self.lows.truncate(FIRST);
        self.windows.truncate(FIRST);
        for (low, from) in waiting {
            self.numbers[low] = self.lows.len() as u16;
            self.lows.push(low as u16);
            self.windows.push(Window { from: from.max(0), limit });
        }
    }

    /// One more than the greatest number.
    pub(super) fn end(&self) -> usize {
        self.lows.len()
    }

    /// How many still wait.
    pub(super) fn count(&self) -> usize {
        self.windows().iter().map(|window| usize::from(window.limit > 0)).sum()
    }

    /// Takes exactly those who still wait.
    pub(super) fn name(&self, members: &mut Members) {
        members.clear();
        for (low, window) in self.lows[FIRST..].iter().zip(self.windows()) {
            if window.limit > 0 {
                members.insert(*low);
            }
        }
    }

    /// The windows in order of numbers.
    pub(super) fn windows(&self) -> &[Window] {
        &self.windows[FIRST..]
    }

    /// The window of a number.
    #[inline(always)]
    pub(super) fn window(&mut self, number: usize) -> &mut Window {
        &mut self.windows[number]
    }

    /// Nobody waits any more.
    pub(super) fn stop(&mut self) {
        self.windows[FIRST..].fill(Window::default());
    }

    /// The number of a user and its window.
    #[inline(always)]
    pub(super) fn of(&self, low: usize) -> (usize, Window) {
        let number = usize::from(self.numbers[low]);
        (number, self.windows[number])
    }

    /// The places in the block in order of numbers.
    pub(super) fn lows(&self) -> impl Iterator<Item = usize> {
        self.lows[FIRST..].iter().map(|low| usize::from(*low) % USERS)
    }
}
