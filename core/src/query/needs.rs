//! Which events a question reads, each kind once.

use alloc::vec::Vec;

use super::gather::Meaning;
use super::plan::{Events, Filter, FunnelQuery, Order, Step};

/// Events that a question reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need<'q> {
    /// Their type; none when those of every type are read.
    pub event_type: Option<&'q str>,
    /// What must hold of them.
    pub filters: &'q [Filter],
    /// The times that count, in ms: from the first to before the second.
    pub times_ms: (i64, i64),
}

impl<'q> Need<'q> {
    fn of(step: &'q Step, times_ms: (i64, i64)) -> Self {
        Self { event_type: Some(&step.event_type), filters: &step.filters, times_ms }
    }

    pub(super) fn events(events: &'q Events, times_ms: (i64, i64)) -> Self {
        Self { event_type: events.event_type.as_deref(), filters: &events.filters, times_ms }
    }
}

impl FunnelQuery {
    /// What a funnel that is not counted step by step reads.
    #[must_use]
    pub fn needs(&self) -> Vec<Need<'_>> {
        self.meanings().into_iter().map(|(need, _)| need).collect()
    }

    /// What a funnel reads that is counted step by step.
    pub(super) fn needs_of_steps(&self) -> Vec<Need<'_>> {
        let steps = self.steps().iter().enumerate();
        steps.map(|(number, step)| Need::of(step, self.step_times(number))).collect()
    }

    /// The same, each with what it is to the funnel.
    pub(super) fn meanings(&self) -> Vec<(Need<'_>, Meaning)> {
        let mut all: Vec<(Need<'_>, Meaning)> = Vec::new();
        let last = self.step_times(self.steps().len());
        for (number, step) in self.steps().iter().enumerate() {
            add(&mut all, Need::of(step, self.step_times(number)), Meaning::step(number));
        }
        for (number, exclusion) in self.exclude().iter().enumerate() {
            add(&mut all, Need::of(&exclusion.event, last), Meaning::exclusion(number));
        }
        if self.order() == Order::Strict {
            add(
                &mut all,
                Need { event_type: None, filters: &[], times_ms: last },
                Meaning::default(),
            );
        }
        all
    }
}

/// Adds a need, or what it is to the question where the same events are needed already.
fn add<'q>(all: &mut Vec<(Need<'q>, Meaning)>, need: Need<'q>, is: Meaning) {
    let same =
        |known: &Need<'_>| known.event_type == need.event_type && known.filters == need.filters;
    match all.iter_mut().find(|(known, _)| same(known)) {
        Some((known, known_is)) => {
            let ((from, before), (least, greatest)) = (need.times_ms, known.times_ms);
            known.times_ms = (from.min(least), before.max(greatest));
            known_is.join(is);
        }
        None => all.push((need, is)),
    }
}
