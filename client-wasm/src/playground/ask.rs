//! Requests of the JSON API, by their method, path and body.

use std::collections::BTreeMap;

use eventhub_core::answer::Timed;
use eventhub_core::limits::PAGE_MAX;
use eventhub_core::query::{
    ExplainInput, FindInput, FunnelInput, RetentionInput, TrendsInput, WhoInput,
};
use eventhub_ingest::read_body;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Data;
use super::refusal::Refusal;

/// What every path begins with.
const PREFIX: &str = "api/v1/";
/// Events of a page that names no limit, and values.
const PAGE_DEFAULT: usize = 100;
const VALUES_MAX: usize = 1_000;

/// What is answered.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// As of HTTP.
    pub status: u16,
    /// JSON.
    pub body: String,
}

impl Data {
    /// Answers a request that the dashboard would send to the server, `path` with its parameters; `now_ms` is the time
    /// in ms since 1970, by a clock.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, body: &str, now_ms: &dyn Fn() -> f64) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let params: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let request = Request { path, params, body: body.as_bytes(), now_ms };
        match self.answer(method, &request) {
            Ok(body) => Answer { status: 200, body },
            Err(refusal) => {
                let (status, body) = refusal.answer();
                Answer { status, body }
            }
        }
    }

    fn answer(&self, method: &str, request: &Request<'_>) -> Result<String, Refusal> {
        let path = request.path.strip_prefix(PREFIX).unwrap_or_default();
        let segments: Vec<&str> = path.split('/').collect();
        match (method, &segments[..]) {
            ("POST", ["funnel"]) => {
                let query = read_body::<FunnelInput>(request.body)?.check(&TimeZone::UTC)?;
                request.timed(|now_ms| Ok(self.funnel(&query, now_ms)?))
            }
            ("POST", ["funnel", "users"]) => {
                let query = read_body::<WhoInput>(request.body)?.check(&TimeZone::UTC)?;
                request.timed(|now_ms| Ok(self.funnel_users(&query, now_ms)?))
            }
            ("POST", ["funnel", "explain"]) => {
                let query = read_body::<ExplainInput>(request.body)?.check(&TimeZone::UTC)?;
                Ok(json(&self.explain(&query, request.now())?))
            }
            ("POST", ["retention"]) => {
                let query = read_body::<RetentionInput>(request.body)?.check(&TimeZone::UTC)?;
                request.timed(|now_ms| Ok(self.retention(&query, now_ms)?))
            }
            ("POST", ["trends"]) => {
                let query = read_body::<TrendsInput>(request.body)?.check(&TimeZone::UTC)?;
                request.timed(|_| Ok(self.trends(&query)?))
            }
            ("POST", ["users", "find"]) => {
                let query = read_body::<FindInput>(request.body)?.check()?;
                Ok(json(&self.find_users(&query)))
            }
            ("GET", ["users", id]) => Ok(json(&self.show_user(&decoded(id))?)),
            ("GET", ["users", id, "timeline"]) => {
                let offset = request.number("offset", 0, usize::MAX)?;
                let limit = request.number("limit", PAGE_DEFAULT, PAGE_MAX)?;
                Ok(field("events", &self.timeline(&decoded(id), offset, limit)?))
            }
            ("GET", ["events", "latest"]) => {
                let limit = request.number("limit", PAGE_DEFAULT, PAGE_MAX)?;
                Ok(field("events", &self.latest(limit)?))
            }
            ("GET", ["event-types"]) => Ok(field("event_types", &self.event_types()?)),
            ("GET", ["properties"]) => Ok(field(
                "properties",
                &match request.event()? {
                    Some(event) => self.event_properties(event)?,
                    None => self.user_properties(),
                },
            )),
            ("GET", ["values"]) => {
                let property = request.param("property").ok_or(Refusal::Missing("property"))?;
                let prefix = request.param("prefix").unwrap_or_default();
                let limit = request.number("limit", PAGE_DEFAULT, VALUES_MAX)?;
                let values = match request.event()? {
                    Some(event) => self.event_values(event, property, prefix, limit)?,
                    None => self.user_values(property, prefix, limit),
                };
                Ok(field("values", &values))
            }
            _ => Err(Refusal::NotFound(format!("/{}", request.path))),
        }
    }
}

struct Request<'r> {
    path: &'r str,
    params: Vec<(String, String)>,
    body: &'r [u8],
    now_ms: &'r dyn Fn() -> f64,
}

impl Request<'_> {
    fn now(&self) -> i64 {
        (self.now_ms)() as i64
    }

    /// An answer with what it took.
    fn timed<T: Serialize>(
        &self,
        ask: impl FnOnce(i64) -> Result<(T, u64), Refusal>,
    ) -> Result<String, Refusal> {
        let started = (self.now_ms)();
        let (answer, events_scanned) = ask(started as i64)?;
        let elapsed_ms = (self.now_ms)() - started;
        Ok(json(&Timed { answer, elapsed_ms, events_scanned }))
    }

    fn param(&self, name: &str) -> Option<&str> {
        let found = self.params.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn number(&self, name: &'static str, default: usize, max: usize) -> Result<usize, Refusal> {
        let Some(text) = self.param(name) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| *number <= max);
        number
            .ok_or_else(|| Refusal::Parameter(name, format!("{text} is not a number up to {max}")))
    }

    /// The event type whose properties are asked for; none when those of users are.
    fn event(&self) -> Result<Option<&str>, Refusal> {
        match (self.param("event"), self.param("of")) {
            (Some(event), _) => Ok(Some(event)),
            (None, Some("user")) => Ok(None),
            (None, _) => Err(Refusal::Missing("event")),
        }
    }
}

/// A segment of a path.
fn decoded(segment: &str) -> String {
    // A form decodes percent escapes, but takes a plus for a space.
    let escaped = segment.replace('+', "%2B");
    let mut pairs = form_urlencoded::parse(escaped.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn json(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).expect("numbers, texts and lists of them are JSON")
}

fn field(name: &str, value: &impl Serialize) -> String {
    json(&BTreeMap::from([(name, value)]))
}
