//! The events of a step that can matter to a block's users, by user in order.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::mask::Mask;
use super::members::Members;
use super::scan::Sources;
use super::source::{NOWHERE, Place, Visit};
use super::ticks::{Exact, FunnelClock};
use super::waiting::{FIRST, Waiting, Window};
use crate::part::{BLOCK_USERS, partition_point};
use crate::{EventId, UserId};

/// All times of a store take fewer bits; a user's number takes those above.
const MS_BITS: u32 = 44;
const MS_MASK: u64 = (1 << MS_BITS) - 1;

/// So many of a user's events are compared with a key without a branch.
const COMPARED: usize = 4;

/// A user's number and a time in ms after the start of the range, as one number that is ordered by both.
#[inline(always)]
pub(super) const fn key(user: usize, after_ms: u64) -> u64 {
    (user as u64) << MS_BITS | after_ms
}

/// The user's number.
#[inline(always)]
pub(super) const fn user_of(key: u64) -> usize {
    (key >> MS_BITS) as usize
}

/// The time in ms after the start of the range.
#[inline(always)]
pub(super) const fn ms_of(key: u64) -> u64 {
    key & MS_MASK
}

/// An event: what [`key`] makes of it, and where it stands among those of the block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) key: u64,
    pub(super) place: Place,
}

/// Comes after all events.
const END: Event = Event { key: u64::MAX, place: NOWHERE };

/// The events of a step.
pub(super) struct StepEvents {
    step: usize,
    block: u32,
    /// As they are found, with room for one more.
    found: Vec<Event>,
    /// In order of keys, of equal ones that with the lesser id first; then ends.
    events: Vec<Event>,
    len: usize,
    /// By a user's number, where its events begin; those of the one before end there.
    starts: Vec<u32>,
}

impl StepEvents {
    pub(super) fn new() -> Self {
        let (events, starts) = Default::default();
        Self { step: 0, block: 0, found: vec![END], events, len: 0, starts }
    }

    /// Takes the events of a step of some of a range of users, which lie in one block, in the place of the last ones: of
    /// each user those in its window; of users whom `only` does not name they may be left out.
    pub(super) fn take(
        &mut self,
        sources: &Sources<'_>,
        step: usize,
        users: &Range<UserId>,
        waiting: &Waiting,
        only: Option<&Members>,
        mask: &mut Mask,
    ) {
        (self.step, self.block) = (step, users.start / BLOCK_USERS);
        let clock = Exact::over(sources.counted_ms(step).0, (0, 0));
        let mut find = Find { found: &mut self.found, count: 0, waiting, clock };
        sources.visit(step, users, only, mask, &mut find);
        self.len = find.count;
        self.sort_by_user(waiting.end());
        if !self.events().is_sorted_by(|a, b| a.key < b.key) {
            self.sort(waiting.end(), sources);
        }
    }

    /// A counting sort.
    fn sort_by_user(&mut self, users: usize) {
        // Two further than where a user's events begin there is first their number, one further is then where the next
        // of them goes.
        self.starts.clear();
        self.starts.resize(users + 2, 0);
        let found = &self.found[..self.len];
        found.iter().for_each(|event| self.starts[user_of(event.key) + 2] += 1);
        let mut before = 0;
        for start in &mut self.starts {
            before += *start;
            *start = before;
        }
        if self.events.len() <= self.len + COMPARED {
            self.events.resize(self.len + COMPARED + 1, END);
        }
        for event in found {
            let next = &mut self.starts[user_of(event.key) + 1];
            self.events[*next as usize] = *event;
            *next += 1;
        }
        self.events[self.len..=self.len + COMPARED].fill(END);
    }

    /// All of them, in order of user, time and id.
    pub(super) fn events(&self) -> &[Event] {
        &self.events[..self.len]
    }

    /// The first event of the user after one of the step before, or one beyond the user's. Events of a user are asked for
    /// from the last one on; `last` is written on meanwhile.
    #[inline(always)]
    pub(super) fn after(&self, other: Event, last: &mut usize, sources: &Sources<'_>) -> Event {
        let from = self.starts[user_of(other.key)] as usize;
        let events = &self.events[from..=from + COMPARED];
        let is_earlier = |event: &Event| usize::from(event.key < other.key);
        let earlier: usize = events[..COMPARED].iter().map(is_earlier).sum();
        let next = events[earlier];
        if (earlier == COMPARED) | (next.key == other.key) {
            *last = self.find_after(other, from + earlier, *last, sources);
            return self.events[*last];
        }
        next
    }

    /// The same where the user has more events, or one at the same time: then ids decide. Events before a place are
    /// earlier.
    #[cold]
    #[inline(never)]
    fn find_after(&self, other: Event, from: usize, last: usize, sources: &Sources<'_>) -> usize {
        let mut end = self.starts[user_of(other.key) + 1] as usize;
        if (from..end).contains(&last) {
            end = last;
        }
        let is_earlier = |at: u32| self.events[at as usize].key < other.key;
        // By steps that double, since it is likely to be near.
        let mut step = 1;
        while end - from > step && !is_earlier((end - step) as u32) {
            (end, step) = (end - step, step * 2);
        }
        let from = from.max(end.saturating_sub(step));
        let mut at = partition_point(from as u32..end as u32, is_earlier) as usize;
        let is_same_time = |at: usize| self.events[at].key == other.key;
        if is_same_time(at) {
            let (_, id) = sources.time_and_id(self.step - 1, self.block, other.place);
            let is_not_later = |at: usize| is_same_time(at) && self.id(at, sources) <= id;
            if is_not_later(at) {
                let end = self.starts[user_of(other.key) + 1];
                at = partition_point(at as u32 + 1..end, |at| is_not_later(at as usize)) as usize;
            }
        }
        at
    }

    fn id(&self, at: usize, sources: &Sources<'_>) -> EventId {
        sources.time_and_id(self.step, self.block, self.events[at].place).1
    }

    /// Puts each user's events in order, which came in that of their parts.
    fn sort(&mut self, users: usize, sources: &Sources<'_>) {
        let mut events = Vec::new();
        for user in FIRST..users {
            let of_user = self.starts[user] as usize..self.starts[user + 1] as usize;
            if self.events[of_user.clone()].is_sorted_by(|a, b| a.key < b.key) {
                continue;
            }
            events.clear();
            events.extend(of_user.clone().map(|at| (self.id(at, sources), self.events[at])));
            events.sort_unstable_by_key(|(id, event)| (event.key, *id));
            for (event, (_, sorted)) in self.events[of_user].iter_mut().zip(&events) {
                *event = *sorted;
            }
        }
    }
}

/// Finds the events in the windows.
struct Find<'e> {
    /// With room for one more.
    found: &'e mut Vec<Event>,
    count: usize,
    waiting: &'e Waiting,
    clock: Exact,
}

impl Visit for Find<'_> {
    type Clock = Exact;

    fn clock(&self) -> Exact {
        self.clock
    }

    #[inline(always)]
    fn event(&mut self, low: usize, after_ms: i64, place: Place) {
        let (user, Window { from, limit }) = self.waiting.of(low);
        // Written for every row and counted where it counts, which is hard to foretell.
        self.found[self.count] = Event { key: key(user, after_ms as u64), place };
        self.count += usize::from((from <= after_ms) & (after_ms < limit));
        if self.count == self.found.len() {
            self.make_room();
        }
    }
}

impl Find<'_> {
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        self.found.resize(self.count * 2, END);
    }
}
