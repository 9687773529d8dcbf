//! The events of users, put together from all parts and in order: for questions that need more of a user than
//! the earliest match of each step.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

use super::mask::Mask;
use super::route::Members;
use super::scan::Sources;
use super::source::{Milliseconds, Place, Visit};
use crate::part::BLOCK_USERS;
use crate::persons::BLOCK_WORDS;
use crate::{EventId, UserId};

/// Users that are worked on at a time, so that their events fit the cache.
pub(super) const GATHERED_USERS: u32 = 1 << 10;

/// An event of a source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) time_ms: i64,
    pub(super) place: Place,
    low: u16,
    pub(super) source: u16,
}

/// The events of a range of users.
#[derive(Default)]
pub(super) struct Gathered {
    block: u32,
    first: usize,
    found: Vec<Found>,
    by_user: Vec<Found>,
    /// Where each user's events end; those of the first begin at 0.
    ends: Vec<u32>,
    mask: Mask,
}

impl Gathered {
    /// Takes the events of a range of users, which lie in one block, in the place of the last ones. Of users who
    /// do not count, there are none.
    pub(super) fn gather(
        &mut self,
        sources: &Sources<'_>,
        users: &Range<UserId>,
        only: Option<&Members>,
    ) {
        self.block = users.start / BLOCK_USERS;
        self.first = (users.start % BLOCK_USERS) as usize;
        self.found.clear();
        let alive = sources.persons().alive(self.block);
        for source in 0..sources.steps() {
            let counted_ms = sources.counted_ms(source);
            let mut collect = Collect {
                found: &mut self.found,
                alive: &alive,
                counted_ms,
                source: source as u16,
            };
            sources.visit(source, users, only, &mut self.mask, &mut collect);
        }
        self.sort_by_user(users.len());
    }

    /// The users who have events, each with its events in order of time and id; ids are asked for where times
    /// are equal.
    pub(super) fn each(
        &mut self,
        id: impl Fn(&Found) -> EventId,
        mut visit: impl FnMut(UserId, &[Found]),
    ) {
        self.each_unsorted(|user, events| {
            sort(events, &id);
            visit(user, events);
        });
    }

    /// The users who have events, each with its events in any order.
    pub(super) fn each_unsorted(&mut self, mut visit: impl FnMut(UserId, &mut [Found])) {
        let mut from = 0;
        for (low, end) in (self.first..).zip(&self.ends) {
            let events = &mut self.by_user[from..*end as usize];
            from = *end as usize;
            if !events.is_empty() {
                visit(self.block * BLOCK_USERS + low as UserId, events);
            }
        }
    }

    /// A counting sort, by user alone.
    fn sort_by_user(&mut self, users: usize) {
        self.ends.clear();
        self.ends.resize(users, 0);
        for event in &self.found {
            self.ends[usize::from(event.low) - self.first] += 1;
        }
        let mut next = 0;
        for end in &mut self.ends {
            // For now where the user's next event goes; after the last one that is the end.
            let count = *end;
            *end = next;
            next += count;
        }
        let nothing = Found { time_ms: 0, place: 0, low: 0, source: 0 };
        self.by_user.clear();
        self.by_user.resize(self.found.len(), nothing);
        for event in &self.found {
            let end = &mut self.ends[usize::from(event.low) - self.first];
            self.by_user[*end as usize] = *event;
            *end += 1;
        }
    }
}

/// Sorts a user's events by time and id. They mostly are in order already, and ids are read only at equal times.
fn sort(events: &mut [Found], id: impl Fn(&Found) -> EventId) {
    let order = |a: &Found, b: &Found| match a.time_ms.cmp(&b.time_ms) {
        Ordering::Equal => id(a).cmp(&id(b)),
        different => different,
    };
    if !events.is_sorted_by(|a, b| order(a, b) != Ordering::Greater) {
        events.sort_by(order);
    }
}

struct Collect<'g> {
    found: &'g mut Vec<Found>,
    alive: &'g [u64; BLOCK_WORDS],
    counted_ms: (i64, i64),
    source: u16,
}

impl Visit for Collect<'_> {
    type Clock = Milliseconds;

    fn clock(&self) -> Milliseconds {
        Milliseconds::default()
    }

    #[inline(always)]
    fn event(&mut self, low: usize, time_ms: i64, place: Place) {
        let (from, before) = self.counted_ms;
        let is_alive = self.alive[low / 64 % BLOCK_WORDS] >> (low % 64) & 1 == 1;
        if is_alive & (from <= time_ms) & (time_ms < before) {
            self.found.push(Found { time_ms, place, low: low as u16, source: self.source });
        }
    }
}

/// What a source's events are to a question: bits of the steps that they match, and of the exclusions.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Meaning {
    pub(super) steps: u32,
    pub(super) excluded: u32,
}

impl Meaning {
    /// The match of a step.
    pub(super) const fn step(number: usize) -> Self {
        Self { steps: 1 << number, excluded: 0 }
    }

    /// An event of an exclusion.
    pub(super) const fn exclusion(number: usize) -> Self {
        Self { steps: 0, excluded: 1 << number }
    }

    /// Adds what else the events are.
    pub(super) const fn join(&mut self, other: Self) {
        self.steps |= other.steps;
        self.excluded |= other.excluded;
    }
}

/// One event of a person, with all that it is to the question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) time_ms: i64,
    pub(super) is: Meaning,
    pub(super) source: u16,
    pub(super) place: Place,
}

/// Makes moments of the events of a user, of which several may be one event that came from several sources. Where
/// it did, the source is one whose events match the step `preferred`, if there is one.
pub(super) fn moments(
    found: &[Found],
    meanings: &[Meaning],
    preferred: u32,
    same: impl Fn(&Found, &Found) -> bool,
    moments: &mut Vec<Moment>,
) {
    moments.clear();
    let mut last: Option<&Found> = None;
    for event in found {
        let is = meanings[usize::from(event.source)];
        let again = last.is_some_and(|last| last.time_ms == event.time_ms && same(last, event));
        match moments.last_mut().filter(|_| again) {
            Some(moment) => {
                moment.is.join(is);
                if is.steps >> preferred & 1 == 1 {
                    (moment.source, moment.place) = (event.source, event.place);
                }
            }
            None => moments.push(Moment {
                time_ms: event.time_ms,
                is,
                source: event.source,
                place: event.place,
            }),
        }
        last = Some(event);
    }
}
