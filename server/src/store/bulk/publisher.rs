//! The thread behind a bulk load: encodes, stores and publishes batches, and merges what they leave.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::{Batch, Message};
use crate::engine::EngineError;
use crate::store::job::Task;
use crate::store::merge::Merger;
use crate::store::shared::Shared;
use crate::store::ship::{Shipper, sweep};
use crate::store::tables::PartKey;

/// Parts of one event type and bucket that a load leaves unmerged while it goes on there.
const OPEN_PARTS_MAX: u32 = 16;

/// Parts published since the last merge, by event type and bucket.
type Open = BTreeMap<(u32, u32), u32>;

/// Publishes batches until there are no more, or one fails.
pub(super) fn run(shared: &Arc<Shared>, messages: &Receiver<Message>) -> Result<(), EngineError> {
    let mut open = Open::new();
    let mut merger = Merger::new(shared);
    for message in messages {
        match message {
            Message::Batch(batch) => {
                let now = publish(shared, *batch)?;
                let due = due(&mut open, &now);
                merger.compact(&due)?;
            }
            // Whoever asked may have given up.
            Message::Settle(answer) => drop(answer.send(())),
        }
    }
    merger.compact(&open.into_keys().collect::<Vec<_>>())
}

/// Notes what a batch published, and takes out what is to be merged: places that it did not touch, since a
/// file in order of time has left them for good, and those with many parts.
fn due(open: &mut Open, now: &[PartKey]) -> Vec<(u32, u32)> {
    let mut next = Open::new();
    for key in now {
        let place = (key.event_type, key.bucket);
        next.insert(place, open.remove(&place).unwrap_or(0) + 1);
    }
    let mut due: Vec<_> = std::mem::take(open).into_keys().collect();
    due.extend(next.extract_if(.., |_, parts| *parts >= OPEN_PARTS_MAX).map(|(place, _)| place));
    *open = next;
    due
}

/// Stores a batch and gives the keys of its parts.
fn publish(shared: &Shared, batch: Batch) -> Result<Vec<PartKey>, EngineError> {
    let mut shipper = Shipper::bulk(shared);
    let published = ship(&mut shipper, &batch).and_then(|parts| {
        let keys = parts.iter().map(|(key, _)| *key).collect();
        shared.perform(Task::PublishBulk { batch: Arc::new(batch), parts })?;
        Ok(keys)
    });
    if published.is_err() {
        sweep(shared, &mut shipper.abandon())?;
    }
    published
}

fn ship(shipper: &mut Shipper<'_>, batch: &Batch) -> Result<Vec<(PartKey, Vec<u8>)>, EngineError> {
    let mut parts = Vec::with_capacity(batch.parts.len());
    for building in &batch.parts {
        let encoded = building.builder.finish();
        let part = shipper.new_part();
        for (key, bytes) in encoded.chunks {
            shipper.chunk(part, key, bytes)?;
        }
        let event_type = building.builder.event_type();
        parts.push((PartKey { event_type, bucket: building.bucket, part }, encoded.header));
    }
    shipper.ship()?;
    Ok(parts)
}
