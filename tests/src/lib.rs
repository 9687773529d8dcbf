//! What the end-to-end tests stand on: the real binary in a folder of its own, calls over HTTP, and
//! events made from a fixed seed.
//!
//! Helpers panic with a sentence that says what went wrong: a panic is how a test fails.

mod answer;
mod client;
mod dialogue;
mod events;
mod markdown;
mod random;
mod server;

pub use answer::Answer;
pub use client::Client;
pub use dialogue::{Call, parse_dialogue};
pub use events::{Event, batch_json, csv_rows, sample};
pub use markdown::{Fenced, fenced_blocks};
pub use random::Random;
pub use server::{Server, binary, run, wait_until};
