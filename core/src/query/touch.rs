//! Funnels in full that are counted step by step, which takes nobody's events of all steps in order.

use alloc::vec::Vec;
use core::ops::Range;

use super::block::Block;
use super::conversion::ConversionCounts;
use super::funnel::{FunnelScan, Room, Watch};
use super::groups::{Group, Grouping, NO_VALUE, UserGroups};
use super::plan::{Entry, FunnelQuery, Of, Order};
use super::reached::Reached;
use super::scan::{Pieces, each_block};
use super::source::{NOWHERE, Place};
use super::ticks::Exact;
use crate::part::{BLOCK_USERS, PartView};
use crate::persons::Persons;
use crate::{Error, UserId};

/// Such a funnel over opened parts.
pub(super) struct Touch<'a> {
    pub(super) funnel: FunnelScan<'a>,
    pub(super) grouping: Grouping<'a>,
    now_ms: i64,
}

impl FunnelQuery {
    /// Whether it is counted step by step: only the earliest match of each step matters, and the group of a person is
    /// known from the first; or best attempts that nothing ends.
    pub(super) fn is_touch(&self) -> bool {
        let known = self.breakdown().is_none_or(|by| by.of == Of::User || by.step == 0);
        match (self.order(), self.entry()) {
            (Order::Any, _) => self.is_of_different_events(),
            (Order::Ordered | Order::Strict, Entry::First) => known,
            (Order::Ordered, Entry::Best) => self.is_of_attempts(),
            (Order::Strict, Entry::Best) => false,
        }
    }
}

impl<'a> Touch<'a> {
    pub(super) fn open(
        query: &'a FunnelQuery,
        now_ms: i64,
        parts: &[Vec<PartView<'a>>],
        persons: &'a Persons<'a>,
        users: Option<&'a UserGroups<'a>>,
    ) -> Result<Self, Error> {
        let mut grouping = Grouping::new(query.breakdown(), users);
        let groups = grouping.of_events.map(|property| (property, &mut grouping.values));
        let funnel = FunnelScan::open_with_groups(query, parts, persons, groups)?;
        Ok(Self { funnel, grouping, now_ms })
    }

    pub(super) fn count(
        &self,
        pieces: &mut impl Pieces<ConversionCounts>,
        counts: &mut ConversionCounts,
    ) {
        let query = self.funnel.query;
        if query.order() == Order::Any {
            return self.count_unordered(pieces, counts);
        }
        if query.entry() == Entry::Best {
            return self.count_best(pieces, counts);
        }
        let mut reached = Reached::new(query.steps().len(), self.grouping.values.len());
        let mut block = Block::new(&self.funnel);
        let (mut room, mut of_rows) = (Room::default(), Vec::new());
        each_block(pieces, counts, |users, counts| {
            let left = block.start(&users, query.range().end_ms());
            reached.clear(block.lows());
            let (reached, of_rows) = (&mut reached, &mut of_rows);
            let mut notes = Notes { touch: self, reached, now: self.now(), of_rows, counts };
            self.funnel.walk_block(&users, left, self.now(), &mut block, &mut room, &mut notes);
            reached.add_to(block.lows(), counts);
        });
        reached.finish(counts);
    }

    /// Notes the groups of a range of users, which lie in one block, each by the place of the event that matched a step,
    /// or nowhere; `of_rows` is written on.
    pub(super) fn tell_groups(
        &self,
        step: usize,
        users: Range<UserId>,
        places: impl Iterator<Item = Place> + Clone,
        groups: &mut [Group],
        of_rows: &mut Vec<Group>,
    ) {
        let Self { funnel, grouping, .. } = self;
        let block = users.start / BLOCK_USERS;
        if grouping.of_events.is_none() {
            let users = groups.iter_mut().zip(users);
            return users.for_each(|(group, user)| *group = grouping.of(user, || NO_VALUE));
        }
        funnel.sources.groups_of_block(step, block, of_rows);
        let rows = of_rows.len();
        of_rows.push(NO_VALUE);
        for (group, place) in groups.iter_mut().zip(places.clone()) {
            *group = of_rows[rows.min(place as usize)];
        }
        // Events that were routed to the block stand after its rows.
        if funnel.sources.rows_in(step, block) > rows as u64 {
            let routed = rows..NOWHERE as usize;
            let users = groups.iter_mut().zip(places);
            for (group, place) in users.filter(|(_, place)| routed.contains(&(*place as usize))) {
                *group = funnel.sources.group(step, block, place);
            }
        }
    }

    /// The time at which it is asked, in ms after the start of the range; none when every window is over by then.
    pub(super) fn now(&self) -> Option<i64> {
        let query = self.funnel.query;
        let last_limit_ms = query.limit_ms(query.range().end_ms() - 1);
        let is_any_open = self.now_ms < last_limit_ms;
        is_any_open.then(|| self.now_ms.saturating_sub(query.range().start_ms()))
    }
}

/// Notes how far users come.
pub(super) struct Notes<'n, 'a> {
    pub(super) touch: &'n Touch<'a>,
    pub(super) reached: &'n mut Reached,
    pub(super) now: Option<i64>,
    /// The groups of the block's rows.
    pub(super) of_rows: &'n mut Vec<Group>,
    pub(super) counts: &'n mut ConversionCounts,
}

impl Watch<Exact> for Notes<'_, '_> {
    fn visited(&mut self, step: usize, block: &Block<'_, Exact>) {
        let Self { reached, counts, .. } = self;
        block.count_matched(&mut reached.depth);
        if step > 0 {
            reached.add_times(step, block.lows(), block.took(), counts);
            if let Some(now) = self.now {
                block.open(now).for_each(|low| reached.is_pending[low] = true);
            }
        }
        if step == 0 && !self.reached.groups.is_empty() {
            let users = block.user(block.lows().start)..block.user(block.lows().end);
            let groups = &mut self.reached.groups[block.lows()];
            self.touch.tell_groups(0, users, block.places().iter().copied(), groups, self.of_rows);
        }
    }
}
