//! Where events go: into a data folder, or to a running server.
//!
//! In a data folder, a file of many events without insert ids is a bulk load, which makes parts directly;
//! other files take the way of a server's events, by the tail, on which doubles are known.

use std::collections::{HashSet, VecDeque};
use std::path::Path;

use eventhub_core::limits::SEAL_EVENTS_DEFAULT;
use eventhub_core::{EventId, NewEvent};
use eventhub_ingest::file::Event;
use xxhash_rust::xxh3::xxh3_128;

use super::batch::Batch;
use super::error::Error;
use super::post::ServerSink;
use super::source::Checked;
use crate::cli::ImportArgs;
use crate::engine::EngineError;
use crate::store::{Bulk, ImportProgress, Pending, Store};

/// Batches that may wait for the store: it commits some while the next ones are read.
const PENDING_MAX: usize = 4;
/// Events of a bulk load at least, should the tail be sealed earlier.
const BULK_EVENTS_MIN: u32 = 1_024;

/// Takes the events of one file after the other.
pub(super) trait Sink {
    /// Begins a file; how many of its rows are stored already.
    fn begin(&mut self, path: &Path, checked: &Checked) -> Result<u64, Error>;
    /// Names the keys of the short events of the file.
    fn set_columns(&mut self, _columns: &[String]) {}
    /// Takes the next event, with which `rows` rows of the file are done.
    fn put(&mut self, event: Event<'_>, rows: u64) -> Result<(), Error>;
    /// Ends the file, all of whose rows were put.
    fn end(&mut self, rows: u64) -> Result<(), Error>;
    /// Waits until everything is durable and lets go of the folder or the server.
    fn close(self: Box<Self>) -> Result<Taken, Error>;
}

/// What became of the events that were put.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// How many users they had.
    pub(super) users: u64,
    /// How many were stored, as far as is known: a server does not tell which it had already.
    pub(super) stored: Option<u64>,
}

/// Opens what the arguments name, for these files.
///
/// # Errors
/// When the data folder cannot be opened for writing.
pub(super) fn open(args: &ImportArgs, files: &[Checked]) -> Result<Box<dyn Sink>, Error> {
    if let Some(url) = &args.url {
        return Ok(Box::new(ServerSink::new(url, args.write_key.as_deref())));
    }
    let bulk_min = args.store.seal_events.clamp(BULK_EVENTS_MIN, SEAL_EVENTS_DEFAULT).into();
    let is_bulk = |file: &Checked| is_bulk(file, bulk_min);
    let is_all_bulk = files.iter().all(is_bulk);
    let store = Store::open(&args.store.data, args.store.options())?;
    let events_before = store.snapshot()?.events()?;
    Ok(Box::new(FolderSink {
        store,
        events_before,
        bulk_min,
        fingerprint: Vec::new(),
        batch: Batch::default(),
        pending: VecDeque::new(),
        bulk: None,
        users: (!is_all_bulk).then(UsersSeen::default),
    }))
}

fn is_bulk(file: &Checked, bulk_min: u64) -> bool {
    !file.has_insert_ids && file.rows >= bulk_min
}

struct FolderSink {
    store: Store,
    events_before: EventId,
    bulk_min: u64,
    /// Of the file under way.
    fingerprint: Vec<u8>,
    batch: Batch,
    pending: VecDeque<Pending<Vec<EventId>>>,
    /// Goes on from file to file.
    bulk: Option<Bulk>,
    /// `None` when all files go to one bulk load, which counts users itself.
    users: Option<UsersSeen>,
}

/// The users whose events came, by hashes of their external ids.
#[derive(Default)]
pub(super) struct UsersSeen(HashSet<u128>);

impl UsersSeen {
    pub(super) fn note(&mut self, id: &str) {
        self.0.insert(xxh3_128(id.as_bytes()));
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

impl FolderSink {
    fn progress(&self, rows: u64) -> ImportProgress {
        ImportProgress { fingerprint: self.fingerprint.clone(), rows }
    }

    /// Waits until at most so many batches are on their way.
    fn settle(&mut self, pending_max: usize) -> Result<(), Error> {
        while self.pending.len() > pending_max {
            if let Some(pending) = self.pending.pop_front() {
                pending.wait()?;
            }
        }
        Ok(())
    }

    fn append(&mut self, events: Vec<NewEvent>, rows: u64) -> Result<(), Error> {
        self.settle(PENDING_MAX - 1)?;
        let progress = self.progress(rows);
        self.pending.push_back(self.store.append_when_ready(events, Some(progress))?);
        Ok(())
    }

    fn end_bulk(&mut self) -> Result<(), Error> {
        Ok(self.bulk.take().map_or(Ok(()), Bulk::finish)?)
    }
}

impl Sink for FolderSink {
    fn begin(&mut self, _path: &Path, checked: &Checked) -> Result<u64, Error> {
        self.fingerprint = checked.fingerprint.to_be_bytes().to_vec();
        if let Some(bulk) = &mut self.bulk {
            bulk.settle()?;
        }
        let done = self.store.import_rows(&self.fingerprint)?;
        if checked.rows == done {
            return Ok(done);
        }
        if !is_bulk(checked, self.bulk_min) {
            // What the tail takes, a bulk does not know of.
            self.end_bulk()?;
        } else if self.bulk.is_none() {
            self.bulk = Some(self.store.bulk(checked.rows - done)?);
        }
        Ok(done)
    }

    fn set_columns(&mut self, columns: &[String]) {
        if let Some(bulk) = &mut self.bulk {
            bulk.set_columns(columns.to_vec());
        }
    }

    fn put(&mut self, event: Event<'_>, rows: u64) -> Result<(), Error> {
        if let Some(users) = &mut self.users {
            users.note(event.user());
        }
        let Some(bulk) = &mut self.bulk else {
            self.batch.push(event.into_event().map_err(EngineError::from)?);
            return if self.batch.is_full() {
                let events = self.batch.take();
                self.append(events, rows)
            } else {
                Ok(())
            };
        };
        match &event {
            Event::Short(short) => {
                let (event_type, user) = (short.event_type, short.user);
                bulk.push(event_type, user, short.time, short.properties())?;
            }
            Event::Long(event) => bulk.push_event(event)?,
        }
        if bulk.is_full() {
            let fingerprint = self.fingerprint.clone();
            bulk.commit(ImportProgress { fingerprint, rows })?;
        }
        Ok(())
    }

    fn end(&mut self, rows: u64) -> Result<(), Error> {
        let progress = self.progress(rows);
        match &mut self.bulk {
            Some(bulk) if !bulk.is_empty() => Ok(bulk.commit(progress)?),
            Some(_) => Ok(()),
            None => {
                let events = self.batch.take();
                if !events.is_empty() {
                    self.append(events, rows)?;
                }
                self.settle(0)
            }
        }
    }

    fn close(mut self: Box<Self>) -> Result<Taken, Error> {
        let users = match (&self.users, &self.bulk) {
            (Some(users), _) => users.count(),
            (None, Some(bulk)) => bulk.users(),
            (None, None) => 0,
        };
        self.end_bulk()?;
        let stored = self.store.snapshot()?.events()? - self.events_before;
        self.store.close();
        Ok(Taken { users, stored: Some(stored) })
    }
}
