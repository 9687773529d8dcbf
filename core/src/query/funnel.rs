//! First-touch funnels.
//!
//! Of a first-touch funnel only the earliest match at each step matters, so the parts of a step may be
//! read in any order, as long as every part of a step is done before the next step begins. Work goes by
//! blocks of users, whose state fits the cache, and the loop over rows has no branch that depends on the
//! data but one that is hardly ever taken: ids are read only when times are equal.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::hint::select_unpredictable;
use core::ops::Range;

use super::mask::Mask;
use super::route::Members;
use super::scan::{Counts, FEW, Routed, Scan, Sources, blocks_of};
use super::source::{Place, Source, Times, Visit};
use super::ticks::Ticks;
use super::{FunnelQuery, ScanStats};
use crate::part::{BLOCK_USERS, PartView};
use crate::persons::{Persons, bits_of};
use crate::{Error, EventId, UserId};

/// A funnel over opened parts.
pub struct FunnelScan<'a> {
    query: &'a FunnelQuery,
    sources: Sources<'a>,
}

/// How many persons reached each step, so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelCounts {
    reached: Vec<u64>,
}

impl<'a> FunnelScan<'a> {
    /// Opens what the query needs; `parts` has one list of parts a step, empty for a type never seen.
    ///
    /// # Errors
    /// When a part is damaged.
    ///
    /// # Panics
    /// When `parts` has not one list a step.
    pub fn open(
        query: &'a FunnelQuery,
        parts: &[Vec<PartView<'a>>],
        persons: &'a Persons<'a>,
    ) -> Result<Self, Error> {
        assert_eq!(parts.len(), query.steps().len(), "one list of parts a step");
        let mut stats = ScanStats::default();
        let mut steps = Vec::new();
        for (number, (step, parts)) in query.steps().iter().zip(parts).enumerate() {
            steps.push(Source::open(parts, &step.filters, query.step_times(number), &mut stats)?);
        }
        Ok(Self { query, sources: Sources::new(steps, persons, stats) })
    }
}

impl Scan for FunnelScan<'_> {
    type Counts = FunnelCounts;

    fn sources(&self) -> &Sources<'_> {
        &self.sources
    }

    fn take_routed(&mut self, routed: Vec<Routed>) {
        self.sources.take_routed(routed);
    }

    fn run(&self, users: Range<UserId>) -> FunnelCounts {
        let mut reached = vec![0; self.sources.steps()];
        let mut block = Block::new(self);
        let (mut mask, mut members) = (Mask::default(), Members::none());
        for users in blocks_of(users) {
            let mut left = block.start(&users);
            for (step, reached) in reached.iter_mut().enumerate() {
                block.step = step;
                let few = left * (FEW as u64) < users.len() as u64;
                if few {
                    block.name_alive(&mut members);
                }
                self.sources.visit(step, &users, few.then_some(&members), &mut mask, &mut block);
                left = block.advance();
                *reached += left;
                if left == 0 {
                    break;
                }
            }
        }
        FunnelCounts { reached }
    }
}

impl Counts for FunnelCounts {
    fn merge(&mut self, other: &Self) {
        self.reached.iter_mut().zip(&other.reached).for_each(|(count, other)| *count += other);
    }
}

impl FunnelCounts {
    /// The counts in order of the steps.
    #[must_use]
    pub fn finish(self) -> Vec<u64> {
        self.reached
    }
}

/// No event: in the place of the last match before the first step, of the next while there is none.
const NOWHERE: Place = Place::MAX;

/// A value for each user of a block, and some bytes that keep those of one user in different tables from
/// having addresses that end alike, which processors take for the same.
type Table<T> = [T; TABLE];
const TABLE: usize = BLOCK_USERS as usize + 80;

/// `from` of a user whom no event matches; its `room` is 0.
const DEAD: i32 = i32::MIN;

/// Where the users of a block stand. In ticks, the match of a step must lie after `from` and less than `room`
/// later; `next` is the place of the earliest so far, to which `room` was narrowed. Within the ticks at both
/// ends exact times decide.
struct Slots {
    from: Table<i32>,
    room: Table<u32>,
    /// The tick that is too late for the steps after the first.
    limit: Table<i32>,
    next: Box<Table<Place>>,
    /// The match of the first step, and of the last one after it that is over.
    first: Box<Table<Place>>,
    last: Box<Table<Place>>,
}

/// The users of a block on their way through the steps.
struct Block<'s> {
    scan: &'s FunnelScan<'s>,
    ticks: Ticks,
    block: u32,
    lows: Range<usize>,
    step: usize,
    slots: Box<Slots>,
}

impl<'s> Block<'s> {
    fn new(scan: &'s FunnelScan<'s>) -> Self {
        let query = scan.query;
        let (start_ms, end_ms) = (query.range().start_ms(), query.range().end_ms());
        let limit_ms = query.limit_ms(end_ms);
        let times_ms = scan.sources.times_ms().unwrap_or((start_ms, end_ms));
        let times_ms = (times_ms.0.min(start_ms), times_ms.1.max(limit_ms));
        let nowhere = || Box::new([NOWHERE; TABLE]);
        let slots = Box::new(Slots {
            from: [0; TABLE],
            room: [0; TABLE],
            limit: [0; TABLE],
            next: nowhere(),
            first: nowhere(),
            last: nowhere(),
        });
        Self { scan, ticks: Ticks::new(start_ms, times_ms), block: 0, lows: 0..0, step: 0, slots }
    }

    /// Everyone who counts waits for a first event in the range; nobody else matches anything. The number
    /// of those who count.
    fn start(&mut self, users: &Range<UserId>) -> u64 {
        self.block = users.start / BLOCK_USERS;
        let low = (users.start % BLOCK_USERS) as usize;
        self.lows = low..low + users.len();
        let alive = self.scan.sources.persons().alive(self.block);
        let end = self.ticks.of(self.scan.query.range().end_ms());
        let (waiting, dead) = ((-1, (end + 1) as u32), (DEAD, 0));
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
    fn name_alive(&self, members: &mut Members) {
        let from = &self.slots.from[self.lows.clone()];
        members.set(self.lows.clone(), from.iter().map(|from| *from != DEAD));
    }

    /// Ends a step: who matched goes on from there, who did not has no room left, unless the step was the
    /// last. The number of those who matched.
    fn advance(&mut self) -> u64 {
        if self.step + 1 == self.scan.sources.steps() {
            let next = &self.slots.next[self.lows.clone()];
            return next.iter().map(|next| u64::from(*next != NOWHERE)).sum();
        }
        if self.step == 0 {
            self.set_limits();
        }
        let Slots { from, room, limit, next, first, last } = &mut *self.slots;
        let mut reached = 0;
        let lows = || self.lows.clone();
        let users = from[lows()].iter_mut().zip(&mut room[lows()]).zip(&next[lows()]);
        for (((from, room), next), limit) in users.zip(&limit[lows()]) {
            let matched = i32::from(*next != NOWHERE);
            reached += matched as u32;
            // All bits or none, so that several users are advanced at a time.
            let mask = matched.wrapping_neg();
            let match_tick = from.wrapping_add(*room as i32);
            *from = (match_tick & mask) | (DEAD & !mask);
            *room = (limit.wrapping_sub(match_tick) & mask) as u32;
        }
        core::mem::swap(next, if self.step == 0 { first } else { last });
        next[lows()].fill(NOWHERE);
        u64::from(reached)
    }

    /// Notes until when the matches after the first may come.
    fn set_limits(&mut self) {
        let query = self.scan.query;
        let ticks = self.ticks;
        let lows = self.lows.clone();
        let slots = &mut *self.slots;
        if let (Some(days), Some(window_days)) = (ticks.days(), query.utc_days()) {
            let room = &slots.room[lows.clone()];
            for (limit, room) in slots.limit[lows].iter_mut().zip(room) {
                // Before the first step, `from` is -1.
                *limit = days.after(room.wrapping_sub(1), window_days);
            }
            return;
        }
        for low in lows {
            let first = self.slots.next[low];
            if first != NOWHERE {
                self.slots.limit[low] = ticks.of(self.limit_ms(first));
            }
        }
    }

    /// The time that is too late for the step.
    fn end_ms(&self, low: usize) -> i64 {
        match self.step {
            0 => self.scan.query.range().end_ms(),
            _ => self.limit_ms(self.slots.first[low]),
        }
    }

    /// The time that is too late for the steps after the first, which was matched at a place.
    fn limit_ms(&self, first: Place) -> i64 {
        self.scan.query.limit_ms(self.time_and_id(0, first).0)
    }

    fn time_and_id(&self, step: usize, place: Place) -> (i64, EventId) {
        self.scan.sources.time_and_id(step, self.block, place)
    }

    /// An event in the tick of the last match, of the earliest so far or of the limit: exact times decide.
    #[cold]
    #[inline(never)]
    fn decide(&mut self, low: usize, tick: i32, place: Place) {
        let event = self.time_and_id(self.step, place);
        let is_later = match self.step {
            0 => event.0 >= self.ticks.base_ms(),
            1 => event > self.time_and_id(0, self.slots.first[low]),
            step => event > self.time_and_id(step - 1, self.slots.last[low]),
        };
        let is_earlier = match self.slots.next[low] {
            NOWHERE => event.0 < self.end_ms(low),
            next => event < self.time_and_id(self.step, next),
        };
        if is_later && is_earlier {
            self.slots.room[low] = tick.wrapping_sub(self.slots.from[low]) as u32;
            self.slots.next[low] = place;
        }
    }
}

impl Visit for Block<'_> {
    type Clock = Ticks;

    fn clock(&self) -> Ticks {
        self.ticks
    }

    #[inline(always)]
    fn event(&mut self, low: usize, tick: i32, place: Place) {
        let Slots { from, room, next, .. } = &mut *self.slots;
        let later = tick.wrapping_sub(from[low]) as u32;
        let left = room[low];
        if (later == 0) | (later == left) {
            return self.decide(low, tick, place);
        }
        room[low] = select_unpredictable(later < left, later, left);
        next[low] = select_unpredictable(later < left, place, next[low]);
    }

    /// Only the first event after the last match can be the next one, or those in the tick of either.
    fn run<T: Times<Time = i32>>(&mut self, low: usize, times: &T, first: Place) {
        let from = self.slots.from[low];
        if from == DEAD {
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
            if times.get(at).wrapping_sub(from) as u32 > self.slots.room[low] {
                return;
            }
            self.event(low, times.get(at), place);
            if self.slots.next[low] == place {
                return;
            }
        }
    }
}
