//! Random events in random parts, and what may be asked of them.

use std::collections::BTreeMap;

use proptest::collection::vec as list;
use proptest::prelude::*;
use serde_json::Value;

use super::questions;
use eventhub_core::naive::NaiveEvent;
use eventhub_core::part::{BLOCK_USERS, EncodedPart, PartBuilder};
use eventhub_core::query::{Filter, Step};
use eventhub_core::{DAY_MS, TimeMs, UserId};

pub(crate) const TYPES: [&str; 3] = ["a", "b", "c"];
/// Users at the edges of blocks and of bitmap words.
pub(crate) fn users() -> Vec<UserId> {
    let lows = [0, 1, 63, 64, BLOCK_USERS - 1];
    (0..5).flat_map(|block| lows.map(|low| block * BLOCK_USERS + low)).collect()
}

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) event_type: usize,
    pub(crate) user: usize,
    pub(crate) time_ms: i64,
    properties: [u8; 2],
    pub(crate) part: usize,
}

/// Few days and few times a day, so that equal times are common.
fn event(users: usize) -> impl Strategy<Value = Event> {
    // A time far off makes the ticks of the scan so long that near times fall into one.
    let day = prop_oneof![300 => 0..8_i64, 1 => Just(83_000)];
    let time = (day, prop_oneof![Just(0), 0..4_i64, Just(DAY_MS - 1), 0..DAY_MS]);
    (0..3_usize, 0..users, time, [0..4_u8, 0..12_u8], 0..4_usize).prop_map(
        |(event_type, user, (day, ms), properties, part)| Event {
            event_type,
            user,
            time_ms: day * DAY_MS + ms,
            properties,
            part,
        },
    )
}

#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) events: Vec<Event>,
    /// Pairs of places in `users()`: the first becomes the second's person.
    pub(crate) merges: Vec<(usize, usize)>,
    /// Who is asked about, by place in `users()`; everyone when none.
    pub(crate) allowed: Option<Vec<usize>>,
    pub(crate) filters: Vec<Vec<Filter>>,
    pub(crate) steps: Vec<usize>,
    /// The day that is day 0 of all times, since 1970.
    pub(crate) base_day: i64,
    pub(crate) days: (i64, i64),
    pub(crate) window_days: u32,
    /// A funnel of the JSON API, but for what depends on the other fields.
    pub(crate) funnel: Value,
    pub(crate) now_day: i64,
    /// A retention table and trends, but for their ranges.
    pub(crate) retention: Value,
    pub(crate) trends: Value,
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    let value = |n: u8| (0..n).prop_map(|value| format!("v{value}"));
    let filter = prop_oneof![
        value(4).prop_map(|value| Filter::is("dense", value)),
        value(12).prop_map(|value| Filter::is("rare", value)),
        Just(Filter::is("never", "v1")),
    ];
    let filters = prop_oneof![3 => Just(Vec::new()), 1 => list(filter, 1..3)];
    (
        // Some users with so many events that they are skipped over, too.
        prop_oneof![4 => list(event(25), 1..250), 1 => list(event(2), 300..900)],
        prop_oneof![Just(Vec::new()), list((0..25_usize, 0..25_usize), 1..12)],
        proptest::option::weighted(0.3, list(0..25_usize, 0..20)),
        list(filters, 5),
        list(0..3_usize, 1..5),
        // Days near which clocks are changed in Europe and America.
        prop_oneof![Just(0), Just(19_790), Just(19_810), Just(20_021), Just(20_028)],
        (0..8_i64, 0..9_i64),
        (1..6_u32, 0..20_i64),
        (questions::funnel(), questions::retention(), questions::trends()),
    )
        .prop_map(|all| {
            let (mut events, merges, allowed, filters, steps, base_day, days, extra, asked) = all;
            let ((window_days, now_day), (funnel, retention, trends)) = (extra, asked);
            let near = events.iter_mut().filter(|event| event.time_ms < 100 * DAY_MS);
            near.for_each(|event: &mut Event| event.time_ms += base_day * DAY_MS);
            Case {
                events,
                merges,
                allowed,
                filters,
                steps,
                base_day,
                days,
                window_days,
                funnel,
                now_day,
                retention,
                trends,
            }
        })
}

impl Case {
    /// The canonical user of each user, by merging one pair after the other.
    pub(crate) fn canonical(&self) -> Vec<UserId> {
        let mut canonical = users();
        for (from, to) in &self.merges {
            let (old, new) = (canonical[*from], canonical[*to]);
            canonical.iter_mut().filter(|user| **user == old).for_each(|user| *user = new);
        }
        canonical
    }

    pub(crate) fn properties(event: &Event) -> Vec<(String, String)> {
        let [dense, rare] = event.properties;
        let mut properties = vec![("dense".to_string(), format!("v{dense}"))];
        if rare == 7 {
            properties.push(("rare".into(), format!("v{}", event.user % 3)));
        }
        if rare < 6 {
            properties
                .push(("size".into(), format!("{}", f64::from(rare) / 2.0 + f64::from(dense))));
        }
        properties
    }

    pub(crate) fn naive_events(&self) -> Vec<NaiveEvent> {
        let canonical = self.canonical();
        let naive = |(id, event): (u64, &Event)| NaiveEvent {
            id,
            event_type: TYPES[event.event_type].into(),
            person: canonical[event.user].to_string(),
            time_ms: event.time_ms,
            properties: Self::properties(event).into_iter().collect(),
        };
        (0..).zip(&self.events).map(naive).collect()
    }

    pub(crate) fn admits(&self, person: &str) -> bool {
        let canonical = self.canonical();
        let admitted = |places: &Vec<usize>| {
            places.iter().any(|place| canonical[*place].to_string() == person)
        };
        self.allowed.as_ref().is_none_or(admitted)
    }

    /// The parts of each type; with ids out of the order of time.
    pub(crate) fn parts(&self) -> Vec<Vec<EncodedPart>> {
        let of_type = |event_type: usize| {
            let mut builders: BTreeMap<usize, PartBuilder> = BTreeMap::new();
            for (id, event) in (0..).zip(&self.events) {
                if event.event_type == event_type {
                    let builder = builders.entry(event.part);
                    let properties = Self::properties(event);
                    builder.or_insert_with(|| PartBuilder::new(event_type as u32)).push(
                        users()[event.user],
                        TimeMs::new(event.time_ms).unwrap(),
                        id,
                        properties.iter().map(|(key, value)| (key.as_str(), value.as_str())),
                    );
                }
            }
            builders.values().map(PartBuilder::finish).collect()
        };
        (0..3).map(of_type).collect()
    }

    pub(crate) fn step(&self, number: usize, event_type: usize) -> Step {
        Step { event_type: TYPES[event_type].into(), filters: self.filters[number].clone() }
    }

    /// At least three blocks with events, and at least three parts of some type that is asked for.
    pub(crate) fn is_wide(&self, parts: &[Vec<EncodedPart>]) -> bool {
        let mut blocks: Vec<_> = self.events.iter().map(|event| event.user / 5).collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks.len() >= 3 && self.steps.iter().any(|event_type| parts[*event_type].len() >= 3)
    }

    /// Whether a user is merged into another of the same block, or of another one.
    pub(crate) fn merges(&self, within_block: bool) -> bool {
        let mut users = users().into_iter().zip(self.canonical());
        users.any(|(user, to)| {
            user != to && (user / BLOCK_USERS == to / BLOCK_USERS) == within_block
        })
    }

    /// Whether the users of a block, a merged one among them, have many events each in a part.
    pub(crate) fn has_runs(&self) -> bool {
        let mut parts: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for event in &self.events {
            let of_part = (event.event_type, event.part, event.user / 5);
            parts.entry(of_part).or_default().push(event.user);
        }
        let (users, canonical) = (users(), self.canonical());
        parts.values().any(|rows| {
            let lows = || rows.iter().map(|user| users[*user]);
            let span = lows().max().unwrap() - lows().min().unwrap() + 1;
            let is_merged = |user: &usize| users[*user] != canonical[*user];
            rows.len() >= 4 * span as usize && rows.iter().any(is_merged)
        })
    }
}
