//! Answers: JSON and a line end, JSONP for script tags, or text for people.

use std::collections::BTreeMap;

use bytes::Bytes;
use eventhub_core::EventId;
use eventhub_core::answer::{EventRow, PersonRow};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::error::ApiError;
use crate::engine::{EventRecord, PersonRecord};

/// What a handler answers with.
#[derive(Debug)]
pub(super) enum Answer {
    /// A JSON text.
    Json(String),
    /// Text for people.
    Text(String),
    /// Text for Prometheus.
    Metrics(String),
    /// Bytes for a program.
    Bytes(Bytes),
    /// No body, where it would be of a media type.
    Nothing(&'static str),
}

impl Answer {
    /// The JSON of a value whose keys are texts.
    pub(super) fn json(value: &impl Serialize) -> Self {
        Self::Json(serde_json::to_string(value).expect("numbers, texts and lists of them are JSON"))
    }

    /// The JSON of an object with one field.
    pub(super) fn field(name: &'static str, value: impl Serialize) -> Self {
        Self::json(&BTreeMap::from([(name, value)]))
    }

    /// The JSON of an event's number.
    pub(super) fn id(id: EventId) -> Self {
        Self::Json(id.to_string())
    }

    /// The answer to the client.
    pub(super) fn response(self) -> Response<Bytes> {
        match self {
            Self::Json(json) => typed("application/json", json + "\n"),
            Self::Text(text) => typed("text/plain; charset=utf-8", text),
            Self::Metrics(text) => typed("text/plain; version=0.0.4; charset=utf-8", text),
            Self::Bytes(bytes) => typed("application/octet-stream", bytes),
            Self::Nothing(media_type) => typed(media_type, Bytes::new()),
        }
    }

    /// The answer as a script that calls `callback`.
    pub(super) fn script(self, callback: &str) -> Response<Bytes> {
        let content = match self {
            Self::Json(content) | Self::Text(content) | Self::Metrics(content) => content,
            Self::Bytes(_) | Self::Nothing(_) => "null".to_owned(),
        };
        typed("text/javascript; charset=utf-8", format!("{callback}({content});"))
    }
}

fn typed(media_type: &'static str, content: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(content.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Checks a JSONP callback's name, so that nothing else can be run by it.
///
/// # Errors
/// When it is empty, long, or holds anything but letters, digits, `_`, `.` and `$`.
pub(super) fn check_callback(name: &str) -> Result<(), ApiError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$');
    if name.is_empty() || name.len() > 255 || !name.bytes().all(allowed) {
        return Err(ApiError::Callback);
    }
    Ok(())
}

/// An event as an object of texts.
pub(super) struct EventObject(pub(super) EventRecord);

impl Serialize for EventObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(event) = self;
        let mut map = serializer.serialize_map(Some(4 + event.properties.len()))?;
        map.serialize_entry("event_type", &event.event_type)?;
        map.serialize_entry("external_user_id", &event.external_user_id)?;
        map.serialize_entry("date", &event.time.date_text())?;
        map.serialize_entry("timestamp", &event.time.ms().to_string())?;
        for (key, value) in &event.properties {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// A person as an object of texts.
pub(super) struct PersonObject(pub(super) PersonRecord);

impl Serialize for PersonObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(person) = self;
        let mut map = serializer.serialize_map(Some(1 + person.properties.len()))?;
        map.serialize_entry("external_user_id", &person.external_user_id)?;
        for (key, value) in &person.properties {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl From<EventRecord> for EventRow {
    fn from(event: EventRecord) -> Self {
        Self {
            id: event.id,
            event_type: event.event_type,
            external_user_id: event.external_user_id,
            timestamp: event.time.ms(),
            properties: event.properties.into_iter().collect(),
        }
    }
}

impl From<PersonRecord> for PersonRow {
    fn from(person: PersonRecord) -> Self {
        let properties = person.properties.into_iter().collect();
        Self { external_user_id: person.external_user_id, properties }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_a_name() {
        let check = |name: &str, expected: bool| {
            assert_eq!(check_callback(name).is_ok(), expected, "{name}");
        };
        check("cb", true);
        check("jQuery.cb_1$", true);
        check("", false);
        check("a b", false);
        check("alert(1)//", false);
        check("a\u{e9}", false);
        check("a[0]", false);
    }

    #[test]
    fn a_script_calls_back() {
        let response = Answer::id(7).script("cb");
        assert_eq!(response.body(), "cb(7);");
        assert_eq!(Answer::id(7).response().body(), "7\n");
    }
}
