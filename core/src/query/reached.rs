//! How far each user of a block came, for walks whose outcome is known only when they are over.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::USERS;
use super::conversion::ConversionCounts;
use super::groups::{Group, NO_VALUE};

/// Of each user of a block, by its place there.
pub(super) struct Reached {
    steps: usize,
    /// How many steps were reached.
    pub(super) depth: Vec<u8>,
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
        Self {
            steps,
            depth: vec![0; USERS],
            is_pending: vec![false; USERS],
            groups: if groups > 1 { vec![NO_VALUE; USERS] } else { Vec::new() },
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
        let Self { steps, depth, is_pending, groups, stopped, .. } = self;
        let group = |low: usize| groups.get(low).copied().unwrap_or(NO_VALUE);
        let steps = *steps;
        if groups.is_empty() {
            for (step, count) in counts.of_group(NO_VALUE).iter_mut().enumerate() {
                // Many are counted at a time, as many as a byte can count.
                let some = depth[lows.clone()].chunks(usize::from(u8::MAX));
                let reached =
                    some.map(|some| some.iter().map(|depth| u8::from(*depth > step as u8)).sum());
                count[0] += reached.map(|count: u8| u64::from(count)).sum::<u64>();
            }
        } else {
            // Who reached nothing is counted too, which costs less than to tell who did.
            for low in lows.clone() {
                stopped[group(low) as usize * (steps + 1) + usize::from(depth[low])] += 1;
            }
        }
        if is_pending[lows.clone()].iter().fold(false, |any, is_pending| any | is_pending) {
            for low in lows.clone().filter(|low| is_pending[*low]) {
                counts.of_group(group(low))[usize::from(depth[low]) - 1][1] += 1;
            }
        }
    }

    /// Notes how long a step took of the users at some places of the block, of each in ms; of those who did not reach it
    /// that means nothing.
    pub(super) fn add_times(
        &mut self,
        step: usize,
        lows: Range<usize>,
        took: impl Iterator<Item = u64>,
        counts: &mut ConversionCounts,
    ) {
        let Self { depth, groups, .. } = self;
        let is_reached = depth[lows.clone()].iter().map(|depth| usize::from(*depth) > step);
        let (times, users) = (&mut counts.took[step], took.zip(is_reached));
        if groups.is_empty() {
            return times.extend(users.map(|(ms, counts)| (NO_VALUE, ms, counts)));
        }
        let users = groups[lows].iter().zip(users);
        times.extend(users.map(|(group, (ms, counts))| (*group, ms, counts)));
    }

    /// Adds those who stopped at a step to those who reached it and the steps before.
    pub(super) fn finish(self, counts: &mut ConversionCounts) {
        for (group, stopped) in (0..).zip(self.stopped.chunks_exact(self.steps + 1)) {
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
