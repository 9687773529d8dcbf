//! How far each user of a block came, for walks whose outcome is known only when they are over.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::conversion::{ConversionCounts, packed};
use super::groups::{Group, NO_VALUE};
use crate::part::BLOCK_USERS;

/// Times of a step for which there is room from the beginning, so that they are seldom copied.
const TIMES_ROOM: usize = 1 << 15;

/// Of each user of a block, by its place there.
pub(super) struct Reached {
    /// How many steps were reached.
    pub(super) depth: Vec<u8>,
    /// By step, how many ms after the step before it was reached, the first step after the start of the range; of
    /// steps that were not it means nothing.
    pub(super) took: Vec<Vec<i64>>,
    /// Whether the user may still get further.
    pub(super) is_pending: Vec<bool>,
    /// The group of the user; empty when the answer is not broken down.
    pub(super) groups: Vec<Group>,
    /// Users by group and number of steps reached, of all blocks so far.
    stopped: Vec<u64>,
}

impl Reached {
    /// Room for a funnel of so many steps, whose answer is told apart by so many groups.
    pub(super) fn new(steps: usize, groups: usize) -> Self {
        let users = BLOCK_USERS as usize;
        Self {
            depth: vec![0; users],
            took: vec![vec![0; users]; steps],
            is_pending: vec![false; users],
            groups: if groups > 1 { vec![NO_VALUE; users] } else { Vec::new() },
            stopped: vec![0; groups * (steps + 1)],
        }
    }

    /// Forgets the users at some places of the block.
    pub(super) fn clear(&mut self, lows: Range<usize>) {
        self.depth[lows.clone()].fill(0);
        self.is_pending[lows].fill(false);
    }

    /// Counts the users at some places of the block.
    pub(super) fn add_to(&mut self, lows: Range<usize>, counts: &mut ConversionCounts) {
        let Self { depth, took, is_pending, groups, stopped } = self;
        let group = |low: usize| groups.get(low).copied().unwrap_or(NO_VALUE);
        let steps = took.len();
        if groups.is_empty() {
            for (step, count) in counts.of_group(NO_VALUE).iter_mut().enumerate() {
                let reached =
                    depth[lows.clone()].iter().map(|depth| u32::from(*depth > step as u8));
                count[0] += u64::from(reached.sum::<u32>());
            }
        } else {
            // Who reached nothing is counted too, which costs less than to tell who did.
            for low in lows.clone() {
                stopped[group(low) as usize * (steps + 1) + usize::from(depth[low])] += 1;
            }
        }
        if is_pending[lows.clone()].iter().any(|is_pending| *is_pending) {
            for low in lows.clone().filter(|low| is_pending[*low]) {
                counts.of_group(group(low))[usize::from(depth[low]) - 1][1] += 1;
            }
        }
        for (step, took) in took.iter().enumerate().skip(1) {
            let all = counts.times_of(step);
            if all.capacity() == 0 {
                all.reserve(TIMES_ROOM);
            }
            let mut end = all.len();
            all.resize(end + lows.len(), 0);
            // Written for everyone and counted where there is a match, which is hard to foretell.
            let mut push = |group: Group, took: i64, depth: u8| {
                all[end] = packed(group, took as u64);
                end += usize::from(depth > step as u8);
            };
            let users = took[lows.clone()].iter().zip(&depth[lows.clone()]);
            if groups.is_empty() {
                users.for_each(|(took, depth)| push(NO_VALUE, *took, *depth));
            } else {
                let users = users.zip(&groups[lows.clone()]);
                users.for_each(|((took, depth), group)| push(*group, *took, *depth));
            }
            all.truncate(end);
        }
    }

    /// Adds those who stopped at a step to those who reached it and the steps before.
    pub(super) fn finish(self, counts: &mut ConversionCounts) {
        for (group, stopped) in (0..).zip(self.stopped.chunks_exact(self.took.len() + 1)) {
            if stopped[1..].iter().all(|count| *count == 0) {
                continue;
            }
            let mut reached = 0;
            for (of_step, stopped) in counts.of_group(group).iter_mut().zip(&stopped[1..]).rev() {
                reached += stopped;
                of_step[0] += reached;
            }
        }
    }
}
