//! Retention: who came back, and when.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::filter::FilterInput;
use super::funnel_input::BreakdownInput;
use super::input::{self, RangeInput};
use super::periods::{Events, EventsInput, PeriodInput, periods};
use super::{Breakdown, Filter, Range, invalid, too_many, within};
use crate::Error;
use crate::limits::COHORT_CELLS_MAX;
use crate::query::calendar::{Calendar, WeekStart};

/// A retention table: rows are the periods in which persons did the start event, columns the periods in which
/// they did the return event.
#[derive(Debug, Clone)]
pub struct RetentionQuery {
    /// When the start event may happen.
    pub range: Range,
    /// The zone in which times are shown.
    pub time_zone: TimeZone,
    /// The periods of the rows, and of the columns after them.
    pub calendar: Calendar,
    /// How many periods are rows.
    pub rows: usize,
    /// Columns of a row.
    pub columns: usize,
    /// The event by which a person enters a row.
    pub start_event: Events,
    /// The event that is counted in the columns.
    pub return_event: Events,
    /// Which rows a person enters.
    pub cohort_by: CohortBy,
    /// Which columns a return counts in.
    pub return_on: ReturnOn,
    /// The length of a column in ms, when columns are counted from a person's start event; else they are periods
    /// of the calendar.
    pub rolling_ms: Option<i64>,
    /// What must hold of the person.
    pub user_filters: Vec<Filter>,
    /// By what the table is broken down: a property of the start event, or the person's.
    pub breakdown: Option<Breakdown>,
}

/// Which rows a person enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum CohortBy {
    /// That of its first start event in the range.
    #[default]
    FirstInRange,
    /// Every one in which it did the start event.
    Recurring,
}

/// Which columns a return counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ReturnOn {
    /// That of the period in which it happened.
    #[default]
    On,
    /// That one and all before it.
    OnOrAfter,
}

/// How the columns are counted, as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Calendar,
    Rolling,
}

/// A retention table as the JSON API takes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionInput {
    range: RangeInput,
    time_zone: Option<String>,
    period: Option<PeriodInput>,
    every: Option<u32>,
    week_start: Option<WeekStart>,
    start_event: EventsInput,
    return_event: EventsInput,
    cohort_by: Option<CohortBy>,
    return_on: Option<ReturnOn>,
    mode: Option<Mode>,
    columns: Option<u32>,
    user_filters: Option<Vec<FilterInput>>,
    breakdown: Option<BreakdownInput>,
}

/// Columns of a table that names no number.
const COLUMNS_DEFAULT: u32 = 8;

impl RetentionInput {
    /// The table; `default_zone` is that of questions that name none.
    ///
    /// # Errors
    /// When a field makes no sense; the error names it by its JSON pointer.
    pub fn check(self, default_zone: &TimeZone) -> Result<RetentionQuery, Error> {
        let time_zone = input::zone(self.time_zone.as_deref(), default_zone)?;
        let range = self.range.check(&time_zone)?;
        let period = self.period.unwrap_or(PeriodInput::Day);
        let unit = period.unit(self.week_start)?;
        let columns = self.columns.unwrap_or(COLUMNS_DEFAULT);
        within("/columns", columns, COHORT_CELLS_MAX as u32)?;
        let columns = columns as usize;
        let every = self.every.unwrap_or(1);
        let (calendar, rows) = periods(&time_zone, unit, every, range, columns)?;
        too_many("/columns", rows.saturating_mul(columns), COHORT_CELLS_MAX)?;
        let rolling_ms =
            (self.mode == Some(Mode::Rolling)).then(|| period.exact_ms() * i64::from(every));
        let breakdown = self.breakdown.map(|breakdown| breakdown.check(1)).transpose()?;
        if breakdown.as_ref().is_some_and(|by| by.step != 0) {
            return Err(invalid("/breakdown/step", "there are no steps".to_string()));
        }
        Ok(RetentionQuery {
            range,
            calendar,
            rows,
            columns,
            start_event: self.start_event.check("/start_event")?,
            return_event: self.return_event.check("/return_event")?,
            cohort_by: self.cohort_by.unwrap_or_default(),
            return_on: self.return_on.unwrap_or_default(),
            rolling_ms,
            user_filters: input::filters(self.user_filters.unwrap_or_default(), "/user_filters")?,
            breakdown,
            time_zone,
        })
    }
}

impl RetentionQuery {
    /// The times at which a return can count, in ms: from the first to before the second.
    #[must_use]
    pub fn return_times_ms(&self) -> (i64, i64) {
        if self.rows == 0 {
            return (self.range.start_ms, self.range.start_ms);
        }
        let end = match (self.return_on, self.rolling_ms) {
            (ReturnOn::OnOrAfter, _) => i64::MAX,
            (ReturnOn::On, Some(ms)) => {
                self.range.end_ms.saturating_add(ms.saturating_mul(self.columns as i64))
            }
            (ReturnOn::On, None) => self.calendar.start_ms(self.rows + self.columns - 1),
        };
        (self.calendar.start_ms(0), end)
    }

    /// When everyone in a row has had a column's period, in ms.
    #[must_use]
    pub fn complete_ms(&self, row: usize, column: usize) -> i64 {
        match self.rolling_ms {
            Some(ms) => {
                let last = self.calendar.start_ms(row + 1).min(self.range.end_ms) - 1;
                last.saturating_add(ms.saturating_mul(column as i64 + 1))
            }
            None => self.calendar.start_ms(row + column + 1),
        }
    }
}
