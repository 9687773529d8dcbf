//! Events that are handed over together.

use eventhub_core::NewEvent;

/// Events of one batch.
const EVENTS_MAX: usize = 8_192;
/// Bytes of text in one batch, about.
const BYTES_MAX: usize = 4 << 20;

/// A batch that is being filled.
#[derive(Default)]
pub(super) struct Batch {
    events: Vec<NewEvent>,
    bytes: usize,
}

impl Batch {
    pub(super) fn push(&mut self, event: NewEvent) {
        let properties = event.properties.iter().map(|(key, value)| key.len() + value.len());
        self.bytes += event.user.as_str().len() + properties.sum::<usize>();
        self.events.push(event);
    }

    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= EVENTS_MAX || self.bytes >= BYTES_MAX
    }

    /// The events; the batch is empty afterwards.
    pub(super) fn take(&mut self) -> Vec<NewEvent> {
        self.bytes = 0;
        std::mem::take(&mut self.events)
    }
}
