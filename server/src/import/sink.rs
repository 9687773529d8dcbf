//! Where batches go: into a data folder, or to a running server.

use std::collections::VecDeque;
use std::path::Path;

use eventhub_core::{EventId, NewEvent};

use super::error::Error;
use super::post::ServerSink;
use crate::cli::ImportArgs;
use crate::store::{ImportProgress, Pending, Store};

/// Batches that may wait for the store: it commits some while the next ones are read.
const PENDING_MAX: usize = 4;

/// Takes the batches of one file after the other.
pub(super) trait Sink {
    /// Begins a file; how many of its rows are stored already.
    fn begin(&mut self, path: &Path, fingerprint: u128) -> Result<u64, Error>;
    /// Takes the next batch, after which `rows` rows of the file are done.
    fn put(&mut self, events: Vec<NewEvent>, rows: u64) -> Result<(), Error>;
    /// Waits until everything put is durable.
    fn flush(&mut self) -> Result<(), Error>;
    /// Lets go of the folder or the server.
    fn close(self: Box<Self>) -> Result<(), Error>;
}

/// Opens what the arguments name.
///
/// # Errors
/// When the data folder cannot be opened for writing.
pub(super) fn open(args: &ImportArgs) -> Result<Box<dyn Sink>, Error> {
    if let Some(url) = &args.url {
        return Ok(Box::new(ServerSink::new(url, args.write_key.as_deref())));
    }
    let store = Store::open(&args.store.data, args.store.options())?;
    Ok(Box::new(StoreSink { store, fingerprint: Vec::new(), pending: VecDeque::new() }))
}

struct StoreSink {
    store: Store,
    fingerprint: Vec<u8>,
    pending: VecDeque<Pending<Vec<EventId>>>,
}

impl StoreSink {
    /// Waits until at most so many batches are on their way.
    fn settle(&mut self, pending_max: usize) -> Result<(), Error> {
        while self.pending.len() > pending_max {
            if let Some(pending) = self.pending.pop_front() {
                pending.wait()?;
            }
        }
        Ok(())
    }
}

impl Sink for StoreSink {
    fn begin(&mut self, _path: &Path, fingerprint: u128) -> Result<u64, Error> {
        self.fingerprint = fingerprint.to_be_bytes().to_vec();
        Ok(self.store.import_rows(&self.fingerprint)?)
    }

    fn put(&mut self, events: Vec<NewEvent>, rows: u64) -> Result<(), Error> {
        self.settle(PENDING_MAX - 1)?;
        let progress = ImportProgress { fingerprint: self.fingerprint.clone(), rows };
        self.pending.push_back(self.store.append_when_ready(events, Some(progress))?);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.settle(0)
    }

    fn close(self: Box<Self>) -> Result<(), Error> {
        self.store.close();
        Ok(())
    }
}
