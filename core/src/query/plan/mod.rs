//! Typed queries: checked when they are made, so that a scan need not check.

mod cohort;
mod filter;
mod funnel;
mod funnel_input;
mod input;
mod periods;
mod retention;
mod trends;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::{EndMs, Error, TimeMs};

pub use cohort::CohortQuery;
pub use filter::{Filter, FiltersInput, NumberOp, Pattern, Test, TextOp};
pub use funnel::{Breakdown, Entry, Exclusion, FunnelQuery, Of, Order, Window};
pub use funnel_input::FunnelInput;
pub use periods::Events;
pub use retention::{CohortBy, RetentionInput, RetentionQuery, ReturnOn};
pub use trends::{Function, Measure, TrendsInput, TrendsQuery};

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
    start_ms: i64,
    end_ms: i64,
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
        Ok(Self { start_ms: start.ms(), end_ms: end.ms() })
    }

    /// First time within, in ms since 1970.
    #[must_use]
    pub const fn start_ms(&self) -> i64 {
        self.start_ms
    }

    /// First time no longer within.
    #[must_use]
    pub const fn end_ms(&self) -> i64 {
        self.end_ms
    }

    /// Whether a time lies within.
    #[must_use]
    pub const fn contains(&self, time_ms: i64) -> bool {
        self.start_ms <= time_ms && time_ms < self.end_ms
    }
}

pub(super) fn too_many(field: &'static str, actual: usize, limit: usize) -> Result<(), Error> {
    if actual > limit { Err(Error::TooMany { field, limit, actual }) } else { Ok(()) }
}

pub(super) fn within(field: &str, value: u32, max: u32) -> Result<(), Error> {
    if value == 0 || value > max {
        return Err(invalid(field, format!("{value} is not between 1 and {max}")));
    }
    Ok(())
}

pub(super) fn invalid(field: &str, message: String) -> Error {
    Error::Invalid { field: field.to_string(), message }
}
