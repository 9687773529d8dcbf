//! Funnels that count a person's best attempt: the walk from the entry that gets furthest.
//!
//! Of a person's entries that got equally far the earliest counts, and the last is open the longest. Entries with the
//! same match of the second step have the same matches; so everyone goes through the steps once, from the first entry, and
//! where the match of the second step comes after the last one, from that: then only the earliest entry that gets as far
//! is to be found. Others have further attempts, which can get further only where they are open when the event comes that
//! was too late for the first one.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::attempts::Attempts;
use super::block::{Block, Late};
use super::conversion::ConversionCounts;
use super::earliest::Earliest;
use super::funnel::{Room, Watch};
use super::mask::Mask;
use super::members::Members;
use super::plan::FunnelQuery;
use super::reached::Reached;
use super::scan::{Pieces, Sources, each_block};
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
    /// Counts the users of pieces by their best attempts.
    pub(super) fn count_best(
        &self,
        pieces: &mut impl Pieces<ConversionCounts>,
        counts: &mut ConversionCounts,
    ) {
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
        };
        let mut late = Late::new();
        let (mut earliest, mut attempts) = (Earliest::none(), Attempts::new(steps));
        let (mut room, mut of_rows) = (Room::default(), Vec::new());
        each_block(pieces, counts, |users, counts| {
            let left = block.start(&users, query.range().end_ms());
            let lows = block.lows();
            best.clear(lows.clone());
            late.clear(lows.clone());
            let first = &mut First { best: &mut best, late: &mut late };
            self.funnel.walk_block(&users, left, self.now(), &mut block, &mut room, first);
            best.begin_earliest(&self.funnel.sources, &users, &late, &mut earliest, &mut room);
            best.name_open(lows.clone(), &mut late, &mut room.members);
            let open = room.members.among(lows.clone());
            let open = open.filter_map(|low| Some((low, late.open_from(low, query)?)));
            attempts.begin(lows.clone(), open, query.range().end_ms() - query.range().start_ms());
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
        });
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
}

impl Best<'_> {
    fn clear(&mut self, lows: Range<usize>) {
        self.reached.clear(lows.clone());
        if self.group_step.is_some() {
            self.places[lows].fill(NOWHERE);
        }
    }

    /// Lets each attempt that began with the last entry begin with the earliest one that gets as far.
    fn begin_earliest(
        &mut self,
        sources: &Sources<'_>,
        users: &Range<UserId>,
        late: &Late,
        earliest: &mut Earliest,
        Room { mask, members }: &mut Room,
    ) {
        let Self { query, took, places, group_step, reached, .. } = self;
        let first = users.start as usize % USERS;
        let lows = first..first + users.len();
        late.name_later(lows.clone(), members);
        let start_ms = query.range().start_ms();
        let later = members.among(lows.clone()).map(|low| {
            // So far times are told from the first entry.
            let steps = usize::from(reached.depth[low]).saturating_sub(1);
            let span = took[..steps].iter().map(|took| took[low]).sum::<u64>() as i64;
            (low, query.open_from_ms(start_ms + late.first(low) + span) - start_ms)
        });
        earliest.begin(lows, later, query.range().end_ms() - start_ms);
        // Each finds one: the last entry is open long enough.
        for (low, at, place) in earliest.find(sources, users, members, mask) {
            took[0][low] -= at.abs_diff(late.first(low));
            if *group_step == Some(0) {
                places[low] = place;
            }
        }
    }

    /// Names the users of whom a further attempt may get further, or as far and still be open.
    fn name_open(&self, lows: Range<usize>, late: &mut Late, members: &mut Members) {
        let steps = self.steps as u8;
        let depth = self.reached.depth[lows.clone()].iter();
        let may_go_on = depth.map(|depth| (0 < *depth) & (*depth < steps));
        late.name_open(lows, self.query, self.now, may_go_on, members);
    }
}

/// The attempts from the first or the last entry.
struct First<'b, 'q> {
    best: &'b mut Best<'q>,
    late: &'b mut Late,
}

impl Watch<Exact> for First<'_, '_> {
    fn visit(
        &mut self,
        sources: &Sources<'_>,
        step: usize,
        users: &Range<UserId>,
        only: Option<&Members>,
        mask: &mut Mask,
        block: &mut Block<'_, Exact>,
    ) {
        if step == 0 {
            return sources.visit(step, users, only, mask, &mut block.entries(self.late));
        }
        sources.visit(step, users, only, mask, block);
        block.drop_late(self.late, &mut self.best.took[step - 1]);
    }

    fn visited(&mut self, step: usize, block: &Block<'_, Exact>) {
        let Best { reached, places, group_step, now, .. } = &mut *self.best;
        let lows = block.lows();
        block.count_matched(&mut reached.depth);
        if Some(step) == *group_step {
            places[lows].copy_from_slice(block.places());
        }
        if step > 0
            && let Some(now) = *now
        {
            block.open(now).for_each(|low| reached.is_pending[low] = true);
        }
    }
}

/// Until when an attempt is open that begins at a time, both in ms after the start of the range.
pub(super) fn limit_ms(query: &FunnelQuery, at: i64) -> i64 {
    let start_ms = query.range().start_ms();
    query.limit_ms(start_ms + at) - start_ms
}
