//! The events of users, put together from all parts and in order: for questions that need more of a user than
//! the earliest match of each step.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

use super::marked::Masks;
use super::needs::Meaning;
use super::scan::Sources;
use super::source::{Milliseconds, Place, Visit};
use crate::part::BLOCK_USERS;
use crate::{EventId, UserId};

/// Users that are worked on at a time, so that their events fit the cache.
pub(super) const GATHERED_USERS: u32 = 1 << 10;

/// Which events can matter of a user, told by those of the first source.
pub(super) trait Narrow {
    /// Whether something begins with an event of the first source.
    fn is_entry(&self, event: &Found) -> bool;

    /// The times at which events of other sources can matter to a user whose first and last entry are these, in ms:
    /// from, and before. Of users without an entry none do.
    fn window_ms(&self, first_ms: i64, last_ms: i64) -> (i64, i64);
}

/// An event of a source.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    pub(super) time_ms: i64,
    pub(super) place: Place,
    low: u16,
    pub(super) source: u16,
    /// What it is to a funnel.
    pub(super) is: Meaning,
}

/// The events of a range of users.
#[derive(Default)]
pub(super) struct Gathered {
    block: u32,
    first: usize,
    found: Vec<Found>,
    /// How many of them were found for the users at hand.
    count: usize,
    by_user: Vec<Found>,
    /// Where each user's events end; those of the first begin at 0.
    ends: Vec<u32>,
    masks: Masks,
    /// Of each user the times that count, in ms: from, and before.
    windows: Vec<(i64, i64)>,
    /// Of each user the times of the first and of the last entry, in ms.
    entries: Vec<(i64, i64)>,
}

/// No time counts.
const NEVER: (i64, i64) = (i64::MAX, i64::MIN);
/// There is no first and no last entry.
const NO_ENTRY: (i64, i64) = (i64::MAX, i64::MIN);

impl Gathered {
    /// Takes the events of a range of users, which lie in one block, in the place of the last ones. Of users who
    /// do not count, there are none. `meanings` says of each source what its events are of which each of its lists
    /// of filters holds; `narrow` leaves out events that cannot matter.
    pub(super) fn gather(
        &mut self,
        sources: &Sources<'_>,
        users: &Range<UserId>,
        meanings: &[Vec<Meaning>],
        narrow: Option<&dyn Narrow>,
    ) {
        self.block = users.start / BLOCK_USERS;
        self.first = (users.start % BLOCK_USERS) as usize;
        self.count = 0;
        let alive = sources.persons().alive(self.block);
        self.windows.clear();
        self.windows.extend((self.first..self.first + users.len()).map(|low| {
            let is_alive = alive[low / 64] >> (low % 64) & 1 == 1;
            if is_alive { (i64::MIN, i64::MAX) } else { NEVER }
        }));
        for source in 0..sources.steps() {
            if let (1, Some(narrow)) = (source, narrow) {
                self.narrow(narrow);
            }
            let counted_ms = sources.counted_ms(source);
            let rows = sources.rows_in(source, self.block) as usize;
            if self.found.len() <= self.count + rows {
                self.found.resize(self.count + rows + 1, Found::default());
            }
            let mut collect = Collect {
                found: &mut self.found,
                count: &mut self.count,
                windows: &self.windows,
                first: self.first,
                counted_ms,
                source: source as u16,
                is: Meaning::default(),
            };
            match meanings.get(source).map(Vec::as_slice) {
                Some(meanings) if meanings.len() > 1 || sources.is_marked(source) => {
                    let marked = |low, time_ms, place, marks| {
                        collect.take(low, time_ms, place, meaning(meanings, marks));
                    };
                    sources.visit_marked(source, users, None, &mut self.masks, marked);
                }
                meanings => {
                    collect.is = meanings.and_then(<[_]>::first).copied().unwrap_or_default();
                    sources.visit(source, users, None, &mut self.masks.any, &mut collect);
                }
            }
        }
        self.sort_by_user(users.len());
    }

    /// Narrows the times that count of each user by its entries.
    fn narrow(&mut self, narrow: &dyn Narrow) {
        self.entries.clear();
        self.entries.resize(self.windows.len(), NO_ENTRY);
        for event in self.found[..self.count].iter().filter(|event| narrow.is_entry(event)) {
            let (first_ms, last_ms) = &mut self.entries[usize::from(event.low) - self.first];
            (*first_ms, *last_ms) = (event.time_ms.min(*first_ms), event.time_ms.max(*last_ms));
        }
        for (window, entry) in self.windows.iter_mut().zip(&self.entries) {
            *window = if *entry == NO_ENTRY { NEVER } else { narrow.window_ms(entry.0, entry.1) };
        }
    }

    /// The users whose events, in any order, are wanted, each with its events in order of time and id; ids are asked
    /// for where times are equal.
    pub(super) fn each(
        &mut self,
        id: impl Fn(&Found) -> EventId,
        mut visit: impl FnMut(UserId, &[Found]),
        is_wanted: impl Fn(&[Found]) -> bool,
    ) {
        self.each_unsorted(|user, events| {
            if is_wanted(events) {
                sort(events, &id);
                visit(user, events);
            }
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
        for event in &self.found[..self.count] {
            self.ends[usize::from(event.low) - self.first] += 1;
        }
        let mut next = 0;
        for end in &mut self.ends {
            // For now where the user's next event goes; after the last one that is the end.
            let count = *end;
            *end = next;
            next += count;
        }
        if self.by_user.len() < self.count {
            self.by_user.resize(self.count, Found::default());
        }
        for event in &self.found[..self.count] {
            let end = &mut self.ends[usize::from(event.low) - self.first];
            self.by_user[*end as usize] = *event;
            *end += 1;
        }
    }
}

/// Sorts a user's events by time and id. They mostly are in order already, and ids are read only at equal times.
pub(super) fn sort(events: &mut [Found], id: impl Fn(&Found) -> EventId) {
    let order = |a: &Found, b: &Found| match a.time_ms.cmp(&b.time_ms) {
        Ordering::Equal => id(a).cmp(&id(b)),
        different => different,
    };
    if !events.is_sorted_by(|a, b| order(a, b) != Ordering::Greater) {
        events.sort_by(order);
    }
}

struct Collect<'g> {
    /// With room for all rows of the source, and one more.
    found: &'g mut Vec<Found>,
    count: &'g mut usize,
    windows: &'g [(i64, i64)],
    /// The place in the block of the first user who has a window.
    first: usize,
    counted_ms: (i64, i64),
    source: u16,
    /// What all events of the source are, where they are all the same.
    is: Meaning,
}

impl Visit for Collect<'_> {
    type Clock = Milliseconds;

    fn clock(&self) -> Milliseconds {
        Milliseconds::default()
    }

    #[inline(always)]
    fn event(&mut self, low: usize, time_ms: i64, place: Place) {
        self.take(low, time_ms, place, self.is);
    }
}

impl Collect<'_> {
    #[inline(always)]
    fn take(&mut self, low: usize, time_ms: i64, place: Place, is: Meaning) {
        let ((from, before), (least, limit)) = (self.counted_ms, self.windows[low - self.first]);
        let counts = (from <= time_ms) & (time_ms < before);
        // Written for every row and counted where it counts, which is hard to foretell.
        self.found[*self.count] =
            Found { time_ms, place, low: low as u16, source: self.source, is };
        *self.count += usize::from(counts & (least <= time_ms) & (time_ms < limit));
    }
}

/// What an event is of which the lists of filters hold that are marked.
#[inline(always)]
fn meaning(meanings: &[Meaning], marks: u64) -> Meaning {
    let mut is = Meaning::default();
    for (number, meaning) in meanings.iter().enumerate() {
        if marks >> number & 1 == 1 {
            is.join(*meaning);
        }
    }
    is
}
