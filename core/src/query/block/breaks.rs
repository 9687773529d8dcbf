//! Walks that end before a step.

use core::hint::select_unpredictable;

use super::{Block, FunnelClock, Instant, Place, Slots, Visit};
use crate::query::members::Members;
use crate::query::scan::FEW;

/// Ends walks by events that come between the last match and that of a step, which is over but for them.
pub(in crate::query) struct Breaks<'b, 's, C: FunnelClock> {
    block: &'b mut Block<'s, C>,
    step: usize,
    /// Whether the last match is one of the events, at the same place.
    is_among: bool,
    /// How many users are left, and how many of them there were when they were named.
    left: u64,
    named: Option<u64>,
    members: &'b mut Members,
}

impl<'b, 's, C: FunnelClock> Breaks<'b, 's, C> {
    /// Before the match of a step, of which so many users of a block are left.
    pub(in crate::query) const fn new(
        block: &'b mut Block<'s, C>,
        step: usize,
        left: u64,
        members: &'b mut Members,
    ) -> Self {
        Self { block, step, is_among: false, left, named: None, members }
    }

    /// Turns to the events of a source, which has those of some steps, as bits, at the same places; how many users are
    /// left.
    pub(in crate::query) fn turn_to(&mut self, source: usize, among: u32) -> u64 {
        self.block.enter(source);
        self.is_among = self.step > 0 && among >> (self.step - 1) & 1 == 1;
        self.left
    }

    /// Ends the walks.
    pub(in crate::query) fn finish(self) {
        self.block.enter(self.step);
        self.block.drop_ended();
    }
}

impl<C: FunnelClock> Visit for Breaks<'_, '_, C> {
    type Clock = C;

    fn clock(&self) -> C {
        self.block.clock
    }

    /// When a part has left half as many users as before, the events of the others are passed over.
    fn begin_part(&mut self) {
        let few = self.left * (FEW as u64) < self.block.lows.len() as u64;
        if few && self.named.is_none_or(|named| self.left * 2 <= named) {
            self.block.name_alive(self.members);
            self.named = Some(self.left);
        }
    }

    fn only(&self) -> Option<&Members> {
        self.named.map(|_| &*self.members)
    }

    #[inline(always)]
    fn event(&mut self, low: usize, time: C::Time, place: Place) {
        let Slots { from, room, .. } = &mut *self.block.slots;
        let (later, left) = (time.since(from[low]), room[low]);
        let mut breaks = later < left;
        if (later == Default::default()) | (later == left) {
            let is_last = self.is_among && self.block.is_last(low, place);
            breaks = !is_last && self.block.is_next(low, place, self.step);
        }
        let from = &mut self.block.slots.from[low];
        *from = select_unpredictable(breaks, C::Time::DEAD, *from);
        self.left -= u64::from(breaks);
    }
}
