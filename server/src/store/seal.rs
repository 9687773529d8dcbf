//! Sealing: the tail's first records become parts.
//!
//! The thread works from a published view of the tail and takes nothing away from queries or the writer:
//! chunks are stored before anything names them, and one transaction at the end writes the rows of the parts
//! and deletes the records they replace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use eventhub_core::EventId;
use eventhub_core::limits::SEAL_EVENTS_DEFAULT;
use eventhub_core::part::{PartBuilder, bucket_of};
use tracing::{error, warn};

use super::deletion::deleted_users;
use super::insert_runs::{PageWriter, RunId};
use super::job::Task;
use super::shared::Shared;
use super::ship::{Shipper, sweep};
use super::tables::PartKey;
use super::tail::Record;
use crate::engine::EngineError;

/// Seals' worth of events that one seal takes at most, when it has fallen behind.
const SEALS_AT_ONCE: u64 = 4;
/// How long the thread waits when nothing happens.
const IDLE: Duration = Duration::from_secs(3_600);
/// How long the thread waits after a failure, most of all that of a full disk.
pub(crate) const RETRY: Duration = Duration::from_secs(1);

/// Seals whenever the tail is long enough, until stopped.
pub(crate) fn run(shared: &Shared) {
    let mut litter = Vec::new();
    while shared.seal.wait(IDLE) {
        while is_due(shared) {
            match sweep(shared, &mut litter).and_then(|()| seal(shared, &mut litter)) {
                Ok(()) => shared.merge.wake(),
                Err(EngineError::Stopping) => return,
                Err(failure) => {
                    match failure {
                        EngineError::Full => warn!("the tail waits to be sealed: {failure}"),
                        _ => error!("sealing failed: {failure}"),
                    }
                    if !shared.seal.pause(RETRY) {
                        return;
                    }
                }
            }
            if shared.seal.is_stopped() {
                return;
            }
        }
    }
}

fn is_due(shared: &Shared) -> bool {
    let all = shared.seal_once.swap(false, Relaxed) || shared.seal_all.load(Relaxed);
    let events = if all { 1 } else { u64::from(shared.options.seal_events) };
    shared.published().tail.events() >= events
}

fn seal(shared: &Shared, litter: &mut Vec<u64>) -> Result<(), EngineError> {
    let published = shared.published();
    let events_max = u64::from(shared.options.seal_events.max(SEAL_EVENTS_DEFAULT)) * SEALS_AT_ONCE;
    let mut events = 0;
    let mut records = Vec::new();
    for record in published.tail.records() {
        if events >= events_max {
            break;
        }
        events += u64::from(record.events());
        records.push(Arc::clone(record));
    }
    let mut shipper = Shipper::new(shared);
    let result = ship_records(shared, &mut shipper, &records).and_then(|shipped| {
        let Shipped { parts, dropped, run, hashes } = shipped;
        let until = records.last().map_or(0, |record| record.end());
        let count = parts.len() as u64;
        let sealed = records;
        shared.perform(Task::PublishSeal { parts, dropped, sealed, until, run, hashes })?;
        shared.counters.seals.fetch_add(count, Relaxed);
        Ok(())
    });
    if result.is_err() {
        litter.extend(shipper.abandon());
    }
    result
}

/// What records become.
struct Shipped {
    /// Rows of `parts`.
    parts: Vec<(PartKey, Vec<u8>)>,
    /// Events of deleted users, which are in no part.
    dropped: u64,
    /// The run of their insert ids, if they have any.
    run: Option<RunId>,
    /// The ids in the run.
    hashes: Vec<u128>,
}

/// Stores the chunks of the parts that records become, and the run of their insert ids.
fn ship_records(
    shared: &Shared,
    shipper: &mut Shipper<'_>,
    records: &[Arc<Record>],
) -> Result<Shipped, EngineError> {
    let rtxn = shared.env.read_txn()?;
    let deleted = deleted_users(&shared.tables, &rtxn)?;
    drop(rtxn);
    let mut builders: BTreeMap<(u32, u32), PartBuilder> = BTreeMap::new();
    let mut dropped = 0;
    let mut hashes = Vec::new();
    for record in records {
        shipper.work().give_way();
        record.each(|id, event| {
            // Known for as long as others: a client may yet deliver the event again.
            hashes.extend(event.insert_hash.map(|hash| (u128::from_be_bytes(hash), id)));
            if deleted.binary_search(&event.user).is_ok() {
                dropped += 1;
                return Ok(());
            }
            let time = event.time()?;
            let place = (event.event_type, bucket_of(time));
            let builder = builders.entry(place).or_insert_with(|| PartBuilder::new(place.0));
            builder.push(event.user, time, id, event.properties.iter().copied());
            Ok(())
        })?;
    }
    let mut parts = Vec::with_capacity(builders.len());
    while let Some(((event_type, bucket), builder)) = builders.pop_first() {
        shipper.work().give_way();
        let encoded = builder.finish();
        let part = shipper.new_part();
        for (key, bytes) in encoded.chunks {
            shipper.chunk(part, key, bytes)?;
        }
        parts.push((PartKey { event_type, bucket, part }, encoded.header));
    }
    let day = records.iter().map(|record| record.day()).max().unwrap_or(0);
    hashes.sort_unstable();
    let run = ship_run(shared, shipper, day, &hashes)?;
    shipper.ship()?;
    let hashes = hashes.into_iter().map(|(hash, _)| hash).collect();
    Ok(Shipped { parts, dropped, run, hashes })
}

fn ship_run(
    shared: &Shared,
    shipper: &mut Shipper<'_>,
    day: u32,
    hashes: &[(u128, EventId)],
) -> Result<Option<RunId>, EngineError> {
    if hashes.is_empty() {
        return Ok(None);
    }
    let run = RunId { day, run: shared.next_number.fetch_add(1, Relaxed) };
    let mut pages = PageWriter::new(run);
    for (hash, id) in hashes {
        if let Some(page) = pages.push(*hash, *id) {
            shipper.page(page)?;
        }
    }
    if let Some(page) = pages.finish() {
        shipper.page(page)?;
    }
    Ok(Some(run))
}
