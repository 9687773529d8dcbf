//! Questions over one snapshot of the store.
//!
//! Each function takes a [`Snapshot`](crate::store::Snapshot), finds the parts and persons that a typed
//! query is about, and has core compute the answer. Nothing here writes.

mod analytics;
mod events;
mod export;
mod names;
mod people;
mod preview;
mod scans;

#[cfg(test)]
mod tests;

pub use analytics::{count_values, explain, funnel, funnel_users, retention, trends};
pub use events::{event, newest, timeline};
pub use export::{PAGE_EVENTS_MAX, export};
pub use names::{
    event_keys, event_properties, event_type_counts, event_values, user_keys, user_properties,
    user_values,
};
pub use people::{aliases_of, find_users};
pub use preview::preview;
pub use scans::{Asking, QueryLimits, cohort, funnel_counts};
