//! What clients ask the writer to store, and how they learn that it is durable.

use eventhub_core::{EventId, ExternalId, UserChange, UserId};
use tokio::sync::oneshot;

use super::prepared::Prepared;
use crate::engine::EngineError;

/// Bytes that a request or a property costs beside its texts, about.
const OVERHEAD_BYTES: usize = 64;

/// How far the import of a file has come; it is stored in the transaction of the events themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProgress {
    /// What tells the file from others, at most 511 bytes and not empty.
    pub fingerprint: Vec<u8>,
    /// Rows of it that are stored once the events are.
    pub rows: u64,
}

/// The answer to a request that waits for its commit.
#[must_use = "the request may yet fail"]
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<Result<T, EngineError>>);

impl<T> Pending<T> {
    /// Waits until the request is durable or has failed.
    ///
    /// # Errors
    /// When the request was refused or failed; nothing of it is stored.
    pub async fn done(self) -> Result<T, EngineError> {
        self.0.await.unwrap_or(Err(EngineError::Stopping))
    }

    /// Like [`Self::done`], for a thread that may block.
    ///
    /// # Errors
    /// Likewise.
    ///
    /// # Panics
    /// Within an asynchronous task.
    pub fn wait(self) -> Result<T, EngineError> {
        self.0.blocking_recv().unwrap_or(Err(EngineError::Stopping))
    }
}

/// Where an answer goes.
pub(crate) struct Answer<T>(oneshot::Sender<Result<T, EngineError>>);

impl<T> Answer<T> {
    pub(crate) fn new() -> (Self, Pending<T>) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), Pending(receiver))
    }

    pub(crate) fn send(self, result: Result<T, EngineError>) {
        // The client may have gone away; what it asked for is stored or not all the same.
        drop(self.0.send(result));
    }
}

/// A request in the queue.
pub(crate) struct Request {
    pub(crate) change: Change,
    bytes: usize,
}

/// What a request changes.
pub(crate) enum Change {
    Append {
        batch: Prepared,
        progress: Option<ImportProgress>,
        answer: Answer<Vec<EventId>>,
    },
    Alias {
        from: ExternalId,
        to: ExternalId,
        answer: Answer<()>,
    },
    Unalias {
        from: ExternalId,
        to: ExternalId,
        answer: Answer<bool>,
    },
    User {
        user: ExternalId,
        change: UserChange,
        answer: Answer<UserId>,
    },
    Delete {
        user: ExternalId,
        answer: Answer<bool>,
    },
    /// Saves a view, or deletes it where there is no text.
    View {
        name: String,
        view: Option<String>,
        answer: Answer<bool>,
    },
    /// Writes something without a meaning, to find out whether that is possible again.
    Probe {
        answer: Answer<()>,
    },
}

impl Request {
    pub(crate) fn new(change: Change) -> Self {
        let bytes = OVERHEAD_BYTES
            + match &change {
                Change::Append { batch, .. } => batch.bytes(),
                Change::User { change, .. } => change_bytes(change),
                Change::View { name, view, .. } => {
                    name.len() + view.as_ref().map_or(0, String::len)
                }
                Change::Alias { .. }
                | Change::Unalias { .. }
                | Change::Delete { .. }
                | Change::Probe { .. } => 0,
            };
        Self { change, bytes }
    }

    /// Bytes of memory that it takes, about.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

fn change_bytes(change: &UserChange) -> usize {
    let keys = change.keys().map(|key| OVERHEAD_BYTES + key.len()).sum::<usize>();
    let values = change.set().iter().chain(change.set_once().iter());
    keys + values.map(|(_, value)| value.len()).sum::<usize>()
}
