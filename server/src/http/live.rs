//! New events for clients that follow them.
//!
//! As long as somebody follows, one task asks the engine every quarter of a second for the events from the last number on,
//! and hands them to everyone by a channel that holds a bounded number of them. What is stored in whatever way comes so,
//! once and in order; a client that is too slow, or a server that stores more than can be followed, leaves events out
//! and says how many.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use eventhub_core::EventId;
use eventhub_core::answer::EventRow;
use eventhub_core::limits::STREAM_CLIENTS_MAX;
use tokio::sync::broadcast::{self, Receiver, Sender};

use super::error::ApiError;
use crate::engine::{Engine, EngineError, Newest};

/// How long the task rests.
const REST: Duration = Duration::from_millis(250);
/// Events that are taken after a rest; of more, the last.
const EVENTS_MAX: u64 = 1_000;
/// Events that wait for a client.
const WAITING_MAX: usize = 2_048;

/// What clients are told.
#[derive(Debug, Clone)]
pub(super) enum News {
    /// An event, as a server-sent event.
    Event(Bytes),
    /// So many events are left out.
    Lagged(u64),
}

/// Those who follow new events.
#[derive(Debug, Default)]
pub(super) struct Live(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// There is one as long as the task runs.
    sender: Option<Sender<News>>,
    is_stopped: bool,
}

impl Live {
    /// Follows what is stored from now on.
    ///
    /// # Errors
    /// When too many clients follow already, the server stops, or the engine fails.
    pub(super) async fn follow(
        self: &Arc<Self>,
        engine: &Arc<dyn Engine>,
    ) -> Result<Receiver<News>, ApiError> {
        let Newest { end, .. } = engine.newest(EventId::MAX, 0).await?;
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_stopped {
            return Err(EngineError::Stopping.into());
        }
        if let Some(sender) = &state.sender {
            if sender.receiver_count() >= STREAM_CLIENTS_MAX {
                return Err(ApiError::TooManyStreams(STREAM_CLIENTS_MAX));
            }
            return Ok(sender.subscribe());
        }
        let (sender, receiver) = broadcast::channel(WAITING_MAX);
        state.sender = Some(sender.clone());
        tokio::spawn(Arc::clone(self).run(Arc::clone(engine), sender, end));
        Ok(receiver)
    }

    /// Ends what everyone follows.
    pub(super) fn stop(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_stopped = true;
        state.sender = None;
    }

    /// Hands out new events until nobody follows.
    async fn run(self: Arc<Self>, engine: Arc<dyn Engine>, sender: Sender<News>, from: EventId) {
        let mut next = from;
        loop {
            tokio::time::sleep(REST).await;
            if self.is_over(&sender) {
                return;
            }
            match engine.newest(next, EVENTS_MAX).await {
                Ok(Newest { events, end }) => {
                    let left_out = (end - next).saturating_sub(EVENTS_MAX);
                    next = end;
                    // That nobody listens any more is found out after the next rest.
                    if left_out > 0 {
                        let _ = sender.send(News::Lagged(left_out));
                    }
                    for event in events {
                        let _ = sender.send(News::Event(frame(event.id, &EventRow::from(event))));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "new events cannot be read");
                    // Whoever follows is told by the end of the answer.
                    self.0.lock().unwrap_or_else(PoisonError::into_inner).sender = None;
                    return;
                }
            }
        }
    }

    /// Whether there is nobody to hand anything to; then the next to follow begins a task anew.
    fn is_over(&self, sender: &Sender<News>) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sender.receiver_count() == 0 {
            state.sender = None;
        }
        state.sender.is_none()
    }
}

fn frame(id: EventId, row: &EventRow) -> Bytes {
    let row = serde_json::to_string(row).expect("numbers and texts are JSON");
    format!("id: {id}\ndata: {row}\n\n").into()
}
