//! Records of the tail: the newest events, durable, as they came.
//!
//! A group commit writes its events as one record or, when there are many, several. A record is
//!
//! ```text
//! version u8 = 1 | Head | Event * Head.events | xxh3-64 of everything before, little-endian u64
//! ```
//!
//! where `Head` and `Event` are postcard. postcard ignores what follows, so a reader requires that
//! nothing is left. The key of a record in `tail` is the number of its first event; the numbers of the
//! others follow it.

mod writer;

use std::collections::BTreeMap;

use eventhub_core::{EventId, TimeMs, UserId};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

pub(crate) use self::writer::{RecordWriter, encode_rest};
use super::damaged;
use crate::engine::EngineError;

const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 8;

/// What precedes the events of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// How many events follow.
    pub(crate) events: u32,
    /// Day of receipt, in days since 1970: when their insert ids begin to age.
    pub(crate) day: u32,
}

/// An event in a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TailEvent<'a> {
    pub(crate) event_type: u32,
    pub(crate) user: UserId,
    pub(crate) time_ms: i64,
    /// Hash of the insert id within its user, big-endian.
    pub(crate) insert_hash: Option<[u8; 16]>,
    #[serde(borrow)]
    pub(crate) properties: Vec<(&'a str, &'a str)>,
}

impl TailEvent<'_> {
    pub(crate) fn time(&self) -> Result<TimeMs, EngineError> {
        TimeMs::new(self.time_ms).ok_or_else(|| damaged("a tail event's time is out of range"))
    }
}

/// A record as it stands in memory and on disk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    first: EventId,
    head: Head,
    times: Times,
    bytes: Vec<u8>,
    /// Where the events of each type stand.
    by_type: BTreeMap<u32, Vec<Spot>>,
}

/// Where an event stands in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot {
    /// So many events before it.
    number: u32,
    /// So many bytes of events before it.
    at: u32,
}

/// The least and the greatest of some times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    least: TimeMs,
    greatest: TimeMs,
}

impl Times {
    /// Those of no events.
    pub(crate) const NONE: Self = Self { least: TimeMs::MAX, greatest: TimeMs::MIN };

    /// Takes another time.
    fn note(&mut self, time: TimeMs) {
        self.note_all(Self { least: time, greatest: time });
    }

    /// Takes other times.
    pub(crate) fn note_all(&mut self, others: Self) {
        self.least = self.least.min(others.least);
        self.greatest = self.greatest.max(others.greatest);
    }

    /// Whether one of them may lie between two times.
    pub(crate) fn overlap(self, least: TimeMs, greatest: TimeMs) -> bool {
        self.least <= greatest && self.greatest >= least
    }
}

impl Record {
    /// Verifies the checksum and every event.
    ///
    /// # Errors
    /// When the bytes do not follow the format.
    pub(crate) fn decode(first: EventId, bytes: &[u8]) -> Result<Self, EngineError> {
        let end = bytes.len().checked_sub(CHECKSUM_BYTES).ok_or_else(|| torn("is too short"))?;
        let (body, checksum) = bytes.split_at(end);
        if checksum != xxh3_64(body).to_le_bytes() {
            return Err(torn("has a wrong checksum"));
        }
        let (version, body) = body.split_first().ok_or_else(|| torn("is empty"))?;
        if *version != VERSION {
            return Err(torn("has an unknown version"));
        }
        let (head, _) = postcard::take_from_bytes(body).map_err(|_| torn("has no head"))?;
        let (times, by_type) = (Times::NONE, BTreeMap::new());
        let record = Self { first, head, times, by_type, bytes: bytes.to_vec() };
        let mut times = Times::NONE;
        let mut by_type: BTreeMap<u32, Vec<Spot>> = BTreeMap::new();
        record.each_spot(|spot, event| {
            times.note(event.time()?);
            by_type.entry(event.event_type).or_default().push(spot);
            Ok(())
        })?;
        Ok(Self { times, by_type, ..record })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of its first event.
    pub(crate) const fn first(&self) -> EventId {
        self.first
    }

    /// How many events it holds.
    pub(crate) const fn events(&self) -> u32 {
        self.head.events
    }

    /// Number after that of its last event.
    pub(crate) const fn end(&self) -> EventId {
        self.first + self.head.events as u64
    }

    /// When its events happened.
    pub(crate) const fn times(&self) -> Times {
        self.times
    }

    /// Day of receipt.
    pub(crate) const fn day(&self) -> u32 {
        self.head.day
    }

    /// Calls `visit` with every event in order.
    ///
    /// # Errors
    /// When an event does not follow the format, or `visit` fails.
    pub(crate) fn each(
        &self,
        mut visit: impl FnMut(EventId, TailEvent<'_>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        self.each_spot(|spot, event| visit(self.id(spot), event))
    }

    /// The same for the events of a type.
    ///
    /// # Errors
    /// When an event does not follow the format, or `visit` fails.
    pub(crate) fn each_of(
        &self,
        event_type: u32,
        mut visit: impl FnMut(EventId, TailEvent<'_>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let Some(spots) = self.by_type.get(&event_type) else { return Ok(()) };
        let (_, events) = self.opened()?;
        for spot in spots {
            visit(self.id(*spot), event_of(&events[spot.at as usize..])?.0)?;
        }
        Ok(())
    }

    /// The types of its events.
    pub(crate) fn types(&self) -> impl Iterator<Item = u32> {
        self.by_type.keys().copied()
    }

    fn each_spot(
        &self,
        mut visit: impl FnMut(Spot, TailEvent<'_>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let (head, events) = self.opened()?;
        let mut rest = events;
        for number in 0..head.events {
            let spot = Spot { number, at: (events.len() - rest.len()) as u32 };
            let (event, after) = event_of(rest)?;
            rest = after;
            visit(spot, event)?;
        }
        if rest.is_empty() { Ok(()) } else { Err(torn("goes on after its last event")) }
    }

    /// The head, and the bytes of the events.
    fn opened(&self) -> Result<(Head, &[u8]), EngineError> {
        let body = &self.bytes[1..self.bytes.len() - CHECKSUM_BYTES];
        postcard::take_from_bytes(body).map_err(|_| torn("has no head"))
    }

    const fn id(&self, spot: Spot) -> EventId {
        self.first + spot.number as u64
    }
}

/// The event at the beginning of some bytes, and those after it.
fn event_of(bytes: &[u8]) -> Result<(TailEvent<'_>, &[u8]), EngineError> {
    postcard::take_from_bytes(bytes).map_err(|_| torn("has an event cut short"))
}

fn torn(what: &str) -> EngineError {
    EngineError::Corrupt(format!("a tail record {what}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use eventhub_core::{EventType, ExternalId, NewEvent, Properties};

    use super::*;

    fn record() -> Arc<Record> {
        let mut writer = RecordWriter::new(7, 19_000);
        for n in 0..3 {
            let event = NewEvent {
                event_type: EventType::new("signup").unwrap(),
                user: ExternalId::new("ann").unwrap(),
                time: TimeMs::new(1_000 + n).unwrap(),
                insert_id: None,
                properties: Properties::new(vec![("plan".into(), n.to_string())]).unwrap(),
            };
            let rest = encode_rest(&event, (n == 1).then_some(99), Vec::new()).unwrap();
            let whole = TailEvent {
                event_type: 300,
                user: u32::MAX - n as u32,
                time_ms: event.time.ms(),
                insert_hash: (n == 1).then_some(99_u128.to_be_bytes()),
                properties: event.properties.iter().collect(),
            };
            writer.push(whole.event_type, whole.user, event.time, &rest).unwrap();
            assert!(writer.body.ends_with(&postcard::to_allocvec(&whole).unwrap()));
        }
        writer.finish().unwrap().remove(0)
    }

    #[test]
    fn a_record_reads_back() {
        let written = record();
        let read = Record::decode(7, written.bytes()).unwrap();
        assert_eq!((read.first(), read.end(), read.day(), read.events()), (7, 10, 19_000, 3));
        assert_eq!(read, *written);
        let overlap = |least, greatest| {
            read.times().overlap(TimeMs::new(least).unwrap(), TimeMs::new(greatest).unwrap())
        };
        assert!(
            overlap(0, 1_000)
                && overlap(1_002, 1_002)
                && !overlap(0, 999)
                && !overlap(1_003, 2_000)
        );
        let mut seen = Vec::new();
        read.each(|id, event| {
            let hash = event.insert_hash.map(u128::from_be_bytes);
            seen.push((id, event.time_ms, hash, event.properties[0].1.to_owned()));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen[1], (8, 1_001, Some(99), "1".to_owned()));
    }

    #[test]
    fn events_of_a_type_are_those_that_all_of_them_show() {
        let mut writer = RecordWriter::new(7, 19_000);
        let types = [3, 300, 3, 70_000, 3];
        for (event_type, time_ms) in types.into_iter().zip(1_000..) {
            let event = TailEvent {
                event_type,
                user: time_ms as u32,
                time_ms,
                insert_hash: None,
                properties: vec![("plan", "free")],
            };
            let bytes = postcard::to_allocvec(&event).unwrap();
            let rest = &bytes[postcard::to_allocvec(&(event_type, event.user)).unwrap().len()..];
            writer.push(event_type, event.user, event.time().unwrap(), rest).unwrap();
        }
        let written = writer.finish().unwrap().remove(0);
        let read = Record::decode(7, written.bytes()).unwrap();
        for record in [&*written, &read] {
            assert_eq!(record.types().collect::<Vec<_>>(), [3, 300, 70_000]);
            for event_type in [3, 300, 70_000, 4] {
                let mut of_type = Vec::new();
                let found = record.each_of(event_type, |id, event| {
                    of_type.push((id, event.time_ms, event.properties[0].1.to_owned()));
                    Ok(())
                });
                found.unwrap();
                let mut expected = Vec::new();
                let all = record.each(|id, event| {
                    if event.event_type == event_type {
                        expected.push((id, event.time_ms, event.properties[0].1.to_owned()));
                    }
                    Ok(())
                });
                all.unwrap();
                assert_eq!(of_type, expected);
            }
        }
    }

    #[test]
    fn damaged_records_are_refused() {
        let good = record();
        for at in 0..good.bytes().len() {
            let mut bytes = good.bytes().to_vec();
            bytes[at] ^= 1;
            assert!(Record::decode(7, &bytes).is_err(), "byte {at}");
            assert!(Record::decode(7, &good.bytes()[..at]).is_err(), "cut at {at}");
        }
        let body = good.bytes().len() - CHECKSUM_BYTES;
        let mut longer = [&good.bytes()[..body], &[0]].concat();
        longer.extend_from_slice(&xxh3_64(&longer).to_le_bytes());
        assert!(Record::decode(7, &longer).is_err());
    }
}
