//! Walks that end before a step.

use core::hint::select_unpredictable;

use super::{Block, FunnelClock, Instant, Place, Slots, Visit};

/// Ends walks by events that come between the last match and that of a step, which is over but for them.
pub(in crate::query) struct Breaks<'b, 's, C: FunnelClock> {
    pub(in crate::query) block: &'b mut Block<'s, C>,
    pub(in crate::query) step: usize,
    /// Whether the last match is one of the events, at the same place.
    pub(in crate::query) is_among: bool,
}

impl<C: FunnelClock> Visit for Breaks<'_, '_, C> {
    type Clock = C;

    fn clock(&self) -> C {
        self.block.clock
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
    }
}
