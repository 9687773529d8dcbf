//! Bulk loads: many events into a store that nobody else writes to, straight into parts.
//!
//! The tail's records are passed by: events go into the columns of parts as they come, and a [`Batch`] of some
//! million of them is published by one transaction together with their users, names and the import's progress.
//! The caller fills one batch while a thread ([`publisher`]) sorts, encodes and stores the one before and
//! merges parts of times that the load has left behind, so that a load leaves few and large parts.
//!
//! Users, event types and events get their numbers here, from what was stored when the load began; the
//! writer refuses a batch that does not follow the last one. Events have no insert ids: those take the
//! ordinary way, on which doubles are known.

mod batch;
mod publisher;
mod waiting;

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use eventhub_core::part::{PartBuilder, bucket_of};
use eventhub_core::persons::UserSet;
use eventhub_core::{NewEvent, TimeMs, UserId};
use hashbrown::HashMap;
use heed::{RoTxn, WithoutTls};

use self::batch::Building;
use self::waiting::{Row, Waiting};
use super::request::ImportProgress;
use super::shared::Shared;
use super::tables::{meta, next_event, next_user};
use super::user_map::{UserHash, UserMap};
use super::{Store, spawn};
use crate::engine::EngineError;

pub(crate) use self::batch::Batch;

/// Events of one batch, as many seals' worth.
const BATCH_SEALS: u32 = 32;
const BATCH_EVENTS_MAX: u32 = 1 << 21;
const BATCH_EVENTS_MIN: u32 = 1 << 10;
/// Users known at most between two batches; the table then takes 142 MB.
const KNOWN_MAX: usize = 5_000_000;
/// Bytes of one batch, about, as if no value came twice.
const BATCH_BYTES_MAX: usize = 96 << 20;
/// Bytes of an event, a property and a new user beside their texts, about.
const EVENT_BYTES: usize = 20;
const PROPERTY_BYTES: usize = 4;
const USER_BYTES: usize = 40;

/// An event type and the part that its last event went to.
#[derive(Clone, Copy)]
struct TypeState {
    number: u32,
    last: Option<usize>,
}

/// What the thread behind a load is sent.
enum Message {
    Batch(Box<Batch>),
    /// Answered when all batches before it are published.
    Settle(SyncSender<()>),
}

/// A load under way. What was not committed when it is dropped is not stored.
pub struct Bulk {
    shared: Arc<Shared>,
    sender: Option<SyncSender<Message>>,
    publisher: Option<JoinHandle<Result<(), EngineError>>>,
    users: UserMap,
    /// Where users are looked up whom the map does not know; `None` while it knows all.
    stored_users: Option<RoTxn<'static, WithoutTls>>,
    waiting: Waiting,
    /// Users whose events were added.
    seen: UserSet,
    types: HashMap<String, TypeState>,
    /// Names of the columns of [`Self::push`].
    columns: Vec<String>,
    by_place: HashMap<(u32, u32), usize>,
    batch: Batch,
    events: u32,
    bytes: usize,
    events_max: u32,
}

impl Store {
    /// Begins a load of about so many events. Nothing else may be written until it is finished.
    ///
    /// # Errors
    /// When the tail cannot be sealed or the tables cannot be read.
    pub fn bulk(&self, events: u64) -> Result<Bulk, EngineError> {
        self.seal_all()?;
        Bulk::begin(&self.shared, events)
    }
}

impl Bulk {
    fn begin(shared: &Arc<Shared>, events: u64) -> Result<Self, EngineError> {
        let tables = &shared.tables;
        let rtxn = shared.env.clone().static_read_txn()?;
        let users_stored = tables.users.len(&rtxn)?;
        let first_user = next_user(tables, &rtxn)?;
        let sequence = tables.meta.get(&rtxn, meta::NEXT_SEQUENCE)?.unwrap_or(0);
        let mut users = UserMap::new(shared.seed);
        let is_worth_it = users_stored <= events && users_stored <= KNOWN_MAX as u64;
        if is_worth_it {
            users.load(tables, &rtxn)?;
        }
        let mut types = HashMap::new();
        for row in tables.event_types.iter(&rtxn)? {
            let (name, number) = row?;
            types.insert(name.to_owned(), TypeState { number, last: None });
        }
        let first_event = next_event(tables, &rtxn)?;
        let batch = Batch::new(first_event, first_user, types.len() as u32, sequence);
        // A rendezvous: one batch is filled while one is published, and there is no third.
        let (sender, receiver) = sync_channel(0);
        let common = Arc::clone(shared);
        let publisher = spawn("store-bulk", move || publisher::run(&common, &receiver))?;
        let events_max = shared.options.seal_events.saturating_mul(BATCH_SEALS);
        Ok(Self {
            shared: Arc::clone(shared),
            sender: Some(sender),
            publisher: Some(publisher),
            users,
            stored_users: (!is_worth_it).then_some(rtxn),
            waiting: Waiting::default(),
            seen: UserSet::default(),
            types,
            columns: Vec::new(),
            by_place: HashMap::new(),
            batch,
            events: 0,
            bytes: 0,
            events_max: events_max.clamp(BATCH_EVENTS_MIN, BATCH_EVENTS_MAX),
        })
    }

    /// Names the columns of the events that follow, which are distinct keys.
    pub fn set_columns(&mut self, columns: Vec<String>) {
        debug_assert!(self.batch.parts.is_empty(), "a batch has events of one file");
        self.columns = columns;
    }

    /// Adds an event whose texts are within the limits: `values` come with the number of their column, each
    /// once.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn push<'v>(
        &mut self,
        event_type: &str,
        user: &str,
        time: TimeMs,
        values: impl Iterator<Item = (usize, &'v str)>,
    ) -> Result<(), EngineError> {
        let at = self.push_row(event_type, user, time)?;
        let Building { builder, places, .. } = &mut self.batch.parts[at];
        let mut bytes = EVENT_BYTES;
        for (column, value) in values {
            let place = *places[column].get_or_insert_with(|| builder.place(&self.columns[column]));
            builder.set(place, value);
            bytes += PROPERTY_BYTES + value.len();
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Adds an event that has no insert id.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn push_event(&mut self, event: &NewEvent) -> Result<(), EngineError> {
        debug_assert!(event.insert_id.is_none(), "doubles are known on the ordinary way only");
        let (event_type, user) = (event.event_type.as_str(), event.user.as_str());
        let at = self.push_row(event_type, user, event.time)?;
        let builder = &mut self.batch.parts[at].builder;
        let mut bytes = EVENT_BYTES;
        for (key, value) in event.properties.iter() {
            let place = builder.place(key);
            builder.set(place, value);
            bytes += PROPERTY_BYTES + value.len();
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Whether the batch should be committed before another event is added.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.events >= self.events_max || self.bytes >= BATCH_BYTES_MAX
    }

    /// Hands the batch over to be published with the progress that it makes. Failures of earlier batches are
    /// told here or by [`Self::finish`].
    ///
    /// # Errors
    /// When an earlier batch could not be stored.
    pub fn commit(&mut self, progress: ImportProgress) -> Result<(), EngineError> {
        self.find_users()?;
        let next_event = self.batch.first_event + u64::from(self.events);
        let next_user = self.batch.first_user + self.batch.users.len() as UserId;
        let (types, sequence) = (self.types.len() as u32, self.batch.sequence);
        let next_batch = Batch::new(next_event, next_user, types, sequence);
        let mut batch = std::mem::replace(&mut self.batch, next_batch);
        batch.progress = progress;
        self.by_place.clear();
        self.types.values_mut().for_each(|state| state.last = None);
        (self.events, self.bytes) = (0, 0);
        self.send(Message::Batch(Box::new(batch)))?;
        if self.users.len() > KNOWN_MAX {
            return self.forget_users();
        }
        if let Some(rtxn) = self.stored_users.take() {
            // A transaction that stays open keeps pages from being used again.
            drop(rtxn);
            self.stored_users = Some(self.shared.env.clone().static_read_txn()?);
        }
        Ok(())
    }

    /// How many users the events of all commits have.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.seen.iter().count() as u64
    }

    /// Whether there is nothing to commit.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// Waits until all that was committed is durable.
    ///
    /// # Errors
    /// When a batch could not be stored.
    pub fn settle(&mut self) -> Result<(), EngineError> {
        let (sender, receiver) = sync_channel(1);
        self.send(Message::Settle(sender))?;
        // Without an answer the thread has failed.
        receiver.recv().or_else(|_| self.end())
    }

    /// Waits until all that was committed is durable and merged.
    ///
    /// # Errors
    /// When a batch could not be stored.
    pub fn finish(mut self) -> Result<(), EngineError> {
        self.end()
    }

    /// Adds an event without properties, and gives the place of its part.
    fn push_row(
        &mut self,
        event_type: &str,
        user: &str,
        time: TimeMs,
    ) -> Result<usize, EngineError> {
        if self.waiting.is_full() {
            self.find_users()?;
        }
        let part = self.part(event_type, bucket_of(time));
        let builder = &mut self.batch.parts[part].builder;
        let row = Row { part, row: builder.len() };
        let id = self.batch.first_event + u64::from(self.events);
        builder.push_row(UserId::MAX, time, id);
        self.waiting.push(row, self.users.hash(user), user);
        self.events += 1;
        Ok(part)
    }

    /// Gives the events that wait their users.
    fn find_users(&mut self) -> Result<(), EngineError> {
        let mut waiting = std::mem::take(&mut self.waiting);
        let found = waiting.find(&self.users);
        for ((row, hash, id), known) in waiting.iter().zip(found) {
            let user = match known {
                Some(user) => user,
                None => self.new_user(hash, id)?,
            };
            self.seen.insert(user);
            self.batch.parts[row.part].builder.set_user(row.row, user);
        }
        waiting.clear();
        self.waiting = waiting;
        Ok(())
    }

    /// The user of an id whom the map did not know a while ago.
    fn new_user(&mut self, hash: UserHash, id: &str) -> Result<UserId, EngineError> {
        if let Some(user) = self.users.find(hash) {
            return Ok(user);
        }
        let stored = match &self.stored_users {
            Some(rtxn) => self.shared.tables.users.get(rtxn, id)?,
            None => None,
        };
        let user = stored.unwrap_or_else(|| {
            self.batch.users.push(id);
            self.bytes += USER_BYTES + id.len();
            self.batch.first_user + (self.batch.users.len() - 1) as UserId
        });
        self.users.insert(hash, user);
        Ok(user)
    }

    /// The place of the part for events of a type and bucket.
    fn part(&mut self, event_type: &str, bucket: u32) -> usize {
        let known = self.types.get(event_type).copied();
        let state = known.unwrap_or_else(|| {
            let state = TypeState { number: self.types.len() as u32, last: None };
            self.types.insert(event_type.to_owned(), state);
            self.batch.types.push(event_type.to_owned());
            state
        });
        if let Some(at) = state.last
            && self.batch.parts[at].bucket == bucket
        {
            return at;
        }
        let parts = &mut self.batch.parts;
        let at = *self.by_place.entry((state.number, bucket)).or_insert(parts.len());
        if at == parts.len() {
            let builder = PartBuilder::new(state.number);
            parts.push(Building { bucket, builder, places: vec![None; self.columns.len()] });
        }
        if let Some(state) = self.types.get_mut(event_type) {
            state.last = Some(at);
        }
        at
    }

    /// Lets go of what is known of users once all of them are stored.
    fn forget_users(&mut self) -> Result<(), EngineError> {
        self.settle()?;
        self.users.clear();
        self.stored_users = Some(self.shared.env.clone().static_read_txn()?);
        Ok(())
    }

    fn send(&mut self, message: Message) -> Result<(), EngineError> {
        let sent = self.sender.as_ref().is_some_and(|sender| sender.send(message).is_ok());
        // Only a thread that failed takes nothing more.
        if sent { Ok(()) } else { self.end().and(Err(EngineError::Stopping)) }
    }

    fn end(&mut self) -> Result<(), EngineError> {
        self.sender = None;
        let ended = self.publisher.take().map(JoinHandle::join);
        let panicked = |_| Err(EngineError::Storage("the thread of a bulk load panicked".into()));
        ended.map_or(Ok(()), |result| result.unwrap_or_else(panicked))
    }
}

impl Drop for Bulk {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!("a bulk load was given up: {error}");
        }
    }
}
