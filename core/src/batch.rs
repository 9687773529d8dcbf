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
        Self::decode_by(bytes, |_, time_ms| {
            TimeMs::new(time_ms).ok_or_else(|| Error::Invalid {
                field: "timestamp".to_string(),
                message: alloc::format!("{time_ms} ms is not between 1970 and 2200"),
            })
        })
    }

    /// Reads and checks a batch whose times `time_of` makes of the sender's clock when it sent the batch and when the event happened,
    /// which may be any numbers of ms since 1970.
    ///
    /// # Errors
    /// As [`Batch::decode`]; what `time_of` refuses counts as an event that breaks a rule.
    pub fn decode_by(
        bytes: &[u8],
        time_of: impl Fn(i64, i64) -> Result<TimeMs, Error>,
    ) -> Result<Self, Error> {
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
        let sent_ms = batch.sent_ms;
        Ok(Self { sent_ms, content: batch.content.check(|time_ms| time_of(sent_ms, time_ms))? })
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
    fn check(&self, time_of: impl Fn(i64) -> Result<TimeMs, Error>) -> Result<Content, Error> {
        Ok(match self {
            Self::Events(events) => {
                let (limit, actual) = (BATCH_EVENTS_MAX, events.len());
                if actual > limit {
                    return Err(Error::TooMany { field: "events", limit, actual });
                }
                let (mut taken, mut bad) = (Vec::with_capacity(actual), Vec::new());
                for (index, event) in events.iter().enumerate() {
                    match event.check(&time_of) {
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
    fn check(&self, time_of: impl Fn(i64) -> Result<TimeMs, Error>) -> Result<NewEvent, Error> {
        let time = time_of(self.time_ms)?;
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
mod tests;
