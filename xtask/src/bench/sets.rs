//! The sets of events that are measured: their sizes, and the events themselves, always the same.

use super::random::{Random, Zipf};
use anyhow::{Context, Result};

/// The event types, by their numbers.
pub(super) const TYPES: [&str; 5] =
    ["receive_email", "view_track_page", "start_track", "finish_course", "finish_track"];
/// 2013-01-01T00:00:00Z, the first millisecond of day 0.
pub(super) const START_MS: u64 = 1_356_998_400_000;
pub(super) const DAY_MS: u64 = 86_400_000;
/// Numbers of values of the three properties: 1 to the number.
const VALUES: [u64; 3] = [10, 100, 1_000];

/// Of Z10, the events in a hundred that arrive late.
const LATE_PERCENT: u64 = 2;
/// Of Z10, the chance that a session ends after an event is one in this.
const SESSION_EVENTS_MEAN: u64 = 5;

/// A set of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Set {
    /// Its name on the command line and of its folder.
    pub(super) name: &'static str,
    pub(super) events: u64,
    pub(super) users: u64,
    pub(super) days: u64,
    /// By a Zipf law and in sessions, rather than uniform and in order of time.
    pub(super) skewed: bool,
    /// Measured runs of a question, after those that warm it up.
    pub(super) runs: usize,
}

/// All sets that have a name.
pub(super) const SETS: [Set; 5] = [
    Set { name: "s02", events: 200_000, users: 2_000, days: 10, skewed: false, runs: 15 },
    Set { name: "s1", events: 1_000_000, users: 10_000, days: 10, skewed: false, runs: 15 },
    Set { name: "s10", events: 10_000_000, users: 500_000, days: 100, skewed: false, runs: 15 },
    Set { name: "z10", events: 10_000_000, users: 500_000, days: 100, skewed: true, runs: 15 },
    Set { name: "s50", events: 53_000_000, users: 2_400_000, days: 100, skewed: false, runs: 7 },
];

/// One event: its type by number, its user from 1, and its three properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) time_ms: u64,
    pub(super) user: u32,
    pub(super) kind: u8,
    pub(super) one: u8,
    pub(super) two: u8,
    pub(super) three: u16,
}

impl Set {
    /// The set of this name.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn named(name: &str) -> Result<Set> {
        let found = SETS.into_iter().find(|set| set.name == name);
        found
            .with_context(|| format!("there is no set {name}: {}", SETS.map(|s| s.name).join(", ")))
    }

    /// Hands over all events in the order in which they arrive.
    ///
    /// # Errors
    /// What `take` returns.
    pub(super) fn each(&self, mut take: impl FnMut(Event) -> Result<()>) -> Result<()> {
        if self.skewed {
            return self.in_sessions().into_iter().try_for_each(take);
        }
        let (mut random, span) = (Random::new(1), self.days * DAY_MS);
        (0..self.events).try_for_each(|number| {
            let time_ms =
                START_MS + (u128::from(number) * u128::from(span) / u128::from(self.events)) as u64;
            take(uniform(&mut random, time_ms, self.users))
        })
    }

    /// Events of sessions in order of arrival, which for the late ones is not that of time.
    fn in_sessions(&self) -> Vec<Event> {
        let (mut random, span) = (Random::new(2), self.days * DAY_MS);
        let (users, kinds) = (Zipf::new(self.users), Zipf::new(TYPES.len() as u64));
        let mut arrivals = Vec::with_capacity(self.events as usize);
        while arrivals.len() < self.events as usize {
            let (user, mut at) = (users.draw(&mut random), random.below(span));
            while at < span && arrivals.len() < self.events as usize {
                let kind = (kinds.draw(&mut random) - 1) as u8;
                let event =
                    Event { user: user as u32, kind, ..uniform(&mut random, START_MS + at, 1) };
                let is_late = random.below(100) < LATE_PERCENT;
                // A minute to some three days late.
                let delay = if is_late { random.scaled(60_000, 12) } else { 0 };
                arrivals.push((event.time_ms + delay, event));
                if random.below(SESSION_EVENTS_MEAN) == 0 {
                    break;
                }
                // The next event comes a second to some eight minutes later.
                at += random.scaled(1_000, 9);
            }
        }
        // Stable, so that those which arrive together keep an order that is the same in every run.
        arrivals.sort_by_key(|(arrival, _)| *arrival);
        arrivals.into_iter().map(|(_, event)| event).collect()
    }
}

/// An event of any type and of one of the users, with properties.
pub(super) fn uniform(random: &mut Random, time_ms: u64, users: u64) -> Event {
    let kind = random.below(TYPES.len() as u64) as u8;
    let user = 1 + random.below(users) as u32;
    let [one, two, three] = VALUES.map(|values| 1 + random.below(values));
    Event { time_ms, user, kind, one: one as u8, two: two as u8, three: three as u16 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn events(set: &Set) -> Vec<Event> {
        let mut events = Vec::new();
        set.each(|event| {
            events.push(event);
            Ok(())
        })
        .expect("nothing fails");
        events
    }

    #[test]
    fn a_set_is_the_same_in_every_run() {
        let uniform = events(&Set { events: 5_000, ..SETS[0] });
        assert_eq!(uniform, events(&Set { events: 5_000, ..SETS[0] }));
        assert_eq!(
            uniform[1],
            Event {
                time_ms: START_MS + 172_800,
                user: 1_755,
                kind: 3,
                one: 6,
                two: 29,
                three: 794
            }
        );
        let skewed = Set { events: 5_000, skewed: true, ..SETS[0] };
        assert_eq!(events(&skewed), events(&skewed));
    }

    #[test]
    fn uniform_events_are_in_order_of_time_and_within_their_days() {
        let set = Set { events: 5_000, ..SETS[0] };
        let events = events(&set);
        assert!(events.is_sorted_by(|a, b| a.time_ms < b.time_ms));
        let end = START_MS + set.days * DAY_MS;
        assert!(events[0].time_ms == START_MS && events.iter().all(|event| event.time_ms < end));
        let most = |of: fn(&Event) -> u64| events.iter().map(of).max().expect("events");
        assert_eq!(most(|e| e.one.into()), 10);
        assert_eq!(most(|e| e.two.into()), 100);
        assert!((950..=1_000).contains(&most(|e| e.three.into())));
        assert!((1_900..=2_000).contains(&most(|e| e.user.into())));
    }

    #[test]
    fn sessions_are_skewed_and_one_event_in_fifty_is_late() {
        let set = Set { events: 50_000, skewed: true, ..SETS[0] };
        let events = events(&set);
        assert_eq!(events.len(), 50_000);
        let mut by_user: HashMap<u32, u32> = HashMap::new();
        events.iter().for_each(|event| *by_user.entry(event.user).or_default() += 1);
        assert!(by_user[&1] > 10 * by_user.get(&50).copied().unwrap_or(0));
        let mut latest = 0;
        let late = events.iter().filter(|event| {
            latest = latest.max(event.time_ms);
            event.time_ms < latest
        });
        let late = late.count();
        assert!((500..1_500).contains(&late), "{late}");
    }
}
