//! Cohort tables of the established API.

use alloc::vec::Vec;

use super::{Filter, Range, Step, too_many, within};
use crate::limits::{COHORT_CELLS_MAX, FILTERS_MAX, WINDOW_DAYS_MAX};
use crate::{DAY_MS, Error, TimeMs};

/// A cohort table: who did the row event in a period, and came back for the column event.
///
/// Row `i` counts the persons with the row event in period `i`; its column `j` those of them with the
/// column event in period `i + j`, before or after the row event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortQuery {
    start_ms: i64,
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
        let days = (range.end_ms - range.start_ms) / DAY_MS + 1;
        let rows = u32::try_from(days / i64::from(period_days))
            .expect("a TimeMs spans fewer than 2^32 days");
        let cells = u64::from(rows) * u64::from(columns);
        too_many("num_columns", usize::try_from(cells).unwrap_or(usize::MAX), COHORT_CELLS_MAX)?;
        too_many("refk[]", row.filters.len(), FILTERS_MAX)?;
        too_many("cefk[]", column.filters.len(), FILTERS_MAX)?;
        too_many("ufk[]", user_filters.len(), FILTERS_MAX)?;
        Ok(Self { start_ms: range.start_ms, rows, columns, period_days, row, column, user_filters })
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
        let start = self.start_ms;
        (start, start + periods as i64 * self.period_ms())
    }
}
