//! Funnels that count a person's best attempt: the walk from the entry that gets furthest.
//!
//! All entries of a block of users are taken through the steps together. Of a user's entries that got equally far the
//! earliest counts, and the last is open the longest.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::conversion::ConversionCounts;
use super::funnel::Room;
use super::groups::NO_VALUE;
use super::plan::FunnelQuery;
use super::reached::Reached;
use super::scan::{FEW, Sources, blocks_of};
use super::source::Place;
use super::step_events::{StepEvents, key, low_of, ms_of};
use super::ticks::{Exact, FunnelClock};
use super::touch::Touch;
use crate::UserId;
use crate::part::BLOCK_USERS;

/// The attempts of the users of a block, a number each, in order of user and entry.
struct Attempts {
    /// By step, when each attempt reached it, a key with its user; of those that did not, it means nothing.
    at: Vec<Vec<u64>>,
    /// The place of the last match of each.
    last: Vec<Place>,
    /// From when on it is too late for each, a key with its user.
    limits: Vec<u64>,
    /// Those that reached the step at hand.
    left: Vec<u32>,
    /// Of each user the earliest that got furthest.
    best: Vec<u32>,
    /// The places of the matches by which the answer is broken down.
    grouped: Vec<Place>,
}

impl Touch<'_> {
    /// Counts the users of a range by their best attempts.
    pub(super) fn count_best(&self, users: Range<UserId>, counts: &mut ConversionCounts) {
        let query = self.funnel.query;
        let steps = query.steps().len();
        let sources = &self.funnel.sources;
        let group_step = query.breakdown().map_or(0, |by| by.step as usize);
        let mut reached = Reached::new(steps, self.grouping.values.len());
        let mut attempts = Attempts::new(steps);
        let mut events = StepEvents::new();
        let Room { mut mask, mut members } = Room::default();
        for users in blocks_of(users) {
            let block = users.start / BLOCK_USERS;
            let first = (users.start % BLOCK_USERS) as usize;
            let lows = first..first + users.len();
            reached.clear(lows.clone());
            for step in 0..steps {
                let few = step > 0 && attempts.left.len() * FEW < users.len();
                let few = few.then(|| {
                    let depth = reached.depth[lows.clone()].iter();
                    members.set(lows.clone(), depth.map(|depth| usize::from(*depth) == step));
                    &members
                });
                events.take(sources, step, &users, few, &mut mask);
                if step == 0 {
                    attempts.begin(query, &events, &sources.persons().alive(block));
                } else {
                    attempts.advance(step, &events, sources);
                }
                let now = self.now().filter(|_| step + 1 < steps);
                attempts.tell_depths(step, now, &mut reached);
                if step == group_step && !reached.groups.is_empty() {
                    attempts.grouped.clone_from(&attempts.last);
                }
                if attempts.left.is_empty() {
                    break;
                }
            }
            attempts.tell_times(lows.clone(), &mut reached);
            if !reached.groups.is_empty() {
                for low in lows.clone() {
                    let of_event = || match usize::from(reached.depth[low]) > group_step {
                        true => sources.group(
                            group_step,
                            block,
                            attempts.grouped[attempts.best[low] as usize],
                        ),
                        false => NO_VALUE,
                    };
                    reached.groups[low] =
                        self.grouping.of(block * BLOCK_USERS + low as UserId, of_event);
                }
            }
            reached.add_to(lows, counts);
        }
        reached.finish(counts);
    }
}

impl Attempts {
    fn new(steps: usize) -> Self {
        let (last, limits, left, grouped) = Default::default();
        let best = vec![0; BLOCK_USERS as usize];
        Self { at: vec![Vec::new(); steps], last, limits, left, best, grouped }
    }

    /// Begins with each event of the first step whose user counts.
    fn begin(&mut self, query: &FunnelQuery, entries: &StepEvents, alive: &[u64]) {
        let keys = entries.keys();
        self.at[0].clear();
        self.at[0].extend_from_slice(keys);
        self.at[1..].iter_mut().for_each(|at| at.resize(keys.len(), 0));
        self.last.clear();
        self.last.extend_from_slice(entries.places());
        self.limits.clear();
        let start_ms = query.range().start_ms();
        let limit = |entry: u64, limit: u64| key(low_of(entry), limit);
        match Exact::over(start_ms, (0, 0)).limit_of(query) {
            Some(limit_of) => self.limits.extend(
                keys.iter().map(|entry| limit(*entry, limit_of(ms_of(*entry) as i64) as u64)),
            ),
            None => self.limits.extend(keys.iter().map(|entry| {
                let limit_ms = query.limit_ms(start_ms + ms_of(*entry) as i64);
                limit(*entry, limit_ms.abs_diff(start_ms))
            })),
        }
        self.left.resize(keys.len(), 0);
        let mut left = 0;
        for (number, entry) in (0..).zip(keys) {
            let low = low_of(*entry);
            self.left[left] = number;
            left += (alive[low / 64] >> (low % 64) & 1) as usize;
        }
        self.left.truncate(left);
        self.best.fill(0);
    }

    /// Leaves the attempts that an event of the next step matches.
    fn advance(&mut self, step: usize, events: &StepEvents, sources: &Sources<'_>) {
        let (before, at) = self.at.split_at_mut(step);
        let (before, at) = (&before[step - 1][..], &mut at[0][..]);
        let mut left = 0;
        for number in 0..self.left.len() {
            let attempt = self.left[number];
            let number = attempt as usize;
            let (next, place) = events.after(before[number], self.last[number], sources);
            at[number] = next;
            self.last[number] = place;
            self.left[left] = attempt;
            left += usize::from(next < self.limits[number]);
        }
        self.left.truncate(left);
    }

    /// Tells how far users have come, and whether at a time, in ms after the start of the range, they may get further.
    fn tell_depths(&mut self, step: usize, now: Option<i64>, reached: &mut Reached) {
        let entries = &self.at[0];
        for attempt in self.left.iter().rev() {
            let low = low_of(entries[*attempt as usize]);
            reached.depth[low] = step as u8 + 1;
            reached.is_pending[low] = false;
            self.best[low] = *attempt;
        }
        let Some(now) = now else { return };
        for attempt in &self.left {
            let low = low_of(entries[*attempt as usize]);
            reached.is_pending[low] = now < ms_of(self.limits[*attempt as usize]) as i64;
        }
    }

    /// Tells how long each step of the best attempts took.
    fn tell_times(&self, lows: Range<usize>, reached: &mut Reached) {
        if self.at[0].is_empty() {
            return;
        }
        for (at, took) in self.at.windows(2).zip(&mut reached.took[1..]) {
            for (took, attempt) in took[lows.clone()].iter_mut().zip(&self.best[lows.clone()]) {
                let attempt = *attempt as usize;
                *took = at[1][attempt].wrapping_sub(at[0][attempt]) as i64;
            }
        }
    }
}
