//! EventHub's event encoding and query logic.
//!
//! This crate does no IO, reads no clock and draws no random number: bytes and times are arguments.
//! It compiles without std, natively into the server and as WebAssembly into the browser.
#![no_std]

extern crate alloc;

pub mod limits;
#[cfg(any(test, feature = "naive"))]
pub mod naive;

mod batch;
mod error;
mod event;
mod number;
mod time;
mod user_change;

pub mod answer;
pub mod block_users;
pub mod demo;
pub mod experiment;
pub mod part;
pub mod persons;
pub mod preview;
pub mod query;

pub use batch::{Batch, Command, Content};
pub use error::Error;
pub use event::{
    EventId, EventType, ExternalId, InsertId, NewEvent, Properties, RESERVED_KEYS, UserId,
};
pub use number::{number_of, number_text};
pub use time::{
    DAY_MS, EndMs, TimeMs, parse_date, parse_end_date, parse_file_time, parse_timestamp,
};
pub use user_change::UserChange;
