//! Questions and answers: typed queries, and the scans that answer them over parts.
//!
//! A query names event types and properties by text and is checked when it is made. The store
//! resolves it to parts; a scan opens the columns it needs, works block of users by block of users, and
//! its counts are merged over threads.

mod plan;

pub use plan::{CohortQuery, Filter, FunnelQuery, Range, Step};
