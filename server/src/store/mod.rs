//! The embedded store: one data file, one writer, readers that never wait.
//!
//! An event's way through it: what can be done without the tables is done on the thread that received it
//! ([`prepared`]); the request waits in a bounded [`queue`]; the [`writer`] makes a group of all
//! that wait, gives their events numbers, skips those that came before ([`dedup`]), and commits them as
//! records of the [`tail`] with one fsync. Then it publishes the tail's new view ([`memory`]) and answers.
//! When the tail is long enough, [`seal`] turns it into parts, and [`merge`] makes one part of several
//! small ones; both write through the writer, in small pieces, and publish by one transaction; both leave out the
//! events of users who were deleted ([`deletion`], [`purge`]). A file of many
//! events passes the tail by ([`bulk`]).
//!
//! A query takes a [`Snapshot`]: a read transaction and the view of the tail that belongs to it.
//!
//! The folder holds `eventhub.mdb` (the data file), `eventhub.mdb-lock` (LMDB's readers) and `lock` (the
//! one writer). After a crash nothing needs repair: what was not published is swept away by [`recovery`].

mod tables;

mod failure;
mod hashed;
mod lock;

mod job;
mod prepared;
mod queue;
mod request;
mod shared;

mod tail;

mod ahead;
mod memory;

mod names;
mod texts;
mod user_change;
mod user_map;
mod users;

mod identity;

mod deletion;

mod views;

mod dedup;
mod insert_ranges;
mod insert_runs;

mod writer;

mod bulk;

mod merge;
mod purge;
mod seal;
mod ship;

mod recovery;
mod snapshot;

mod lookup;

mod check;
mod stats;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fs, thread};

use eventhub_core::limits::{INSERT_ID_DAYS_DEFAULT, SEAL_EVENTS_DEFAULT};
use eventhub_core::{EventId, ExternalId, NewEvent, UserChange, UserId};

use self::failure::damaged;
use self::lock::FolderLock;
use self::prepared::Prepared;
use self::request::{Answer, Change, Request};
use self::shared::Shared;
use crate::clock::now_ms;
use crate::engine::EngineError;
use crate::priority::{Questions, step_back};

pub use self::bulk::Bulk;
pub use self::check::{CheckReport, check};
pub use self::identity::{Alias, Merge, members};
pub use self::request::{ImportProgress, Pending};
pub use self::snapshot::Snapshot;
pub use self::stats::stats_of;

/// Seals' worth of events that the tail may hold before requests are refused.
const TAIL_SEALS_MAX: u64 = 16;
/// How long [`Store::append_when_ready`] waits for the tail to be sealed.
pub const WAIT_MAX: Duration = Duration::from_secs(60);

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Events in the tail from which on it is sealed; at least 1.
    pub seal_events: u32,
    /// Bytes that the data file may grow to; they are reserved as addresses, not on the disk.
    pub map_size_bytes: usize,
    /// Requests that may wait.
    pub queue_requests_max: usize,
    /// Bytes of requests that may wait, about.
    pub queue_bytes_max: usize,
    /// Days for which an insert id is remembered at least.
    pub insert_id_days: u32,
    /// How long the tail may hold events of deleted users before it is sealed for their sake.
    pub deleted_in_tail_max: Duration,
    /// The clock: milliseconds since 1970.
    pub now_ms: fn() -> i64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            seal_events: SEAL_EVENTS_DEFAULT,
            map_size_bytes: 1 << 40,
            queue_requests_max: 1_024,
            queue_bytes_max: 64 << 20,
            insert_id_days: INSERT_ID_DAYS_DEFAULT,
            deleted_in_tail_max: Duration::from_secs(3_600),
            now_ms,
        }
    }
}

/// A store that is open for writing.
pub struct Store {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    _lock: FolderLock,
}

impl Store {
    /// Opens the store in a folder, which is made when missing, and starts its threads.
    ///
    /// # Errors
    /// When another process has it open for writing, it is of another format, or it cannot be read.
    pub fn open(folder: &Path, options: StoreOptions) -> Result<Self, EngineError> {
        fs::create_dir_all(folder).map_err(|error| {
            EngineError::Storage(format!("data folder {}: {error}", folder.display()))
        })?;
        let lock = FolderLock::take(folder)?;
        let (shared, writer) = recovery::open(folder, options)?;
        let mut threads = vec![spawn("store-writer", move || writer.run())?];
        let common = Arc::clone(&shared);
        threads.push(spawn("store-ahead", move || ahead::run(&common))?);
        let common = Arc::clone(&shared);
        threads.push(spawn("store-seal", move || seal::run(&common))?);
        let common = Arc::clone(&shared);
        threads.push(spawn("store-merge", move || {
            step_back();
            merge::run(&common);
        })?);
        Ok(Self { shared, threads: Mutex::new(threads), _lock: lock })
    }

    /// Queues a batch, which is stored whole or not at all; the ids come in its order. `progress` is
    /// stored with it.
    ///
    /// # Errors
    /// When the queue is full, the tail has grown too long, or the store is closed.
    pub fn append(
        &self,
        events: Vec<NewEvent>,
        progress: Option<ImportProgress>,
    ) -> Result<Pending<Vec<EventId>>, EngineError> {
        if self.tail_is_full() {
            return Err(EngineError::Busy);
        }
        let batch = Prepared::new(&events, self.shared.seed, &self.shared.seen)?;
        self.push(|answer| Change::Append { batch, progress, answer })
    }

    /// Like [`Self::append`], but waits while the queue is full or the tail too long.
    ///
    /// # Errors
    /// When the store is closed, or sealing does not make room for [`WAIT_MAX`].
    pub fn append_when_ready(
        &self,
        events: Vec<NewEvent>,
        progress: Option<ImportProgress>,
    ) -> Result<Pending<Vec<EventId>>, EngineError> {
        let begun = Instant::now();
        while self.tail_is_full() {
            if begun.elapsed() > WAIT_MAX {
                return Err(EngineError::Busy);
            }
            thread::sleep(Duration::from_millis(5));
        }
        let (answer, pending) = Answer::new();
        let batch = Prepared::new(&events, self.shared.seed, &self.shared.seen)?;
        let request = Request::new(Change::Append { batch, progress, answer });
        self.shared.queue.push_when_room(request)?;
        Ok(pending)
    }

    /// Queues the statement that two ids are one person, named by `to`.
    ///
    /// # Errors
    /// When the queue is full or the store is closed.
    pub fn alias(&self, from: ExternalId, to: ExternalId) -> Result<Pending<()>, EngineError> {
        self.push(|answer| Change::Alias { from, to, answer })
    }

    /// Queues taking an alias back; `false` when no such alias joined two persons.
    ///
    /// # Errors
    /// When the queue is full or the store is closed.
    pub fn unalias(&self, from: ExternalId, to: ExternalId) -> Result<Pending<bool>, EngineError> {
        self.push(|answer| Change::Unalias { from, to, answer })
    }

    /// Queues a change of the properties of a user's person; the answer is the person's canonical user.
    ///
    /// # Errors
    /// When the queue is full or the store is closed.
    pub fn change_user(
        &self,
        user: ExternalId,
        change: UserChange,
    ) -> Result<Pending<UserId>, EngineError> {
        self.push(|answer| Change::User { user, change, answer })
    }

    /// Queues deleting the person of an external id, all its ids at once; `false` when it is unknown.
    ///
    /// # Errors
    /// When the queue is full or the store is closed.
    pub fn delete_user(&self, user: ExternalId) -> Result<Pending<bool>, EngineError> {
        self.push(|answer| Change::Delete { user, answer })
    }

    /// Queues saving a view under a name, or deleting it where there is none given; whether there was one before.
    ///
    /// # Errors
    /// When the queue is full or the store is closed.
    pub fn save_view(
        &self,
        name: String,
        view: Option<String>,
    ) -> Result<Pending<bool>, EngineError> {
        self.push(|answer| Change::View { name, view, answer })
    }

    /// Whether events can be taken. After a failed write, finds out by writing.
    ///
    /// # Errors
    /// Why not.
    pub async fn ready(&self) -> Result<(), EngineError> {
        if self.tail_is_full() {
            return Err(EngineError::Busy);
        }
        match self.shared.failure() {
            None if self.shared.queue.is_closed() => Err(EngineError::Stopping),
            None => Ok(()),
            Some(_) => self.push(|answer| Change::Probe { answer })?.done().await,
        }
    }

    /// Seals the whole tail, however short it is, and waits for it.
    ///
    /// # Errors
    /// When sealing takes longer than [`WAIT_MAX`], as it does when the disk is full.
    fn seal_all(&self) -> Result<(), EngineError> {
        let begun = Instant::now();
        self.shared.seal_all.store(true, Relaxed);
        while self.shared.published().tail.events() > 0 && begun.elapsed() <= WAIT_MAX {
            self.shared.seal.wake();
            thread::sleep(Duration::from_millis(2));
        }
        self.shared.seal_all.store(false, Relaxed);
        let is_empty = self.shared.published().tail.events() == 0;
        if is_empty { Ok(()) } else { Err(EngineError::Busy) }
    }

    /// How many rows of an imported file are stored.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn import_rows(&self, fingerprint: &[u8]) -> Result<u64, EngineError> {
        let rtxn = self.shared.env.read_txn()?;
        Ok(self.shared.tables.imports.get(&rtxn, fingerprint)?.unwrap_or(0))
    }

    /// What a query reads.
    ///
    /// # Errors
    /// When no read transaction can be opened.
    pub fn snapshot(&self) -> Result<Snapshot, EngineError> {
        Snapshot::take(&self.shared)
    }

    /// Finishes what was accepted and ends the threads. Nothing is accepted afterwards.
    pub fn close(&self) {
        self.shared.ahead.stop();
        self.shared.seal.stop();
        self.shared.merge.stop();
        self.shared.queue.close();
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }

    /// The questions that are being answered, to which other work gives way.
    pub(crate) fn questions(&self) -> &Arc<Questions> {
        &self.shared.questions
    }

    fn push<T>(&self, change: impl FnOnce(Answer<T>) -> Change) -> Result<Pending<T>, EngineError> {
        let (answer, pending) = Answer::new();
        self.shared.queue.push(Request::new(change(answer)))?;
        Ok(pending)
    }

    fn tail_is_full(&self) -> bool {
        let seal_events = self.shared.options.seal_events.max(SEAL_EVENTS_DEFAULT);
        self.shared.published.load().tail.events() >= TAIL_SEALS_MAX * u64::from(seal_events)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, EngineError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(body);
    thread.map_err(|error| EngineError::Storage(format!("thread {name}: {error}")))
}

/// The data file of a folder.
fn data_file(folder: &Path) -> PathBuf {
    folder.join("eventhub.mdb")
}
