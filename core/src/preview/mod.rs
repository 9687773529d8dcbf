//! What a browser computes from a sample of persons, and how far that may lie from what everyone's events say.
//!
//! The server draws persons, not events, and sends all events of each in one [`Frame`]; a question is answered from it
//! as from any part. [`Drawn`] then says what the answer would be of everyone, each number with its 95 % interval.

mod estimate;
mod frame;
mod interval;

#[cfg(test)]
mod tests;

pub use estimate::{
    CellIntervals, Estimate, FunnelIntervals, RetentionIntervals, RowIntervals, StepIntervals,
    TrendsIntervals,
};
pub use frame::{Frame, UserProperty};
pub use interval::{Drawn, Interval, REPLICATES, spread_of};
