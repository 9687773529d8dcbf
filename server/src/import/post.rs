//! Batches to a running server, through the same path that every client uses.

use std::path::Path;
use std::thread;
use std::time::Duration;

use eventhub_core::NewEvent;
use eventhub_core::limits::{BATCH_EVENTS_MAX, BODY_BYTES_MAX};
use eventhub_ingest::file::Event;
use form_urlencoded::byte_serialize;
use serde_json::{Map, Value};
use ureq::Agent;
use ureq::http::{Response, StatusCode};

use super::batch::Batch;
use super::error::Error;
use super::sink::{Sink, Taken, UsersSeen};
use super::source::Checked;
use crate::engine::EngineError;

const FIELD: &str = "events=";
/// Attempts at a batch while the server says that it is full.
const ATTEMPTS_MAX: u32 = 60;
/// How long to wait before the next attempt when the server does not say.
const RETRY_AFTER: Duration = Duration::from_secs(1);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(120);

/// Sends batches to `/events/batch_track` of a server.
pub(super) struct ServerSink {
    agent: Agent,
    url: String,
    write_key: Option<String>,
    fingerprint: u128,
    batch: Batch,
    users: UsersSeen,
}

impl ServerSink {
    pub(super) fn new(url: &str, write_key: Option<&str>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(ANSWER_MAX))
            .build();
        Self {
            agent: config.new_agent(),
            url: format!("{}/events/batch_track", url.trim_end_matches('/')),
            write_key: write_key.map(str::to_owned),
            fingerprint: 0,
            batch: Batch::default(),
            users: UsersSeen::default(),
        }
    }

    /// The event as the server reads it; an event without an insert id gets one of its row.
    fn encode(&self, event: &NewEvent, row: u64) -> String {
        let text = |text: &str| Value::String(text.to_owned());
        let properties = event.properties.iter();
        let mut object: Map<String, Value> =
            properties.map(|(key, value)| (key.to_owned(), text(value))).collect();
        let insert_id = event.insert_id.as_ref().map_or_else(
            || format!("import-{:032x}-{row}", self.fingerprint),
            |id| id.as_str().to_owned(),
        );
        object.insert("event_type".to_owned(), text(event.event_type.as_str()));
        object.insert("external_user_id".to_owned(), text(event.user.as_str()));
        object.insert("timestamp".to_owned(), event.time.ms().into());
        object.insert("insert_id".to_owned(), insert_id.into());
        byte_serialize(Value::Object(object).to_string().as_bytes()).collect()
    }

    fn send(&self, body: &str) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let mut request = self.agent.post(&self.url);
            request = request.content_type("application/x-www-form-urlencoded");
            if let Some(key) = &self.write_key {
                request = request.header("X-Write-Key", key);
            }
            let mut answer = request.send(body).map_err(|error| self.failed(error.to_string()))?;
            match answer.status() {
                StatusCode::OK => return Ok(()),
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                    thread::sleep(retry_after(&answer));
                }
                status => {
                    let body = answer.body_mut().read_to_string().unwrap_or_default();
                    return Err(self.failed(format!("{status}: {}", body.trim())));
                }
            }
        }
        Err(self.failed("the server takes nothing more for now".to_owned()))
    }

    fn failed(&self, message: String) -> Error {
        Error::Server { url: self.url.clone(), message }
    }
}

impl ServerSink {
    /// Sends events that end with the given row.
    fn send_all(&self, events: &[NewEvent], rows: u64) -> Result<(), Error> {
        let first = rows - events.len() as u64;
        let mut body = Body::default();
        for (row, event) in (first..).zip(events) {
            let event = self.encode(event, row);
            if !body.has_room(&event) {
                self.send(&std::mem::take(&mut body).close())?;
            }
            body.push(&event);
        }
        self.send(&body.close())
    }
}

impl Sink for ServerSink {
    fn begin(&mut self, _path: &Path, checked: &Checked) -> Result<u64, Error> {
        self.fingerprint = checked.fingerprint;
        // The server knows each row by its insert id.
        Ok(0)
    }

    fn put(&mut self, event: Event<'_>, rows: u64) -> Result<(), Error> {
        self.users.note(event.user());
        self.batch.push(event.into_event().map_err(EngineError::from)?);
        if self.batch.is_full() {
            let events = self.batch.take();
            self.send_all(&events, rows)?;
        }
        Ok(())
    }

    fn end(&mut self, rows: u64) -> Result<(), Error> {
        let events = self.batch.take();
        if events.is_empty() { Ok(()) } else { self.send_all(&events, rows) }
    }

    fn close(self: Box<Self>) -> Result<Taken, Error> {
        Ok(Taken { users: self.users.count(), stored: None })
    }
}

/// The form body of one request.
#[derive(Default)]
struct Body {
    text: String,
    events: usize,
}

impl Body {
    fn has_room(&self, event: &str) -> bool {
        const BRACKETS: usize = FIELD.len() + "%5B".len() + "%5D".len();
        let bytes = self.text.len() + "%2C".len() + event.len() + BRACKETS;
        self.events == 0 || (self.events < BATCH_EVENTS_MAX && bytes <= BODY_BYTES_MAX)
    }

    fn push(&mut self, event: &str) {
        self.text.push_str(if self.events == 0 { "" } else { "%2C" });
        self.text.push_str(event);
        self.events += 1;
    }

    fn close(self) -> String {
        format!("{FIELD}%5B{}%5D", self.text)
    }
}

fn retry_after<T>(answer: &Response<T>) -> Duration {
    let header = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let seconds = header.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    seconds.unwrap_or(RETRY_AFTER).min(RETRY_AFTER_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_stays_within_the_limits_of_the_server() {
        let mut body = Body::default();
        let event = "x".repeat(1000);
        while body.has_room(&event) {
            body.push(&event);
        }
        assert!(body.events > 1000, "{}", body.events);
        assert!(body.close().len() <= BODY_BYTES_MAX);
        let mut body = Body::default();
        while body.has_room("x") {
            body.push("x");
        }
        assert_eq!(body.events, BATCH_EVENTS_MAX);
        // What is too large for any body is sent alone, for the server to say so.
        assert!(Body::default().has_room(&"x".repeat(BODY_BYTES_MAX)));
    }
}
