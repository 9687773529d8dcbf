//! Funnels in full whose walks need nobody's events in order.

use alloc::vec::Vec;
use core::ops::Range;

use super::block::Block;
use super::conversion::ConversionCounts;
use super::funnel::{FunnelScan, Room, Watch};
use super::groups::{Group, Grouping, NO_VALUE, UserGroups};
use super::plan::{Entry, FunnelQuery, Of, Order};
use super::reached::Reached;
use super::scan::blocks_of;
use super::ticks::Exact;
use crate::part::PartView;
use crate::persons::Persons;
use crate::{Error, UserId};

/// Such a funnel over opened parts.
pub(super) struct Touch<'a> {
    pub(super) funnel: FunnelScan<'a>,
    pub(super) grouping: Grouping<'a>,
    now_ms: i64,
}

impl FunnelQuery {
    /// Whether the fast walk answers it in full: only the earliest match of each step matters, and the group of a
    /// person is known from the first.
    pub(super) fn is_touch(&self) -> bool {
        let known = self.breakdown().is_none_or(|by| by.of == Of::User || by.step == 0);
        match (self.order(), self.entry()) {
            (Order::Any, _) => self.is_of_different_events(),
            (Order::Ordered | Order::Strict, Entry::First) => known,
            (Order::Ordered, Entry::Best) => self.exclude().is_empty(),
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

    pub(super) fn count(&self, users: Range<UserId>, counts: &mut ConversionCounts) {
        let query = self.funnel.query;
        if query.order() == Order::Any {
            return self.count_unordered(users, counts);
        }
        if query.entry() == Entry::Best {
            return self.count_best(users, counts);
        }
        let mut reached = Reached::new(query.steps().len(), self.grouping.values.len());
        let mut block = Block::new(&self.funnel);
        let (mut room, mut of_rows) = (Room::default(), Vec::new());
        for users in blocks_of(users) {
            let left = block.start(&users, query.range().end_ms());
            reached.clear(block.lows());
            let (reached, of_rows) = (&mut reached, &mut of_rows);
            let mut notes = Notes { touch: self, reached, now: self.now(), of_rows };
            self.funnel.walk_block(&users, left, self.now(), &mut block, &mut room, &mut notes);
            reached.add_to(block.lows(), counts);
        }
        reached.finish(counts);
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
}

impl Watch<Exact> for Notes<'_, '_> {
    fn visited(&mut self, step: usize, block: &Block<'_, Exact>) {
        let Reached { depth, took, is_pending, .. } = &mut *self.reached;
        block.tell_matches(&mut took[step]);
        block.count_matched(depth);
        if let Some(now) = self.now.filter(|_| step > 0) {
            block.open(now).for_each(|low| is_pending[low] = true);
        }
        if step == 0 && !self.reached.groups.is_empty() {
            self.tell_groups(block);
        }
    }
}

impl Notes<'_, '_> {
    /// Notes the groups of those whom an event matched in the first step.
    fn tell_groups(&mut self, block: &Block<'_, Exact>) {
        let Touch { funnel, grouping, .. } = self.touch;
        let (groups, of_rows) = (&mut self.reached.groups, &mut *self.of_rows);
        if grouping.of_events.is_none() {
            block.lows().for_each(|low| groups[low] = grouping.of(block.user(low), || NO_VALUE));
            return;
        }
        funnel.sources.groups_of_block(0, block.number(), of_rows);
        let rows = of_rows.len();
        of_rows.push(NO_VALUE);
        for (group, place) in groups[block.lows()].iter_mut().zip(block.places()) {
            *group = of_rows[rows.min(*place as usize)];
        }
        // Events that were routed to the block stand after its rows.
        if funnel.sources.rows_in(0, block.number()) > rows as u64 {
            let routed = block.matched().filter(|(_, place)| *place as usize >= rows);
            routed.for_each(|(low, place)| {
                groups[low] = funnel.sources.group(0, block.number(), place);
            });
        }
    }
}
