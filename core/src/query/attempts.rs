//! The attempts of a block's users after their first ones, which go through the steps of a funnel together.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::hint::select_unpredictable;
use core::ops::Range;

use super::USERS;
use super::best::Best;
use super::funnel::{FunnelScan, Room};
use super::plan::FunnelQuery;
use super::scan::{FEW, Sources};
use super::source::Place;
use super::step_events::{Event, StepEvents, Window, key, low_of, ms_of};
use super::ticks::{Exact, FunnelClock};
use crate::UserId;

/// The attempts, a number each, in order of user and entry.
pub(super) struct Attempts {
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
    /// The events of the step at hand.
    events: StepEvents,
}

/// How far users came, by place in the block; after them is room for what does not count.
struct Users {
    /// When events of the next step can matter.
    windows: [Window; USERS + 1],
    /// How many steps were reached.
    depth: [u8; USERS + 1],
    /// By which attempt, the earliest of those that got so far.
    attempt: [u32; USERS + 1],
}

impl Attempts {
    pub(super) fn new(steps: usize) -> Self {
        let (last, limits, left, grouped) = Default::default();
        let windows = [Window::default(); USERS + 1];
        let users = Box::new(Users { windows, depth: [0; USERS + 1], attempt: [0; USERS + 1] });
        let events = StepEvents::new();
        Self { at: vec![Vec::new(); steps], last, limits, left, grouped, users, events }
    }

    /// Takes the further attempts of users of a block through the steps, and tells of those that got further than the
    /// first ones.
    pub(super) fn walk(
        &mut self,
        funnel: &FunnelScan<'_>,
        users: &Range<UserId>,
        best: &mut Best,
        Room { mask, members }: &mut Room,
    ) {
        let (query, sources) = (funnel.query, &funnel.sources);
        let first = users.start as usize % USERS;
        let lows = first..first + users.len();
        let mut waiting = self.start(query, lows.clone(), &best.reached.depth);
        for step in 0..query.steps().len() {
            if waiting == 0 {
                break;
            }
            let windows = &self.users.windows;
            let few = (waiting * FEW < users.len()).then(|| {
                members.set(lows.clone(), windows, |window| window.limit > 0);
                &*members
            });
            self.events.take(sources, step, users, |low| windows[low], few, mask);
            self.users.windows[lows.clone()].fill(Window::default());
            if step == 0 {
                self.begin(query);
            } else {
                self.advance(step, sources);
            }
            if step == best.group_step {
                self.grouped.clone_from(&self.last);
            }
            self.tell_pending(step, lows.clone(), best);
            waiting = self.waiting(lows.clone());
        }
        self.tell(lows, best);
    }

    /// Whoever got some way but not all of it waits for entries in the range; how many they are.
    fn start(&mut self, query: &FunnelQuery, lows: Range<usize>, depth: &[u8]) -> usize {
        let end = query.range().end_ms().wrapping_sub(query.range().start_ms());
        let steps = query.steps().len() as u8;
        let mut waiting = 0;
        for (window, depth) in self.users.windows[lows.clone()].iter_mut().zip(&depth[lows.clone()])
        {
            let is_waiting = (0 < *depth) & (*depth < steps);
            *window = Window { from: 0, limit: end * i64::from(is_waiting) };
            waiting += usize::from(is_waiting);
        }
        self.users.depth[lows].fill(0);
        waiting
    }

    /// How many users an event of the next step may match.
    fn waiting(&self, lows: Range<usize>) -> usize {
        self.users.windows[lows].iter().map(|window| usize::from(window.limit > 0)).sum()
    }

    /// Begins with each entry but the first of a user.
    fn begin(&mut self, query: &FunnelQuery) {
        let entries = self.events.events();
        self.at.iter_mut().for_each(|at| at.resize(entries.len(), 0));
        self.last.resize(entries.len(), 0);
        let (mut count, mut user) = (0, USERS);
        for entry in entries {
            (self.at[0][count], self.last[count]) = (entry.key, entry.place);
            count += usize::from(low_of(entry.key) == user);
            user = low_of(entry.key);
        }
        let at = &self.at[0][..count];
        self.limits.clear();
        let start_ms = query.range().start_ms();
        match Exact::over(start_ms, (0, 0)).limit_of(query) {
            Some(limit_of) => self.limits.extend(
                at.iter().map(|entry| key(low_of(*entry), limit_of(ms_of(*entry) as i64) as u64)),
            ),
            None => self.limits.extend(at.iter().map(|entry| {
                let limit_ms = query.limit_ms(start_ms + ms_of(*entry) as i64);
                key(low_of(*entry), limit_ms.abs_diff(start_ms))
            })),
        }
        self.left.clear();
        self.left.extend((0..count as u32).rev());
        for attempt in &self.left {
            let (at, limit) = (at[*attempt as usize], self.limits[*attempt as usize]);
            self.users.reach(low_of(at), 1, *attempt, at, limit);
        }
    }

    /// Leaves the attempts that an event of the next step matches.
    fn advance(&mut self, step: usize, sources: &Sources<'_>) {
        let (before, at) = self.at.split_at_mut(step);
        let (before, at) = (&before[step - 1][..], &mut at[0][..]);
        let (mut left, mut found) = (0, 0);
        for number in 0..self.left.len() {
            let attempt = self.left[number];
            let number = attempt as usize;
            let last = Event { key: before[number], place: self.last[number] };
            let next = self.events.after(last, &mut found, sources);
            let limit = self.limits[number];
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

    /// Tells of users who came as far by these attempts as by the first ones, or further, whether they may still get
    /// further: of the others the first ones tell.
    fn tell_pending(&self, step: usize, lows: Range<usize>, best: &mut Best) {
        let Some(now) = best.now else { return };
        let now = if step + 1 < best.took.len() { now } else { i64::MAX };
        let windows = self.users.windows[lows.clone()].iter();
        for (window, low) in windows.zip(lows).filter(|(window, _)| window.limit > 0) {
            if step + 1 >= usize::from(best.reached.depth[low]) {
                best.reached.is_pending[low] = now < window.limit;
            }
        }
    }

    /// Tells how far users came who came further than by their first attempts, and how long each step took.
    fn tell(&self, lows: Range<usize>, best: &mut Best) {
        let Users { depth, attempt, .. } = &*self.users;
        for low in lows {
            if depth[low] <= best.reached.depth[low] {
                continue;
            }
            best.reached.depth[low] = depth[low];
            let attempt = attempt[low] as usize;
            let at = self.at[..usize::from(depth[low])].windows(2);
            for (took, at) in best.took[1..].iter_mut().zip(at) {
                took[low] = at[1][attempt].wrapping_sub(at[0][attempt]);
            }
            if usize::from(depth[low]) > best.group_step {
                best.places[low] = self.grouped[attempt];
            }
        }
    }
}

impl Users {
    /// One more attempt of a user reached so many steps, before those that did so already.
    #[inline(always)]
    fn reach(&mut self, low: usize, depth: u8, attempt: u32, at: u64, limit: u64) {
        let window = &mut self.windows[low];
        window.from = ms_of(at) as i64;
        window.limit = window.limit.max(ms_of(limit) as i64);
        (self.depth[low], self.attempt[low]) = (depth, attempt);
    }
}
