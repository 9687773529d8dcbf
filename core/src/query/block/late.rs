//! Windows that do not close while events are visited, so that the next match of a step is known also where it comes too
//! late; and walks from the last of several entries, where no match of the second step comes before it.

use alloc::vec;
use alloc::vec::Vec;
use core::hint::select_unpredictable;
use core::ops::Range;

use super::{Block, Exact, FunnelClock, FunnelScan, Instant, NOWHERE, Place, Slots, Times, Visit};
use crate::query::USERS;
use crate::query::best::limit_ms;
use crate::query::members::Members;
use crate::query::plan::FunnelQuery;
use crate::query::processor::{Pass, widely};

/// What is to be known of the users of a block beside their walks, by place in the block; times are in ms after the start
/// of the range.
pub(in crate::query) struct Late {
    /// When the last entry came; once it is known which of the first and the last one a walk begins with, the other one.
    other: Vec<i64>,
    /// With which entry the walk begins: [`FIRST`], [`LAST`] or [`LATER`].
    begins: Vec<u8>,
    /// When the first event came that was too late for the walk; from [`Late::name_open`] on, how long after the last entry
    /// an attempt must be open.
    late: Vec<i64>,
}

/// The walk begins with the first entry, and others may get further.
const FIRST: u8 = 0;
/// It begins with the last one, which may be the only one.
const LAST: u8 = 1;
/// It does, and got to where it may have been too late for the first one.
const LATER: u8 = 2 | LAST;

/// Users who are looked at several times while what is known of them is in the fastest cache.
const CACHED_USERS: usize = 512;

/// Comes after all times.
const NEVER: i64 = i64::MAX / 4;

impl Late {
    pub(in crate::query) fn new() -> Self {
        Self { other: vec![0; USERS], begins: vec![FIRST; USERS], late: vec![NEVER; USERS] }
    }

    pub(in crate::query) fn clear(&mut self, lows: Range<usize>) {
        self.other[lows.clone()].fill(0);
        self.begins[lows.clone()].fill(FIRST);
        self.late[lows].fill(NEVER);
    }

    /// Takes those whose walks begin with the last entry and got to where it may have been too late for the first one.
    pub(in crate::query) fn name_later(&self, lows: Range<usize>, members: &mut Members) {
        members.set(lows, &self.begins, |begins| *begins == LATER);
    }

    /// When the first entry came of a user whose walk begins with the last one.
    pub(in crate::query) fn first(&self, low: usize) -> i64 {
        debug_assert!(self.begins[low] & LAST == LAST, "else it is the last entry");
        self.other[low]
    }

    /// Takes the users of whom an attempt after the walk may get further than it, or as far and still be open. `now` is when
    /// it is asked, which matters where `may_go_on` holds.
    ///
    /// Such an attempt is open when the event came that was too late for the walk, or when it is asked; and the last
    /// entry is open the longest. So some are named in vain, by a day where windows end with a day.
    pub(in crate::query) fn name_open(
        &mut self,
        lows: Range<usize>,
        query: &FunnelQuery,
        now: Option<i64>,
        may_go_on: impl Iterator<Item = bool>,
        members: &mut Members,
    ) {
        let late = &mut self.late[lows.clone()];
        if let Some(now) = now {
            for (late, may_go_on) in late.iter_mut().zip(may_go_on) {
                *late = if may_go_on { now.min(*late) } else { NEVER };
            }
        }
        let window_ms = query.window_max_ms();
        let Self { other, begins, late } = self;
        let (last, begins, late) =
            (&other[lows.clone()], &begins[lows.clone()], &mut late[lows.clone()]);
        widely(TellAfterLast { late, last, begins });
        members.set(lows, &self.late, |after_last| *after_last < window_ms);
    }

    /// From when on entries of a user who was named are open as long as they must be; none when it was in vain.
    pub(in crate::query) fn open_from(&self, low: usize, query: &FunnelQuery) -> Option<i64> {
        let (start_ms, last) = (query.range().start_ms(), self.other[low]);
        let from = query.open_from_ms(start_ms + self.late[low] + last) - start_ms;
        (from <= last).then_some(from)
    }
}

impl<'s> Block<'s, Exact> {
    /// Windows do not close while events are visited, until a time in ms.
    pub(in crate::query) fn with_late(scan: &'s FunnelScan<'s>, end_ms: i64) -> Self {
        let block = Self::new(scan);
        Self { open_until: Some(block.clock.of(end_ms)), ..block }
    }

    /// The events of the first step, of which those in the range are noted as entries.
    pub(in crate::query) fn entries<'e>(&'e mut self, late: &'e mut Late) -> Entries<'e, 's> {
        let range = self.scan.query.range();
        Entries { end: range.end_ms() - range.start_ms(), block: self, last: &mut late.other }
    }

    /// Drops the matches of this step that came when the window was closed, and notes when they came, and of all matches how
    /// long after the one before; to be asked before the step, which is not the first, ends.
    ///
    /// At the second step the walk goes on with the last entry where that came before the match: then all entries have
    /// the matches of the first one, and the last one is open the longest.
    pub(in crate::query) fn drop_late(&mut self, late: &mut Late, took: &mut [u64]) {
        let query = self.scan.query;
        for from in self.lows.clone().step_by(CACHED_USERS) {
            let lows = from..(from + CACHED_USERS).min(self.lows.end);
            took[lows.clone()].copy_from_slice(&self.slots.room[lows.clone()]);
            let limit_of = (self.source == 1).then(|| self.clock.limit_of(query));
            let users = self.users_at(lows, late);
            match limit_of {
                None => widely(EndStep { users, limit_of: None::<fn(i64) -> i64> }),
                Some(Some(limit_of)) => widely(EndStep { users, limit_of: Some(limit_of) }),
                Some(None) => {
                    let limit_of = Some(|entry| limit_ms(query, entry));
                    widely(EndStep { users, limit_of });
                }
            }
        }
    }

    /// The users at some places.
    fn users_at<'u>(&'u mut self, lows: Range<usize>, late: &'u mut Late) -> Users<'u> {
        let window_ms = self.scan.query.window_min_ms();
        let Slots { from, room, limit, next, .. } = &mut *self.slots;
        let lows = || lows.clone();
        let (from, room) = (&from[lows()], &room[lows()]);
        let (limit, next) = (&mut limit[lows()], &mut next[lows()]);
        let Late { other, begins, late } = late;
        let (other, begins, late) = (&mut other[lows()], &mut begins[lows()], &mut late[lows()]);
        Users { from, room, limit, next, other, begins, late, window_ms }
    }
}

/// Tells how long after the last entry a later attempt than the walk must be open, where there is one.
struct TellAfterLast<'l> {
    late: &'l mut [i64],
    last: &'l [i64],
    begins: &'l [u8],
}

impl Pass for TellAfterLast<'_> {
    type Told = ();

    #[inline(always)]
    fn run(self) {
        for (late, (last, begins)) in self.late.iter_mut().zip(self.last.iter().zip(self.begins)) {
            // All bits or none, so that several users are looked at at a time.
            let is_first = i64::from(*begins & LAST) - 1;
            *late = (*late - last) & is_first | NEVER & !is_first;
        }
    }
}

/// Some users of a block.
struct Users<'u> {
    from: &'u [i64],
    room: &'u [u64],
    limit: &'u mut [i64],
    next: &'u mut [Place],
    other: &'u mut [i64],
    begins: &'u mut [u8],
    late: &'u mut [i64],
    window_ms: i64,
}

impl Users<'_> {
    /// Lets walks begin with the last entry where that came before the match of the second step, which is at hand.
    /// `limit_of` tells until when a window is open that begins with an entry.
    #[inline(always)]
    fn begin_last(&mut self, limit_of: impl Fn(i64) -> i64) {
        let Self { from, room, limit, other, begins, .. } = self;
        let users = from.iter().zip(*room).zip(&mut **limit).zip(&mut **other).zip(&mut **begins);
        for ((((from, room), limit), other), begins) in users {
            let (first, last) = (from & !(from >> 63), *other);
            let is_before = last.wrapping_sub(from.plus(*room)) >> 63;
            *limit = limit_of(last & is_before | first & !is_before);
            *other = first & is_before | last & !is_before;
            *begins = is_before as u8 & LAST;
        }
    }

    #[inline(always)]
    fn drop_late(&mut self) {
        let Self { from, room, limit, next, late, .. } = self;
        let users = from.iter().zip(*room).zip(&**limit).zip(&mut **next).zip(&mut **late);
        for ((((from, room), limit), next), late) in users {
            // All bits or none, so that several users are looked at at a time; the dead stand before 0. Who has no match
            // has one at the end so.
            let at = from.plus(*room);
            let is_late = ((at.wrapping_sub(*limit) | *from) as u64 >> 63).wrapping_sub(1) as i64;
            *late = at & is_late | *late & !is_late;
            *next |= is_late as Place;
        }
    }

    /// Notes of whom a match may have been too late for the first of several entries.
    #[inline(always)]
    fn note_later(&mut self) {
        let Self { from, room, next, other, begins, window_ms, .. } = self;
        let users = from.iter().zip(*room).zip(&**next).zip(&**other).zip(&mut **begins);
        for ((((from, room), next), first), begins) in users {
            let left = from.plus(*room).wrapping_sub(*first).wrapping_sub(*window_ms);
            let is_later = (left >= 0) & (*next != NOWHERE);
            *begins |= u8::from(is_later) << 1 & *begins << 1;
        }
    }
}

/// The end of a step.
struct EndStep<'u, F> {
    users: Users<'u>,
    /// At the second step, until when a window is open that begins with an entry.
    limit_of: Option<F>,
}

impl<F: Fn(i64) -> i64> Pass for EndStep<'_, F> {
    type Told = ();

    #[inline(always)]
    fn run(mut self) {
        if let Some(limit_of) = self.limit_of {
            self.users.begin_last(limit_of);
        }
        self.users.drop_late();
        self.users.note_later();
    }
}

/// The entries, of which a block takes each user's first, and the last one is noted.
pub(in crate::query) struct Entries<'e, 's> {
    /// The end of the range, in ms after its start.
    end: i64,
    block: &'e mut Block<'s, Exact>,
    last: &'e mut [i64],
}

impl Visit for Entries<'_, '_> {
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;

    /// What a pass is given and what it writes, by user: the last match, the room, the limit, the match, the other entry,
    /// with which one the walk begins, and when an event was too late.
    type Tables = (Vec<i64>, Vec<u64>, Vec<i64>, Vec<Place>, Vec<i64>, Vec<u8>, Vec<i64>);

    fn end_step(tables: &mut Tables, is_second: bool, run: impl Fn(EndStep<'_, fn(i64) -> i64>)) {
        let (from, room, limit, next, other, begins, late) = tables;
        let users = Users { from, room, limit, next, other, begins, late, window_ms: 20 };
        let limit_of = is_second.then_some((|entry| entry + 30) as fn(i64) -> i64);
        run(EndStep { users, limit_of });
    }

    proptest! {
        #[test]
        fn instructions_on_32_bytes_and_the_plain_loop_end_a_step_alike(
            users in list(
                (
                    prop_oneof![4 => 0..50_i64, 1 => Just(i64::DEAD)],
                    0..60_u64,
                    0..90_i64,
                    prop_oneof![0..9_u32, Just(NOWHERE)],
                    0..60_i64,
                    prop_oneof![Just(FIRST), Just(LAST), Just(LATER)],
                    prop_oneof![0..90_i64, Just(NEVER)],
                ),
                0..70,
            ),
            is_second in any::<bool>(),
        ) {
            let mut tables = Tables::default();
            for (from, room, limit, next, other, begins, late) in users {
                tables.0.push(from);
                tables.1.push(room);
                tables.2.push(limit);
                tables.3.push(next);
                tables.4.push(other);
                tables.5.push(begins);
                tables.6.push(late);
            }
            let mut plain = tables.clone();
            end_step(&mut tables, is_second, |pass| widely(pass));
            end_step(&mut plain, is_second, |pass| pass.run());
            prop_assert_eq!(tables, plain);
        }
    }
}
