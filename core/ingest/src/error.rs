//! What may be wrong with what clients send.

use std::fmt;

/// Events described one by one in a refusal; of the others only the index is named.
const BAD_EVENTS_DESCRIBED_MAX: usize = 20;

/// Why nothing of a request was taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The one event, or the batch as a whole, breaks a rule.
    #[error(transparent)]
    Event(#[from] eventhub_core::Error),
    /// The batch is not an array of objects.
    #[error("{field}: {message}, at byte {position}")]
    Syntax {
        /// The parameter that holds the batch.
        field: &'static str,
        /// What is wrong with it.
        message: &'static str,
        /// Where, in bytes from the start.
        position: usize,
    },
    /// Events of a batch break rules.
    #[error("{}", describe(.0))]
    Batch(Vec<BadEvent>),
}

/// An event of a batch that is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct BadEvent {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// The first rule it breaks.
    pub error: eventhub_core::Error,
}

impl fmt::Display for BadEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "events[{}]: {}", self.index, self.error)
    }
}

fn describe(bad: &[BadEvent]) -> String {
    let (described, others) = bad.split_at(bad.len().min(BAD_EVENTS_DESCRIBED_MAX));
    let mut texts: Vec<String> = described.iter().map(ToString::to_string).collect();
    if !others.is_empty() {
        let indices: Vec<String> = others.iter().map(|event| event.index.to_string()).collect();
        texts.push(format!("and {} more: {}", others.len(), indices.join(", ")));
    }
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_event_is_named_and_the_first_are_described() {
        let bad = (0..22)
            .map(|index| BadEvent { index, error: eventhub_core::Error::Empty { field: "date" } });
        let text = Error::Batch(bad.collect()).to_string();
        assert!(text.starts_with("events[0]: date: must not be empty; events[1]: "), "{text}");
        assert!(text.ends_with("; and 2 more: 20, 21"), "{text}");
    }
}
