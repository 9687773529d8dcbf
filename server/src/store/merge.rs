//! Merging: several small parts become one, several runs of insert ids become one, old runs are dropped.
//!
//! Parts of one event type and bucket are grouped in tiers, each holding four times the rows of the one
//! below; four parts of a tier become one part of a higher tier, so that a row is written again a
//! logarithmic number of times, and a query meets a logarithmic number of parts. Runs of insert ids of one
//! day are treated alike.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use eventhub_core::part::{self, EncodedPart, PartView};
use eventhub_core::{DAY_MS, UserId};
use tracing::{error, warn};

use super::dedup::Filter;
use super::failure::corrupt;
use super::insert_runs::{self, RunId};
use super::job::{Merged, Task};
use super::purge::Pace;
use super::seal::RETRY;
use super::shared::Shared;
use super::ship::{Shipper, perform_all, sweep};
use super::snapshot::Snapshot;
use super::tables::PartKey;
use crate::engine::EngineError;

/// Parts or runs of a tier that are merged, and the factor between tiers.
const TIER: u32 = 4;
/// Rows of a merged part at most; a merge needs 6 bytes of memory for each.
const PART_ROWS_MAX: u64 = 1 << 24;
/// Rows after which merged parts are published, so that a query soon meets fewer.
const ROWS_AT_ONCE: u64 = 1 << 20;
/// How long the thread waits when nothing happens: insert ids age without events, too.
const IDLE: Duration = Duration::from_secs(3_600);

/// Parts of one tier, and what they hold.
pub(super) type Group<'s> = (Vec<PartKey>, Vec<PartView<'s>>);

/// What merges, and what it remembers.
pub(crate) struct Merger<'a> {
    pub(super) shared: &'a Arc<Shared>,
    /// Parts whose chunks are to be deleted.
    pub(super) litter: Vec<u64>,
    /// Event types and buckets with damaged parts, which are left as they are.
    pub(super) damaged: HashSet<(u32, u32)>,
    pub(super) pace: Pace,
}

/// Merges whenever parts were sealed, until stopped.
pub(crate) fn run(shared: &Arc<Shared>) {
    let mut merger = Merger::new(shared);
    loop {
        let go_on = match merger.tidy() {
            Ok(()) => shared.merge.wait(merger.pace.rest().unwrap_or(IDLE)),
            Err(EngineError::Stopping) => return,
            // The next seal would wake the thread anyway; a full disk should not wait for one.
            Err(failure @ EngineError::Full) => {
                warn!("merging waits: {failure}");
                shared.merge.pause(RETRY)
            }
            Err(failure) => {
                error!("merging failed: {failure}");
                shared.merge.wait(IDLE)
            }
        };
        if !go_on {
            return;
        }
    }
}

impl<'a> Merger<'a> {
    pub(crate) fn new(shared: &'a Arc<Shared>) -> Self {
        Self { shared, litter: Vec::new(), damaged: HashSet::new(), pace: Pace::default() }
    }

    /// Does all there is to do.
    fn tidy(&mut self) -> Result<(), EngineError> {
        sweep(self.shared, &mut self.litter)?;
        let dropped = self.drop_old_runs()?;
        if dropped || self.shared.filter_wanted.load(Relaxed) {
            self.fill_filter()?;
        }
        loop {
            let (parts, runs) = (self.merge_parts()?, self.merge_runs()?);
            if !parts && !runs {
                return self.purge_at_its_pace();
            }
            if self.shared.merge.is_stopped() {
                return Err(EngineError::Stopping);
            }
        }
    }

    /// Merges groups of parts and publishes them together; `false` when there is none.
    pub(super) fn merge_parts(&mut self) -> Result<bool, EngineError> {
        let _merging = self.shared.merging();
        self.merge_some(Shipper::new(self.shared), Self::due)
    }

    /// Merges parts of a bulk load, given by event type and bucket, until they are few and large, on all cores:
    /// the load waits for it.
    pub(crate) fn compact(&mut self, places: &[(u32, u32)]) -> Result<(), EngineError> {
        if places.is_empty() {
            return Ok(());
        }
        let _merging = self.shared.merging();
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            let threads: Vec<_> = places
                .chunks(places.len().div_ceil(cores))
                .map(|share| {
                    let damaged = self.damaged.clone();
                    let mut merger = Merger { damaged, ..Merger::new(self.shared) };
                    scope.spawn(move || {
                        let result = merger.compact_here(share);
                        (merger, result)
                    })
                })
                .collect();
            let mut compacted = Ok(());
            for thread in threads {
                let (merger, result) = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
                self.litter.extend(merger.litter);
                self.damaged.extend(merger.damaged);
                compacted = compacted.and(result);
            }
            compacted
        })
    }

    fn compact_here(&mut self, places: &[(u32, u32)]) -> Result<(), EngineError> {
        while self.merge_some(Shipper::bulk(self.shared), |merger, parts| {
            merger.due_of_bulk(parts, places)
        })? {}
        Ok(())
    }

    /// Merges some of the groups that are due; nobody else may merge the same.
    pub(super) fn merge_some(
        &mut self,
        mut shipper: Shipper<'_>,
        due: impl for<'s> Fn(&Self, Vec<(PartKey, PartView<'s>)>) -> Vec<Group<'s>>,
    ) -> Result<bool, EngineError> {
        let snapshot = Snapshot::take(self.shared)?;
        let due = due(self, snapshot.sealed_parts()?);
        if due.is_empty() {
            return Ok(false);
        }
        let deleted = snapshot.deleted_users()?;
        let published = self.ship_merged(&mut shipper, due, &deleted).and_then(|merged| {
            let old = merged.iter().flat_map(|merged| merged.old.iter().map(|key| key.part));
            let (old, merges) = (old.collect::<Vec<_>>(), merged.len() as u64);
            self.shared.perform(Task::PublishMerge(merged))?;
            self.shared.counters.merges.fetch_add(merges, Relaxed);
            Ok(old)
        });
        drop(snapshot);
        match published {
            Ok(old) => self.litter.extend(old),
            Err(failure) => {
                self.litter.extend(shipper.abandon());
                return Err(failure);
            }
        }
        sweep(self.shared, &mut self.litter)?;
        Ok(true)
    }

    /// Merges one group after the other, up to a bound, and stores the chunks.
    fn ship_merged(
        &mut self,
        shipper: &mut Shipper<'_>,
        due: Vec<Group<'_>>,
        deleted: &[UserId],
    ) -> Result<Vec<Merged>, EngineError> {
        let mut merged = Vec::new();
        let mut rows = 0;
        for (old, views) in due {
            let place = old[0];
            let part = shipper.new_part();
            let old_rows = views.iter().map(|view| u64::from(view.rows())).sum::<u64>();
            let work = shipper.work();
            let pause = || work.give_way();
            let mut sink = |key, bytes| shipper.chunk(part, key, bytes);
            match part::merge_without(&views, deleted, &pause, &mut sink) {
                Ok(header) => {
                    let dropped = old_rows - header.as_deref().map_or(Ok(0), rows_of)?;
                    let new = header.map(|header| (PartKey { part, ..place }, header));
                    merged.push(Merged { new, old, dropped });
                    rows += old_rows;
                }
                // A part that fails its checks is stored data, not a client's mistake.
                Err(failure @ (EngineError::Invalid(_) | EngineError::Corrupt(_))) => {
                    error!("parts of bucket {} are left unmerged: {failure}", place.bucket);
                    self.litter.push(part);
                    self.damaged.insert((place.event_type, place.bucket));
                }
                Err(failure) => return Err(failure),
            }
            if rows >= ROWS_AT_ONCE {
                break;
            }
        }
        shipper.ship()?;
        Ok(merged)
    }

    /// Groups of parts to merge, the smallest first.
    fn due<'s>(&self, parts: Vec<(PartKey, PartView<'s>)>) -> Vec<Group<'s>> {
        let mut tiers: BTreeMap<(u32, u32, u32), Vec<(PartKey, PartView<'s>)>> = BTreeMap::new();
        for (key, view) in parts {
            let small = u64::from(view.rows()) * u64::from(TIER) <= PART_ROWS_MAX;
            if small && !self.damaged.contains(&(key.event_type, key.bucket)) {
                let tier = view.rows().ilog(TIER);
                tiers.entry((tier, key.event_type, key.bucket)).or_default().push((key, view));
            }
        }
        let full = tiers.into_values().filter(|group| group.len() >= TIER as usize);
        full.map(fitting).collect()
    }

    /// Groups of parts to merge in some places: all parts of each but those that are large beside the
    /// smaller ones together, which are not worth writing again.
    fn due_of_bulk<'s>(
        &self,
        parts: Vec<(PartKey, PartView<'s>)>,
        places: &[(u32, u32)],
    ) -> Vec<Group<'s>> {
        let mut groups: BTreeMap<(u32, u32), Vec<(PartKey, PartView<'s>)>> = BTreeMap::new();
        for (key, view) in parts {
            let place = (key.event_type, key.bucket);
            if places.contains(&place) && !self.damaged.contains(&place) {
                groups.entry(place).or_default().push((key, view));
            }
        }
        let groups = groups.into_values().map(|mut group| {
            group.sort_by_key(|(_, view)| view.rows());
            let (mut smaller, mut worth_it) = (0, 0);
            for (place, (_, view)) in (1..).zip(&group) {
                if u64::from(view.rows()) <= u64::from(TIER) * smaller {
                    worth_it = place;
                }
                smaller += u64::from(view.rows());
            }
            group.truncate(worth_it);
            fitting(group)
        });
        groups.filter(|(keys, _)| keys.len() > 1).collect()
    }

    /// Merges one group of runs; `false` when there is none.
    fn merge_runs(&self) -> Result<bool, EngineError> {
        let tables = &self.shared.tables;
        // Only what is published is complete: a seal may be writing the pages of another run.
        let runs = Arc::clone(&self.shared.published().runs);
        let rtxn = self.shared.env.read_txn()?;
        let mut tiers: BTreeMap<(u32, u32), Vec<RunId>> = BTreeMap::new();
        for run in runs.iter() {
            let ids = insert_runs::len(tables, &rtxn, *run)?;
            tiers.entry((run.day, ids.max(1).ilog(u64::from(TIER)))).or_default().push(*run);
        }
        let Some(((day, _), old)) = tiers.into_iter().find(|(_, runs)| runs.len() >= TIER as usize)
        else {
            return Ok(false);
        };
        let run = RunId { day, run: self.shared.next_number.fetch_add(1, Relaxed) };
        let mut shipper = Shipper::new(self.shared);
        insert_runs::merge(tables, &rtxn, &old, run, |page| shipper.page(page))?;
        shipper.ship()?;
        drop(rtxn);
        self.shared.perform(Task::PublishRun { run: Some(run), old: old.clone() })?;
        self.drop_pages(&old)?;
        Ok(true)
    }

    /// Drops the runs whose days are over; `false` when there was none.
    fn drop_old_runs(&self) -> Result<bool, EngineError> {
        let today = (self.shared.now_ms() / DAY_MS) as u32;
        let first_kept = today.saturating_sub(self.shared.options.insert_id_days);
        let published = self.shared.published();
        let old: Vec<_> =
            published.runs.iter().filter(|run| run.day < first_kept).copied().collect();
        if old.is_empty() {
            return Ok(false);
        }
        self.shared.perform(Task::PublishRun { run: None, old: old.clone() })?;
        self.drop_pages(&old)?;
        Ok(true)
    }

    fn drop_pages(&self, runs: &[RunId]) -> Result<(), EngineError> {
        perform_all(self.shared, || Task::DropPages { runs: runs.to_vec() })
    }

    /// Fills a new filter from the runs there are and puts it in place.
    fn fill_filter(&self) -> Result<(), EngineError> {
        let tables = &self.shared.tables;
        let filled_from = Arc::clone(&self.shared.published().runs);
        let rtxn = self.shared.env.read_txn()?;
        let mut ids = 0;
        for run in filled_from.iter() {
            ids += insert_runs::len(tables, &rtxn, *run)?;
        }
        let mut filter = Filter::new(ids);
        for run in filled_from.iter() {
            insert_runs::each(tables, &rtxn, *run, |hash, _| filter.insert(hash))?;
        }
        drop(rtxn);
        self.shared.perform(Task::SetFilter { filter, filled_from }).map(drop)
    }
}

/// How many rows a part has, by its header.
fn rows_of(header: &[u8]) -> Result<u64, EngineError> {
    let part = EncodedPart { header: header.to_vec(), chunks: Vec::new() };
    Ok(u64::from(part.view().map_err(corrupt)?.rows()))
}

/// The first parts of a group, as many as make one part.
fn fitting(mut group: Vec<(PartKey, PartView<'_>)>) -> Group<'_> {
    let mut rows = 0;
    let fitting = group.iter().take(part::MERGE_PARTS_MAX).take_while(|(_, view)| {
        rows += u64::from(view.rows());
        rows <= PART_ROWS_MAX
    });
    let fitting = fitting.count();
    group.truncate(fitting);
    group.into_iter().unzip()
}
