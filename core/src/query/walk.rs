//! A person's walk through the steps of a funnel.

use alloc::vec;
use alloc::vec::Vec;

use super::gather::Found;
use super::plan::{Entry, FunnelQuery, Order};

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
    steps: u32,
    /// Per step the numbers of the events that match it, and how far entries have got in them.
    matching: Vec<Queue>,
    /// The same per exclusion.
    excluded: Vec<Queue>,
    /// The walk from the entry at hand, and the best so far.
    walk: Walk,
    best: Walk,
}

/// Numbers of events, ascending, taken from the front.
#[derive(Debug, Clone, Default)]
struct Queue {
    events: Vec<u32>,
    next: usize,
}

impl Queue {
    /// The first event after another one. Asked about later and later events it gets on.
    fn after(&mut self, event: u32) -> Option<u32> {
        while self.events.get(self.next).is_some_and(|next| *next <= event) {
            self.next += 1;
        }
        self.events.get(self.next).copied()
    }

    fn clear(&mut self) {
        self.events.clear();
        self.next = 0;
    }
}

impl<'q> Walker<'q> {
    pub(super) fn new(query: &'q FunnelQuery) -> Self {
        let steps = query.steps().len();
        let matching = vec![Queue::default(); steps];
        let excluded = vec![Queue::default(); query.exclude().len()];
        let (walk, best) = Default::default();
        Self { query, steps: steps as u32, matching, excluded, walk, best }
    }

    /// The walk that counts, and whether the person may still get further at `now_ms`.
    pub(super) fn walk(&mut self, events: &[Found], now_ms: i64) -> Option<(&Walk, bool)> {
        let first = events.iter().position(|event| is_entry(self.query, event))?;
        self.take(events);
        self.best.matches.clear();
        let mut any_pending = false;
        for (entry, event) in (0..).zip(events).skip(first) {
            if !is_entry(self.query, event) {
                continue;
            }
            self.walk_from(entry, events);
            let pending = self.walk.end == End::Window && now_ms < self.walk.limit_ms;
            let (length, best) = (self.walk.matches.len(), self.best.matches.len());
            if length > best {
                core::mem::swap(&mut self.walk, &mut self.best);
                any_pending = pending;
            } else if length == best {
                // Of entries that got equally far any that is still within its window may get further.
                any_pending |= pending;
            }
            if self.best.end == End::Converted || self.query.entry() == Entry::First {
                break;
            }
        }
        Some((&self.best, any_pending))
    }

    fn take(&mut self, events: &[Found]) {
        self.matching.iter_mut().chain(&mut self.excluded).for_each(Queue::clear);
        for (number, event) in (0..).zip(events) {
            let put = |mut bits: u32, queues: &mut [Queue]| {
                while bits != 0 {
                    queues[bits.trailing_zeros() as usize].events.push(number);
                    bits &= bits - 1;
                }
            };
            put(event.is.steps, &mut self.matching);
            put(event.is.excluded, &mut self.excluded);
        }
    }

    /// Walks from an event; entries must come in order.
    fn walk_from(&mut self, entry: u32, events: &[Found]) {
        let mut walk = core::mem::take(&mut self.walk);
        walk.matches.clear();
        walk.matches.push(entry);
        walk.end = End::Window;
        walk.limit_ms = self.query.limit_ms(events[entry as usize].time_ms);
        match self.query.order() {
            Order::Ordered => self.follow(events, &mut walk),
            Order::Strict => self.follow_strictly(events, &mut walk),
            Order::Any => self.match_any(events, &mut walk),
        }
        self.exclude(events, &mut walk);
        if walk.end == End::Window && walk.matches.len() as u32 == self.steps {
            walk.end = End::Converted;
        }
        self.walk = walk;
    }

    fn follow(&mut self, events: &[Found], walk: &mut Walk) {
        let mut last = walk.matches[0];
        for queue in &mut self.matching[1..] {
            match queue.after(last) {
                Some(next) if events[next as usize].time_ms < walk.limit_ms => last = next,
                _ => break,
            }
            walk.matches.push(last);
        }
    }

    fn follow_strictly(&self, events: &[Found], walk: &mut Walk) {
        for step in 1..self.steps {
            let next = walk.matches[0] + step;
            match events.get(next as usize).filter(|event| event.time_ms < walk.limit_ms) {
                Some(event) if event.is.steps >> step & 1 == 1 => walk.matches.push(next),
                Some(_) => return walk.end = End::Interrupted { at: next },
                None => return,
            }
        }
    }

    /// A maximum matching of events and steps, by augmenting paths (Kuhn, "The Hungarian method for the assignment
    /// problem", 1955), over events in order, so that it is known when it grew. Of each step no more events matter
    /// than there are steps: of any more, one of these is free in their place.
    fn match_any(&mut self, events: &[Found], walk: &mut Walk) {
        let entry = walk.matches[0];
        let mut candidates = Vec::new();
        for queue in &mut self.matching {
            entry.checked_sub(1).and_then(|before| queue.after(before));
            let first = queue.events[queue.next..].iter().take(self.steps as usize);
            candidates.extend(first.filter(|at| events[**at as usize].time_ms < walk.limit_ms));
        }
        candidates.sort_unstable();
        candidates.dedup();
        let mut matched: Vec<Option<u32>> = vec![None; self.steps as usize];
        walk.matches.clear();
        for event in candidates {
            if augment(event, events, &mut matched, &mut 0) {
                walk.matches.push(event);
                if walk.matches.len() == matched.len() {
                    return;
                }
            }
        }
    }

    /// Ends the walk at the first excluded event. One that is taken as a match is none.
    fn exclude(&mut self, events: &[Found], walk: &mut Walk) {
        let mut first: Option<(u32, u32)> = None;
        for (exclusion, (rule, queue)) in
            (0..).zip(self.query.exclude().iter().zip(&mut self.excluded))
        {
            let Some(after) = walk.matches.get(rule.after_step as usize) else { continue };
            let mut at = queue.after(*after);
            let mut further = queue.next;
            while at.is_some_and(|at| walk.matches.binary_search(&at).is_ok()) {
                further += 1;
                at = queue.events.get(further).copied();
            }
            let end = walk.matches.get(rule.before_step as usize);
            let within = |at: &u32| match end {
                Some(end) => at < end,
                None => events[*at as usize].time_ms < walk.limit_ms,
            };
            if let Some(at) = at.filter(within)
                && first.is_none_or(|(first, _)| at < first)
            {
                first = Some((at, exclusion));
            }
        }
        // What interrupts a strict walk comes before any excluded event after it.
        let before = match walk.end {
            End::Interrupted { at } => at + 1,
            _ => u32::MAX,
        };
        if let Some((at, exclusion)) = first.filter(|(at, _)| *at < before) {
            walk.matches.retain(|matched| *matched < at);
            walk.end = End::Excluded { exclusion, at };
        }
    }
}

/// Whether a walk can begin with an event.
fn is_entry(query: &FunnelQuery, event: &Found) -> bool {
    let begins = match query.order() {
        Order::Any => event.is.steps != 0,
        Order::Ordered | Order::Strict => event.is.steps & 1 == 1,
    };
    begins && query.range().contains(event.time_ms)
}

/// Finds a step for an event, giving others' events other steps where that makes room.
fn augment(event: u32, events: &[Found], matched: &mut [Option<u32>], tried: &mut u32) -> bool {
    let steps = events[event as usize].is.steps;
    for step in 0..matched.len() {
        if steps & !*tried & 1 << step == 0 {
            continue;
        }
        *tried |= 1 << step;
        let makes_room = match matched[step] {
            None => true,
            Some(other) => augment(other, events, matched, tried),
        };
        if makes_room {
            matched[step] = Some(event);
            return true;
        }
    }
    false
}
