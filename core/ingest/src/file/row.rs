//! A row of a file: an event, or what is wrong with it.

use std::io;

use eventhub_core::{Error, NewEvent};

use super::columns::ShortEvent;

/// An event as its file gives it.
#[derive(Debug)]
pub enum Event<'r> {
    /// Within its row, not copied.
    Short(ShortEvent<'r>),
    /// On its own.
    Long(NewEvent),
}

impl Event<'_> {
    /// Its external user id.
    #[must_use]
    pub fn user(&self) -> &str {
        match self {
            Self::Short(event) => event.user,
            Self::Long(event) => event.user.as_str(),
        }
    }

    /// Its insert id, if it has one.
    #[must_use]
    pub fn insert_id(&self) -> Option<&str> {
        match self {
            Self::Short(event) => event.insert_id,
            Self::Long(event) => event.insert_id.as_ref().map(|id| id.as_str()),
        }
    }

    /// The event on its own.
    ///
    /// # Errors
    /// None: its texts are within the limits.
    pub fn into_event(self) -> Result<NewEvent, Error> {
        match self {
            Self::Short(event) => event.to_event(),
            Self::Long(event) => Ok(event),
        }
    }
}

/// The rows of a file, one after the other.
pub trait Rows {
    /// The keys of properties of short events, by their numbers.
    ///
    /// # Errors
    /// When the line of names says nothing that goes, or cannot be read.
    fn columns(&mut self) -> Result<&[String], RowError> {
        Ok(&[])
    }

    /// The next row as an event; `None` after the last.
    fn next(&mut self) -> Option<Result<Event<'_>, RowError>>;

    /// Passes over the next row.
    fn skip(&mut self) -> Option<Result<(), RowError>> {
        Some(self.next()?.map(drop))
    }
}

/// A row that is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct BadRow {
    /// Where it begins, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub message: String,
}

/// Why the next row cannot be had.
#[derive(Debug)]
pub enum RowError {
    /// This row is bad; the next one may be good.
    Bad(BadRow),
    /// The file cannot be read any further.
    Read(io::Error),
}

impl RowError {
    /// A row that begins at a line is bad.
    pub fn bad(line: u64, message: impl Into<String>) -> Self {
        Self::Bad(BadRow { line, message: message.into() })
    }
}
