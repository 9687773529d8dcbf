//! Funnels, retention and trends.

use std::time::Instant;

use eventhub_core::query::{
    Ended, ExplainInput, Explanation, FunnelInput, RetentionInput, TrendsInput, WhoInput,
};
use eventhub_ingest::read_body;
use serde::Serialize;
use serde_json::{Value, json};

use super::now_ms;
use crate::engine::{ExplainedPerson, Page, Scanned};
use crate::http::App;
use crate::http::answer::{Answer, EventRow, PersonRow};
use crate::http::error::ApiError;

/// An answer with what it took.
#[derive(Serialize)]
struct Timed<T> {
    #[serde(flatten)]
    answer: T,
    elapsed_ms: f64,
    events_scanned: u64,
}

impl<T: Serialize> Timed<T> {
    fn answer(scanned: Scanned<T>, started: Instant) -> Answer {
        let elapsed_ms = started.elapsed().as_micros() as f64 / 1_000.0;
        Answer::json(&Self { answer: scanned.answer, elapsed_ms, events_scanned: scanned.events })
    }
}

/// `POST /funnel`
pub(super) async fn funnel(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let started = Instant::now();
    let query = read_body::<FunnelInput>(body)?.check(&app.settings.time_zone)?;
    Ok(Timed::answer(app.engine.funnel(query, now_ms()).await?, started))
}

/// `POST /funnel/users`
pub(super) async fn funnel_users(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    #[derive(Serialize)]
    struct Users {
        total: u64,
        users: Vec<PersonRow>,
    }
    let started = Instant::now();
    let query = read_body::<WhoInput>(body)?.check(&app.settings.time_zone)?;
    let Scanned { answer, events } = app.engine.funnel_users(query, now_ms()).await?;
    let Page { total, persons } = answer;
    let users = persons.into_iter().map(PersonRow::from).collect();
    Ok(Timed::answer(Scanned { answer: Users { total, users }, events }, started))
}

/// A person's way through a funnel.
#[derive(Serialize)]
struct Explained {
    external_user_id: String,
    passes_user_filters: bool,
    steps_reached: usize,
    ended: Value,
    window_ends_ms: Option<i64>,
    events_total: usize,
    events: Vec<Passed>,
}

/// An event on the way.
#[derive(Serialize)]
struct Passed {
    event: EventRow,
    matches_steps: Vec<u32>,
    matches_exclusions: Vec<u32>,
    reached_step: Option<u32>,
}

/// `POST /funnel/explain`
pub(super) async fn explain(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let query = read_body::<ExplainInput>(body)?.check(&app.settings.time_zone)?;
    let user = query.user.clone();
    let person = app.engine.explain(query, now_ms()).await?;
    let person = person.ok_or(ApiError::NoUser(user))?;
    let ExplainedPerson { external_user_id, passes_user_filters, explanation, events } = person;
    let (ended, events_total) = (ended(&explanation), explanation.events.len());
    let steps_reached = explanation.events.iter().filter(|event| event.reached.is_some()).count();
    let window_ends_ms = explanation.limit_ms;
    let rows = explanation.events.into_iter().zip(events).map(|(explained, record)| Passed {
        event: EventRow::from(record),
        matches_steps: explained.matches,
        matches_exclusions: explained.excluded_by,
        reached_step: explained.reached,
    });
    Ok(Answer::json(&Explained {
        external_user_id,
        passes_user_filters,
        steps_reached,
        ended,
        window_ends_ms,
        events_total,
        events: rows.collect(),
    }))
}

/// What ended the walk, with the event that did.
fn ended(explanation: &Explanation) -> Value {
    let id = |event: u32| explanation.events[event as usize].id;
    match explanation.end {
        None => json!({ "reason": "no_entry" }),
        Some(Ended::Converted) => json!({ "reason": "converted" }),
        Some(Ended::WindowClosed) => json!({ "reason": "window_closed" }),
        Some(Ended::WindowOpen) => json!({ "reason": "window_open" }),
        Some(Ended::Excluded { exclusion, event }) => {
            json!({ "reason": "excluded", "exclusion": exclusion, "event_id": id(event) })
        }
        Some(Ended::Interrupted { event }) => {
            json!({ "reason": "interrupted", "event_id": id(event) })
        }
    }
}

/// `POST /retention`
pub(super) async fn retention(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let started = Instant::now();
    let query = read_body::<RetentionInput>(body)?.check(&app.settings.time_zone)?;
    Ok(Timed::answer(app.engine.retention(query, now_ms()).await?, started))
}

/// `POST /trends`
pub(super) async fn trends(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let started = Instant::now();
    let query = read_body::<TrendsInput>(body)?.check(&app.settings.time_zone)?;
    Ok(Timed::answer(app.engine.trends(query).await?, started))
}
