//! The users of a block on their way through a funnel of which only the earliest match of each step matters.

mod breaks;
mod late;
mod passes;

use alloc::boxed::Box;
use core::hint::select_unpredictable;
use core::ops::Range;

use super::funnel::FunnelScan;
use super::members::Members;
use super::processor::widely;
use super::source::{NOWHERE, Place, Times, Visit};
use super::ticks::{Exact, FunnelClock, Instant};
use crate::part::BLOCK_USERS;
use crate::persons::bits_of;
use crate::{EventId, UserId};

pub(super) use self::breaks::Breaks;
pub(super) use self::late::Late;
use self::passes::{CountMatched, GoOn, SetLimits};

/// A value for each user of a block, and some bytes that keep those of one user in different tables from
/// having addresses that end alike, which processors take for the same.
type Table<T> = [T; TABLE];
const TABLE: usize = BLOCK_USERS as usize + 80;

/// Where the users of a block stand. By the clock, the match of a step must lie after `from` and less than `room`
/// later; `next` is the place of the earliest so far, to which `room` was narrowed, or nowhere. At both ends exact times
/// and ids decide. A user whom no event matches is dead and has no room.
struct Slots<T: Instant> {
    from: Table<T>,
    room: Table<T::Span>,
    /// When it is too late for the steps after the first.
    limit: Table<T>,
    next: Box<Table<Place>>,
    /// The match of the first step, and of the last one after it that is over.
    first: Box<Table<Place>>,
    last: Box<Table<Place>>,
}

/// The users of a block on their way through the steps.
pub(super) struct Block<'s, C: FunnelClock> {
    scan: &'s FunnelScan<'s>,
    clock: C,
    block: u32,
    lows: Range<usize>,
    /// The source whose events are visited.
    source: usize,
    after: After,
    /// When it is too late for everyone, in ms; none when each user's window tells, which closes while events are visited.
    end_ms: Option<i64>,
    /// When it is too late for the steps after the first where windows do not close while events are visited.
    open_until: Option<C::Time>,
    slots: Box<Slots<C::Time>>,
}

/// What a match must be later than.
#[derive(Clone, Copy)]
enum After {
    /// Nothing: it must not lie before the range.
    Start,
    /// The match of the first step.
    First,
    /// The match of another one.
    Step(usize),
}

impl<'s, C: FunnelClock> Block<'s, C> {
    pub(super) fn new(scan: &'s FunnelScan<'s>) -> Self {
        let query = scan.query;
        let (start_ms, end_ms) = (query.range().start_ms(), query.range().end_ms());
        let limit_ms = query.limit_ms(end_ms);
        let times_ms = scan.sources.times_ms().unwrap_or((start_ms, end_ms));
        let times_ms = (times_ms.0.min(start_ms), times_ms.1.max(limit_ms));
        let nowhere = || Box::new([NOWHERE; TABLE]);
        let slots = Box::new(Slots {
            from: [C::Time::DEAD; TABLE],
            room: [Default::default(); TABLE],
            limit: [C::Time::DEAD; TABLE],
            next: nowhere(),
            first: nowhere(),
            last: nowhere(),
        });
        let clock = C::over(start_ms, times_ms);
        Self {
            scan,
            clock,
            block: 0,
            lows: 0..0,
            source: 0,
            after: After::Start,
            end_ms: None,
            open_until: None,
            slots,
        }
    }

    /// Everyone who counts waits for a first event in the range that ends at a time, in ms; nobody else matches
    /// anything. The number of those who count.
    pub(super) fn start(&mut self, users: &Range<UserId>, end_ms: i64) -> u64 {
        self.block = users.start / BLOCK_USERS;
        let low = (users.start % BLOCK_USERS) as usize;
        self.lows = low..low + users.len();
        let alive = self.scan.sources.persons().alive(self.block);
        (self.source, self.after, self.end_ms) = (0, After::Start, Some(end_ms));
        let end = self.clock.of(end_ms);
        let before = C::Time::BEFORE;
        let (waiting, dead) = ((before, end.since(before)), (C::Time::DEAD, Default::default()));
        let words = self.lows.start / 64..self.lows.end.div_ceil(64);
        let mut left = 0;
        for (word, first) in alive[words.clone()].iter().zip((words.start * 64..).step_by(64)) {
            let mostly_alive = word.count_ones() > 32;
            let ((from, room), others, other) =
                if mostly_alive { (waiting, !word, dead) } else { (dead, *word, waiting) };
            self.slots.from[first..first + 64].fill(from);
            self.slots.room[first..first + 64].fill(room);
            for low in bits_of(others).map(|bit| first + bit as usize) {
                (self.slots.from[low], self.slots.room[low]) = other;
            }
            left += u64::from(word.count_ones());
        }
        self.slots.next[self.lows.clone()].fill(NOWHERE);
        left
    }

    /// Takes those whom an event may still match.
    pub(super) fn name_alive(&self, members: &mut Members) {
        members.set(self.lows.clone(), &self.slots.from, |from| *from != C::Time::DEAD);
    }

    /// Ends a step: who matched goes on from there, who did not has no room left, unless the step was the
    /// last. The number of those who matched.
    pub(super) fn advance(&mut self) -> u64 {
        let step = self.source;
        if step + 1 == self.scan.query.steps().len() {
            let next = &self.slots.next[self.lows.clone()];
            return next.iter().map(|next| u32::from(*next != NOWHERE)).sum::<u32>().into();
        }
        if step == 0 {
            if self.open_until.is_none() {
                self.set_limits();
            }
            let open_until_ms = self.open_until.and_then(|end| self.clock.time_ms(end));
            (self.after, self.end_ms) = (After::First, open_until_ms);
        } else {
            self.after = After::Step(step);
        }
        let reached = match self.open_until {
            None => widely(GoOn { block: self, end_of: |limit| limit }),
            Some(end) => widely(GoOn { block: self, end_of: |_| end }),
        };
        let Slots { next, first, last, .. } = &mut *self.slots;
        core::mem::swap(next, if step == 0 { first } else { last });
        next[self.lows.clone()].fill(NOWHERE);
        reached
    }

    /// Notes until when the matches after the first may come.
    fn set_limits(&mut self) {
        let query = self.scan.query;
        let lows = self.lows.clone();
        let slots = &mut *self.slots;
        if let Some(limit_of) = self.clock.limit_of(query) {
            let (from, room) = (&slots.from[lows.clone()], &slots.room[lows.clone()]);
            widely(SetLimits { limits: &mut slots.limit[lows], from, room, limit_of });
            return;
        }
        for low in lows {
            let place = self.slots.next[low];
            if place != NOWHERE {
                let first_ms = self.clock.time_ms(self.slots.from[low].plus(self.slots.room[low]));
                let limit_ms =
                    first_ms.map_or_else(|| self.limit_ms(place), |ms| query.limit_ms(ms));
                self.slots.limit[low] = self.clock.of(limit_ms);
            }
        }
    }

    /// The time that is too late for a match.
    fn end_ms(&self, low: usize) -> i64 {
        self.end_ms.unwrap_or_else(|| self.limit_ms(self.slots.first[low]))
    }

    /// The time that is too late for the steps after the first, which was matched at a place.
    fn limit_ms(&self, first: Place) -> i64 {
        self.scan.query.limit_ms(self.time_and_id(0, first).0)
    }

    /// Turns to the events of a source.
    pub(super) const fn enter(&mut self, source: usize) {
        self.source = source;
    }

    /// The user of a place in the block.
    pub(super) const fn user(&self, low: usize) -> UserId {
        self.block * BLOCK_USERS + low as UserId
    }

    /// The places in the block of the users at hand.
    pub(super) fn lows(&self) -> Range<usize> {
        self.lows.clone()
    }

    /// Adds one for each user whom an event matched in this step; to be asked before the step ends.
    pub(super) fn count_matched(&self, counts: &mut [u8]) {
        let next = &self.slots.next[self.lows()];
        widely(CountMatched { next, counts: &mut counts[self.lows()] });
    }

    /// Of each user at hand the place of the event that matched in this step, one beyond all others where none did.
    pub(super) fn places(&self) -> &[Place] {
        &self.slots.next[self.lows.clone()]
    }

    /// Of each user whom no event matched in this step, the place in the block, if it is not too late for it at an
    /// instant; to be asked before the step, which is not the first, ends.
    pub(super) fn open(&self, now: C::Time) -> impl Iterator<Item = usize> {
        self.is_open(now).filter_map(|(low, is_open)| is_open.then_some(low))
    }

    fn is_open(&self, now: C::Time) -> impl Iterator<Item = (usize, bool)> {
        let Slots { from, next, limit, .. } = &*self.slots;
        let lows = || self.lows.clone();
        let users = from[lows()].iter().zip(&next[lows()]).zip(&limit[lows()]).zip(lows());
        users.map(move |(((from, next), limit), low)| {
            (low, (*from != C::Time::DEAD) & (*next == NOWHERE) & (now < *limit))
        })
    }

    /// Leaves those whom an event matched in this step, or may match after an instant; nobody when there is none. How
    /// many they are.
    pub(super) fn close(&mut self, now: Option<C::Time>) -> u64 {
        let Slots { from, room, limit, next, .. } = &mut *self.slots;
        let lows = || self.lows.clone();
        let users = from[lows()].iter_mut().zip(&mut room[lows()]).zip(&next[lows()]);
        let mut left = 0;
        for (((from, room), next), limit) in users.zip(&limit[lows()]) {
            let is_open = now.is_some_and(|now| now < *limit);
            let stays = (*next != NOWHERE) | (is_open & (*from != C::Time::DEAD));
            *from = from.or_dead(stays);
            *room = C::Time::span_if(*room, stays);
            left += u32::from(stays);
        }
        u64::from(left)
    }

    /// Takes the matches of this step from those whose walks have ended.
    fn drop_ended(&mut self) {
        let Slots { from, next, .. } = &mut *self.slots;
        let users = from[self.lows.clone()].iter().zip(&mut next[self.lows.clone()]);
        for (from, next) in users {
            *next |= Place::from(*from == C::Time::DEAD).wrapping_neg();
        }
    }

    /// Whether the last match stands at a place.
    fn is_last(&self, low: usize, place: Place) -> bool {
        let Slots { first, last, .. } = &*self.slots;
        match self.after {
            After::Start => false,
            After::First => first[low] == place,
            After::Step(_) => last[low] == place,
        }
    }

    /// Whether an event comes after the last match, and before the match of a step so far, or while it is not too late
    /// for one; by exact times and ids.
    fn is_next(&self, low: usize, place: Place, step: usize) -> bool {
        let event = self.time_and_id(self.source, place);
        let is_later = match self.after {
            After::Start => event.0 >= self.clock.base_ms(),
            After::First => event > self.time_and_id(0, self.slots.first[low]),
            After::Step(step) => event > self.time_and_id(step, self.slots.last[low]),
        };
        is_later
            && match self.slots.next[low] {
                NOWHERE => event.0 < self.end_ms(low),
                next => event < self.time_and_id(step, next),
            }
    }

    fn time_and_id(&self, step: usize, place: Place) -> (i64, EventId) {
        self.scan.sources.time_and_id(step, self.block, place)
    }

    /// An event in the tick of the last match, of the earliest so far or of the limit: exact times decide.
    #[cold]
    #[inline(never)]
    fn decide(&mut self, low: usize, time: C::Time, place: Place) {
        if self.is_next(low, place, self.source) {
            self.slots.room[low] = time.since(self.slots.from[low]);
            self.slots.next[low] = place;
        }
    }
}

impl Block<'_, Exact> {
    /// Of each user how many ms after the last match that of this step came, which means nothing of users without one; to be
    /// asked before the step, which is not the first, ends.
    pub(super) fn took(&self) -> impl Iterator<Item = u64> {
        self.slots.room[self.lows.clone()].iter().copied()
    }

    /// When the event came that matched this source, in ms after the start of the range; a time for users without one.
    pub(super) fn tell_firsts(&self, at: &mut [i64], never: i64) {
        let Slots { from, room, next, .. } = &*self.slots;
        let lows = || self.lows.clone();
        let users = from[lows()].iter().zip(&room[lows()]).zip(&next[lows()]);
        for (at, ((from, room), next)) in at[lows()].iter_mut().zip(users) {
            *at = if *next == NOWHERE { never } else { from.plus(*room) };
        }
    }
}

impl<C: FunnelClock> Visit for Block<'_, C> {
    type Clock = C;

    fn clock(&self) -> C {
        self.clock
    }

    fn before_ms(&self) -> i64 {
        self.end_ms.unwrap_or(i64::MAX)
    }

    #[inline(always)]
    fn event(&mut self, low: usize, time: C::Time, place: Place) {
        let Slots { from, room, next, .. } = &mut *self.slots;
        let later = time.since(from[low]);
        let left = room[low];
        if (later == Default::default()) | (later == left) {
            return self.decide(low, time, place);
        }
        room[low] = select_unpredictable(later < left, later, left);
        next[low] = select_unpredictable(later < left, place, next[low]);
    }

    /// Only the first event after the last match can be the next one, or those at the time of either.
    fn run<T: Times<Time = C::Time>>(&mut self, low: usize, times: &T, first: Place) {
        let from = self.slots.from[low];
        if from == C::Time::DEAD {
            return;
        }
        let (mut at, mut end) = (0, times.len());
        while at < end {
            let middle = at + (end - at) / 2;
            if times.get(middle) < from {
                at = middle + 1;
            } else {
                end = middle;
            }
        }
        for at in at..times.len() {
            let place = first + at as Place;
            if times.get(at).since(from) > self.slots.room[low] {
                return;
            }
            self.event(low, times.get(at), place);
            if self.slots.next[low] == place {
                return;
            }
        }
    }
}
