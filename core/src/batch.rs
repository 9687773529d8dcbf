//! The binary batch: how the tracker sends events and how a queue of them is kept.
//!
//! Two magic bytes, a version byte, then postcard (<https://postcard.jamesmunns.com/wire-format>) of the
//! structures below, and nothing after them. Another structure is another version.

use alloc::string::ToString;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::limits::BATCH_EVENTS_MAX;
use crate::{Error, EventType, ExternalId, InsertId, NewEvent, Properties, TimeMs};

const MAGIC: [u8; 2] = *b"EB";
const VERSION: u8 = 1;

/// A batch as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The sender's clock when it sent the batch, ms since 1970; by it the receiver corrects skew.
    pub sent_ms: i64,
    /// The events, checked.
    pub events: Vec<NewEvent>,
}

#[derive(Serialize, Deserialize)]
struct WireBatch<'a> {
    sent_ms: i64,
    #[serde(borrow)]
    events: Vec<WireEvent<'a>>,
}

#[derive(Serialize, Deserialize)]
struct WireEvent<'a> {
    event_type: &'a str,
    external_user_id: &'a str,
    time_ms: i64,
    insert_id: Option<&'a str>,
    #[serde(borrow)]
    properties: Vec<(&'a str, &'a str)>,
}

impl Batch {
    /// The batch's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let events = self.events.iter().map(|event| WireEvent {
            event_type: event.event_type.as_str(),
            external_user_id: event.user.as_str(),
            time_ms: event.time.ms(),
            insert_id: event.insert_id.as_ref().map(InsertId::as_str),
            properties: event.properties.iter().collect(),
        });
        let batch = WireBatch { sent_ms: self.sent_ms, events: events.collect() };
        let bytes = alloc::vec![MAGIC[0], MAGIC[1], VERSION];
        postcard::to_extend(&batch, bytes).expect("a vector takes any number of bytes")
    }

    /// Reads and checks a batch.
    ///
    /// # Errors
    /// When the bytes are not one whole batch of a known version, or an event is not within the limits.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let bad = |message| Error::corrupt("batch", message);
        let body = bytes.strip_prefix(&MAGIC).ok_or(bad("it does not begin like one"))?;
        let (version, body) = body.split_first().ok_or(bad("it is torn"))?;
        if *version != VERSION {
            return Err(bad("its version is not known"));
        }
        let decoded = postcard::take_from_bytes::<WireBatch<'_>>(body);
        let (batch, rest) = decoded.map_err(|_| bad("it is torn"))?;
        if !rest.is_empty() {
            return Err(bad("bytes are left over"));
        }
        if batch.events.len() > BATCH_EVENTS_MAX {
            let (limit, actual) = (BATCH_EVENTS_MAX, batch.events.len());
            return Err(Error::TooMany { field: "events", limit, actual });
        }
        let events = batch.events.iter().map(WireEvent::check).collect::<Result<_, _>>()?;
        Ok(Self { sent_ms: batch.sent_ms, events })
    }
}

impl WireEvent<'_> {
    fn check(&self) -> Result<NewEvent, Error> {
        let time = TimeMs::new(self.time_ms).ok_or_else(|| Error::Invalid {
            field: "timestamp".to_string(),
            message: alloc::format!("{} ms is not between 1970 and 2200", self.time_ms),
        })?;
        let pairs = self.properties.iter().map(|(key, value)| (key.to_string(), value.to_string()));
        Ok(NewEvent {
            event_type: EventType::new(self.event_type)?,
            user: ExternalId::new(self.external_user_id)?,
            time,
            insert_id: self.insert_id.map(InsertId::new).transpose()?,
            properties: Properties::new(pairs.collect())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;

    fn event() -> impl Strategy<Value = NewEvent> {
        let text = || "[a-z\u{e9}]{1,12}";
        let pair = (text().prop_map(String::from), any::<String>());
        (text(), text(), 0..TimeMs::MAX.ms(), proptest::option::of(text()), list(pair, 0..5))
            .prop_map(|(event_type, user, ms, insert_id, pairs)| NewEvent {
                event_type: EventType::new(event_type).unwrap(),
                user: ExternalId::new(user).unwrap(),
                time: TimeMs::new(ms).unwrap(),
                insert_id: insert_id.map(|id| InsertId::new(id).unwrap()),
                properties: Properties::new(pairs).unwrap(),
            })
    }

    proptest! {
        #[test]
        fn a_batch_is_read_as_it_was_written(sent_ms: i64, events in list(event(), 0..20)) {
            let batch = Batch { sent_ms, events };
            let bytes = batch.encode();
            prop_assert_eq!(Batch::decode(&bytes), Ok(batch));
            for cut in 0..bytes.len() {
                prop_assert!(Batch::decode(&bytes[..cut]).is_err());
            }
            let longer = [bytes.as_slice(), &[0]].concat();
            prop_assert!(Batch::decode(&longer).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(body in list(any::<u8>(), 0..200)) {
            let bytes = [&[b'E', b'B', VERSION], body.as_slice()].concat();
            if let Ok(batch) = Batch::decode(&bytes) {
                prop_assert_eq!(Batch::decode(&batch.encode()), Ok(batch));
            }
        }
    }

    #[test]
    fn other_versions_and_events_beyond_the_limits_are_refused() {
        let bytes = Batch { sent_ms: 0, events: Vec::new() }.encode();
        assert!(Batch::decode(&[b"EB\x02", &bytes[3..]].concat()).is_err());
        assert!(Batch::decode(&[b"XB\x01", &bytes[3..]].concat()).is_err());
        let mut wire = WireBatch { sent_ms: 0, events: Vec::new() };
        let properties = Vec::new();
        wire.events.push(WireEvent {
            event_type: "",
            external_user_id: "u",
            time_ms: 0,
            insert_id: None,
            properties,
        });
        let bytes = postcard::to_extend(&wire, b"EB\x01".to_vec()).unwrap();
        assert_eq!(Batch::decode(&bytes), Err(Error::Empty { field: "event_type" }));
    }
}
