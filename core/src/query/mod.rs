//! Questions and answers: typed queries, and the scans that answer them over parts.
//!
//! A query names event types and properties by text and is checked when it is made. The store
//! resolves it to parts; a [`Scan`] opens the columns it needs, works block of users by block of users, and
//! its counts are merged over threads.

mod calendar;
mod plan;

mod mask;
mod ones;
mod processor;
mod select;

mod piece;
mod source;

mod route;
mod routed;
mod scan;
mod ticks;

mod block;
mod cohort;
mod funnel;

mod groups;
mod needs;

mod entries;
mod gather;
mod marked;
mod waiting;
mod walk;

mod attempts;
mod best;
mod conversion;
mod durations;
mod earliest;
mod exact_sum;
mod explain;
mod find;
mod journeys;
mod members;
mod quantile;
mod reached;
mod retention;
mod step_events;
mod tally;
mod touch;
mod trends;
mod unordered;
mod who;

pub use calendar::{Calendar, Unit, WeekStart};
pub use cohort::{CohortCounts, CohortScan};
pub use conversion::{
    ConversionCounts, ConversionScan, Experiment, FunnelAnswer, FunnelGroup, FunnelStep, Variant,
};
pub use explain::{Ended, ExplainInput, ExplainQuery, ExplainedEvent, Explanation};
pub use find::{FindInput, FindQuery};
pub use funnel::{FunnelCounts, FunnelScan};
pub use groups::{Group, NO_VALUE, UserGroups, Values};
pub use journeys::Journeys;
pub use needs::{Need, Types};
pub use plan::{
    Breakdown, CohortBy, CohortQuery, Entry, Events, Exclusion, Filter, FiltersInput, Function,
    FunnelInput, FunnelQuery, Measure, NumberOp, Of, Order, Pattern, Range, RetentionInput,
    RetentionQuery, ReturnOn, Step, Test, TextOp, TrendsInput, TrendsQuery, Window,
};
pub use retention::{
    RetentionAnswer, RetentionCell, RetentionCounts, RetentionGroup, RetentionRow, RetentionScan,
    RetentionTable,
};
pub use scan::{Counts, OneByOne, Pieces, Routed, Scan, Sources, Workers, answer, count};
pub use tally::{ValueCounts, ValueScan};
pub use trends::{Series, TrendsAnswer, TrendsCounts, TrendsGroup, TrendsScan};
pub use who::{Status, Who, WhoInput, WhoQuery, WhoScan};

/// Users of a block.
const USERS: usize = crate::part::BLOCK_USERS as usize;

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
