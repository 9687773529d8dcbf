//! Questions and answers: typed queries, and the scans that answer them over parts.
//!
//! A query names event types and properties by text and is checked when it is made. The store
//! resolves it to parts; a [`Scan`] opens the columns it needs, works block of users by block of users, and
//! its counts are merged over threads.

mod calendar;
mod plan;

mod mask;
mod ones;
mod select;

mod source;

mod route;
mod scan;
mod ticks;

mod cohort;
mod funnel;

mod groups;
mod needs;

mod gather;
mod walk;

mod conversion;
mod journeys;
mod quantile;

#[cfg(test)]
mod property_tests;

pub use cohort::{CohortCounts, CohortScan};
pub use funnel::{FunnelCounts, FunnelScan};
pub use calendar::{Calendar, Unit, WeekStart};
pub use plan::{
    Breakdown, CohortQuery, Detail, Entry, Exclusion, Filter, FunnelInput, FunnelQuery, NumberOp, Of, Order,
    Pattern, Range, Step, Test, TextOp, Window, number_of,
};
pub use conversion::{ConversionCounts, ConversionScan, FunnelAnswer, FunnelGroup, FunnelStep};
pub use groups::{Group, NO_VALUE, UserGroups, Values};
pub use journeys::Journeys;
pub use needs::Need;
pub use scan::{Counts, Routed, Scan, Sources, answer};

/// What opening the parts of a query met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScanStats {
    /// Events in the parts that were opened, over all steps.
    pub events: u64,
    /// Filters that were looked up in a part.
    pub filter_checks: u64,
    /// Of these, how many a Bloom filter answered.
    pub bloom_rejections: u64,
}
