//! What is done with the users of a block one after the other, several at a time.

use super::{Block, FunnelClock, Instant, NOWHERE, Place, Slots};
use crate::query::processor::Pass;

/// Adds one to the count of each user who matched.
pub(super) struct CountMatched<'n> {
    pub(super) next: &'n [Place],
    pub(super) counts: &'n mut [u8],
}

impl Pass for CountMatched<'_> {
    type Told = ();

    #[inline(always)]
    fn run(self) {
        let users = self.counts.iter_mut().zip(self.next);
        users.for_each(|(count, next)| *count += u8::from(*next != NOWHERE));
    }
}

/// Tells until when windows are open that begin with the matches of users.
pub(super) struct SetLimits<'l, T: Instant, F> {
    pub(super) limits: &'l mut [T],
    pub(super) from: &'l [T],
    pub(super) room: &'l [T::Span],
    pub(super) limit_of: F,
}

impl<T: Instant, F: Fn(T) -> T> Pass for SetLimits<'_, T, F> {
    type Told = ();

    #[inline(always)]
    fn run(self) {
        let users = self.from.iter().zip(self.room);
        for (limit, (from, room)) in self.limits.iter_mut().zip(users) {
            *limit = (self.limit_of)(from.plus(*room));
        }
    }
}

/// Takes those who matched to the next step, whose match may come until the end that `end_of` makes of their limit.
pub(super) struct GoOn<'b, 's, C: FunnelClock, F> {
    pub(super) block: &'b mut Block<'s, C>,
    pub(super) end_of: F,
}

impl<C: FunnelClock, F: Fn(C::Time) -> C::Time> Pass for GoOn<'_, '_, C, F> {
    /// How many they are.
    type Told = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        let Self { block, end_of } = self;
        let Slots { from, room, limit, next, .. } = &mut *block.slots;
        let mut reached = 0;
        let lows = || block.lows.clone();
        let users = from[lows()].iter_mut().zip(&mut room[lows()]).zip(&next[lows()]);
        for (((from, room), next), limit) in users.zip(&limit[lows()]) {
            let matched = *next != NOWHERE;
            reached += u32::from(matched);
            let at = from.plus(*room);
            *from = at.or_dead(matched);
            *room = C::Time::span_if(end_of(*limit).since(at), matched);
        }
        u64::from(reached)
    }
}
