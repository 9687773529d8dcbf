//! EventHub's server: events in, answers out, one process and one data file.
//!
//! `ARCHITECTURE.md` has the picture. Writing goes `http -> eventhub_ingest -> engine -> store`, asking goes
//! `http -> engine -> query -> store`, and both end in `eventhub_core`.

pub mod cli;
mod clock;
pub mod config;

pub mod demo;
pub mod http;
pub mod import;

pub mod engine;

pub mod embedded;

pub mod priority;
pub mod query;
pub mod store;
