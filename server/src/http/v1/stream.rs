//! New events as they are stored, as server-sent events.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at};

use super::events::{Sender, streamed};
use crate::http::App;
use crate::http::error::ApiError;
use crate::http::live::News;

/// The media type of server-sent events.
pub(super) const EVENTS: &str = "text/event-stream";
/// How often a client that hears of no event is told that the server is there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Messages that are made before the client has read those before.
const MESSAGES_AHEAD: usize = 16;
/// What a client is told first: how soon it comes back, in ms, when the connection is lost.
const GREETING: &[u8] = b"retry: 2000\n\n";

/// `GET /events/stream`
pub(super) async fn follow(app: &App) -> Result<warp::reply::Response, ApiError> {
    let news = app.live.follow(&app.engine).await?;
    let (sender, receiver) = mpsc::channel(MESSAGES_AHEAD);
    tokio::spawn(pass_on(news, sender));
    Ok(streamed(EVENTS, receiver))
}

/// Passes news on until the client goes or the server stops.
async fn pass_on(mut news: Receiver<News>, client: Sender) {
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    let mut message = Bytes::from_static(GREETING);
    loop {
        if client.send(Ok::<_, io::Error>(message)).await.is_err() {
            return;
        }
        message = tokio::select! {
            told = news.recv() => match told {
                Ok(News::Event(frame)) => frame,
                Ok(News::Lagged(events)) | Err(RecvError::Lagged(events)) => {
                    format!(": lagged {events}\n\n").into()
                }
                Err(RecvError::Closed) => return,
            },
            _ = heartbeat.tick() => Bytes::from_static(b": heartbeat\n\n"),
            () = client.closed() => return,
        };
    }
}
