//! Purging: the events of deleted users leave the disk.
//!
//! Seals and merges leave them out anyway, but a large part may not be merged for long. So when nothing else is
//! to be merged, each part that holds events of deleted users is written anew without them; a part of which
//! nothing is left goes. A tail that is short for long is sealed for their sake. A deleted user of whom no part and no record of the tail holds an event is forgotten.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use eventhub_core::UserId;
use eventhub_core::part::PartView;
use tracing::warn;

use super::job::Task;
use super::merge::{Group, Merger};
use super::ship::Shipper;
use super::snapshot::Snapshot;
use super::tables::PartKey;
use crate::engine::EngineError;

/// How many times as long as a purge took the next one waits: a part is written anew for all users who are deleted
/// meanwhile, and however many are, this takes a tenth of the thread's time at most.
const PAUSE_FACTOR: u32 = 9;
/// Deleted users forgotten in one transaction.
const FORGOTTEN_AT_ONCE: usize = 10_000;

/// When parts may be written anew.
#[derive(Default)]
pub(super) struct Pace {
    not_before: Option<Instant>,
    is_waiting: bool,
    /// When the tail will have held events of deleted users for long enough.
    tail_due: Option<Instant>,
}

impl Pace {
    /// How long until there is something to do, if it is known that there will be.
    pub(super) fn rest(&self) -> Option<Duration> {
        let not_before = self.not_before.filter(|_| self.is_waiting);
        // What is due in the tail is found by a purge.
        let next =
            not_before.or(self.tail_due.max(self.not_before.filter(|_| self.tail_due.is_some())));
        Some(next?.saturating_duration_since(Instant::now()))
    }
}

impl Merger<'_> {
    /// Purges, unless the last time was not long ago.
    pub(super) fn purge_at_its_pace(&mut self) -> Result<(), EngineError> {
        let deleted = Snapshot::take(self.shared)?.deleted_users()?;
        self.pace.is_waiting = false;
        if deleted.is_empty() {
            self.pace.tail_due = None;
            return Ok(());
        }
        let begun = Instant::now();
        if self.pace.not_before.is_some_and(|not_before| begun < not_before) {
            self.pace.is_waiting = true;
            return Ok(());
        }
        let purged = self.purge(&deleted);
        self.pace.not_before = Some(begun + begun.elapsed() * (PAUSE_FACTOR + 1));
        purged
    }

    /// Writes the parts anew that hold events of these users, and forgets who has none any more.
    fn purge(&mut self, deleted: &[UserId]) -> Result<(), EngineError> {
        let mut more = true;
        while more {
            if self.shared.merge.is_stopped() {
                return Err(EngineError::Stopping);
            }
            more = self.rewrite_some(deleted)?;
            // What was sealed meanwhile comes first: queries meet it.
            while self.merge_parts()? {}
        }
        let (gone, in_tail) = match self.without_events(deleted) {
            Ok(found) => found,
            Err(failure @ (EngineError::Corrupt(_) | EngineError::Invalid(_))) => {
                warn!("deleted users are kept in mind: {failure}");
                self.pace.tail_due = None;
                return Ok(());
            }
            Err(failure) => return Err(failure),
        };
        for users in gone.chunks(FORGOTTEN_AT_ONCE) {
            self.shared.perform(Task::ForgetDeleted { users: users.to_vec() })?;
        }
        self.note_tail(in_tail);
        Ok(())
    }

    /// Has the tail sealed when it held events of deleted users for long, as it does where few events come.
    fn note_tail(&mut self, holds_deleted: bool) {
        let now = Instant::now();
        let patience = self.shared.options.deleted_in_tail_max;
        let due = holds_deleted.then(|| self.pace.tail_due.unwrap_or(now + patience));
        self.pace.tail_due = due.filter(|due| *due > now);
        if holds_deleted && self.pace.tail_due.is_none() {
            self.shared.seal_once.store(true, Relaxed);
            self.shared.seal.wake();
        }
    }

    /// Writes some of the parts anew that hold events of these users; `false` when there is none.
    fn rewrite_some(&mut self, deleted: &[UserId]) -> Result<bool, EngineError> {
        let _merging = self.shared.merging();
        self.merge_some(Shipper::new(self.shared), |merger, parts| {
            merger.due_of_deleted(parts, deleted)
        })
    }

    /// The parts that hold events of some users, each for itself.
    fn due_of_deleted<'s>(
        &self,
        parts: Vec<(PartKey, PartView<'s>)>,
        deleted: &[UserId],
    ) -> Vec<Group<'s>> {
        let is_due = |(key, view): &(PartKey, PartView<'_>)| {
            // What cannot be read cannot be written anew.
            let holds_any = || view.users_among(deleted).is_ok_and(|users| !users.is_empty());
            !self.damaged.contains(&(key.event_type, key.bucket)) && holds_any()
        };
        parts.into_iter().filter(is_due).map(|(key, view)| (vec![key], vec![view])).collect()
    }

    /// Of some deleted users, those of whom no event is left, and whether the tail has events of others. None
    /// can come: their numbers are not given out again, and whatever is being sealed or merged now was read
    /// from what is looked at here.
    fn without_events(&self, deleted: &[UserId]) -> Result<(Vec<UserId>, bool), EngineError> {
        let snapshot = Snapshot::take(self.shared)?;
        let mut gone = deleted.to_vec();
        let mut take_out = |part: &PartView<'_>| {
            let held = part.users_among(&gone)?;
            gone.retain(|user| held.binary_search(user).is_err());
            Ok::<_, EngineError>(())
        };
        snapshot.sealed_parts()?.iter().try_for_each(|(_, part)| take_out(part))?;
        let mut in_tail = false;
        for part in snapshot.tail_parts()? {
            in_tail |= !part.users_among(deleted)?.is_empty();
            take_out(&part)?;
        }
        Ok((gone, in_tail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purge_that_has_to_wait_says_how_long() {
        let later = Some(Instant::now() + Duration::from_secs(50));
        let now = Some(Instant::now());
        let check = |not_before, is_waiting, tail_due, expected: Option<u64>| {
            let rest = Pace { not_before, is_waiting, tail_due }.rest();
            assert_eq!(rest.map(|rest| rest.as_secs_f64().ceil() as u64), expected);
        };
        check(later, true, None, Some(50));
        check(later, false, None, None);
        check(None, true, None, None);
        check(now, true, None, Some(0));
        // The tail is looked at by a purge, which waits for its turn too.
        check(None, false, later, Some(50));
        check(later, false, now, Some(50));
        check(now, true, later, Some(0));
    }
}
