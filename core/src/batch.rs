//! The binary batch: how the tracker sends what it holds, and how its queue keeps it.
//!
//! Two magic bytes, a version byte, then postcard (<https://postcard.jamesmunns.com/wire-format>) of
//! `sent_ms` and one [`Content`], and nothing after them. Another structure is another version.
//!
//! The sender's half is apart from the receiver's: a [`Command`] is the encoding of one event, alias or change of a
//! user, made once and kept as it is, and a batch is commands put one after another. So the tracker encodes
//! nothing twice and needs no decoder; it writes the few forms of postcard by hand, for the derived
//! serializer brings along errors and formatting that it has no use for.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;

use crate::limits::BATCH_EVENTS_MAX;
use crate::{Error, EventType, ExternalId, InsertId, NewEvent, Properties, TimeMs};

const MAGIC: [u8; 2] = *b"EB";
const VERSION: u8 = 2;

/// The variants of [`Content`] in their order, as postcard numbers them.
const EVENTS: u8 = 0;
const ALIAS: u8 = 1;
const USER: u8 = 2;

/// A batch as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The sender's clock when it sent the batch, ms since 1970; by it the receiver corrects skew.
    pub sent_ms: i64,
    /// What it asks for, checked.
    pub content: Content,
}

/// What a batch asks for. It is one thing, so that it is done whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// New events, in order.
    Events(Vec<NewEvent>),
    /// From now on both ids are one person, under `to`'s id.
    Alias {
        /// The id that becomes another name.
        from: ExternalId,
        /// The id that names the person.
        to: ExternalId,
    },
    /// Sets properties of a user.
    User {
        /// The user.
        id: ExternalId,
        /// What is set; other properties stay.
        properties: Properties,
    },
}

/// One event, alias or change of a user in the batch's encoding: the number of its variant, then its bytes.
///
/// What is put into it is not checked: the receiver does that.
///
/// ```
/// use eventhub_core::{Batch, Command, Content};
/// let pairs = [("plan", "free")];
/// let event = Command::event("signup", "ada", 1_700_000_000_000, Some("~V1StGXR8.0"), pairs.into_iter());
/// let bytes = Command::batch(1_700_000_001_000, &[event.as_bytes()]);
/// let Content::Events(events) = Batch::decode(&bytes)?.content else { unreachable!() };
/// assert_eq!(events[0].properties.get("plan"), Some("free"));
/// # Ok::<(), eventhub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command(Vec<u8>);

impl Command {
    /// A new event; `time_ms` counts from 1970.
    pub fn event<'a>(
        event_type: &str,
        user: &str,
        time_ms: i64,
        insert_id: Option<&str>,
        properties: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Self {
        let mut bytes = alloc::vec![EVENTS];
        put_text(&mut bytes, event_type);
        put_text(&mut bytes, user);
        put_signed(&mut bytes, time_ms);
        bytes.push(u8::from(insert_id.is_some()));
        if let Some(insert_id) = insert_id {
            put_text(&mut bytes, insert_id);
        }
        put_pairs(&mut bytes, properties);
        Self(bytes)
    }

    /// An alias.
    #[must_use]
    pub fn alias(from: &str, to: &str) -> Self {
        let mut bytes = alloc::vec![ALIAS];
        put_text(&mut bytes, from);
        put_text(&mut bytes, to);
        Self(bytes)
    }

    /// Properties to set on a user.
    pub fn user<'a>(
        id: &str,
        properties: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Self {
        let mut bytes = alloc::vec![USER];
        put_text(&mut bytes, id);
        put_pairs(&mut bytes, properties);
        Self(bytes)
    }

    /// The bytes, from which [`Command::batch`] makes a batch.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same, owned.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Whether these bytes are of an event, of which a batch holds many; of anything else it holds one.
    #[must_use]
    pub fn is_event(bytes: &[u8]) -> bool {
        bytes.first() == Some(&EVENTS)
    }

    /// The bytes of a batch: either of events, any number of them, or of one command of another kind.
    #[must_use]
    pub fn batch(sent_ms: i64, commands: &[&[u8]]) -> Vec<u8> {
        let mut bytes = alloc::vec![MAGIC[0], MAGIC[1], VERSION];
        put_signed(&mut bytes, sent_ms);
        if commands.iter().all(|command| Self::is_event(command)) {
            bytes.push(EVENTS);
            put_number(&mut bytes, commands.len() as u64);
            for event in commands {
                bytes.extend_from_slice(event.get(1..).unwrap_or_default());
            }
        } else {
            for command in commands {
                bytes.extend_from_slice(command);
            }
        }
        bytes
    }
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put_number(bytes, ((number << 1) ^ (number >> 63)) as u64);
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

fn put_pairs<'a>(bytes: &mut Vec<u8>, pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone) {
    put_number(bytes, pairs.clone().count() as u64);
    for (key, value) in pairs {
        put_text(bytes, key);
        put_text(bytes, value);
    }
}

#[derive(Deserialize)]
struct WireBatch<'a> {
    sent_ms: i64,
    #[serde(borrow)]
    content: WireContent<'a>,
}

#[derive(Deserialize)]
enum WireContent<'a> {
    #[serde(borrow)]
    Events(Vec<WireEvent<'a>>),
    Alias {
        from: &'a str,
        to: &'a str,
    },
    User {
        id: &'a str,
        properties: Vec<(&'a str, &'a str)>,
    },
}

#[derive(Deserialize)]
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
        let commands = match &self.content {
            Content::Events(events) => events.iter().map(of_event).collect(),
            Content::Alias { from, to } => alloc::vec![Command::alias(from.as_str(), to.as_str())],
            Content::User { id, properties } => {
                alloc::vec![Command::user(id.as_str(), properties.iter())]
            }
        };
        Command::batch(self.sent_ms, &commands.iter().map(Command::as_bytes).collect::<Vec<_>>())
    }

    /// Whether bytes begin like a batch, and so like no text in JSON.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC)
    }

    /// Reads and checks a batch.
    ///
    /// # Errors
    /// When the bytes are not one whole batch of a known version, or something in it is not within the limits; of
    /// events, each that breaks a rule is named by its index.
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
        Ok(Self { sent_ms: batch.sent_ms, content: batch.content.check()? })
    }
}

fn of_event(event: &NewEvent) -> Command {
    Command::event(
        event.event_type.as_str(),
        event.user.as_str(),
        event.time.ms(),
        event.insert_id.as_ref().map(InsertId::as_str),
        event.properties.iter(),
    )
}

impl WireContent<'_> {
    fn check(&self) -> Result<Content, Error> {
        Ok(match self {
            Self::Events(events) => {
                let (limit, actual) = (BATCH_EVENTS_MAX, events.len());
                if actual > limit {
                    return Err(Error::TooMany { field: "events", limit, actual });
                }
                let (mut taken, mut bad) = (Vec::with_capacity(actual), Vec::new());
                for (index, event) in events.iter().enumerate() {
                    match event.check() {
                        Ok(event) => taken.push(event),
                        Err(error) => bad.push((index, error)),
                    }
                }
                if !bad.is_empty() {
                    return Err(Error::Events(bad));
                }
                Content::Events(taken)
            }
            Self::Alias { from, to } => {
                Content::Alias { from: ExternalId::new(*from)?, to: ExternalId::new(*to)? }
            }
            Self::User { id, properties } => {
                Content::User { id: ExternalId::new(*id)?, properties: owned(properties)? }
            }
        })
    }
}

impl WireEvent<'_> {
    fn check(&self) -> Result<NewEvent, Error> {
        let time = TimeMs::new(self.time_ms).ok_or_else(|| Error::Invalid {
            field: "timestamp".to_string(),
            message: alloc::format!("{} ms is not between 1970 and 2200", self.time_ms),
        })?;
        Ok(NewEvent {
            event_type: EventType::new(self.event_type)?,
            user: ExternalId::new(self.external_user_id)?,
            time,
            insert_id: self.insert_id.map(InsertId::new).transpose()?,
            properties: owned(&self.properties)?,
        })
    }
}

fn owned(pairs: &[(&str, &str)]) -> Result<Properties, Error> {
    let owned = |(key, value): &(&str, &str)| (String::from(*key), String::from(*value));
    Properties::new(pairs.iter().map(owned).collect())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        "[a-z\u{e9}]{1,12}|[a-z]{128}"
    }

    fn id() -> impl Strategy<Value = ExternalId> {
        text().prop_map(|text| ExternalId::new(text).unwrap())
    }

    fn properties() -> impl Strategy<Value = Properties> {
        list((text(), any::<String>()), 0..5).prop_map(|pairs| Properties::new(pairs).unwrap())
    }

    fn event() -> impl Strategy<Value = NewEvent> {
        let time = 0..TimeMs::MAX.ms();
        (text(), id(), time, proptest::option::of(text()), properties()).prop_map(
            |(event_type, user, ms, insert_id, properties)| NewEvent {
                event_type: EventType::new(event_type).unwrap(),
                user,
                time: TimeMs::new(ms).unwrap(),
                insert_id: insert_id.map(|id| InsertId::new(id).unwrap()),
                properties,
            },
        )
    }

    fn content() -> impl Strategy<Value = Content> {
        prop_oneof![
            list(event(), 0..20).prop_map(Content::Events),
            (id(), id()).prop_map(|(from, to)| Content::Alias { from, to }),
            (id(), properties()).prop_map(|(id, properties)| Content::User { id, properties }),
        ]
    }

    fn refused(bytes: &[u8]) -> Error {
        Batch::decode(bytes).expect_err("it must be refused")
    }

    proptest! {
        #[test]
        fn a_batch_is_read_as_it_was_written(sent_ms: i64, content in content()) {
            let batch = Batch { sent_ms, content };
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
    fn the_bytes_are_those_of_the_format() {
        let event = Command::event("t", "u", 3, None, [("k", "v")].into_iter());
        let expected = b"EB\x02\x02\x00\x01\x01t\x01u\x06\x00\x01\x01k\x01v";
        assert_eq!(Command::batch(1, &[event.as_bytes()]), expected);
        let alias = Command::alias("a", "b");
        assert_eq!(Command::batch(-1, &[alias.as_bytes()]), b"EB\x02\x01\x01\x01a\x01b");
        let user = Command::user("a", [].into_iter());
        assert_eq!(Command::batch(64, &[user.as_bytes()]), b"EB\x02\x80\x01\x02\x01a\x00");
    }

    #[test]
    fn other_versions_and_variants_are_refused() {
        let bytes = Batch { sent_ms: 0, content: Content::Events(Vec::new()) }.encode();
        assert!(Batch::decode(&bytes).is_ok());
        refused(&[b"EB\x01", &bytes[3..]].concat());
        refused(&[b"XB\x02", &bytes[3..]].concat());
        refused(b"EB\x02\x00\x03\x01a\x01b");
    }

    #[test]
    fn what_is_beyond_the_limits_is_refused() {
        let none = || [].into_iter();
        let of = |command: Command| refused(&Command::batch(0, &[command.as_bytes()]));
        let empty = Error::Empty { field: "event_type" };
        let event = |name: &str, ms: i64| Command::event(name, "u", ms, None, none());
        assert_eq!(of(event("", 0)), Error::Events(alloc::vec![(0, empty.clone())]));
        let events = [event("t", 0), event("", 0), event("t", 0), event("t", -1)];
        let Error::Events(bad) =
            refused(&Command::batch(0, &events.each_ref().map(Command::as_bytes)))
        else {
            panic!("events are at fault")
        };
        assert_eq!(bad[0], (1, empty));
        assert_eq!((bad[1].0, bad[1].1.param(), bad.len()), (3, Some("timestamp"), 2));
        let empty = Error::Empty { field: "external_user_id" };
        assert_eq!(of(Command::alias("a", "")), empty);
        assert_eq!(of(Command::user("", none())), empty);
        assert_eq!(of(Command::user("u", [("", "v")].into_iter())), Error::EmptyKey);
        let event = Command::event("t", "u", 0, None, none());
        let many = alloc::vec![event.as_bytes(); BATCH_EVENTS_MAX + 1];
        assert_eq!(refused(&Command::batch(0, &many)).param(), Some("events"));
    }
}
