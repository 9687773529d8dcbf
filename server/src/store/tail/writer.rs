//! Writing records: what a group commit appends to the tail.

use std::collections::BTreeMap;
use std::mem::{replace, take};
use std::sync::Arc;

use eventhub_core::{EventId, NewEvent, TimeMs, UserId};
use xxhash_rust::xxh3::xxh3_64;

use super::{Head, Record, Spot, Times, VERSION};
use crate::engine::EngineError;

/// Bytes after which a record takes no further event.
const RECORD_BYTES: usize = 256 << 10;

/// Collects the events of a group commit into records.
pub(crate) struct RecordWriter {
    day: u32,
    next: EventId,
    events: u32,
    times: Times,
    by_type: BTreeMap<u32, Vec<Spot>>,
    pub(super) body: Vec<u8>,
    done: Vec<Arc<Record>>,
}

impl RecordWriter {
    /// Begins with the number of the next event, on the given day since 1970.
    pub(crate) fn new(next: EventId, day: u32) -> Self {
        let (times, by_type) = (Times::NONE, BTreeMap::new());
        Self { day, next, events: 0, times, by_type, body: Vec::new(), done: Vec::new() }
    }

    /// Number of the next event.
    pub(crate) const fn next(&self) -> EventId {
        self.next
    }

    /// Adds an event, of which [`encode_rest`] has encoded what follows type and user, and returns its number.
    pub(crate) fn push(
        &mut self,
        event_type: u32,
        user: UserId,
        time: TimeMs,
        rest: &[u8],
    ) -> Result<EventId, EngineError> {
        let spot = Spot { number: self.events, at: self.body.len() as u32 };
        self.by_type.entry(event_type).or_default().push(spot);
        push_varint(&mut self.body, event_type);
        push_varint(&mut self.body, user);
        self.body.extend_from_slice(rest);
        self.times.note(time);
        self.events += 1;
        self.next += 1;
        if self.body.len() >= RECORD_BYTES {
            self.close()?;
        }
        Ok(self.next - 1)
    }

    /// The records, in order.
    pub(crate) fn finish(mut self) -> Result<Vec<Arc<Record>>, EngineError> {
        if self.events > 0 {
            self.close()?;
        }
        Ok(self.done)
    }

    fn close(&mut self) -> Result<(), EngineError> {
        let head = Head { events: self.events, day: self.day };
        let mut bytes = Vec::with_capacity(self.body.len() + 32);
        bytes.push(VERSION);
        bytes = postcard::to_extend(&head, bytes).map_err(unencodable)?;
        bytes.append(&mut self.body);
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        let first = self.next - u64::from(self.events);
        let times = replace(&mut self.times, Times::NONE);
        let by_type = take(&mut self.by_type);
        self.done.push(Arc::new(Record { first, head, times, bytes, by_type }));
        self.events = 0;
        Ok(())
    }
}

/// Encodes what follows an event's type and user, as the end of a [`super::TailEvent`].
///
/// # Errors
/// None that is known: a vector takes any number of bytes.
pub(crate) fn encode_rest(
    event: &NewEvent,
    insert_hash: Option<u128>,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, EngineError> {
    let insert_hash = insert_hash.map(u128::to_be_bytes);
    let bytes = postcard::to_extend(&(event.time.ms(), insert_hash), bytes);
    let mut bytes = bytes.map_err(unencodable)?;
    push_varint(&mut bytes, event.properties.len() as u32);
    for text in event.properties.iter().flat_map(|(key, value)| [key, value]) {
        push_varint(&mut bytes, text.len() as u32);
        bytes.extend_from_slice(text.as_bytes());
    }
    Ok(bytes)
}

/// Appends a number as postcard does: seven bits a byte, the lowest first.
fn push_varint(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn unencodable(error: postcard::Error) -> EngineError {
    EngineError::Storage(format!("a tail record cannot be encoded: {error}"))
}
