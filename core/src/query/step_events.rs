//! The events of a step of a block's users, by user in order.

use alloc::vec;
use alloc::vec::Vec;
use core::hint::select_unpredictable;
use core::ops::Range;

use super::mask::Mask;
use super::route::Members;
use super::scan::Sources;
use super::source::{Place, Visit};
use super::ticks::{Exact, FunnelClock};
use crate::part::{BLOCK_USERS, partition_point};
use crate::{EventId, UserId};

/// All times of a store take fewer bits; a user's place in its block takes those above.
const MS_BITS: u32 = 44;
const MS_MASK: u64 = (1 << MS_BITS) - 1;

/// So many of a user's events are compared with a key without a branch.
const COMPARED: usize = 4;

/// A user's place in the block and a time in ms after the start of the range, as one number that is ordered by both.
#[inline(always)]
pub(super) const fn key(low: usize, after_ms: u64) -> u64 {
    (low as u64) << MS_BITS | if after_ms < MS_MASK { after_ms } else { MS_MASK }
}

/// The user's place in the block.
#[inline(always)]
pub(super) const fn low_of(key: u64) -> usize {
    (key >> MS_BITS) as usize % BLOCK_USERS as usize
}

/// The time in ms after the start of the range.
#[inline(always)]
pub(super) const fn ms_of(key: u64) -> u64 {
    key & MS_MASK
}

/// The events of a step.
pub(super) struct StepEvents {
    step: usize,
    block: u32,
    len: usize,
    /// What [`key`] makes of each, ascending, of equals the one with the lesser id first; then keys beyond all others.
    keys: Vec<u64>,
    places: Vec<Place>,
    /// By a user's place in the block, where its events begin; those of the one before end there.
    starts: Vec<u32>,
}

impl StepEvents {
    pub(super) fn new() -> Self {
        let starts = vec![0; BLOCK_USERS as usize + 2];
        Self { step: 0, block: 0, len: 0, keys: Vec::new(), places: Vec::new(), starts }
    }

    /// Takes the events of a step of a range of users, which lie in one block, in the place of the last ones; those of
    /// users whom `only` does not name may be left out.
    pub(super) fn take(
        &mut self,
        sources: &Sources<'_>,
        step: usize,
        users: &Range<UserId>,
        only: Option<&Members>,
        mask: &mut Mask,
    ) {
        (self.step, self.block) = (step, users.start / BLOCK_USERS);
        let (from_ms, before_ms) = sources.counted_ms(step);
        let (clock, room) = (Exact::over(from_ms, (0, 0)), before_ms.abs_diff(from_ms));
        // A counting sort by user. Two further than where a user's events begin there is first their number, one
        // further is then where the next of them goes.
        self.starts.fill(0);
        let counts = &mut self.starts[2..];
        sources.visit(step, users, only, mask, &mut Count { counts, clock, room });
        let mut len = 0;
        for start in &mut self.starts {
            len += *start;
            *start = len;
        }
        self.len = len as usize;
        if self.keys.len() < self.len + COMPARED + 1 {
            self.keys.resize(self.len + COMPARED + 1, u64::MAX);
            self.places.resize(self.keys.len(), Place::MAX);
        }
        let next = &mut self.starts[1..];
        let (keys, places) = (&mut self.keys[..], &mut self.places[..]);
        let nowhere = self.len;
        let mut put = Put { next, keys, places, nowhere, clock, room };
        sources.visit(step, users, only, mask, &mut put);
        self.keys[self.len..=self.len + COMPARED].fill(u64::MAX);
        if !self.keys[..self.len].is_sorted_by(|a, b| a < b) {
            self.sort(sources);
        }
    }

    /// The events in order, as [`key`] packs them.
    pub(super) fn keys(&self) -> &[u64] {
        &self.keys[..self.len]
    }

    /// Where they stand among those of the block.
    pub(super) fn places(&self) -> &[Place] {
        &self.places[..self.len]
    }

    /// The first event of the user after another one of the step before; a key beyond the user's where there is none.
    #[inline(always)]
    pub(super) fn after(&self, key: u64, place: Place, sources: &Sources<'_>) -> (u64, Place) {
        let from = self.starts[low_of(key)] as usize;
        let keys = &self.keys[from..=from + COMPARED];
        let mut earlier = keys[..COMPARED].iter().map(|other| usize::from(*other < key)).sum();
        if (earlier == COMPARED) | (keys[earlier] == key) {
            earlier = self.find_after(key, place, sources) - from;
        }
        (self.keys[from + earlier], self.places[from + earlier])
    }

    /// The same where the user has many events, or one at the same time: then ids decide.
    #[cold]
    #[inline(never)]
    fn find_after(&self, key: u64, place: Place, sources: &Sources<'_>) -> usize {
        let low = low_of(key);
        let of_user = self.starts[low]..self.starts[low + 1];
        let end = of_user.end;
        let from = partition_point(of_user, |at| self.keys[at as usize] < key);
        if from == end || self.keys[from as usize] != key {
            return from as usize;
        }
        let (_, id) = sources.time_and_id(self.step - 1, self.block, place);
        let is_not_later =
            |at| self.keys[at as usize] == key && self.id(at as usize, sources) <= id;
        partition_point(from..end, is_not_later) as usize
    }

    fn id(&self, at: usize, sources: &Sources<'_>) -> EventId {
        sources.time_and_id(self.step, self.block, self.places[at]).1
    }

    /// Puts each user's events in order, which came in that of their parts.
    fn sort(&mut self, sources: &Sources<'_>) {
        let mut events = Vec::new();
        for of_user in (0..BLOCK_USERS as usize).map(|low| self.starts[low]..self.starts[low + 1]) {
            let of_user = of_user.start as usize..of_user.end as usize;
            if self.keys[of_user.clone()].is_sorted_by(|a, b| a < b) {
                continue;
            }
            events.clear();
            events.extend(
                of_user.clone().map(|at| (self.keys[at], self.id(at, sources), self.places[at])),
            );
            events.sort_unstable();
            for (at, (key, _, place)) in of_user.zip(&events) {
                (self.keys[at], self.places[at]) = (*key, *place);
            }
        }
    }
}

/// Counts the events of each user.
struct Count<'e> {
    counts: &'e mut [u32],
    clock: Exact,
    /// From so many ms after the clock's zero on, events do not count.
    room: u64,
}

impl Visit for Count<'_> {
    type Clock = Exact;

    fn clock(&self) -> Exact {
        self.clock
    }

    #[inline(always)]
    fn event(&mut self, low: usize, after_ms: i64, _: Place) {
        self.counts[low] += u32::from((after_ms as u64) < self.room);
    }
}

/// Puts each event where the next one of its user goes.
struct Put<'e> {
    next: &'e mut [u32],
    keys: &'e mut [u64],
    places: &'e mut [Place],
    /// Where those go that do not count.
    nowhere: usize,
    clock: Exact,
    room: u64,
}

impl Visit for Put<'_> {
    type Clock = Exact;

    fn clock(&self) -> Exact {
        self.clock
    }

    #[inline(always)]
    fn event(&mut self, low: usize, after_ms: i64, place: Place) {
        let counts = (after_ms as u64) < self.room;
        let at = select_unpredictable(counts, self.next[low] as usize, self.nowhere);
        self.keys[at] = key(low, after_ms as u64);
        self.places[at] = place;
        self.next[low] += u32::from(counts);
    }
}
