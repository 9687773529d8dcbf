//! Funnels that count a person's best attempt: the walk from the entry that gets furthest.
//!
//! Of a person's entries that got equally far the earliest counts, and the last is open the longest. So everyone goes
//! through the steps from the earliest entry first, as in other funnels. Further attempts can get further only where they
//! are open when the event comes that was too late for the first one, and count where they do.

use alloc::vec;
use alloc::vec::Vec;
use core::hint::select_unpredictable;
use core::ops::Range;

use super::attempts::Attempts;
use super::block::Block;
use super::conversion::ConversionCounts;
use super::funnel::{Room, Watch};
use super::mask::Mask;
use super::members::Members;
use super::plan::FunnelQuery;
use super::reached::Reached;
use super::scan::{Sources, blocks_of};
use super::source::{NOWHERE, Place, Times, Visit};
use super::ticks::{Exact, FunnelClock};
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
        let end_ms = query.limit_ms(query.range().end_ms() - 1);
        let mut block = Block::with_late(&self.funnel, end_ms);
        let reached = Reached::new(steps, self.grouping.values.len());
        let mut best = Best {
            query,
            steps,
            group_step: (!reached.groups.is_empty()).then_some(query.group_step()),
            reached,
            took: vec![vec![0; USERS]; steps - 1],
            places: vec![NOWHERE; USERS],
            now: self.now(),
            late: vec![i64::MAX; USERS],
            last: vec![0; USERS],
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
            if let Some(group_step) = group_step {
                let places = places[lows.clone()].iter().copied();
                let groups = &mut reached.groups[lows.clone()];
                self.tell_groups(*group_step, users, places, groups, &mut of_rows);
            }
            reached.add_to(lows.clone(), counts);
            for (step, took) in (1..).zip(&*took) {
                let took = took[lows.clone()].iter().copied();
                reached.add_times(step, lows.clone(), took, counts);
            }
        }
        best.reached.finish(counts);
    }
}

/// The best attempts of a block's users so far.
pub(super) struct Best<'q> {
    pub(super) steps: usize,
    pub(super) reached: Reached,
    /// By step after the first and by place in the block, how many ms after the step before it came; it means nothing of
    /// users who did not reach it.
    pub(super) took: Vec<Vec<u64>>,
    /// By place in the block, where the event stands that tells the group, or nowhere.
    pub(super) places: Vec<Place>,
    /// The step whose event tells the group, where the answer is broken down.
    pub(super) group_step: Option<usize>,
    /// When it is asked, in ms after the start of the range; none when every window is over by then.
    pub(super) now: Option<i64>,
    query: &'q FunnelQuery,
    /// By place in the block, when the first event came that was too late for the first attempt, and when the last entry
    /// came, both in ms after the start of the range.
    late: Vec<i64>,
    last: Vec<i64>,
}

impl Best<'_> {
    fn clear(&mut self, lows: Range<usize>) {
        self.reached.clear(lows.clone());
        self.places[lows.clone()].fill(NOWHERE);
        self.late[lows.clone()].fill(i64::MAX);
        self.last[lows].fill(0);
    }

    /// Names the users of whom an attempt after the first one may get further than it, or as far and still be open.
    ///
    /// Such an attempt is open when the event came that was too late for the first one, or when it is asked; and the
    /// last entry is open the longest. So some are named in vain, by a day where windows end with a day. From then on
    /// `late` tells how long after the last entry an attempt must be open.
    pub(super) fn name_open(&mut self, lows: Range<usize>, members: &mut Members) {
        if let Some(now) = self.now {
            let steps = self.steps as u8;
            let late = self.late[lows.clone()].iter_mut();
            for (late, depth) in late.zip(&self.reached.depth[lows.clone()]) {
                *late = if (0 < *depth) & (*depth < steps) { now.min(*late) } else { i64::MAX };
            }
        }
        let late = self.late[lows.clone()].iter_mut();
        late.zip(&self.last[lows.clone()]).for_each(|(late, last)| *late -= last);
        let window_ms = self.query.window_max_ms();
        members.set(lows, &self.late, |after_last| *after_last < window_ms);
    }

    /// Of a user who was named, whether it is not in vain.
    pub(super) fn is_open(&self, low: usize) -> bool {
        let last = self.last[low];
        self.late[low] + last < limit_ms(self.query, last)
    }
}

/// Until when an attempt is open that begins at a time, both in ms after the start of the range.
pub(super) fn limit_ms(query: &FunnelQuery, at: i64) -> i64 {
    let start_ms = query.range().start_ms();
    query.limit_ms(start_ms + at) - start_ms
}

/// The first attempts.
impl Watch<Exact> for Best<'_> {
    fn visit(
        &mut self,
        sources: &Sources<'_>,
        step: usize,
        users: &Range<UserId>,
        only: Option<&Members>,
        mask: &mut Mask,
        block: &mut Block<'_, Exact>,
    ) {
        if step > 0 {
            sources.visit(step, users, only, mask, block);
            return block.drop_late(&mut self.late);
        }
        let end = block.clock().of(self.query.range().end_ms());
        sources.visit(step, users, only, mask, &mut Entries { block, end, last: &mut self.last });
    }

    fn visited(&mut self, step: usize, block: &Block<'_, Exact>) {
        let lows = block.lows();
        block.count_matched(&mut self.reached.depth);
        if Some(step) == self.group_step {
            self.places[lows.clone()].copy_from_slice(block.places());
        }
        if step > 0 {
            let of_users = self.took[step - 1][lows].iter_mut().zip(block.took());
            of_users.for_each(|(took, ms)| *took = ms);
            if let Some(now) = self.now {
                block.open(now).for_each(|low| self.reached.is_pending[low] = true);
            }
        }
    }
}

/// The entries, of which a block takes each user's first.
struct Entries<'e, 'b, 's> {
    block: &'b mut Block<'s, Exact>,
    /// The end of the range, in ms after its start.
    end: i64,
    /// When the last one of each user came.
    last: &'e mut [i64],
}

impl Visit for Entries<'_, '_, '_> {
    type Clock = Exact;

    fn clock(&self) -> Exact {
        self.block.clock()
    }

    fn before_ms(&self) -> i64 {
        self.block.before_ms()
    }

    #[inline(always)]
    fn event(&mut self, low: usize, time: i64, place: Place) {
        let last = &mut self.last[low];
        *last = select_unpredictable((*last < time) & (time < self.end), time, *last);
        self.block.event(low, time, place);
    }

    fn run<T: Times<Time = i64>>(&mut self, low: usize, times: &T, first: Place) {
        let last = (0..times.len()).rev().map(|at| times.get(at)).find(|time| *time < self.end);
        self.last[low] = self.last[low].max(last.unwrap_or(0));
        self.block.run(low, times, first);
    }
}
