//! Events in and out: batches, and the export of everything.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use eventhub_core::Content;
use eventhub_core::answer::EventRow;
use eventhub_ingest::{self as ingest, pointer_step, read_batch, read_event_lines, read_events};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use tokio::sync::mpsc;
use warp::Reply;

use super::Call;
use crate::engine::{Engine, EngineError, ExportPage};
use crate::http::App;
use crate::http::answer::Answer;
use crate::http::body::Form;
use crate::http::error::ApiError;

/// The media type of an object a line.
pub(super) const NDJSON: &str = "application/x-ndjson";
/// Events of a page of an export, each of which is a snapshot of its own.
const EXPORT_EVENTS: u64 = 2_000;
/// Pages that are made before the client has read those before.
const EXPORT_PAGES_AHEAD: usize = 2;

/// `POST /events`: a JSON array, an object a line, or a binary batch, which may be an alias or a change of a user
/// instead.
pub(super) async fn append(app: &App, call: &Call) -> Result<Answer, ApiError> {
    let (engine, clock) = (&*app.engine, &call.received);
    let text = || {
        let text = std::str::from_utf8(&call.body);
        text.map_err(|_| ApiError::Json("it is not UTF-8".to_owned()))
    };
    let content = match call.form {
        Form::Json => read_events(text()?, clock).map(Content::Events),
        Form::Lines => read_event_lines(text()?, clock).map(Content::Events),
        Form::Batch => read_batch(&call.body, clock),
    };
    let ids = match content.map_err(refusal)? {
        Content::Events(events) if events.is_empty() => Vec::new(),
        Content::Events(events) => {
            app.charge(call.client, events.len());
            engine.append(events).await?
        }
        Content::Alias { from, to } => {
            engine.alias(from, to).await?;
            Vec::new()
        }
        Content::User { id, properties } => {
            engine.change_user(id, properties.into()).await?;
            Vec::new()
        }
    };
    Ok(Answer::field("ids", ids))
}

/// What is wrong with a batch: as a body, or with the first of its events that is refused.
fn refusal(error: ingest::Error) -> ApiError {
    match &error {
        ingest::Error::Syntax { message, position, .. } => {
            ApiError::Json(format!("{message}, at byte {position}"))
        }
        ingest::Error::Batch(bad) => {
            let first = bad.first().map(|bad| {
                // An event that is no object is itself what is wrong.
                let key = bad.error.param().filter(|key| *key != "events");
                let key = key.map(pointer_step).unwrap_or_default();
                format!("/{}{key}", bad.index)
            });
            ApiError::EventAt { pointer: first.unwrap_or_default(), message: error.to_string() }
        }
        // What is wrong with an alias or a user has a name; too many events have not.
        ingest::Error::Event(error) => match error.param().filter(|name| *name != "events") {
            Some(name) => ApiError::field(&pointer_step(name), error),
            None => ApiError::Whole(error.clone()),
        },
    }
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
    streamed(NDJSON, receiver)
}

/// An answer that is sent as it is made.
pub(super) fn streamed(
    media_type: &'static str,
    pieces: mpsc::Receiver<Result<Bytes, io::Error>>,
) -> warp::reply::Response {
    let mut response = warp::reply::stream(Pieces(pieces)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Where the pieces of such an answer go.
pub(super) type Sender = mpsc::Sender<Result<Bytes, io::Error>>;

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

/// Pieces as they come.
struct Pieces(mpsc::Receiver<Result<Bytes, io::Error>>);

impl warp::Stream for Pieces {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
