//! Funnels in full whose walks need nobody's events in order.

use alloc::vec::Vec;
use core::ops::Range;

use super::block::Block;
use super::conversion::ConversionCounts;
use super::funnel::{FunnelScan, Room, Watch};
use super::groups::{Group, Grouping, UserGroups};
use super::plan::{Entry, FunnelQuery, Of, Order};
use super::reached::Reached;
use super::scan::blocks_of;
use super::source::Place;
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
    /// Whether the fast walk answers it in full: only the earliest match of each step matters, and the group of a
    /// person is known from the first.
    pub(super) fn is_touch(&self) -> bool {
        let known = self.breakdown().is_none_or(|by| by.of == Of::User || by.step == 0);
        match self.order() {
            Order::Any => self.is_of_different_events(),
            Order::Ordered | Order::Strict => self.entry() == Entry::First && known,
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

    /// The group of a user who matched the first step at a place; `of_rows` has those of the block's rows.
    fn group(&self, user: UserId, place: Place, of_rows: &[Group]) -> Group {
        self.grouping.of(user, || {
            let routed = || self.funnel.sources.group(0, user / BLOCK_USERS, place);
            of_rows.get(place as usize).copied().unwrap_or_else(routed)
        })
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
        let Reached { depth, took, is_pending, groups, .. } = &mut *self.reached;
        block.tell_matches(&mut took[step]);
        block.count_matched(depth);
        if step == 0 && !groups.is_empty() {
            if self.touch.grouping.of_events.is_some() {
                self.touch.funnel.sources.groups_of_block(0, block.number(), self.of_rows);
            }
            for (low, place) in block.matched() {
                groups[low] = self.touch.group(block.user(low), place, self.of_rows);
            }
        }
        if let Some(now) = self.now.filter(|_| step > 0) {
            block.open(now).for_each(|low| is_pending[low] = true);
        }
    }
}
