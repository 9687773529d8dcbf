//! What a query reads: the tables and the tail as of one transaction.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;
use std::thread;

use eventhub_core::Error;
use eventhub_core::part::{ChunkKey, Chunks, PartView, bucket_of, check_chunk, trusted_chunk};
use eventhub_core::{EventId, TimeMs, UserId};
use heed::types::DecodeIgnore;
use heed::{RoTxn, WithoutTls};
use rayon::prelude::*;

use super::damaged;
use super::deletion;
use super::failure::corrupt;
use super::memory::{Published, Run};
use super::shared::{Shared, Verified};
use super::tables::{PartKey, Tables, USER_SCOPE, column_key, decode_key_row, joined, next_event};
use crate::engine::EngineError;

/// A state of the whole store that does not change while it is read.
///
/// It keeps LMDB from using pages again, so it is taken for one question and dropped with the answer.
pub struct Snapshot {
    shared: Arc<Shared>,
    published: Arc<Published>,
    rtxn: RoTxn<'static, WithoutTls>,
}

impl Snapshot {
    pub(crate) fn take(shared: &Arc<Shared>) -> Result<Self, EngineError> {
        loop {
            let published = shared.published();
            let rtxn = shared.env.clone().static_read_txn()?;
            // Between a commit and its publication the two differ, for a moment.
            if rtxn.id() == published.version {
                return Ok(Self { shared: Arc::clone(shared), published, rtxn });
            }
            drop(rtxn);
            thread::yield_now();
        }
    }

    /// The tables, to be read with [`Self::rtxn`].
    pub(crate) fn tables(&self) -> &Tables {
        &self.shared.tables
    }

    /// The read transaction.
    pub(crate) fn rtxn(&self) -> &RoTxn<'_> {
        &self.rtxn
    }

    /// How many events there are: their numbers are those below.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn events(&self) -> Result<EventId, EngineError> {
        next_event(self.tables(), self.rtxn())
    }

    /// The number of an event type, if one of its events was ever stored.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn type_number(&self, name: &str) -> Result<Option<u32>, EngineError> {
        if name.is_empty() || name.len() > eventhub_core::limits::EVENT_TYPE_BYTES_MAX {
            return Ok(None);
        }
        Ok(self.tables().event_types.get(self.rtxn(), name)?)
    }

    /// The name of an event type.
    ///
    /// # Errors
    /// When there is none of that number.
    pub fn type_name(&self, number: u32) -> Result<&str, EngineError> {
        let name = self.tables().event_type_names.get(self.rtxn(), &number)?;
        name.ok_or_else(|| damaged("an event type has no name"))
    }

    /// The user of an external id, if it is known.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn user(&self, external_id: &str) -> Result<Option<UserId>, EngineError> {
        if external_id.is_empty()
            || external_id.len() > eventhub_core::limits::EXTERNAL_ID_BYTES_MAX
        {
            return Ok(None);
        }
        Ok(self.tables().users.get(self.rtxn(), external_id)?)
    }

    /// The external id of a user.
    ///
    /// # Errors
    /// When there is none of that number.
    pub fn user_name(&self, user: UserId) -> Result<&str, EngineError> {
        let name = self.tables().user_names.get(self.rtxn(), &user)?;
        name.ok_or_else(|| damaged("a user has no name"))
    }

    /// The property keys seen on an event type, in order, each with its number.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn event_keys(&self, event_type: u32) -> Result<Vec<(&str, u32)>, EngineError> {
        let mut keys = Vec::new();
        for row in self.tables().keys.prefix_iter(self.rtxn(), &event_type.to_be_bytes())? {
            let (key, row) = row?;
            let name = std::str::from_utf8(&key[4..]).map_err(|_| damaged("a key is not text"))?;
            keys.push((name, decode_key_row(row)?.0));
        }
        Ok(keys)
    }

    /// The property keys that were ever set on users, in order, each with its number.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn user_keys(&self) -> Result<Vec<(&str, u32)>, EngineError> {
        self.event_keys(USER_SCOPE)
    }

    /// The blocks of users that hold merged ones, ascending, each with its entries, as
    /// `eventhub_core::persons::Persons` takes them.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn merged(&self) -> Result<Vec<(u32, &[u8])>, EngineError> {
        Ok(self.tables().canonical.iter(self.rtxn())?.collect::<Result<_, _>>()?)
    }

    /// The users who were deleted and may still have events, ascending: rows of theirs count for nothing.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn deleted_users(&self) -> Result<Vec<UserId>, EngineError> {
        deletion::deleted_users(self.tables(), self.rtxn())
    }

    /// Whether a user is one of these.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn is_deleted(&self, user: UserId) -> Result<bool, EngineError> {
        Ok(self.tables().deleted_users.get(self.rtxn(), &user)?.is_some())
    }

    /// The parts of an event type that may hold events from `from_ms` to before `before_ms`.
    ///
    /// # Errors
    /// When a header is damaged.
    pub fn parts(
        &self,
        event_type: u32,
        from_ms: i64,
        before_ms: i64,
    ) -> Result<Vec<PartView<'_>>, EngineError> {
        let Some((from, last)) = times_between(from_ms, before_ms) else { return Ok(Vec::new()) };
        let first = PartKey { event_type, bucket: bucket_of(from), part: 0 }.encode();
        let end = PartKey { event_type, bucket: bucket_of(last), part: u64::MAX }.encode();
        let range = (Bound::Included(&first[..]), Bound::Included(&end[..]));
        let mut parts = Vec::new();
        for row in self.tables().parts.range(self.rtxn(), &range)? {
            let (key, header) = row?;
            parts.push(self.stored(key, header)?);
        }
        self.push_tail_parts(&mut parts, (from, last), Some(event_type))?;
        parts.retain(|part| {
            let (least, greatest) = part.times();
            least <= last && greatest >= from
        });
        Ok(parts)
    }

    /// The parts of all event types but some that may hold events from `from_ms` to before `before_ms`.
    ///
    /// # Errors
    /// When a header is damaged.
    pub fn parts_of_others(
        &self,
        but: &[u32],
        from_ms: i64,
        before_ms: i64,
    ) -> Result<Vec<PartView<'_>>, EngineError> {
        let mut parts = self.all_parts()?;
        parts.retain(|part| {
            let (least, greatest) = part.times();
            let overlaps = least.ms() < before_ms && greatest.ms() >= from_ms;
            overlaps && !but.contains(&part.event_type())
        });
        Ok(parts)
    }

    /// All parts, of all event types.
    ///
    /// # Errors
    /// When a header is damaged.
    pub fn all_parts(&self) -> Result<Vec<PartView<'_>>, EngineError> {
        let mut parts = Vec::new();
        for row in self.tables().parts.iter(self.rtxn())? {
            let (key, header) = row?;
            parts.push(self.stored(key, header)?);
        }
        self.push_tail_parts(&mut parts, (TimeMs::MIN, TimeMs::MAX), None)?;
        Ok(parts)
    }

    /// The sealed parts with their keys.
    pub(crate) fn sealed_parts(&self) -> Result<Vec<(PartKey, PartView<'_>)>, EngineError> {
        let mut parts = Vec::new();
        for row in self.tables().parts.iter(self.rtxn())? {
            let (key, header) = row?;
            parts.push((PartKey::decode(key)?, self.stored(key, header)?));
        }
        Ok(parts)
    }

    /// The event types and buckets of time that have sealed parts, in order from one of them on.
    pub(crate) fn places_from(
        &self,
        (event_type, bucket): (u32, u32),
    ) -> Result<BTreeSet<(u32, u32)>, EngineError> {
        let first = PartKey { event_type, bucket, part: 0 }.encode();
        let keys = self.tables().parts.remap_data_type::<DecodeIgnore>();
        let rows = keys.range(self.rtxn(), &(Bound::Included(&first[..]), Bound::Unbounded))?;
        let place = |key: PartKey| (key.event_type, key.bucket);
        rows.map(|row| PartKey::decode(row?.0).map(place)).collect()
    }

    /// The sealed parts of an event type and bucket.
    pub(crate) fn parts_at(
        &self,
        (event_type, bucket): (u32, u32),
    ) -> Result<Vec<PartView<'_>>, EngineError> {
        let place = joined(event_type, bucket);
        let rows = self.tables().parts.prefix_iter(self.rtxn(), &place)?;
        rows.map(|row| row.map_err(EngineError::from).and_then(|(k, h)| self.stored(k, h)))
            .collect()
    }

    /// The parts of the tail, which may hold events of several buckets.
    pub(crate) fn tail_parts(&self) -> Result<Vec<PartView<'_>>, EngineError> {
        let mut parts = Vec::new();
        self.push_tail_parts(&mut parts, (TimeMs::MIN, TimeMs::MAX), None)?;
        Ok(parts)
    }

    /// Events and runs of the tail.
    pub(crate) fn tail_size(&self) -> (u64, u64) {
        (self.published.tail.events(), self.published.tail.runs().count() as u64)
    }

    fn stored<'s>(&'s self, key: &[u8], header: &'s [u8]) -> Result<PartView<'s>, EngineError> {
        let part = PartKey::decode(key)?.part;
        let (tables, rtxn, verified) = (self.tables(), self.rtxn(), &self.shared.verified);
        open_part(header, StoredChunks { tables, rtxn, verified, part })
    }

    /// Makes what the tail has of event types from one time to before another into parts, on all cores: whoever asks for
    /// these parts next finds them.
    ///
    /// # Errors
    /// When a record is damaged.
    pub fn make_tail_parts(
        &self,
        types: &BTreeSet<u32>,
        (from_ms, before_ms): (i64, i64),
    ) -> Result<(), EngineError> {
        match times_between(from_ms, before_ms) {
            Some(times) => self.make_parts_of(types, &self.tail_runs(times)),
            None => Ok(()),
        }
    }

    /// The runs of the tail that may hold events of these times.
    fn tail_runs(&self, (from, last): (TimeMs, TimeMs)) -> Vec<&Run> {
        let runs = self.published.tail.runs().map(Arc::as_ref);
        runs.filter(|run| run.times().overlap(from, last)).collect()
    }

    fn make_parts_of(&self, types: &BTreeSet<u32>, runs: &[&Run]) -> Result<(), EngineError> {
        if runs.is_empty() {
            return Ok(());
        }
        self.shared.ahead.expect_questions(types);
        let of_run = |run| types.iter().map(move |event_type| (run, *event_type));
        let all = runs.iter().flat_map(of_run);
        let missing: Vec<_> = all.filter(|(run, event_type)| !run.is_made(*event_type)).collect();
        // Each is a task of its own: the newest runs are those that are not made, one behind the other.
        let tasks = missing.into_par_iter().with_max_len(1);
        tasks.try_for_each(|(run, event_type)| run.part(event_type).map(drop))
    }

    /// Adds what the tail has of an event type, or of all of them, in runs that may hold events of these times.
    fn push_tail_parts<'s>(
        &'s self,
        parts: &mut Vec<PartView<'s>>,
        times: (TimeMs, TimeMs),
        event_type: Option<u32>,
    ) -> Result<(), EngineError> {
        let runs = self.tail_runs(times);
        let mut types = BTreeSet::from_iter(event_type);
        if event_type.is_none() {
            for run in &runs {
                types.extend(run.types());
            }
        }
        self.make_parts_of(&types, &runs)?;
        for run in &runs {
            for event_type in &types {
                if let Some(part) = run.part(*event_type)? {
                    parts.push(part.view().map_err(corrupt)?);
                }
            }
        }
        Ok(())
    }
}

/// The first and the last time from one to before another, if there are any.
fn times_between(from_ms: i64, before_ms: i64) -> Option<(TimeMs, TimeMs)> {
    let last_ms = before_ms.saturating_sub(1).min(TimeMs::MAX.ms());
    TimeMs::new(from_ms.max(0)).zip(TimeMs::new(last_ms)).filter(|(from, last)| from <= last)
}

/// The chunks of a stored part, in place in the memory map.
pub(crate) struct StoredChunks<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) rtxn: &'a RoTxn<'a>,
    pub(crate) verified: &'a Verified,
    pub(crate) part: u64,
}

/// Opens a stored part.
pub(crate) fn open_part<'a>(
    header: &'a [u8],
    chunks: StoredChunks<'a>,
) -> Result<PartView<'a>, EngineError> {
    let part = chunks.part;
    PartView::open(header, Box::new(chunks))
        .map_err(|error| EngineError::Corrupt(format!("part {part}: {error}")))
}

impl<'a> Chunks<'a> for StoredChunks<'a> {
    fn chunk(&self, key: ChunkKey) -> Result<&'a [u8], Error> {
        let found = self.tables.columns.get(self.rtxn, &column_key(self.part, key));
        let unreadable = |message| Error::Corrupt { what: "part", message };
        let bytes = found
            .map_err(|_| unreadable("a chunk cannot be read"))?
            .ok_or_else(|| unreadable("a chunk is missing"))?;
        if self.verified.contains(self.part, key) {
            return trusted_chunk(bytes);
        }
        let payload = check_chunk(key, bytes)?;
        self.verified.insert(self.part, key);
        Ok(payload)
    }
}
