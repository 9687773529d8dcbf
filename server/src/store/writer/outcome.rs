//! What requests led to, and how whoever waits is told.

use eventhub_core::{EventId, UserId};

use crate::engine::EngineError;
use crate::store::request::Change;

/// What a request led to.
pub(super) enum Outcome {
    Appended(Vec<EventId>),
    Aliased,
    Unaliased(bool),
    Changed(UserId),
    Deleted(bool),
    Viewed(bool),
    Probed,
}

/// What is stored, or why nothing is.
pub(super) type Stored = Result<Outcome, eventhub_core::Error>;

/// How many events an outcome stored or found.
pub(super) fn events_of(outcome: &Stored) -> usize {
    if let Ok(Outcome::Appended(ids)) = outcome { ids.len() } else { 0 }
}

/// Tells whoever asked for a change what it led to.
pub(super) fn answer(change: Change, outcome: Stored) {
    match (change, outcome) {
        (Change::Append { answer, .. }, Ok(Outcome::Appended(ids))) => answer.send(Ok(ids)),
        (Change::Alias { answer, .. }, Ok(Outcome::Aliased)) => answer.send(Ok(())),
        (Change::Unalias { answer, .. }, Ok(Outcome::Unaliased(found))) => answer.send(Ok(found)),
        (Change::User { answer, .. }, Ok(Outcome::Changed(user))) => answer.send(Ok(user)),
        (Change::Delete { answer, .. }, Ok(Outcome::Deleted(found))) => answer.send(Ok(found)),
        (Change::View { answer, .. }, Ok(Outcome::Viewed(found))) => answer.send(Ok(found)),
        (Change::Probe { answer }, Ok(Outcome::Probed)) => answer.send(Ok(())),
        (change, Err(error)) => refuse(change, error.into()),
        (_, Ok(_)) => unreachable!("`Group::apply` gives each change its own kind of outcome"),
    }
}

/// Tells whoever asked for a change why it is not made.
pub(super) fn refuse(change: Change, error: EngineError) {
    match change {
        Change::Append { answer, .. } => answer.send(Err(error)),
        Change::Alias { answer, .. } | Change::Probe { answer } => answer.send(Err(error)),
        Change::Unalias { answer, .. }
        | Change::Delete { answer, .. }
        | Change::View { answer, .. } => answer.send(Err(error)),
        Change::User { answer, .. } => answer.send(Err(error)),
    }
}
