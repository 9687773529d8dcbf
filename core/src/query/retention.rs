//! Retention tables: per person the periods of its start events and those of its returns.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde::Serialize;

use super::ScanStats;
use super::calendar::time_text;
use super::gather::{Found, GATHERED_USERS, Gathered, Narrow, sort};
use super::groups::{Group, Grouping, UserGroups, shown};
use super::needs::Need;
use super::plan::{CohortBy, RetentionQuery, ReturnOn};
use super::scan::{Counts, Pieces, Routed, Scan, Sources, each_slice};
use super::source::Source;
use crate::part::{BLOCK_USERS, PartView};
use crate::persons::Persons;
use crate::{Error, UserId};

/// A retention table's answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionAnswer {
    /// Everyone's table.
    #[serde(flatten)]
    pub table: RetentionTable,
    /// The table of each group of the breakdown, those of the most persons first; empty without a breakdown.
    pub groups: Vec<RetentionGroup>,
}

/// Rows, and what they are on average.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionTable {
    /// One a period.
    pub rows: Vec<RetentionRow>,
    /// By column the share of those who returned, of all rows for which the column is complete, each weighted by
    /// its size; none when there is no such row, or nobody in any.
    pub mean: Vec<Option<f64>>,
}

/// The persons of a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionRow {
    /// When the period begins.
    pub start: String,
    /// Persons in the row.
    pub size: u64,
    /// How many of them returned, by column.
    pub cells: Vec<RetentionCell>,
}

/// Those of a row who returned.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionCell {
    /// Persons.
    pub count: u64,
    /// Their share of the row; none of an empty row.
    pub rate: Option<f64>,
    /// Whether the column's period is over for everyone in the row.
    pub complete: bool,
}

/// The table of one value of the property by which an answer is broken down.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionGroup {
    /// The value; none for those who have no value, and for the others.
    pub value: Option<String>,
    /// Whether it stands for all groups beyond the limit.
    pub other: bool,
    /// Its table.
    #[serde(flatten)]
    pub table: RetentionTable,
}

impl RetentionQuery {
    /// What the table reads: the start events, then the returns.
    #[must_use]
    pub fn needs(&self) -> [Need<'_>; 2] {
        let range = (self.range.start_ms(), self.range.end_ms());
        [
            Need::events(&self.start_event, range),
            Need::events(&self.return_event, self.return_times_ms()),
        ]
    }
}

/// A retention table over opened parts.
pub struct RetentionScan<'a> {
    query: &'a RetentionQuery,
    sources: Sources<'a>,
    grouping: Grouping<'a>,
}

/// The sources of a table, in order.
const START: usize = 0;

/// Tables by group: each row's size, then its columns.
#[derive(Debug, Clone)]
pub struct RetentionCounts {
    cells: usize,
    groups: BTreeMap<Group, Vec<u64>>,
}

impl<'a> RetentionScan<'a> {
    /// Opens what the query needs; `parts` has one list of parts for each of [`RetentionQuery::needs`]. `users` are
    /// the groups of persons, when the table is broken down by a property of theirs.
    ///
    /// # Errors
    /// When a part is damaged, or the property has too many values.
    pub fn open(
        query: &'a RetentionQuery,
        parts: &[Vec<PartView<'a>>],
        persons: &'a Persons<'a>,
        users: Option<&'a UserGroups<'a>>,
    ) -> Result<Self, Error> {
        let mut stats = ScanStats::default();
        let mut grouping = Grouping::new(query.breakdown.as_ref(), users);
        let mut sources = Vec::new();
        for (need, parts) in query.needs().into_iter().zip(parts) {
            sources.push(Source::open(parts, need.sets[0], need.times_ms, &mut stats)?);
        }
        if let Some(property) = grouping.of_events {
            sources[START].open_groups(&parts[START], property, &mut grouping.values)?;
        }
        let sources = Sources::new(sources, persons, stats);
        Ok(Self { query, sources, grouping })
    }

    /// The answer at a time.
    #[must_use]
    pub fn finish(&self, counts: &RetentionCounts, now_ms: i64) -> RetentionAnswer {
        let mut all = vec![0; counts.cells];
        counts.groups.values().for_each(|of_group| add(&mut all, of_group));
        let table = |cells: &[u64]| self.table(cells, now_ms);
        let mut groups = Vec::new();
        if let Some(by) = &self.query.breakdown {
            let stride = self.query.columns + 1;
            let size = |cells: &Vec<u64>| cells.chunks(stride).map(|row| row[0]).sum::<u64>();
            let sizes = counts.groups.iter().map(|(group, cells)| (*group, size(cells)));
            for row in shown(sizes, &self.grouping.values, by.limit, None) {
                let mut cells = vec![0; counts.cells];
                row.groups.iter().for_each(|group| add(&mut cells, &counts.groups[group]));
                let value = row.value.map(ToString::to_string);
                groups.push(RetentionGroup { value, other: row.other, table: table(&cells) });
            }
        }
        RetentionAnswer { table: table(&all), groups }
    }

    fn table(&self, cells: &[u64], now_ms: i64) -> RetentionTable {
        let query = self.query;
        let rate = |count: u64, size: u64| (size > 0).then(|| count as f64 / size as f64);
        let mut means = vec![(0, 0); query.columns];
        let mut rows = Vec::new();
        for (number, row) in cells.chunks(query.columns + 1).enumerate() {
            let size = row[0];
            let cell = |(column, count): (usize, &u64)| {
                let complete = query.complete_ms(number, column) <= now_ms;
                if complete {
                    means[column].0 += count;
                    means[column].1 += size;
                }
                RetentionCell { count: *count, rate: rate(*count, size), complete }
            };
            let cells = row[1..].iter().enumerate().map(cell).collect();
            let start = query.calendar.start_ms(number);
            rows.push(RetentionRow { start: time_text(start, &query.time_zone), size, cells });
        }
        let mean = means.into_iter().map(|(count, size)| rate(count, size)).collect();
        RetentionTable { rows, mean }
    }

    /// Counts a person.
    fn count(
        &self,
        user: UserId,
        starts: &[Found],
        events: &[Found],
        seen: &mut [bool],
        counts: &mut RetentionCounts,
    ) {
        let query = self.query;
        let returns = || events.iter().filter(|event| !is_start(event));
        let mut last_row = None;
        for start in starts {
            let Some(row) = query.calendar.of(start.time_ms) else { continue };
            if last_row == Some(row) {
                continue;
            }
            last_row = Some(row);
            seen.fill(false);
            for event in returns() {
                if let Some(column) = self.column(row, start.time_ms, event.time_ms) {
                    match query.return_on {
                        ReturnOn::On if column < seen.len() => seen[column] = true,
                        ReturnOn::On => {}
                        ReturnOn::OnOrAfter => {
                            let until = seen.len().min(column + 1);
                            seen[..until].fill(true);
                        }
                    }
                }
            }
            let cells = counts.of_group(self.group(user, start));
            let cells = &mut cells[row * (query.columns + 1)..][..=query.columns];
            cells[0] += 1;
            cells[1..].iter_mut().zip(&*seen).for_each(|(cell, seen)| *cell += u64::from(*seen));
            if query.cohort_by == CohortBy::FirstInRange {
                return;
            }
        }
    }

    /// In which column of a row a return lies.
    fn column(&self, row: usize, start_ms: i64, return_ms: i64) -> Option<usize> {
        match self.query.rolling_ms {
            Some(ms) => {
                let after = return_ms.checked_sub(start_ms).filter(|after| *after >= 0)?;
                Some((after / ms) as usize)
            }
            None if return_ms >= self.query.calendar.end_ms() => Some(usize::MAX - 1),
            None => self.query.calendar.of(return_ms)?.checked_sub(row),
        }
    }

    fn group(&self, user: UserId, start: &Found) -> Group {
        self.grouping.of(user, || self.sources.group(START, user / BLOCK_USERS, start.place))
    }
}

fn is_start(event: &Found) -> bool {
    usize::from(event.source) == START
}

impl Narrow for RetentionScan<'_> {
    fn is_entry(&self, event: &Found) -> bool {
        is_start(event)
    }

    fn window_ms(&self, first_ms: i64, last_ms: i64) -> (i64, i64) {
        let query = self.query;
        let last_ms = if query.cohort_by == CohortBy::FirstInRange { first_ms } else { last_ms };
        let row = |time_ms| query.calendar.of(time_ms).unwrap_or(0);
        let from = match query.rolling_ms {
            Some(_) => first_ms,
            None => query.calendar.start_ms(row(first_ms)),
        };
        let columns = query.columns;
        let before = match (query.return_on, query.rolling_ms) {
            (ReturnOn::OnOrAfter, _) => i64::MAX,
            (ReturnOn::On, Some(ms)) => last_ms.saturating_add(ms.saturating_mul(columns as i64)),
            (ReturnOn::On, None) => query.calendar.start_ms(row(last_ms) + columns),
        };
        (from, before)
    }
}

impl Scan for RetentionScan<'_> {
    type Counts = RetentionCounts;

    fn sources(&self) -> &Sources<'_> {
        &self.sources
    }

    fn take_routed(&mut self, routed: Vec<Routed>) {
        self.sources.take_routed(routed);
    }

    fn run(&self, pieces: &mut impl Pieces<RetentionCounts>) -> RetentionCounts {
        let cells = self.query.rows * (self.query.columns + 1);
        let mut counts = RetentionCounts { cells, groups: BTreeMap::new() };
        let (mut starts, mut seen) = (Vec::new(), vec![false; self.query.columns]);
        let mut gathered = Gathered::default();
        each_slice(pieces, GATHERED_USERS, &mut counts, |users, counts| {
            gathered.gather(&self.sources, &users, &[], Some(self));
            let id = |event: &Found| self.sources.id(event, users.start / BLOCK_USERS);
            gathered.each_unsorted(|user, events| {
                // The order of returns does not matter.
                starts.clear();
                starts.extend(events.iter().filter(|event| is_start(event)));
                sort(&mut starts, id);
                self.count(user, &starts, events, &mut seen, counts);
            });
        });
        counts
    }
}

impl Counts for RetentionCounts {
    fn merge(&mut self, other: Self) {
        other.groups.iter().for_each(|(group, cells)| add(self.of_group(*group), cells));
    }

    fn bytes(&self) -> usize {
        self.groups.len() * (self.cells * 8 + 64)
    }
}

impl RetentionCounts {
    fn of_group(&mut self, group: Group) -> &mut Vec<u64> {
        self.groups.entry(group).or_insert_with(|| vec![0; self.cells])
    }
}

fn add(cells: &mut [u64], others: &[u64]) {
    cells.iter_mut().zip(others).for_each(|(cell, other)| *cell += other);
}
