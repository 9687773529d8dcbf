//! A person's walk through the steps of a funnel.

use alloc::vec::Vec;

use super::entries::Entries;
use super::gather::Found;
use super::plan::{Entry, FunnelQuery, Order};
use crate::limits::FUNNEL_STEPS_MAX;

/// How a person got on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Walk {
    /// The numbers of the events with which one step more was reached, at least one.
    pub(super) matches: Vec<u32>,
    /// What ended the walk.
    pub(super) end: End,
    /// The first time that is too late for it, in ms.
    pub(super) limit_ms: i64,
}

/// What ended a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum End {
    /// The last step was reached.
    Converted,
    /// Nothing more came within the conversion window.
    #[default]
    Window,
    /// An excluded event came: the number of the exclusion, and of the event.
    Excluded { exclusion: u32, at: u32 },
    /// Another event than that of the next step came.
    Interrupted { at: u32 },
}

/// Walks over the events of one person after the other.
pub(super) struct Walker<'q> {
    query: &'q FunnelQuery,
    /// By step reached last: bits of the exclusions that then end the walk.
    active: Vec<u32>,
    /// The walk at hand, and the best so far.
    walk: Walk,
    best: Walk,
    entries: Entries<'q>,
}

/// Entries times events up to which each entry's walk looks at every event after it.
const PLAIN_MAX: usize = 1 << 12;

impl<'q> Walker<'q> {
    pub(super) fn new(query: &'q FunnelQuery) -> Self {
        let steps = 0..query.steps().len() as u32;
        let active = steps.map(|step| {
            let rules = (0..).zip(query.exclude());
            let active =
                rules.filter(|(_, rule)| (rule.after_step..rule.before_step).contains(&step));
            active.fold(0, |bits, (number, _): (u32, _)| bits | 1 << number)
        });
        let (walk, best) = Default::default();
        Self { query, active: active.collect(), walk, best, entries: Entries::new(query) }
    }

    /// The walk that counts, and whether the person may still get further at `now_ms`.
    pub(super) fn walk(&mut self, events: &[Found], now_ms: i64) -> Option<(&Walk, bool)> {
        let query = self.query;
        let first = events.iter().position(|event| is_entry(query, event))?;
        let entries = (0..).zip(events).skip(first).filter(|(_, event)| is_entry(query, event));
        let entries = entries.map(|(number, _)| number);
        self.best.matches.clear();
        if query.entry() == Entry::First {
            self.walk_from(first as u32, events);
            let is_pending = self.walk.is_pending(now_ms);
            return Some((&self.walk, is_pending));
        }
        let is_plain = entries.clone().count() * events.len() <= PLAIN_MAX;
        if !is_plain {
            self.entries.take(events);
        }
        let mut any_pending = false;
        for entry in entries {
            if is_plain {
                self.walk_from(entry, events);
            } else {
                self.entries.walk_from(entry, events, &mut self.walk);
            }
            let is_pending = self.walk.is_pending(now_ms);
            let (length, best) = (self.walk.matches.len(), self.best.matches.len());
            if length > best {
                core::mem::swap(&mut self.walk, &mut self.best);
                any_pending = is_pending;
            } else if length == best {
                // Of entries that got equally far any that is still within its window may get further.
                any_pending |= is_pending;
                if is_pending {
                    self.best.limit_ms = self.best.limit_ms.max(self.walk.limit_ms);
                }
            }
            if self.best.end == End::Converted {
                break;
            }
        }
        Some((&self.best, any_pending))
    }

    /// Walks from an event, looking at each event after it.
    fn walk_from(&mut self, entry: u32, events: &[Found]) {
        let query = self.query;
        let steps = query.steps().len();
        self.walk.begin(query, entry, events);
        let Walk { matches, end, limit_ms } = &mut self.walk;
        let mut matched = Matched::default();
        if query.order() == Order::Any {
            matched.augment(entry, events);
        }
        for (at, event) in (entry + 1..).zip(&events[entry as usize + 1..]) {
            if matches.len() == steps || event.time_ms >= *limit_ms {
                break;
            }
            let is_next = match query.order() {
                Order::Ordered | Order::Strict => event.is.steps >> matches.len() & 1 == 1,
                Order::Any => event.is.steps != 0 && matched.augment(at, events),
            };
            if is_next {
                matches.push(at);
                continue;
            }
            let excluded = event.is.excluded & self.active[matches.len() - 1];
            if excluded != 0 {
                let exclusion = excluded.trailing_zeros();
                return *end = End::Excluded { exclusion, at };
            }
            if query.order() == Order::Strict {
                return *end = End::Interrupted { at };
            }
        }
        if matches.len() == steps {
            *end = End::Converted;
        }
    }
}

impl Walk {
    /// Begins anew, with an event.
    pub(super) fn begin(&mut self, query: &FunnelQuery, entry: u32, events: &[Found]) {
        self.matches.clear();
        self.matches.push(entry);
        self.end = End::Window;
        self.limit_ms = query.limit_ms(events[entry as usize].time_ms);
    }

    fn is_pending(&self, now_ms: i64) -> bool {
        self.end == End::Window && now_ms < self.limit_ms
    }
}

/// Whether a walk can begin with an event.
pub(super) fn is_entry(query: &FunnelQuery, event: &Found) -> bool {
    let begins = match query.order() {
        Order::Any => event.is.steps != 0,
        Order::Ordered | Order::Strict => event.is.steps & 1 == 1,
    };
    begins && query.range().contains(event.time_ms)
}

/// A matching of steps and events, which grows by augmenting paths (Kuhn, "The Hungarian method for the assignment
/// problem", 1955): over events in order it is a maximum one at any time.
pub(super) struct Matched {
    /// By step its event, if it has one.
    events: [Option<u32>; FUNNEL_STEPS_MAX],
}

impl Default for Matched {
    fn default() -> Self {
        Self { events: [None; FUNNEL_STEPS_MAX] }
    }
}

impl Matched {
    /// Adds an event, if the matching grows by it.
    pub(super) fn augment(&mut self, event: u32, events: &[Found]) -> bool {
        self.find(event, events, &mut 0)
    }

    /// Finds a step for an event, giving others' events other steps where that makes room.
    fn find(&mut self, event: u32, events: &[Found], tried: &mut u32) -> bool {
        let steps = events[event as usize].is.steps;
        loop {
            let left = steps & !*tried;
            if left == 0 {
                return false;
            }
            let step = left.trailing_zeros() as usize;
            *tried |= 1 << step;
            let makes_room = match self.events[step] {
                None => true,
                Some(other) => self.find(other, events, tried),
            };
            if makes_room {
                self.events[step] = Some(event);
                return true;
            }
        }
    }
}
