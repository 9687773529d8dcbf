//! The one error type of this crate.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

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
    /// A property's key is empty.
    #[error("a property's key must not be empty")]
    EmptyKey,
    /// A property's key is longer than its limit.
    #[error("the property key {key}: {actual} bytes, the limit is {limit}")]
    KeyTooLong {
        /// How the key begins.
        key: String,
        /// Bytes allowed.
        limit: usize,
        /// Bytes found.
        actual: usize,
    },
    /// A list is longer than its limit.
    #[error("{field}: {actual} given, the limit is {limit}")]
    TooMany {
        /// The parameter, or in words what there are too many of.
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
    /// Events of a batch break rules.
    #[error("{}", named(.0))]
    Events(
        /// Each by its place in the batch, from 0, and the first rule that it breaks.
        Vec<(usize, Error)>,
    ),
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
    /// The parameter, reserved key or property key at fault, as a client sends it; none when there is
    /// no one such thing.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::Empty { field } => Some(field),
            Self::TooMany { field, .. } => counted_param(field),
            Self::TooLong { field, .. }
            | Self::InvalidDate { field, .. }
            | Self::TimeOutOfRange { field, .. }
            | Self::Invalid { field, .. } => Some(field),
            Self::Events(_) => Some("events"),
            Self::EmptyKey | Self::KeyTooLong { .. } | Self::Corrupt { .. } => None,
        }
    }

    /// The JSON pointer to the field at fault, when it is one of a body.
    #[must_use]
    pub fn pointer(&self) -> Option<&str> {
        self.named().filter(|name| name.starts_with('/'))
    }

    /// What is wrong, without the name of what is at fault.
    #[must_use]
    pub fn said(&self) -> String {
        let text = self.to_string();
        // The name comes first.
        let said = self.named().and_then(|name| text.strip_prefix(name)?.strip_prefix(": "));
        said.map(ToString::to_string).unwrap_or(text)
    }

    /// The word by which programs know the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "missing_parameter",
            Self::TooLong { .. } | Self::KeyTooLong { .. } => "too_long",
            Self::TooMany { .. } => "too_many",
            Self::InvalidDate { .. } | Self::TimeOutOfRange { .. } => "invalid_date",
            Self::Invalid { .. } | Self::EmptyKey => "invalid_parameter",
            Self::Events(_) => "invalid_event",
            Self::Corrupt { .. } => "invalid_body",
        }
    }

    /// The name that the text begins with.
    fn named(&self) -> Option<&str> {
        match self {
            Self::TooMany { field, .. } => Some(field),
            error => error.param(),
        }
    }

    /// The same error of a value that stands deeper: `at` is the JSON pointer to what holds it.
    #[must_use]
    pub fn within(self, at: &str) -> Self {
        let deeper = |field: String| alloc::format!("{at}{field}");
        match self {
            Self::Invalid { field, message } => Self::Invalid { field: deeper(field), message },
            Self::TooLong { field, limit, actual } => {
                Self::TooLong { field: deeper(field), limit, actual }
            }
            Self::InvalidDate { field, value, expected } => {
                Self::InvalidDate { field: deeper(field), value, expected }
            }
            Self::TimeOutOfRange { field, value, expected } => {
                Self::TimeOutOfRange { field: deeper(field), value, expected }
            }
            other => other,
        }
    }

    pub(crate) const fn corrupt(what: &'static str, message: &'static str) -> Self {
        Self::Corrupt { what, message }
    }
}

/// The first characters of a text, for an error message.
pub(crate) fn shortened(value: &str) -> String {
    if value.chars().count() <= 40 {
        value.to_string()
    } else {
        let mut text: String = value.chars().take(40).collect();
        text.push_str("...");
        text
    }
}

/// Every event that is refused, and why.
fn named(bad: &[(usize, Error)]) -> String {
    let of = |(index, error): &(usize, Error)| alloc::format!("events[{index}]: {error}");
    bad.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// The parameter by which a client gives too many of something. Properties, filters of a step and what
/// the store counts over many requests are given by no one parameter.
fn counted_param(counted: &str) -> Option<&str> {
    match counted {
        "funnel_steps[]" | "num_columns" | "ufk[]" | "refk[]" | "cefk[]" | "events" => {
            Some(counted)
        }
        "event types" => Some("event_type"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_has_the_parameter_that_gives_it() {
        let check = |counted: &'static str, expected: Option<&str>| {
            let error = Error::TooMany { field: counted, limit: 1, actual: 2 };
            assert_eq!(error.param(), expected, "{counted}");
        };
        check("events", Some("events"));
        check("funnel_steps[]", Some("funnel_steps[]"));
        check("event types", Some("event_type"));
        check("properties", None);
        check("filters of a step", None);
        check("ids of a person", None);
        check("property keys of an event type", None);
        check("property keys of users", None);
        check("users", None);
    }
}
