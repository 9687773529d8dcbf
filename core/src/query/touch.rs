//! First-touch funnels in full: what their fast walk tells beside the counts.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::block::Block;
use super::conversion::ConversionCounts;
use super::funnel::{FunnelScan, Watch};
use super::groups::{BlockGroups, Group, Grouping, NO_VALUE, UserGroups};
use super::plan::{FunnelQuery, Of};
use super::source::Place;
use super::ticks::Exact;
use crate::part::{BLOCK_USERS, PartView};
use crate::persons::Persons;
use crate::{Error, UserId};

/// A first-touch funnel over opened parts.
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
        self.is_first_touch() && known
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
        let last_limit_ms = query.limit_ms(query.range().end_ms() - 1);
        let is_any_open = self.now_ms < last_limit_ms;
        let base_ms = query.range().start_ms();
        let now = is_any_open.then(|| self.now_ms.saturating_sub(base_ms));
        if query.breakdown().is_none() {
            self.funnel.walk::<Exact>(users, &mut Whole { counts, now });
        } else {
            let groups = vec![NO_VALUE; BLOCK_USERS as usize];
            let depths = vec![0; BLOCK_USERS as usize];
            let stride = query.steps().len() + 1;
            let stopped = vec![0; self.grouping.values.len() * stride];
            let mut grouped = Grouped { touch: self, counts, now, groups, depths, stopped, stride };
            self.funnel.walk::<Exact>(users, &mut grouped);
            grouped.add_stopped();
        }
    }

    /// The group of a user who matched the first step at a place.
    fn group(&self, user: UserId, place: Place, of_events: &BlockGroups<'_>) -> Group {
        self.grouping.of(user, || {
            let routed = || self.funnel.sources.group(0, user / BLOCK_USERS, place);
            of_events.of(place).unwrap_or_else(routed)
        })
    }

    fn groups_of_block(&self, block: u32) -> BlockGroups<'_> {
        self.funnel.sources.groups_of_block(0, block)
    }
}

/// Counts everyone.
struct Whole<'w> {
    counts: &'w mut ConversionCounts,
    /// After the start of the range; none when every window is over.
    now: Option<i64>,
}

impl Watch<Exact> for Whole<'_> {
    fn visited(&mut self, step: usize, block: &Block<'_, Exact>) {
        if step == 0 {
            return;
        }
        block.push_spans(&mut self.counts.took[step]);
        if let Some(now) = self.now {
            self.counts.of_group(NO_VALUE)[step - 1][1] += block.count_open(now);
        }
    }

    fn ended(&mut self, step: usize, matched: u64) {
        self.counts.of_group(NO_VALUE)[step][0] += matched;
    }

    fn finished(&mut self, _: &Block<'_, Exact>) {}
}

/// Counts by groups.
struct Grouped<'g, 'a> {
    touch: &'g Touch<'a>,
    counts: &'g mut ConversionCounts,
    now: Option<i64>,
    /// Of the users of the block who matched the first step.
    groups: Vec<Group>,
    /// How many steps each user of the block reached.
    depths: Vec<u8>,
    /// By group and number of steps: users who reached so many.
    stopped: Vec<u64>,
    stride: usize,
}

impl Watch<Exact> for Grouped<'_, '_> {
    fn visited(&mut self, step: usize, block: &Block<'_, Exact>) {
        if step == 0 {
            self.depths.fill(0);
            let of_events = self.touch.groups_of_block(block.number());
            for (low, place) in block.matched() {
                self.groups[low] = self.touch.group(block.user(low), place, &of_events);
            }
        } else {
            block.push_grouped_spans(&self.groups, &mut self.counts.took[step]);
        }
        block.count_matched(&mut self.depths);
        if let Some(now) = self.now.filter(|_| step > 0) {
            for low in block.open(now) {
                self.counts.of_group(self.groups[low])[step - 1][1] += 1;
            }
        }
    }

    fn ended(&mut self, _: usize, _: u64) {}

    fn finished(&mut self, block: &Block<'_, Exact>) {
        let users = self.groups[block.lows()].iter().zip(&self.depths[block.lows()]);
        for (group, depth) in users {
            // Who reached nothing is counted too, which costs less than to tell who did.
            self.stopped[*group as usize * self.stride + usize::from(*depth)] += 1;
        }
    }
}

impl Grouped<'_, '_> {
    /// Adds those who stopped at a step to those who reached it and the steps before.
    fn add_stopped(self) {
        for (group, stopped) in (0..).zip(self.stopped.chunks_exact(self.stride)) {
            if stopped[1..].iter().all(|count| *count == 0) {
                continue;
            }
            let mut reached = 0;
            let of_group = self.counts.of_group(group);
            for (of_step, stopped) in of_group.iter_mut().zip(&stopped[1..]).rev() {
                reached += stopped;
                of_step[0] += reached;
            }
        }
    }
}
