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

/// Events that end a walk when they come after the match of one step and before that of the next.
pub(super) struct Break<'q> {
    pub(super) events: BreakEvents<'q>,
    /// Bits of the steps before whose match they do.
    pub(super) before: u32,
    /// Bits of the steps whose events are exactly these.
    pub(super) among: u32,
}

/// Where such events are read.
pub(super) enum BreakEvents<'q> {
    /// With those of a step.
    OfStep(usize),
    /// By a need of their own.
    Other(Need<'q>),
}

fn bits(numbers: impl IntoIterator<Item = u32>) -> u32 {
    numbers.into_iter().fold(0, |bits, number| bits | 1 << number)
}

impl FunnelQuery {
    /// What a funnel reads whose persons' events are put in order.
    #[must_use]
    pub fn needs(&self) -> Vec<Need<'_>> {
        self.meanings().into_iter().map(|(need, _)| need).collect()
    }

    /// What a funnel reads that is counted step by step: a need a step, then those of [`Self::breaks`].
    pub(super) fn needs_of_steps(&self) -> Vec<Need<'_>> {
        let steps = self.steps().iter().enumerate();
        let steps = steps.map(|(number, step)| {
            // Of a strict funnel, events of a step's type end walks too.
            let is_strict = self.order() == Order::Strict;
            let number = if is_strict { self.steps().len() } else { number };
            Need::of(step, self.step_times(number))
        });
        let others = self.breaks().into_iter().filter_map(|breaks| match breaks.events {
            BreakEvents::OfStep(_) => None,
            BreakEvents::Other(need) => Some(need),
        });
        steps.chain(others).collect()
    }

    /// Events that end walks when they come between the matches of two steps.
    pub(super) fn breaks(&self) -> Vec<Break<'_>> {
        let steps = self.steps();
        let later = self.step_times(steps.len());
        if self.order() != Order::Strict {
            let exclusions = self.exclude().iter().map(|rule| {
                let events = BreakEvents::Other(Need::of(&rule.event, later));
                Break { events, before: bits(rule.after_step + 1..=rule.before_step), among: 0 }
            });
            return exclusions.collect();
        }
        // Whatever lies between: of the types of the steps, and of all others.
        let all = |types| {
            BreakEvents::Other(Need { types, sets: Vec::new(), all: true, times_ms: later })
        };
        let later_steps = bits(1..=steps.len() as u32 - 1);
        let mut names: Vec<&str> = steps.iter().map(|step| &*step.event_type).collect();
        names.sort_unstable();
        names.dedup();
        let of_name = |name| {
            let whole = (0..)
                .zip(steps)
                .filter(|(_, step)| step.event_type == name && step.filters.is_empty());
            let among = bits(whole.map(|(number, _): (u32, _)| number));
            let events = match among {
                0 => all(Types::One(name)),
                _ => BreakEvents::OfStep(among.trailing_zeros() as usize),
            };
            // No event of the type comes before the match of a step that takes any of them.
            Break { events, before: later_steps & !among, among }
        };
        let of_others = all(Types::AllBut(names.clone()));
        let mut breaks = vec![Break { events: of_others, before: later_steps, among: 0 }];
        breaks.extend(names.into_iter().map(of_name));
        breaks.retain(|breaks| breaks.before != 0);
        breaks
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
