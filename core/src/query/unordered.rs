//! Funnels in any order whose steps are of different types: the earliest match of each step is all that matters.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::block::Block;
use super::conversion::ConversionCounts;
use super::groups::NO_VALUE;
use super::mask::Mask;
use super::plan::{Entry, FunnelQuery, Of};
use super::reached::Reached;
use super::scan::{Pieces, each_block};
use super::ticks::{Exact, FunnelClock};
use super::touch::Touch;
use crate::part::BLOCK_USERS;

/// There is no match.
const NEVER: i64 = i64::MAX;

impl FunnelQuery {
    /// Whether a funnel in any order may be counted by the earliest match of each step: no event matches two of them,
    /// and the group of a person does not depend on which of two at one time comes first.
    pub(super) fn is_of_different_events(&self) -> bool {
        let steps = self.steps();
        let is_new = |(number, step): (usize, &super::Step)| {
            steps[..number].iter().all(|other| other.event_type != step.event_type)
        };
        let of_user = self.breakdown().is_none_or(|by| by.of == Of::User);
        let is_plain = self.entry() == Entry::First && self.exclude().is_empty();
        is_plain && of_user && steps.iter().enumerate().all(is_new)
    }
}

impl Touch<'_> {
    /// Counts the users of pieces by the earliest match of each step from the start of the range on. The first of
    /// them all opens the window, if it lies in the range, and the others that lie in it are the further steps.
    pub(super) fn count_unordered(
        &self,
        pieces: &mut impl Pieces<ConversionCounts>,
        counts: &mut ConversionCounts,
    ) {
        let query = self.funnel.query;
        let steps = query.steps().len();
        let (_, end_ms) = query.step_times(steps);
        let mut block = Block::<Exact>::new(&self.funnel);
        let mut mask = Mask::default();
        let mut reached = Reached::new(steps, self.grouping.values.len());
        let mut matches = vec![vec![NEVER; BLOCK_USERS as usize]; steps];
        let clock = Exact::over(query.range().start_ms(), Default::default());
        let range_end = clock.of(query.range().end_ms());
        let now = self.now();
        each_block(pieces, counts, |users, counts| {
            for (step, at) in matches.iter_mut().enumerate() {
                block.start(&users, end_ms);
                block.enter(step);
                self.funnel.sources.visit(step, &users, None, &mut mask, &mut block);
                block.tell_firsts(at, NEVER);
            }
            let lows = block.lows();
            sort(&mut matches, lows.clone());
            for low in lows.clone() {
                let first = matches[0][low];
                let mut limit = i64::MIN;
                if first < range_end {
                    limit = clock.of(query.limit_ms(clock.base_ms() + first));
                }
                let depth = matches.iter().map(|at| u8::from(at[low] < limit)).sum();
                reached.depth[low] = depth;
                let is_open = now.is_some_and(|now| now < limit);
                reached.is_pending[low] = is_open & (0 < depth) & (usize::from(depth) < steps);
            }
            for (low, group) in (0..).zip(&mut reached.groups) {
                *group = self.grouping.of(block.user(low), || NO_VALUE);
            }
            reached.add_to(lows.clone(), counts);
            for (step, at) in matches.windows(2).enumerate() {
                let pairs = at[0][lows.clone()].iter().zip(&at[1][lows.clone()]);
                let took = pairs.map(|(before, at)| at.wrapping_sub(*before) as u64);
                reached.add_times(step + 1, lows.clone(), took, counts);
            }
        });
        reached.finish(counts);
    }
}

/// Sorts each user's times: the least come into the first list. Few lists, all users at a time, no branch.
fn sort(at: &mut [Vec<i64>], lows: Range<usize>) {
    for end in (1..at.len()).rev() {
        for number in 0..end {
            let (before, after) = at.split_at_mut(number + 1);
            let pairs = before[number][lows.clone()].iter_mut().zip(&mut after[0][lows.clone()]);
            for (a, b) in pairs {
                (*a, *b) = ((*a).min(*b), (*a).max(*b));
            }
        }
    }
}
