//! The tail in memory: what queries see of the newest events.
//!
//! The records of the tail stand in runs. A run's events of a type become a part when the first query asks for them, or ahead of that
//! (see [`super::ahead`]), and stay one; only the newest run is open and made anew with each commit. A [`TailView`] never changes: every
//! commit publishes another one, together with the number of the transaction that it belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use eventhub_core::EventId;
use eventhub_core::part::{EncodedPart, PartBuilder};

use super::insert_runs::RunId;
use super::tail::{Record, Times};
use crate::engine::EngineError;

/// Some records, and the parts that they become.
pub(crate) struct Run {
    records: Vec<Arc<Record>>,
    events: u64,
    times: Times,
    /// Of each event type among them; made when somebody asks for the first.
    parts: OnceLock<BTreeMap<u32, OnceLock<EncodedPart>>>,
}

impl Run {
    fn new(records: Vec<Arc<Record>>) -> Self {
        let events = records.iter().map(|record| u64::from(record.events())).sum();
        let mut times = Times::NONE;
        records.iter().for_each(|record| times.note_all(record.times()));
        Self { records, events, times, parts: OnceLock::new() }
    }

    /// When its events happened.
    pub(crate) const fn times(&self) -> Times {
        self.times
    }

    /// The event types of its events.
    pub(crate) fn types(&self) -> impl Iterator<Item = u32> {
        self.parts().keys().copied()
    }

    /// Whether the events of a type have become a part, if there are any.
    pub(crate) fn is_made(&self, event_type: u32) -> bool {
        self.parts().get(&event_type).is_none_or(|part| part.get().is_some())
    }

    /// The part that the events of a type become, if there are any.
    pub(crate) fn part(&self, event_type: u32) -> Result<Option<&EncodedPart>, EngineError> {
        let Some(part) = self.parts().get(&event_type) else { return Ok(None) };
        if let Some(made) = part.get() {
            return Ok(Some(made));
        }
        let mut builder = PartBuilder::new(event_type);
        for record in &self.records {
            record.each_of(event_type, |id, event| {
                builder.push(event.user, event.time()?, id, event.properties.iter().copied());
                Ok(())
            })?;
        }
        // Nobody waits for another who makes the same part, and who may wait for a processor: one of them wins.
        let made = builder.finish();
        Ok(Some(part.get_or_init(|| made)))
    }

    fn parts(&self) -> &BTreeMap<u32, OnceLock<EncodedPart>> {
        self.parts.get_or_init(|| {
            let types = self.records.iter().flat_map(|record| record.types());
            types.map(|event_type| (event_type, OnceLock::new())).collect()
        })
    }
}

/// The tail as of one transaction.
#[derive(Clone)]
pub(crate) struct TailView {
    frozen: Vec<Arc<Run>>,
    open: Arc<Run>,
    events: u64,
}

impl Default for TailView {
    fn default() -> Self {
        Self { frozen: Vec::new(), open: Arc::new(Run::new(Vec::new())), events: 0 }
    }
}

impl TailView {
    /// The tail with further records; a run is frozen when it has `run_events` events.
    pub(crate) fn with(&self, records: Vec<Arc<Record>>, run_events: u64) -> Self {
        if records.is_empty() {
            return self.clone();
        }
        let mut frozen = self.frozen.clone();
        let mut open = self.open.records.clone();
        let (mut open_events, mut events) = (self.open.events, self.events);
        for record in records {
            open_events += u64::from(record.events());
            events += u64::from(record.events());
            open.push(record);
            if open_events >= run_events {
                frozen.push(Arc::new(Run::new(std::mem::take(&mut open))));
                open_events = 0;
            }
        }
        Self { frozen, open: Arc::new(Run::new(open)), events }
    }

    /// The tail without the records of events before `id`, which begins a record.
    pub(crate) fn without(&self, id: EventId) -> Self {
        let rest = |run: &Run| {
            run.records.iter().filter(|record| record.first() >= id).cloned().collect::<Vec<_>>()
        };
        let mut frozen = Vec::new();
        for run in &self.frozen {
            let records = rest(run);
            if records.len() == run.records.len() {
                frozen.push(Arc::clone(run));
            } else if !records.is_empty() {
                frozen.push(Arc::new(Run::new(records)));
            }
        }
        let open = Arc::new(Run::new(rest(&self.open)));
        let events = frozen.iter().map(|run| run.events).sum::<u64>() + open.events;
        Self { frozen, open, events }
    }

    /// How many events it holds.
    pub(crate) const fn events(&self) -> u64 {
        self.events
    }

    /// The runs to which nothing more is added.
    pub(crate) fn frozen(&self) -> &[Arc<Run>] {
        &self.frozen
    }

    /// The runs that hold events.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &Arc<Run>> {
        self.frozen.iter().chain(Some(&self.open)).filter(|run| run.events > 0)
    }

    /// The records in order.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.runs().flat_map(|run| &run.records)
    }
}

/// The tail and the transaction to which it belongs.
pub(crate) struct Published {
    /// LMDB's number of the last committed transaction: the version of the whole store.
    pub(crate) version: usize,
    pub(crate) tail: TailView,
    /// The runs of insert ids that are complete and looked up.
    pub(crate) runs: Arc<BTreeSet<RunId>>,
}
