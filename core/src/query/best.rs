//! Funnels that count a person's best attempt: the walk from the entry that gets furthest.
//!
//! All entries of a block of users are taken through the steps together. Of a user's entries that got equally far the
//! earliest counts, and the last is open the longest.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::hint::select_unpredictable;
use core::ops::Range;

use super::USERS;
use super::conversion::ConversionCounts;
use super::funnel::Room;
use super::plan::FunnelQuery;
use super::reached::Reached;
use super::scan::{FEW, Sources, blocks_of};
use super::source::{NOWHERE, Place};
use super::step_events::{Event, StepEvents, Window, key, low_of, ms_of};
use super::ticks::{Exact, FunnelClock};
use super::touch::Touch;
use crate::UserId;
use crate::part::BLOCK_USERS;

/// The attempts of some users of a block, a number each, in order of user and entry.
struct Attempts {
    /// By step, when each attempt reached it, a key with its user; of those that did not, it means nothing.
    at: Vec<Vec<u64>>,
    /// The place of the last match of each.
    last: Vec<Place>,
    /// From when on it is too late for each, a key with its user.
    limits: Vec<u64>,
    /// Those that reached the step at hand, the last one first.
    left: Vec<u32>,
    /// The places of the matches by which the answer is broken down.
    grouped: Vec<Place>,
    users: Box<Users>,
}

/// How far users came, by place in the block; after them is room for what does not count.
struct Users {
    /// When events of the next step can matter.
    windows: [Window; USERS + 1],
    /// How many steps were reached.
    depth: [u8; USERS + 1],
    /// By which attempt, the earliest of those that got so far.
    best: [u32; USERS + 1],
}

impl FunnelQuery {
    /// Whether its best attempts may be counted so. Where two steps that follow one another are of the same type, each
    /// event may be held against itself, by ids: then it is faster to put every event in order once.
    pub(super) fn is_of_attempts(&self) -> bool {
        let mut pairs = self.steps().windows(2);
        self.exclude().is_empty() && pairs.all(|pair| pair[0].event_type != pair[1].event_type)
    }
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
        let mut of_rows = Vec::new();
        for users in blocks_of(users) {
            let block = users.start / BLOCK_USERS;
            let first = (users.start % BLOCK_USERS) as usize;
            let lows = first..first + users.len();
            reached.clear(lows.clone());
            attempts.start(query, lows.clone(), &sources.persons().alive(block));
            for step in 0..steps {
                let few = step > 0 && attempts.left.len() * FEW < users.len();
                let few = few.then(|| {
                    let windows = &attempts.users.windows;
                    members.set(lows.clone(), windows, |window| window.limit > 0);
                    &members
                });
                let windows = &attempts.users.windows;
                events.take(sources, step, &users, |low| windows[low], few, &mut mask);
                attempts.users.windows[lows.clone()].fill(Window::default());
                if step == 0 {
                    attempts.begin(query, events.events());
                } else {
                    attempts.advance(step, &events, sources);
                }
                if step == group_step && !reached.groups.is_empty() {
                    attempts.grouped.clone_from(&attempts.last);
                }
                if attempts.left.is_empty() {
                    break;
                }
                if let Some(now) = self.now() {
                    let now = if step + 1 < steps { now } else { i64::MAX };
                    attempts.tell_pending(now, lows.clone(), &mut reached.is_pending);
                }
            }
            attempts.tell(lows.clone(), &mut reached);
            if !reached.groups.is_empty() {
                let places = lows.clone().map(|low| attempts.place_of_group(low, group_step));
                let groups = &mut reached.groups[lows.clone()];
                self.tell_groups(group_step, users, places, groups, &mut of_rows);
            }
            reached.add_to(lows.clone(), counts);
            for step in 1..steps {
                attempts.add_times(step, lows.clone(), &mut reached, counts);
            }
        }
        reached.finish(counts);
    }
}

impl Attempts {
    fn new(steps: usize) -> Self {
        let (last, limits, left, grouped) = Default::default();
        let windows = [Window::default(); USERS + 1];
        let users = Box::new(Users { windows, depth: [0; USERS + 1], best: [0; USERS + 1] });
        Self { at: vec![Vec::new(); steps], last, limits, left, users, grouped }
    }

    /// Everyone who counts waits for entries in the range.
    fn start(&mut self, query: &FunnelQuery, lows: Range<usize>, alive: &[u64]) {
        let end = query.range().end_ms().wrapping_sub(query.range().start_ms());
        let Users { windows, depth, best } = &mut *self.users;
        for (window, low) in windows[lows.clone()].iter_mut().zip(lows.clone()) {
            let is_alive = alive[low / 64] >> (low % 64) & 1;
            *window = Window { from: 0, limit: end * is_alive as i64 };
        }
        depth[lows.clone()].fill(0);
        best[lows].fill(0);
    }

    /// Begins with each entry.
    fn begin(&mut self, query: &FunnelQuery, entries: &[Event]) {
        self.at[0].clear();
        self.at[0].extend(entries.iter().map(|entry| entry.key));
        self.at[1..].iter_mut().for_each(|at| at.resize(entries.len(), 0));
        self.last.clear();
        self.last.extend(entries.iter().map(|entry| entry.place));
        self.limits.clear();
        let start_ms = query.range().start_ms();
        match Exact::over(start_ms, (0, 0)).limit_of(query) {
            Some(limit_of) => self.limits.extend(
                self.at[0]
                    .iter()
                    .map(|entry| key(low_of(*entry), limit_of(ms_of(*entry) as i64) as u64)),
            ),
            None => self.limits.extend(self.at[0].iter().map(|entry| {
                let limit_ms = query.limit_ms(start_ms + ms_of(*entry) as i64);
                key(low_of(*entry), limit_ms.abs_diff(start_ms))
            })),
        }
        self.left.clear();
        self.left.extend((0..entries.len() as u32).rev());
        for attempt in &self.left {
            let (at, limit) = (self.at[0][*attempt as usize], self.limits[*attempt as usize]);
            self.users.reach(low_of(at), 1, *attempt, at, limit);
        }
    }

    /// Leaves the attempts that an event of the next step matches.
    fn advance(&mut self, step: usize, events: &StepEvents, sources: &Sources<'_>) {
        let (before, at) = self.at.split_at_mut(step);
        let (before, at) = (&before[step - 1][..], &mut at[0][..]);
        let (mut left, mut found) = (0, 0);
        for number in 0..self.left.len() {
            let attempt = self.left[number];
            let number = attempt as usize;
            let last = Event { key: before[number], place: self.last[number] };
            let (next, limit) = (events.after(last, &mut found, sources), self.limits[number]);
            at[number] = next.key;
            self.last[number] = next.place;
            self.left[left] = attempt;
            let is_left = next.key < limit;
            left += usize::from(is_left);
            let user = select_unpredictable(is_left, low_of(limit), USERS);
            self.users.reach(user, step as u8 + 1, attempt, next.key, limit);
        }
        self.left.truncate(left);
    }

    /// Tells of users who reached the step at hand whether they may get further at a time, in ms after the start of the
    /// range; the others are as open as before.
    fn tell_pending(&self, now: i64, lows: Range<usize>, is_pending: &mut [bool]) {
        let users = self.users.windows[lows.clone()].iter().zip(&mut is_pending[lows]);
        for (window, is_pending) in users.filter(|(window, _)| window.limit > 0) {
            *is_pending = now < window.limit;
        }
    }

    /// Tells how far users came and how long each step of the best attempts took.
    fn tell(&self, lows: Range<usize>, reached: &mut Reached) {
        reached.depth[lows.clone()].copy_from_slice(&self.users.depth[lows.clone()]);
    }

    fn add_times(
        &self,
        step: usize,
        lows: Range<usize>,
        reached: &mut Reached,
        counts: &mut ConversionCounts,
    ) {
        if self.at[0].is_empty() {
            return;
        }
        let (before, at) = (&self.at[step - 1], &self.at[step]);
        let best = self.users.best[lows.clone()].iter().map(|best| *best as usize);
        let took = best.map(|best| at[best].wrapping_sub(before[best]));
        reached.add_times(step, lows, took, counts);
    }

    /// Where the match of a step is of a user's best attempt, if it got so far.
    fn place_of_group(&self, low: usize, step: usize) -> Place {
        let is_reached = usize::from(self.users.depth[low]) > step;
        if is_reached { self.grouped[self.users.best[low] as usize] } else { NOWHERE }
    }
}

impl Users {
    /// One more attempt of a user reached so many steps, before those that did so already.
    #[inline(always)]
    fn reach(&mut self, low: usize, depth: u8, attempt: u32, at: u64, limit: u64) {
        let window = &mut self.windows[low];
        window.from = ms_of(at) as i64;
        window.limit = window.limit.max(ms_of(limit) as i64);
        (self.depth[low], self.best[low]) = (depth, attempt);
    }
}
