//! The attempts of a block's users who may get further than by their first ones, which go through the steps of a funnel
//! together.

use alloc::vec;
use alloc::vec::Vec;
use core::hint::select_unpredictable;
use core::ops::Range;

use super::best::{Best, limit_ms};
use super::funnel::{FunnelScan, Room};
use super::plan::FunnelQuery;
use super::scan::{FEW, Sources};
use super::source::Place;
use super::step_events::{Event, StepEvents, key, ms_of, user_of};
use super::ticks::{Exact, FunnelClock};
use super::waiting::{ANYBODY, FIRST, Waiting};
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
    users: Users,
    /// The events of the step at hand.
    events: StepEvents,
}

/// How far users came, by their numbers; there is room for what does not count.
struct Users {
    waiting: Waiting,
    /// How many steps were reached.
    depth: Vec<u8>,
    /// By which attempt, the earliest of those that got so far.
    attempt: Vec<u32>,
}

impl Attempts {
    pub(super) fn new(steps: usize) -> Self {
        let (last, limits, left, grouped) = Default::default();
        let users = Users { waiting: Waiting::none(), depth: Vec::new(), attempt: Vec::new() };
        let events = StepEvents::new();
        Self { at: vec![Vec::new(); steps], last, limits, left, grouped, users, events }
    }

    /// Of the users at some places of a block, who are told in order, further attempts are to be walked from their entries
    /// from a time on, which is told of each, until the end of the range, both in ms after its start.
    pub(super) fn begin(
        &mut self,
        lows: Range<usize>,
        users: impl Iterator<Item = (usize, i64)>,
        end: i64,
    ) {
        let Users { waiting, depth, attempt } = &mut self.users;
        waiting.begin(lows, users, end);
        depth.clear();
        depth.resize(waiting.end(), 0);
        attempt.resize(waiting.end(), 0);
    }

    /// Takes the attempts through the steps, and tells of those that got further than the first ones.
    pub(super) fn walk(
        &mut self,
        funnel: &FunnelScan<'_>,
        users: &Range<UserId>,
        best: &mut Best<'_>,
        Room { mask, members }: &mut Room,
    ) {
        let (query, sources) = (funnel.query, &funnel.sources);
        let mut named = self.users.waiting.windows().len();
        for step in 0..query.steps().len() {
            let waiting = &mut self.users.waiting;
            let count = waiting.count();
            if count == 0 {
                break;
            }
            if count * 2 <= named {
                waiting.name(members);
                named = count;
            }
            let few = (count * FEW < users.len()).then_some(&*members);
            self.events.take(sources, step, users, waiting, few, mask);
            waiting.stop();
            if step == 0 {
                self.enter(query);
            } else {
                self.advance(step, sources);
            }
            if Some(step) == best.group_step {
                self.grouped.clone_from(&self.last);
            }
            self.tell_pending(step, best);
        }
        self.tell(best);
    }

    /// Begins with each entry.
    fn enter(&mut self, query: &FunnelQuery) {
        let entries = self.events.events();
        let count = entries.len();
        self.at.iter_mut().for_each(|at| at.resize(count, 0));
        let times = self.at[0].iter_mut().zip(entries);
        times.for_each(|(at, entry)| *at = entry.key);
        self.last.clear();
        self.last.extend(entries.iter().map(|entry| entry.place));
        let at = &self.at[0][..];
        self.limits.clear();
        let start_ms = query.range().start_ms();
        match Exact::over(start_ms, (0, 0)).limit_of(query) {
            Some(limit_of) => self.limits.extend(
                at.iter().map(|entry| key(user_of(*entry), limit_of(ms_of(*entry) as i64) as u64)),
            ),
            None => {
                self.limits.extend(at.iter().map(|entry| {
                    key(user_of(*entry), limit_ms(query, ms_of(*entry) as i64) as u64)
                }))
            }
        }
        self.left.clear();
        self.left.extend((0..count as u32).rev());
        for attempt in &self.left {
            let (at, limit) = (at[*attempt as usize], self.limits[*attempt as usize]);
            self.users.reach(user_of(at), 1, *attempt, at, limit);
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
            let user = select_unpredictable(is_left, user_of(limit), ANYBODY);
            self.users.reach(user, step as u8 + 1, attempt, next.key, limit);
        }
        self.left.truncate(left);
    }

    /// Tells of users who came as far by these attempts as by the first ones, or further, whether they may still get
    /// further: of the others the first ones tell.
    fn tell_pending(&self, step: usize, best: &mut Best<'_>) {
        let Some(now) = best.now else { return };
        let now = if step + 1 < best.steps { now } else { i64::MAX };
        let waiting = &self.users.waiting;
        let users = waiting.windows().iter().zip(waiting.lows());
        for (window, low) in users.filter(|(window, _)| window.limit > 0) {
            if step + 1 >= usize::from(best.reached.depth[low]) {
                best.reached.is_pending[low] = now < window.limit;
            }
        }
    }

    /// Tells how far users came who came further than by their first attempts, and how long each step took.
    fn tell(&self, best: &mut Best<'_>) {
        let Users { waiting, depth, attempt } = &self.users;
        for (low, (depth, attempt)) in waiting.lows().zip(depth.iter().zip(attempt).skip(FIRST)) {
            if *depth <= best.reached.depth[low] {
                continue;
            }
            best.reached.depth[low] = *depth;
            let attempt = *attempt as usize;
            let at = self.at[..usize::from(*depth)].windows(2);
            for (took, at) in best.took.iter_mut().zip(at) {
                took[low] = at[1][attempt].wrapping_sub(at[0][attempt]);
            }
            if best.group_step.is_some_and(|step| usize::from(*depth) > step) {
                best.places[low] = self.grouped[attempt];
            }
        }
    }
}

impl Users {
    /// One more attempt of a user reached so many steps, before those that did so already.
    #[inline(always)]
    fn reach(&mut self, user: usize, depth: u8, attempt: u32, at: u64, limit: u64) {
        let window = self.waiting.window(user);
        window.from = ms_of(at) as i64;
        window.limit = window.limit.max(ms_of(limit) as i64);
        (self.depth[user], self.attempt[user]) = (depth, attempt);
    }
}
