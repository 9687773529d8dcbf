//! Retention tables, row by row and column by column.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{NaiveEvent, by_person, is_one_of};
use crate::query::{CohortBy, RetentionQuery, ReturnOn};

/// By value of the breakdown the table of the persons that `counts` admits: each row's size, then its columns.
/// `property` gives a person's value, where it is broken down by the person's.
pub fn retention(
    events: &[NaiveEvent],
    query: &RetentionQuery,
    counts: impl Fn(&str) -> bool,
    property: impl Fn(&str) -> Option<String>,
) -> BTreeMap<Option<String>, Vec<Vec<u64>>> {
    let mut tables: BTreeMap<Option<String>, Vec<Vec<u64>>> = BTreeMap::new();
    let empty = vec![vec![0; query.columns + 1]; query.rows];
    let period = |time_ms: i64| {
        (0..query.calendar.len()).find(|period| {
            (query.calendar.start_ms(*period)..query.calendar.start_ms(period + 1))
                .contains(&time_ms)
        })
    };
    for (person, events) in by_person(events, counts) {
        let starts = events.iter().filter(|event| {
            is_one_of(event, &query.start_event) && query.range.contains(event.time_ms)
        });
        let mut rows = BTreeSet::new();
        for start in starts {
            let row = period(start.time_ms).expect("the calendar covers the range");
            if !rows.insert(row) || (query.cohort_by == CohortBy::FirstInRange && rows.len() > 1) {
                continue;
            }
            let value = query.breakdown.as_ref().and_then(|by| match by.of {
                crate::query::Of::Event => start.properties.get(&by.property).cloned(),
                crate::query::Of::User => property(person),
            });
            let cells = &mut tables.entry(value).or_insert_with(|| empty.clone())[row];
            cells[0] += 1;
            for column in 0..query.columns {
                let (from, until) = match query.rolling_ms {
                    Some(ms) => {
                        let from = start.time_ms + ms * column as i64;
                        (from, from + ms)
                    }
                    None => (
                        query.calendar.start_ms(row + column),
                        query.calendar.start_ms(row + column + 1),
                    ),
                };
                let returned = events.iter().any(|event| {
                    is_one_of(event, &query.return_event)
                        && from <= event.time_ms
                        && (event.time_ms < until || query.return_on == ReturnOn::OnOrAfter)
                });
                cells[column + 1] += u64::from(returned);
            }
        }
    }
    tables
}
