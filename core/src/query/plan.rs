//! Typed queries: checked when they are made, so that a scan need not check.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::limits::{COHORT_CELLS_MAX, FILTERS_MAX, FUNNEL_STEPS_MAX, WINDOW_DAYS_MAX};
use crate::{DAY_MS, EndMs, Error, TimeMs};

/// An equality on a property: of the event in a step, of the person in a user filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The property's key.
    pub key: String,
    /// The text that its value must be.
    pub value: String,
}

/// An event type and what must hold of the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The event type's name; one that was never seen matches nothing.
    pub event_type: String,
    /// All must hold.
    pub filters: Vec<Filter>,
}

/// Times from `start` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    start: TimeMs,
    end: EndMs,
}

impl Range {
    /// Checks that the range does not end before it starts; it may be empty.
    ///
    /// # Errors
    /// When `end` lies before `start`; the error names `end_date`.
    pub fn new(start: TimeMs, end: impl Into<EndMs>) -> Result<Self, Error> {
        let end = end.into();
        if end < start.into() {
            return Err(invalid(
                "end_date",
                format!("{} lies before start_date {}", end.date_text(), start.date_text()),
            ));
        }
        Ok(Self { start, end })
    }

    /// First time within.
    #[must_use]
    pub const fn start(&self) -> TimeMs {
        self.start
    }

    /// First time no longer within.
    #[must_use]
    pub const fn end(&self) -> EndMs {
        self.end
    }
}

/// A first-touch funnel whose conversion window is counted in calendar days (UTC).
///
/// Of each person, the earliest event in the range that matches step 0; then, greedily, the next later
/// event that matches each following step, all before the start of the first event's day plus
/// `window_days` days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelQuery {
    range: Range,
    steps: Vec<Step>,
    window_days: u32,
    user_filters: Vec<Filter>,
}

impl FunnelQuery {
    /// Checks the sizes.
    ///
    /// # Errors
    /// When there is no step or too many, the window is zero or too long, or a step or the person has
    /// too many filters; the error names the parameter of the established API.
    pub fn new(
        range: Range,
        steps: Vec<Step>,
        window_days: u32,
        user_filters: Vec<Filter>,
    ) -> Result<Self, Error> {
        if steps.is_empty() {
            return Err(Error::Empty { field: "funnel_steps[]" });
        }
        too_many("funnel_steps[]", steps.len(), FUNNEL_STEPS_MAX)?;
        within("num_days_to_complete_funnel", window_days, WINDOW_DAYS_MAX)?;
        for step in &steps {
            too_many("filters of a step", step.filters.len(), FILTERS_MAX)?;
        }
        too_many("ufk[]", user_filters.len(), FILTERS_MAX)?;
        Ok(Self { range, steps, window_days, user_filters })
    }

    /// When the first step may happen.
    #[must_use]
    pub const fn range(&self) -> Range {
        self.range
    }

    /// The steps, at least one.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What must hold of the person.
    #[must_use]
    pub fn user_filters(&self) -> &[Filter] {
        &self.user_filters
    }

    /// Days of the conversion window; the first event's day is the first of them.
    #[must_use]
    pub const fn window_days(&self) -> u32 {
        self.window_days
    }

    /// The first time, in milliseconds, that is too late for a person whose first step was at `first`.
    #[must_use]
    pub const fn limit_ms(&self, first_ms: i64) -> i64 {
        first_ms - first_ms % DAY_MS + self.window_days as i64 * DAY_MS
    }

    /// The times at which events of step `step` can matter: from, and before, in milliseconds.
    #[must_use]
    pub const fn step_times(&self, step: usize) -> (i64, i64) {
        let (start, end) = (self.range.start.ms(), self.range.end.ms());
        if step == 0 || start == end { (start, end) } else { (start, self.limit_ms(end - 1)) }
    }
}

/// A cohort table: who did the row event in a period, and came back for the column event.
///
/// Row `i` counts the persons with the row event in period `i`; its column `j` those of them with the
/// column event in period `i + j`, before or after the row event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortQuery {
    start: TimeMs,
    rows: u32,
    columns: u32,
    period_days: u32,
    row: Step,
    column: Step,
    user_filters: Vec<Filter>,
}

impl CohortQuery {
    /// Lays out the table: as many whole periods as fit from `first_day` to `last_day`, both included.
    ///
    /// # Errors
    /// When the range ends before it starts, a period or the number of columns is zero, the table is too
    /// large, or an event or the person has too many filters; the error names the parameter of the established API.
    pub fn new(
        first_day: TimeMs,
        last_day: TimeMs,
        period_days: u32,
        columns: u32,
        (row, column): (Step, Step),
        user_filters: Vec<Filter>,
    ) -> Result<Self, Error> {
        let range = Range::new(first_day.day_start(), last_day.day_start())?;
        within("num_days_per_row", period_days, WINDOW_DAYS_MAX)?;
        within("num_columns", columns, COHORT_CELLS_MAX as u32)?;
        let days = (range.end.ms() - range.start.ms()) / DAY_MS + 1;
        let rows = u32::try_from(days / i64::from(period_days))
            .expect("a TimeMs spans fewer than 2^32 days");
        let cells = u64::from(rows) * u64::from(columns);
        too_many("num_columns", usize::try_from(cells).unwrap_or(usize::MAX), COHORT_CELLS_MAX)?;
        too_many("refk[]", row.filters.len(), FILTERS_MAX)?;
        too_many("cefk[]", column.filters.len(), FILTERS_MAX)?;
        too_many("ufk[]", user_filters.len(), FILTERS_MAX)?;
        Ok(Self { start: range.start, rows, columns, period_days, row, column, user_filters })
    }

    /// How many rows the table has, and periods that row events can lie in; it may be none.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// How many columns the table has beside the size.
    #[must_use]
    pub const fn columns(&self) -> u32 {
        self.columns
    }

    /// The event by which a person enters a row.
    #[must_use]
    pub const fn row(&self) -> &Step {
        &self.row
    }

    /// The event that is counted in the columns.
    #[must_use]
    pub const fn column(&self) -> &Step {
        &self.column
    }

    /// What must hold of the person.
    #[must_use]
    pub fn user_filters(&self) -> &[Filter] {
        &self.user_filters
    }

    /// Length of a period in milliseconds.
    #[must_use]
    pub const fn period_ms(&self) -> i64 {
        self.period_days as i64 * DAY_MS
    }

    /// The number of periods that column events can lie in.
    #[must_use]
    pub const fn column_periods(&self) -> u32 {
        if self.rows == 0 { 0 } else { self.rows + self.columns - 1 }
    }

    /// The times that `periods` periods cover: from, and before, in milliseconds.
    #[must_use]
    pub const fn times(&self, periods: u32) -> (i64, i64) {
        let start = self.start.ms();
        (start, start + periods as i64 * self.period_ms())
    }
}

fn too_many(field: &'static str, actual: usize, limit: usize) -> Result<(), Error> {
    if actual > limit { Err(Error::TooMany { field, limit, actual }) } else { Ok(()) }
}

fn within(field: &str, value: u32, max: u32) -> Result<(), Error> {
    if value == 0 || value > max {
        return Err(invalid(field, format!("{value} is not between 1 and {max}")));
    }
    Ok(())
}

fn invalid(field: &str, message: String) -> Error {
    Error::Invalid { field: field.to_string(), message }
}
