//! The tag: what a page tracks is queued in the browser's storage, sent in batches, and leaves the queue when
//! the server has acknowledged it.
//!
//! A [`Machine`] belongs to one page. It is told what happens (calls, the timer, answers, a lock granted)
//! with the time and the random numbers that it needs, and acts through a [`Host`]; so its tests put it into a
//! simulated browser with several tabs. The parts, in reading order: [`identity`] who is tracked, [`queue`]
//! what waits, [`machine`] the calls, [`flush`] the way to the server, `surface` the browser.
//!
//! Commands are delivered at least once and in order; an event carries an insert id, by which the server leaves
//! out what comes twice. Aliases and changes of users may come twice, for they come to the same.
//! Nothing here panics: a host page must not pay for our mistakes.

mod flush;
mod identity;
mod machine;
mod pairs;
mod queue;
#[cfg(target_arch = "wasm32")]
pub mod surface;
#[cfg(test)]
mod tests;

use alloc::string::String;

pub use identity::{Slot, User};
pub use machine::Machine;
pub use pairs::Pairs;

/// What a page may decide, each with a default in `npm/src/options.ts`.
#[derive(Debug, Clone)]
pub struct Config {
    /// From the first event that waits to the batch that takes it, ms.
    pub flush_interval_ms: f64,
    /// Events of one batch.
    pub batch_events: usize,
    /// Commands kept; of more, the oldest events are dropped and counted.
    pub queue_events_max: usize,
    /// Bytes kept, likewise.
    pub queue_bytes_max: usize,
    /// Whether the visitor is recognised in later sessions.
    pub device: bool,
    /// Whether the browser asks not to track.
    pub denied: bool,
}

/// What became of the commands of this page and of those it took over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Waiting.
    pub queued: u32,
    /// Acknowledged, or delivered by another tab.
    pub sent: u32,
    /// Dropped, for the queue was full or the visitor opted out.
    pub dropped: u32,
    /// Refused by the server, or not within its limits to begin with.
    pub rejected: u32,
    /// Properties left out of what was sent, for they were not within the limits.
    pub omitted: u32,
}

/// The browser, as a machine sees it. Keys of storage are relative to the hub's name. Nothing of this calls the machine back
/// before it returns.
pub trait Host {
    /// The text stored under a key, empty where there is none.
    fn get(&mut self, key: &str) -> String;
    /// Stores a text; false when there is no room or no storage.
    fn put(&mut self, key: &str, text: &str) -> bool;
    /// Removes a key.
    fn remove(&mut self, key: &str);
    /// The keys that begin with `prefix`, in order, each ended by NUL.
    fn keys(&mut self, prefix: &str) -> String;
    /// Reads who is tracked, as the text of a [`User`].
    fn read(&mut self, slot: Slot) -> String;
    /// Writes who is tracked, likewise.
    fn write(&mut self, slot: Slot, user: &str);
    /// Sends a batch; [`Machine::answered`] is told what came of it. `keepalive`: the request outlives the page.
    fn send(&mut self, flight: u32, batch: &[u8], keepalive: bool);
    /// Sets the one timer, in place of the last; [`Machine::timer`] is called in `ms`.
    fn set_timer(&mut self, ms: f64);
    /// Asks for the lock that one page of the site holds at a time; [`Machine::granted`] is called with it.
    fn lock(&mut self);
    /// Gives the lock back.
    fn unlock(&mut self);
    /// A flush is over; `all` when nothing is left.
    fn flushed(&mut self, all: bool);
    /// Tells the developer, when asked to.
    fn log(&mut self, message: &'static str);
}
