//! The one error type of this crate.

use alloc::string::String;

/// What may be wrong with an event, a query or stored bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A required text is missing or empty.
    #[error("{field}: must not be empty")]
    Empty {
        /// The parameter or reserved key.
        field: &'static str,
    },
    /// A text is longer than its limit.
    #[error("{field}: {actual} bytes, the limit is {limit}")]
    TooLong {
        /// The parameter, reserved key or property key.
        field: String,
        /// Bytes allowed.
        limit: usize,
        /// Bytes found.
        actual: usize,
    },
    /// A list is longer than its limit.
    #[error("{field}: {actual} given, the limit is {limit}")]
    TooMany {
        /// What there are too many of.
        field: &'static str,
        /// How many are allowed.
        limit: usize,
        /// How many there are.
        actual: usize,
    },
    /// A text is not a date.
    #[error("{field}: {value} is not a date ({expected})")]
    InvalidDate {
        /// The parameter or reserved key.
        field: String,
        /// The text found.
        value: String,
        /// The form expected.
        expected: &'static str,
    },
    /// A time lies outside what the store takes.
    #[error("{field}: {value} is outside the times taken ({expected})")]
    TimeOutOfRange {
        /// The parameter or reserved key.
        field: String,
        /// The text found.
        value: String,
        /// The range taken.
        expected: &'static str,
    },
    /// A parameter has a value that makes no sense.
    #[error("{field}: {message}")]
    Invalid {
        /// The parameter.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// Stored or received bytes do not follow their format.
    #[error("corrupt {what}: {message}")]
    Corrupt {
        /// The thing read: a part's header, a chunk, a batch.
        what: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
}

impl Error {
    /// The parameter or reserved key at fault, when the error is about one.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::Empty { field } | Self::TooMany { field, .. } => Some(field),
            Self::TooLong { field, .. }
            | Self::InvalidDate { field, .. }
            | Self::TimeOutOfRange { field, .. }
            | Self::Invalid { field, .. } => Some(field),
            Self::Corrupt { .. } => None,
        }
    }

    pub(crate) const fn corrupt(what: &'static str, message: &'static str) -> Self {
        Self::Corrupt { what, message }
    }
}
