//! The one thread that writes.
//!
//! Every write transaction is opened, committed and given up here: LMDB ties it to its thread. All requests
//! that wait become one transaction with one fsync, and are answered after it. A request that is refused
//! leaves nothing and the others go on; when the transaction itself fails, all of them fail, and what the
//! thread remembers of names and users is read anew, since it may hold what was never stored.

mod bulk;
mod outcome;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use eventhub_core::{DAY_MS, EventId};
use heed::RwTxn;
use tracing::error;

use self::outcome::{Outcome, Stored, answer, events_of, refuse};
use super::dedup::{Dedup, InsertKey};
use super::deletion;
use super::failure::{Failure, commit_failure, repeat};
use super::identity;
use super::insert_ranges::Ranges;
use super::job::{Job, Progress, Task};
use super::memory::{Published, TailView};
use super::names::Names;
use super::prepared::Prepared;
use super::request::{Change, ImportProgress, Request};
use super::shared::Shared;
use super::tables::{Tables, meta, next_event};
use super::tail::{Record, RecordWriter};
use super::user_change;
use super::users::Users;
use super::views;
use crate::engine::EngineError;
use crate::priority::Yielding;

/// The writer's state.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    tables: Tables,
    dedup: Dedup,
    /// `None` after a transaction was lost.
    known: Option<Known>,
    work: Yielding,
}

/// What is known of the tables without reading them.
struct Known {
    names: Names,
    users: Users,
    next_event: EventId,
    next_sequence: u64,
}

/// Insert ids of sealed events that are moved after a group at least.
const SEALED_AT_ONCE_MIN: usize = 1_024;

/// Insert ids of sealed events that are moved after a job: some milliseconds' worth.
const SEALED_AFTER_JOB: usize = 1 << 14;

/// A transaction under way.
struct Group<'a, 'e> {
    tables: &'a Tables,
    wtxn: &'a mut RwTxn<'e>,
    known: &'a mut Known,
    dedup: &'a mut Dedup,
    ranges: Ranges,
    records: RecordWriter,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, dedup: Dedup) -> Self {
        let tables = shared.tables;
        shared.filter_wanted.store(dedup.wants_filter(), Relaxed);
        let work = Yielding::new(&shared.questions);
        Self { shared, tables, dedup, known: None, work }
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        while let Some(work) = self.shared.queue.take() {
            if !work.group.is_empty() {
                if work.is_long() {
                    self.work.give_way();
                }
                self.commit_group(work.group);
            }
            if let Some(job) = work.job {
                self.commit_job(job);
            }
        }
    }

    fn commit_group(&mut self, group: Vec<Request>) {
        let result = self.store_group(&group);
        match result {
            Ok((outcomes, records)) => {
                let tail = &self.shared.published().tail;
                let with = tail.with(records, self.shared.run_events());
                let frozen = with.frozen().len() - tail.frozen().len();
                self.publish(with);
                self.shared.ahead.freeze(frozen as u64);
                self.dedup.keep();
                if let Some(known) = &mut self.known {
                    known.names.keep(&self.shared.seen);
                }
                self.shared.set_failure(None);
                if outcomes.iter().any(|outcome| matches!(outcome, Ok(Outcome::Deleted(true)))) {
                    self.shared.merge.wake();
                }
                let events = outcomes.iter().map(events_of).sum::<usize>();
                for (request, outcome) in group.into_iter().zip(outcomes) {
                    answer(request.change, outcome);
                }
                // Faster than they come, so that there is an end to it.
                self.dedup.move_sealed(SEALED_AT_ONCE_MIN + 2 * events);
            }
            Err(failure) => {
                error!("a group of {} requests is lost: {failure}", group.len());
                self.dedup.forget();
                self.known = None;
                self.shared.set_failure(Some(repeat(&failure)));
                for request in group {
                    refuse(request.change, repeat(&failure));
                }
            }
        }
    }

    /// The outcomes in the group's order, and what they wrote.
    fn store_group(
        &mut self,
        group: &[Request],
    ) -> Result<(Vec<Stored>, Vec<Arc<Record>>), EngineError> {
        let env = self.shared.env.clone();
        let mut wtxn = env.write_txn()?;
        let known = Known::of(&mut self.known, &self.tables, &wtxn)?;
        let day = (self.shared.now_ms() / DAY_MS) as u32;
        let (event_before, sequence_before) = (known.next_event, known.next_sequence);
        let records = RecordWriter::new(event_before, day);
        let (tables, dedup) = (&self.tables, &mut self.dedup);
        let ranges = Ranges::default();
        let mut transaction = Group { tables, wtxn: &mut wtxn, known, dedup, ranges, records };
        let mut outcomes = Vec::with_capacity(group.len());
        for request in group {
            outcomes.push(match transaction.apply(&request.change) {
                Ok(outcome) => Ok(outcome),
                Err(Failure::Refused(error)) => Err(error),
                Err(Failure::Lost(error)) => return Err(error),
            });
        }
        let records = transaction.finish(event_before, sequence_before)?;
        self.commit(wtxn)?;
        Ok((outcomes, records))
    }

    fn commit_job(&mut self, job: Job) {
        let result = match &job.task {
            Task::PublishBulk { batch, parts } => self.store_bulk(batch, parts),
            task => self.store_job(task),
        };
        if result.is_ok()
            && let Err(error) = self.follow(job.task)
        {
            // What is stored stays valid; lookups of insert ids are slower or, of damaged ones, empty.
            error!("insert ids are not followed up: {error}");
        }
        self.shared.filter_wanted.store(self.dedup.wants_filter(), Relaxed);
        job.answer.send(result);
        self.dedup.move_sealed(SEALED_AFTER_JOB);
    }

    fn store_job(&self, task: &Task) -> Result<Progress, EngineError> {
        let mut wtxn = self.shared.env.write_txn()?;
        let progress = task.store(&self.tables, &mut wtxn)?;
        self.commit(wtxn)?;
        Ok(progress)
    }

    fn commit(&self, wtxn: RwTxn<'_>) -> Result<(), EngineError> {
        wtxn.commit().map_err(|error| commit_failure(error, self.shared.env.path()))
    }

    /// Brings what stands in memory to what a task has stored. The view is published first: readers wait
    /// for the one that belongs to the transaction.
    fn follow(&mut self, task: Task) -> Result<(), EngineError> {
        let tail = self.shared.published().tail.clone();
        match task {
            Task::PublishSeal { until, run, hashes, .. } => {
                self.dedup.replace_runs(&[], run);
                self.publish(tail.without(until));
                self.dedup.sealed(hashes);
            }
            Task::PublishMerge(merged) => {
                self.publish(tail);
                merged.iter().for_each(|merged| self.shared.verified.forget(&merged.old));
            }
            Task::PublishRun { run, old } => {
                self.dedup.replace_runs(&old, run);
                self.publish(tail);
            }
            Task::SetFilter { filter, filled_from } => {
                self.publish(tail);
                let rtxn = self.shared.env.read_txn()?;
                return self.dedup.set_filter(&self.tables, &rtxn, filter, &filled_from);
            }
            Task::PublishBulk { .. }
            | Task::Put(_)
            | Task::DropChunks { .. }
            | Task::DropPages { .. }
            | Task::ForgetDeleted { .. } => self.publish(tail),
        }
        Ok(())
    }

    fn publish(&self, tail: TailView) {
        // A transaction that changed nothing has no number of its own, hence the question to LMDB.
        let version = self.shared.env.info().last_txn_id;
        let seal = tail.events() >= u64::from(self.shared.options.seal_events);
        let runs = Arc::clone(self.dedup.runs());
        self.shared.published.store(Arc::new(Published { version, tail, runs }));
        self.shared.counters.commits.fetch_add(1, Relaxed);
        if seal {
            self.shared.seal.wake();
        }
    }
}

impl Known {
    /// What is known at the beginning of a transaction.
    fn of<'k>(
        known: &'k mut Option<Self>,
        tables: &Tables,
        rtxn: &heed::RoTxn<'_>,
    ) -> Result<&'k mut Self, EngineError> {
        let known = match known {
            Some(known) => known,
            none => {
                let seed = tables.meta.get(rtxn, meta::HASH_SEED)?.unwrap_or_default();
                none.insert(Self::load(tables, rtxn, seed)?)
            }
        };
        known.names.shrink();
        known.users.shrink();
        Ok(known)
    }

    fn load(tables: &Tables, rtxn: &heed::RoTxn<'_>, seed: u64) -> Result<Self, EngineError> {
        Ok(Self {
            names: Names::load(tables, rtxn)?,
            users: Users::load(tables, rtxn, seed)?,
            next_event: next_event(tables, rtxn)?,
            next_sequence: tables.meta.get(rtxn, meta::NEXT_SEQUENCE)?.unwrap_or(0),
        })
    }
}

impl Group<'_, '_> {
    /// Stores what a request asks for, or refuses it before anything is stored.
    fn apply(&mut self, change: &Change) -> Result<Outcome, Failure> {
        match change {
            Change::Append { batch, progress, .. } => {
                self.append(batch, progress.as_ref()).map(Outcome::Appended)
            }
            Change::Alias { from, to, .. } => {
                let Known { users, next_sequence, .. } = &mut *self.known;
                identity::alias(self.tables, self.wtxn, users, next_sequence, (from, to))?;
                Ok(Outcome::Aliased)
            }
            Change::Unalias { from, to, .. } => {
                let users = &self.known.users;
                identity::unalias(self.tables, self.wtxn, users, (from, to)).map(Outcome::Unaliased)
            }
            Change::User { user, change, .. } => {
                let Known { names, users, next_sequence, .. } = &mut *self.known;
                let (tables, known) = (self.tables, (users, names));
                user_change::change(tables, self.wtxn, known, next_sequence, (user, change))
                    .map(Outcome::Changed)
            }
            Change::Delete { user, .. } => {
                let Known { users, next_sequence, .. } = &mut *self.known;
                let deleted =
                    deletion::delete_person(self.tables, self.wtxn, users, next_sequence, user);
                Ok(Outcome::Deleted(deleted?))
            }
            Change::View { name, view, .. } => {
                views::save(self.tables, self.wtxn, name, view.as_deref()).map(Outcome::Viewed)
            }
            Change::Probe { .. } => {
                // Any change makes LMDB write, which shows whether there is space again.
                self.tables.meta.put(self.wtxn, meta::NEXT_EVENT, &self.records.next())?;
                Ok(Outcome::Probed)
            }
        }
    }

    fn append(
        &mut self,
        batch: &Prepared,
        progress: Option<&ImportProgress>,
    ) -> Result<Vec<EventId>, Failure> {
        let Known { names, users, .. } = &mut *self.known;
        names.admit(self.tables, self.wtxn, batch)?;
        users.admit(batch.len())?;
        let mut types: Vec<Option<u32>> = vec![None; batch.types().len()];
        let mut ids = Vec::with_capacity(batch.len());
        for event in batch.events() {
            let before = match event.insert_key {
                None => None,
                Some(InsertKey::Hash(hash)) => self.dedup.find(self.tables, self.wtxn, hash)?,
                Some(InsertKey::Counted(client, counter)) => {
                    self.ranges.find(self.tables, self.wtxn, client, counter)?
                }
            };
            if let Some(id) = before {
                ids.push(id);
                continue;
            }
            let user = users.intern_hashed(self.tables, self.wtxn, event.user, event.user_id)?;
            let event_type = match &mut types[event.event_type] {
                Some(number) => *number,
                none => {
                    let name = &batch.types()[event.event_type];
                    *none.insert(names.event_type(self.tables, self.wtxn, name)?)
                }
            };
            names.see_new(self.tables, self.wtxn, event_type, event.names)?;
            let id = self.records.push(event_type, user, event.time, event.rest)?;
            match event.insert_key {
                None => {}
                Some(InsertKey::Hash(hash)) => self.dedup.note(hash, id),
                Some(InsertKey::Counted(client, counter)) => {
                    self.ranges.note(self.tables, self.wtxn, (client, counter), id)?;
                }
            }
            ids.push(id);
        }
        if let Some(progress) = progress {
            self.tables.imports.put(self.wtxn, &progress.fingerprint, &progress.rows)?;
        }
        Ok(ids)
    }

    /// Writes what is written once for the whole group.
    fn finish(
        self,
        event_before: EventId,
        sequence_before: u64,
    ) -> Result<Vec<Arc<Record>>, EngineError> {
        let Self { tables, wtxn, known, mut ranges, records, .. } = self;
        known.names.flush(tables, wtxn)?;
        ranges.flush(tables, wtxn)?;
        if known.next_sequence != sequence_before {
            tables.meta.put(wtxn, meta::NEXT_SEQUENCE, &known.next_sequence)?;
        }
        if records.next() != event_before {
            known.next_event = records.next();
            tables.meta.put(wtxn, meta::NEXT_EVENT, &known.next_event)?;
        }
        let records = records.finish()?;
        for record in &records {
            tables.tail.put(wtxn, &record.first(), record.bytes())?;
        }
        Ok(records)
    }
}
