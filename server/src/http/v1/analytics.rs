//! Funnels, retention and trends.

use std::time::Instant;

use eventhub_core::answer::{EventRow, ExplainAnswer, PersonRow, PersonsPage, Timed};
use eventhub_core::query::{ExplainInput, FunnelInput, RetentionInput, TrendsInput, WhoInput};
use eventhub_ingest::read_body;
use serde::Serialize;

use crate::clock::now_ms;
use crate::engine::{ExplainedPerson, Page, Scanned};
use crate::http::App;
use crate::http::answer::Answer;
use crate::http::error::ApiError;

/// An answer with what it took.
fn timed<T: Serialize>(scanned: Scanned<T>, started: Instant) -> Answer {
    let elapsed_ms = started.elapsed().as_micros() as f64 / 1_000.0;
    let Scanned { answer, events } = scanned;
    Answer::json(&Timed { answer, elapsed_ms, events_scanned: events })
}

/// `POST /funnel`
pub(super) async fn funnel(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let started = Instant::now();
    let query = read_body::<FunnelInput>(body)?.check(&app.settings.time_zone)?;
    Ok(timed(app.engine.funnel(query, now_ms()).await?, started))
}

/// `POST /funnel/users`
pub(super) async fn funnel_users(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let started = Instant::now();
    let query = read_body::<WhoInput>(body)?.check(&app.settings.time_zone)?;
    let Scanned { answer, events } = app.engine.funnel_users(query, now_ms()).await?;
    let Page { total, persons } = answer;
    let users = persons.into_iter().map(PersonRow::from).collect();
    Ok(timed(Scanned { answer: PersonsPage { total, users }, events }, started))
}

/// `POST /funnel/explain`
pub(super) async fn explain(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let query = read_body::<ExplainInput>(body)?.check(&app.settings.time_zone)?;
    let user = query.user.clone();
    let person = app.engine.explain(query, now_ms()).await?;
    let person = person.ok_or(ApiError::NoUser(user))?;
    let ExplainedPerson { external_user_id, passes_user_filters, explanation, events } = person;
    let events = events.into_iter().map(EventRow::from).collect();
    let answer = ExplainAnswer::new(external_user_id, passes_user_filters, explanation, events);
    Ok(Answer::json(&answer))
}

/// `POST /retention`
pub(super) async fn retention(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let started = Instant::now();
    let query = read_body::<RetentionInput>(body)?.check(&app.settings.time_zone)?;
    Ok(timed(app.engine.retention(query, now_ms()).await?, started))
}

/// `POST /trends`
pub(super) async fn trends(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let started = Instant::now();
    let query = read_body::<TrendsInput>(body)?.check(&app.settings.time_zone)?;
    Ok(timed(app.engine.trends(query).await?, started))
}
