//! Retention tables and trends against the naive models.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::case::Case;
use super::funnels::{needed, now_ms, ranged, team, teams};
use super::{in_pieces_of, run_cases, with_persons};
use eventhub_core::naive;
use eventhub_core::part::EncodedPart;
use eventhub_core::query::{
    Measure, RetentionAnswer, RetentionInput, RetentionQuery, RetentionScan, RetentionTable,
    TrendsAnswer, TrendsInput, TrendsQuery, TrendsScan,
};

pub(crate) fn retention_question(case: &Case) -> Value {
    ranged(case, &case.retention)
}

pub(crate) fn trends_question(case: &Case) -> Value {
    ranged(case, &case.trends)
}

fn retention_query(case: &Case) -> RetentionQuery {
    let input: RetentionInput = serde_json::from_value(retention_question(case)).unwrap();
    input.check(&TimeZone::UTC).unwrap()
}

fn ask_retention(
    case: &Case,
    query: &RetentionQuery,
    parts: &[Vec<EncodedPart>],
) -> RetentionAnswer {
    let groups = teams();
    let by_user = query.breakdown.as_ref().is_some_and(|by| by.property == "team");
    let mut answer = None;
    with_persons(case, |persons| {
        let parts: Vec<_> = query.needs().iter().map(|need| needed(need, parts)).collect();
        let users = by_user.then_some(&groups);
        let mut scan = RetentionScan::open(query, &parts, persons, users).unwrap();
        let counts = in_pieces_of(&mut scan);
        answer = Some(scan.finish(&counts, now_ms(case)));
    });
    answer.unwrap()
}

/// Sizes and cells as the naive model has them.
fn numbers(table: &RetentionTable) -> Vec<Vec<u64>> {
    let row = |row: &eventhub_core::query::RetentionRow| {
        std::iter::once(row.size).chain(row.cells.iter().map(|cell| cell.count)).collect()
    };
    table.rows.iter().map(row).collect()
}

fn joined<'t>(
    query: &RetentionQuery,
    tables: impl Iterator<Item = &'t Vec<Vec<u64>>>,
) -> Vec<Vec<u64>> {
    let mut all = vec![vec![0; query.columns + 1]; query.rows];
    for table in tables {
        for (row, other) in all.iter_mut().zip(table) {
            row.iter_mut().zip(other).for_each(|(cell, other)| *cell += other);
        }
    }
    all
}

#[test]
fn retention_tables_equal_the_naive_model() {
    run_cases(|case, parts| {
        let answer = check_retention(case, parts);
        answer.table.rows.iter().any(|row| row.cells.iter().any(|cell| cell.count > 0))
    });
}

/// The answer, which the naive model gives too.
pub(crate) fn check_retention(case: &Case, parts: &[Vec<EncodedPart>]) -> RetentionAnswer {
    let query = retention_query(case);
    let property = |person: &str| team(person.parse().unwrap());
    let admits = |person: &str| case.admits(person);
    let expected = naive::retention(&case.naive_events(), &query, admits, property);
    let answer = ask_retention(case, &query, parts);
    let question = &case.retention;
    assert_eq!(numbers(&answer.table), joined(&query, expected.values()), "{question}");
    check_rates(&query, &answer.table, now_ms(case));
    if let Some(by) = &query.breakdown {
        let size = |table: &Vec<Vec<u64>>| table.iter().map(|row| row[0]).sum::<u64>();
        let mut sorted: Vec<_> = expected.iter().collect();
        sorted.sort_by_key(|(_, table)| u64::MAX - size(table));
        let (shown, others) = sorted.split_at(by.limit.min(sorted.len()));
        let mut groups: Vec<(Option<String>, bool, Vec<Vec<u64>>)> = shown
            .iter()
            .map(|(value, table)| ((*value).clone(), false, (*table).clone()))
            .collect();
        if !others.is_empty() {
            groups.push((None, true, joined(&query, others.iter().map(|(_, table)| *table))));
        }
        let found = answer.groups.iter();
        let found: Vec<_> =
            found.map(|group| (group.value.clone(), group.other, numbers(&group.table))).collect();
        assert_eq!(found, groups, "{question}");
    }
    answer
}

/// Rates are counts by sizes, and the mean leaves out what is not complete.
fn check_rates(query: &RetentionQuery, table: &RetentionTable, now_ms: i64) {
    for column in 0..query.columns {
        let (mut count, mut size) = (0, 0);
        for (number, row) in table.rows.iter().enumerate() {
            let cell = &row.cells[column];
            let rate = (row.size > 0).then(|| cell.count as f64 / row.size as f64);
            assert_eq!(cell.rate, rate);
            let over = match query.rolling_ms {
                Some(ms) => {
                    let last = query.calendar.start_ms(number + 1).min(query.range.end_ms()) - 1;
                    last + ms * (column as i64 + 1)
                }
                None => query.calendar.start_ms(number + column + 1),
            };
            assert_eq!(cell.complete, over <= now_ms);
            if cell.complete {
                count += cell.count;
                size += row.size;
            }
        }
        assert_eq!(table.mean[column], (size > 0).then(|| count as f64 / size as f64));
    }
}

fn trends_query(case: &Case) -> TrendsQuery {
    let input: TrendsInput = serde_json::from_value(trends_question(case)).unwrap();
    input.check(&TimeZone::UTC).unwrap()
}

fn ask_trends(case: &Case, query: &TrendsQuery, parts: &[Vec<EncodedPart>]) -> TrendsAnswer {
    let groups = teams();
    let by_user = query.breakdown.as_ref().is_some_and(|by| by.property == "team");
    let mut answer = None;
    with_persons(case, |persons| {
        let [need] = query.needs();
        let parts = needed(&need, parts);
        let users = by_user.then_some(&groups);
        let mut scan = TrendsScan::open(query, &parts, persons, users).unwrap();
        let counts = in_pieces_of(&mut scan);
        answer = Some(scan.finish(&counts));
    });
    answer.unwrap()
}

#[test]
fn trends_equal_the_naive_model() {
    run_cases(|case, parts| {
        let answer = check_trends(case, parts);
        answer.all.values.iter().any(|value| value.is_some_and(|value| value > 0.0))
    });
}

/// The answer, which the naive model gives too.
pub(crate) fn check_trends(case: &Case, parts: &[Vec<EncodedPart>]) -> TrendsAnswer {
    let query = trends_query(case);
    let property = |person: &str| team(person.parse().unwrap());
    let admits = |person: &str| case.admits(person);
    let events = case.naive_events();
    let whole = TrendsQuery { breakdown: None, ..query.clone() };
    let all = naive::trends(&events, &whole, admits, property);
    let answer = ask_trends(case, &query, parts);
    let question = &case.trends;
    let nothing = || {
        let value = match query.measure {
            Measure::Property { function, .. }
                if function != eventhub_core::query::Function::Sum =>
            {
                None
            }
            _ => Some(0.0),
        };
        vec![value; query.intervals + 1]
    };
    let values = |series: &eventhub_core::query::Series| {
        let values = series.values.iter().chain([&series.total]);
        values.copied().collect::<Vec<_>>()
    };
    let expected = all.get(&None).cloned().unwrap_or_else(nothing);
    assert_eq!(values(&answer.all), expected, "{question}");
    if let Some(by) = &query.breakdown {
        let expected: BTreeMap<Option<String>, Vec<Option<f64>>> =
            naive::trends(&events, &query, admits, property);
        for group in answer.groups.iter().filter(|group| !group.other) {
            assert_eq!(values(&group.series), expected[&group.value], "{question}");
        }
        let is_measured = |values: &&Vec<Option<f64>>| {
            !matches!(query.measure, Measure::Property { .. })
                || values.iter().any(|value| value.is_some_and(|value| value != 0.0))
        };
        let told_apart = expected.values().filter(is_measured).count();
        assert!(answer.groups.len() >= told_apart.min(by.limit), "{question}");
        assert!(answer.groups.len() <= by.limit + 1);
    }
    answer
}
