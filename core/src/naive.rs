//! The naive models: each question answered in the plainest way, over a list of events.
//!
//! Property tests and end-to-end tests hold the scans against them. They share nothing with the scans
//! but the typed queries.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::DAY_MS;
use crate::query::{CohortQuery, Filter, FunnelQuery, Step};

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

/// How many persons of those that `counts` admits reached each step.
pub fn funnel(
    events: &[NaiveEvent],
    query: &FunnelQuery,
    counts: impl Fn(&str) -> bool,
) -> Vec<u64> {
    let mut reached = vec![0; query.steps().len()];
    for events in by_person(events, counts).values() {
        let (start, end) = (query.range().start().ms(), query.range().end().ms());
        let first = events.iter().position(|event| {
            (start..end).contains(&event.time_ms) && matches(event, &query.steps()[0])
        });
        let Some(first) = first else { continue };
        reached[0] += 1;
        let first_day = events[first].time_ms / DAY_MS * DAY_MS;
        let limit = first_day + i64::from(query.window_days()) * DAY_MS;
        let mut at = first;
        for (number, step) in query.steps().iter().enumerate().skip(1) {
            let next = (at + 1..events.len())
                .find(|at| events[*at].time_ms < limit && matches(events[*at], step));
            let Some(next) = next else { break };
            reached[number] += 1;
            at = next;
        }
    }
    reached
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
    let holds = |filter: &Filter| event.properties.get(&filter.key) == Some(&filter.value);
    event.event_type == step.event_type && step.filters.iter().all(holds)
}
