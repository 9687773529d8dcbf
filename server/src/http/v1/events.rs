//! Events in and out: batches, and the export of everything.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::json;
use tokio::sync::mpsc;
use warp::Reply;

use super::Call;
use crate::engine::{Engine, EngineError, ExportPage};
use crate::http::App;
use crate::http::answer::{Answer, EventRow};
use crate::http::error::ApiError;
use crate::http::tracking;
use crate::ingest::{read_event_lines, read_events};

/// Events of a page of an export, each of which is a snapshot of its own.
const EXPORT_EVENTS: u64 = 2_000;
/// Pages that are made before the client has read those before.
const EXPORT_PAGES_AHEAD: usize = 2;

/// `POST /events`: a JSON array, or an object a line.
pub(super) async fn append(app: &App, call: &Call) -> Result<Answer, ApiError> {
    let text = std::str::from_utf8(&call.body)
        .map_err(|_| ApiError::Json("it is not UTF-8".to_owned()))?;
    let clock = tracking::clock();
    let events =
        if call.is_lines { read_event_lines(text, &clock)? } else { read_events(text, &clock)? };
    let ids = match events.is_empty() {
        true => Vec::new(),
        false => app.engine.append(events).await.map_err(|error| match error {
            EngineError::Invalid(error) => ApiError::Events(error),
            error => error.into(),
        })?,
    };
    Ok(Answer::json(&json!({ "ids": ids })))
}

/// `GET /export`: every event, an object a line, or those of one person.
pub(super) fn export(app: &App, call: &Call) -> warp::reply::Response {
    let (sender, receiver) = mpsc::channel(EXPORT_PAGES_AHEAD);
    let engine = Arc::clone(&app.engine);
    let user = call.params.first("external_user_id").map(str::to_owned);
    tokio::spawn(async move {
        let done = match user {
            Some(user) => send_timeline(&*engine, &user, &sender).await,
            None => send_all(&*engine, &sender).await,
        };
        if let Err(error) = done {
            tracing::error!(%error, "an export was broken off");
            // The client sees that the answer is not whole.
            let _ = sender.send(Err(io::Error::other(error.to_string()))).await;
        }
    });
    let mut response = warp::reply::stream(Lines(receiver)).into_response();
    let ndjson = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(CONTENT_TYPE, ndjson);
    response
}

type Sender = mpsc::Sender<Result<Bytes, io::Error>>;

async fn send_all(engine: &dyn Engine, sender: &Sender) -> Result<(), EngineError> {
    let mut after: Option<String> = None;
    loop {
        let ExportPage { events, next } = engine.export(after.as_deref(), EXPORT_EVENTS).await?;
        let rows = events.into_iter().map(EventRow::from);
        // A client that went away ends the export.
        if sender.send(Ok(lines(rows))).await.is_err() || next.is_none() {
            return Ok(());
        }
        after = next;
    }
}

async fn send_timeline(
    engine: &dyn Engine,
    user: &str,
    sender: &Sender,
) -> Result<(), EngineError> {
    let mut offset = 0;
    loop {
        let events = engine.timeline(user, offset, EXPORT_EVENTS).await?;
        let count = events.len() as u64;
        let rows = events.into_iter().map(EventRow::from);
        if count == 0 || sender.send(Ok(lines(rows))).await.is_err() {
            return Ok(());
        }
        offset += count;
    }
}

fn lines(rows: impl Iterator<Item = EventRow>) -> Bytes {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, &row).expect("numbers and texts are JSON");
        text.push(b'\n');
    }
    text.into()
}

/// Pages as they come.
struct Lines(mpsc::Receiver<Result<Bytes, io::Error>>);

impl warp::Stream for Lines {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
