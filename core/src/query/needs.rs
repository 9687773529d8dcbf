//! Which events a question reads, each type once.

use alloc::vec;
use alloc::vec::Vec;

use super::plan::{Events, Filter, FunnelQuery, Order, Step};

/// Events that a question reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need<'q> {
    /// Of which types they are.
    pub types: Types<'q>,
    /// Lists of filters, of which one must hold of an event in full for it to be read.
    pub sets: Vec<&'q [Filter]>,
    /// Whether events of which no list holds are read, too.
    pub all: bool,
    /// The times that count, in ms: from the first to before the second.
    pub times_ms: (i64, i64),
}

/// Some event types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Types<'q> {
    /// One type.
    One(&'q str),
    /// All types but these.
    AllBut(Vec<&'q str>),
}

impl Types<'_> {
    /// Whether a type is one of them.
    #[must_use]
    pub fn contain(&self, name: &str) -> bool {
        match self {
            Self::One(wanted) => *wanted == name,
            Self::AllBut(others) => !others.contains(&name),
        }
    }
}

impl<'q> Need<'q> {
    fn of(step: &'q Step, times_ms: (i64, i64)) -> Self {
        let types = Types::One(&step.event_type);
        Self { types, sets: vec![&step.filters], all: false, times_ms }
    }

    pub(super) fn events(events: &'q Events, times_ms: (i64, i64)) -> Self {
        let types = match &events.event_type {
            Some(name) => Types::One(name),
            None => Types::AllBut(Vec::new()),
        };
        Self { types, sets: vec![&events.filters], all: false, times_ms }
    }
}

/// What an event is to a funnel: bits of the steps that it matches, and of the exclusions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) steps: u32,
    pub(super) excluded: u32,
}

impl Meaning {
    const fn step(number: usize) -> Self {
        Self { steps: 1 << number, excluded: 0 }
    }

    const fn exclusion(number: usize) -> Self {
        Self { steps: 0, excluded: 1 << number }
    }

    /// Adds what else the event is.
    pub(super) const fn join(&mut self, other: Self) {
        self.steps |= other.steps;
        self.excluded |= other.excluded;
    }
}

impl FunnelQuery {
    /// What a funnel reads whose persons' events are put in order.
    #[must_use]
    pub fn needs(&self) -> Vec<Need<'_>> {
        self.meanings().into_iter().map(|(need, _)| need).collect()
    }

    /// What a funnel reads that is counted step by step.
    pub(super) fn needs_of_steps(&self) -> Vec<Need<'_>> {
        let steps = self.steps().iter().enumerate();
        steps.map(|(number, step)| Need::of(step, self.step_times(number))).collect()
    }

    /// What [`Self::needs`] says, with what an event is of which each list of filters holds.
    pub(super) fn meanings(&self) -> Vec<(Need<'_>, Vec<Meaning>)> {
        let mut all: Vec<(Need<'_>, Vec<Meaning>)> = Vec::new();
        let later = self.step_times(self.steps().len());
        for (number, step) in self.steps().iter().enumerate() {
            add(&mut all, Need::of(step, self.step_times(number)), Meaning::step(number));
        }
        for (number, exclusion) in self.exclude().iter().enumerate() {
            add(&mut all, Need::of(&exclusion.event, later), Meaning::exclusion(number));
        }
        if self.order() == Order::Strict {
            // Any event may come between.
            let mut others = Vec::new();
            for (need, _) in &mut all {
                (need.all, need.times_ms) = (true, later);
                if let Types::One(name) = need.types {
                    others.push(name);
                }
            }
            let types = Types::AllBut(others);
            all.push((Need { types, sets: Vec::new(), all: true, times_ms: later }, Vec::new()));
        }
        all
    }
}

/// Adds a need to that of the same type.
fn add<'q>(all: &mut Vec<(Need<'q>, Vec<Meaning>)>, need: Need<'q>, is: Meaning) {
    let Some((known, meanings)) = all.iter_mut().find(|(known, _)| known.types == need.types)
    else {
        return all.push((need, vec![is]));
    };
    let ((from, before), (least, greatest)) = (need.times_ms, known.times_ms);
    known.times_ms = (from.min(least), before.max(greatest));
    for set in need.sets {
        match known.sets.iter().position(|known| *known == set) {
            Some(at) => meanings[at].join(is),
            None => {
                known.sets.push(set);
                meanings.push(is);
            }
        }
    }
}
