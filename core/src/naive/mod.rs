//! The naive models: each question answered in the plainest way, over a list of events.
//!
//! Property tests and end-to-end tests hold the scans against them. They share nothing with the scans
//! but the typed queries.

mod funnel;
mod retention;
mod trends;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::number_of;
use crate::query::{CohortQuery, Events, Filter, NumberOp, Step, Test, TextOp};

pub use funnel::{funnel, funnel_answer};
pub use retention::retention;
pub use trends::trends;

/// An event, under the name of its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NaiveEvent {
    /// Its place in the order of receipt.
    pub id: u64,
    /// Its kind.
    pub event_type: String,
    /// The person it counts for.
    pub person: String,
    /// When it happened, ms since 1970.
    pub time_ms: i64,
    /// Its properties.
    pub properties: BTreeMap<String, String>,
}

/// The table's rows, each `[size, column 0, ...]`, of the persons that `counts` admits.
pub fn cohort(
    events: &[NaiveEvent],
    query: &CohortQuery,
    counts: impl Fn(&str) -> bool,
) -> Vec<Vec<u64>> {
    let start = query.times(0).0;
    let mut table = vec![vec![0; query.columns() as usize + 1]; query.rows() as usize];
    for events in by_person(events, counts).values() {
        let periods = |step: &Step| -> BTreeSet<i64> {
            let matching = events.iter().filter(|event| matches(event, step));
            matching.map(|event| (event.time_ms - start).div_euclid(query.period_ms())).collect()
        };
        let (row, column) = (periods(query.row()), periods(query.column()));
        for (number, cells) in (0..).zip(table.iter_mut()) {
            if row.contains(&number) {
                cells[0] += 1;
                for (offset, cell) in (0..).zip(&mut cells[1..]) {
                    *cell += u64::from(column.contains(&(number + offset)));
                }
            }
        }
    }
    table
}

fn by_person(
    events: &[NaiveEvent],
    counts: impl Fn(&str) -> bool,
) -> BTreeMap<&str, Vec<&NaiveEvent>> {
    let mut persons: BTreeMap<&str, Vec<&NaiveEvent>> = BTreeMap::new();
    for event in events.iter().filter(|event| counts(&event.person)) {
        persons.entry(&event.person).or_default().push(event);
    }
    persons.values_mut().for_each(|events| events.sort_by_key(|event| (event.time_ms, event.id)));
    persons
}

fn matches(event: &NaiveEvent, step: &Step) -> bool {
    event.event_type == step.event_type && holds(event, &step.filters)
}

fn is_one_of(event: &NaiveEvent, events: &Events) -> bool {
    let of_type = events.event_type.as_ref().is_none_or(|wanted| *wanted == event.event_type);
    of_type && holds(event, &events.filters)
}

fn holds(event: &NaiveEvent, filters: &[Filter]) -> bool {
    filters.iter().all(|filter| test(&filter.test, event.properties.get(&filter.key)))
}

/// Whether a test holds of a value.
pub fn test(test: &Test, value: Option<&String>) -> bool {
    let number = |value: &String| number_of(value);
    match (test, value) {
        (Test::Text { negated, .. }, None) => *negated,
        (Test::Text { op, values, negated }, Some(value)) => {
            let mut found = false;
            for text in values {
                found |= match op {
                    TextOp::Is => value == text,
                    TextOp::Contains => value.contains(text.as_str()),
                    TextOp::StartsWith => value.starts_with(text.as_str()),
                    TextOp::EndsWith => value.ends_with(text.as_str()),
                };
            }
            found != *negated
        }
        (Test::Matches(pattern), Some(value)) => pattern.is_match(value),
        (Test::Number { op, bits }, Some(value)) => {
            let other = f64::from_bits(*bits);
            number(value).is_some_and(|value| match op {
                NumberOp::Gt => value > other,
                NumberOp::Gte => value >= other,
                NumberOp::Lt => value < other,
                NumberOp::Lte => value <= other,
            })
        }
        (Test::Exists, value) => value.is_some(),
        (Test::NotExists, value) => value.is_none(),
        (Test::Matches(_) | Test::Number { .. }, None) => false,
    }
}

/// The number below which a share of sorted numbers lies, between two of them by proportion.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = sorted.len().checked_sub(1)? as f64 * share;
    let (low, high) = (sorted[at as usize], sorted[(at as usize + 1).min(sorted.len() - 1)]);
    Some(low + (high - low) * (at - at as usize as f64))
}
