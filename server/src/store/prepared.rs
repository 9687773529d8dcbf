//! Batches as the writer takes them.
//!
//! The writer is one thread; what needs no table is done before, on the thread of each request: texts are
//! hashed, events are encoded as the tail keeps them, and names that are stored already are left out.

use std::ops::Range;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use eventhub_core::{NewEvent, TimeMs};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::dedup::InsertKey;
use super::tail::encode_rest;
use super::user_map::UserHash;
use crate::engine::EngineError;

/// Bytes that an event costs beside its texts, about.
const EVENT_BYTES: usize = 128;
/// Names that are known to be stored, at most: 1 MB.
const SEEN_SLOTS: usize = 1 << 17;

/// Events on their way to the writer.
pub(crate) struct Prepared {
    rows: Vec<Row>,
    /// External ids, end to end.
    users: String,
    /// What records hold of each event after its type and user, end to end.
    rests: Vec<u8>,
    types: Vec<String>,
    names: Vec<NewName>,
}

/// An event; its texts end where the fields say and begin where those of the one before end.
struct Row {
    user: UserHash,
    time: TimeMs,
    insert_key: Option<InsertKey>,
    event_type: usize,
    user_end: usize,
    rest_end: usize,
    names_end: usize,
}

/// A property that may not be stored for autocompletion yet.
pub(crate) struct NewName {
    /// Place of its event type among those of the batch.
    pub(crate) event_type: usize,
    pub(crate) key: String,
    pub(crate) value: String,
    /// What tells the value once it is stored.
    pub(crate) mark: Mark,
    /// What tells that the key has room for no more values.
    pub(crate) full: Mark,
}

/// An event of a batch.
pub(crate) struct PreparedEvent<'p> {
    /// Place of its type among [`Prepared::types`].
    pub(crate) event_type: usize,
    pub(crate) user: UserHash,
    pub(crate) user_id: &'p str,
    pub(crate) time: TimeMs,
    pub(crate) insert_key: Option<InsertKey>,
    pub(crate) rest: &'p [u8],
    pub(crate) names: &'p [NewName],
}

impl Prepared {
    /// Makes a batch ready.
    ///
    /// # Errors
    /// None that is known, see [`encode_rest`].
    pub(crate) fn new(
        events: &[NewEvent],
        seed: u64,
        seen: &SeenNames,
    ) -> Result<Self, EngineError> {
        let mut batch = Self {
            rows: Vec::with_capacity(events.len()),
            users: String::new(),
            rests: Vec::new(),
            types: Vec::new(),
            names: Vec::new(),
        };
        for event in events {
            let insert_key = InsertKey::of(event, seed);
            let insert_hash = match insert_key {
                Some(InsertKey::Hash(hash)) => Some(hash),
                Some(InsertKey::Counted(..)) | None => None,
            };
            batch.rests = encode_rest(event, insert_hash, std::mem::take(&mut batch.rests))?;
            batch.users.push_str(event.user.as_str());
            let event_type = batch.type_place(event.event_type.as_str());
            batch.note_names(event, event_type, seen);
            batch.rows.push(Row {
                user: UserHash::new(event.user.as_str(), seed),
                time: event.time,
                insert_key,
                event_type,
                user_end: batch.users.len(),
                rest_end: batch.rests.len(),
                names_end: batch.names.len(),
            });
        }
        Ok(batch)
    }

    /// How many events there are.
    pub(crate) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Bytes of memory, about.
    pub(crate) const fn bytes(&self) -> usize {
        self.rows.len() * EVENT_BYTES + self.users.len() + self.rests.len()
    }

    /// The distinct event types.
    pub(crate) fn types(&self) -> &[String] {
        &self.types
    }

    /// Properties that may not be stored for autocompletion yet.
    pub(crate) fn names(&self) -> &[NewName] {
        &self.names
    }

    /// The events in order.
    pub(crate) fn events(&self) -> impl Iterator<Item = PreparedEvent<'_>> {
        let (mut user, mut rest, mut names) = (0, 0, 0);
        self.rows.iter().map(move |row| PreparedEvent {
            event_type: row.event_type,
            user: row.user,
            user_id: &self.users[step(&mut user, row.user_end)],
            time: row.time,
            insert_key: row.insert_key,
            rest: &self.rests[step(&mut rest, row.rest_end)],
            names: &self.names[step(&mut names, row.names_end)],
        })
    }

    fn type_place(&mut self, name: &str) -> usize {
        // A batch has few types, and events of one type often follow one another.
        let last = self.rows.last().map_or(0, |row| row.event_type);
        if self.types.get(last).is_some_and(|known| known == name) {
            return last;
        }
        let known = self.types.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            self.types.push(name.to_owned());
            self.types.len() - 1
        })
    }

    fn note_names(&mut self, event: &NewEvent, event_type: usize, seen: &SeenNames) {
        let type_hash = xxh3_64(event.event_type.as_str().as_bytes());
        for (key, value) in event.properties.iter() {
            let full = Mark::of(key, type_hash);
            let mark = Mark::of(value, full.0);
            if !seen.contains(mark) && !seen.contains(full) {
                let (key, value) = (key.to_owned(), value.to_owned());
                self.names.push(NewName { event_type, key, value, mark, full });
            }
        }
    }
}

fn step(from: &mut usize, to: usize) -> Range<usize> {
    std::mem::replace(from, to)..to
}

/// A hash that stands for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    fn of(text: &str, scope: u64) -> Self {
        // 0 stands for no mark.
        Self(xxh3_64_with_seed(text.as_bytes(), scope).max(1))
    }
}

/// Marks of names that are stored, read by all threads without a lock.
///
/// A slot holds the mark that came last; one that was driven out is asked of the tables again.
pub(crate) struct SeenNames(Box<[AtomicU64]>);

impl SeenNames {
    pub(crate) fn new() -> Self {
        Self((0..SEEN_SLOTS).map(|_| AtomicU64::new(0)).collect())
    }

    fn contains(&self, mark: Mark) -> bool {
        self.slot(mark).load(Relaxed) == mark.0
    }

    /// Notes a name, which is durable.
    pub(crate) fn insert(&self, mark: Mark) {
        self.slot(mark).store(mark.0, Relaxed);
    }

    fn slot(&self, mark: Mark) -> &AtomicU64 {
        &self.0[mark.0 as usize % SEEN_SLOTS]
    }
}
