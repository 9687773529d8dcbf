//! Funnels that count a person's best attempt: the walk from the entry that gets furthest.
//!
//! Of a person's entries that got equally far the earliest counts, and the last is open the longest. So everyone goes
//! through the steps from the earliest entry first, as in other funnels. Only whoever did not get all the way and
//! entered again has further attempts, and these count where they get further.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::attempts::Attempts;
use super::block::Block;
use super::conversion::ConversionCounts;
use super::funnel::{Room, Watch};
use super::plan::FunnelQuery;
use super::reached::Reached;
use super::scan::blocks_of;
use super::source::{NOWHERE, Place};
use super::ticks::Exact;
use super::touch::Touch;
use super::{Step, USERS};
use crate::UserId;

impl FunnelQuery {
    /// Whether its best attempts may be counted so. Where two steps that follow one another are of the same type, each
    /// event may be held against itself, by ids: then it is faster to put every event in order once.
    pub(super) fn is_of_attempts(&self) -> bool {
        let mut pairs = self.steps().windows(2);
        let differs = |pair: &[Step]| pair[0].event_type != pair[1].event_type;
        self.exclude().is_empty() && pairs.all(differs)
    }
}

impl Touch<'_> {
    /// Counts the users of a range by their best attempts.
    pub(super) fn count_best(&self, users: Range<UserId>, counts: &mut ConversionCounts) {
        let query = self.funnel.query;
        let steps = query.steps().len();
        let mut block = Block::new(&self.funnel);
        let mut best = Best {
            reached: Reached::new(steps, self.grouping.values.len()),
            took: vec![vec![0; USERS]; steps],
            places: vec![NOWHERE; USERS],
            group_step: query.group_step(),
            now: self.now(),
        };
        let mut attempts = Attempts::new(steps);
        let (mut room, mut of_rows) = (Room::default(), Vec::new());
        for users in blocks_of(users) {
            let left = block.start(&users, query.range().end_ms());
            let lows = block.lows();
            best.clear(lows.clone());
            self.funnel.walk_block(&users, left, best.now, &mut block, &mut room, &mut best);
            attempts.walk(&self.funnel, &users, &mut best, &mut room);
            let Best { reached, took, places, group_step, .. } = &mut best;
            if !reached.groups.is_empty() {
                let places = places[lows.clone()].iter().copied();
                let groups = &mut reached.groups[lows.clone()];
                self.tell_groups(*group_step, users, places, groups, &mut of_rows);
            }
            reached.add_to(lows.clone(), counts);
            for (step, took) in took.iter().enumerate().skip(1) {
                let took = took[lows.clone()].iter().copied();
                reached.add_times(step, lows.clone(), took, counts);
            }
        }
        best.reached.finish(counts);
    }
}

/// The best attempts of a block's users so far.
pub(super) struct Best {
    pub(super) reached: Reached,
    /// By step and by place in the block, how many ms after the step before it came; it means nothing of users who did
    /// not reach it.
    pub(super) took: Vec<Vec<u64>>,
    /// By place in the block, where the event stands that tells the group, or nowhere.
    pub(super) places: Vec<Place>,
    pub(super) group_step: usize,
    /// When it is asked, in ms after the start of the range; none when every window is over by then.
    pub(super) now: Option<i64>,
}

impl Best {
    fn clear(&mut self, lows: Range<usize>) {
        self.reached.clear(lows.clone());
        self.places[lows].fill(NOWHERE);
    }
}

/// The first attempts.
impl Watch<Exact> for Best {
    fn visited(&mut self, step: usize, block: &Block<'_, Exact>) {
        let lows = block.lows();
        block.count_matched(&mut self.reached.depth);
        if step == self.group_step {
            self.places[lows.clone()].copy_from_slice(block.places());
        }
        if step > 0 {
            let of_users = self.took[step][lows].iter_mut().zip(block.took());
            of_users.for_each(|(took, ms)| *took = ms);
            if let Some(now) = self.now {
                block.open(now).for_each(|low| self.reached.is_pending[low] = true);
            }
        }
    }
}
