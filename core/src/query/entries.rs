//! The walks of many entries of one person who has many events: what each looks for only moves forward.

use alloc::vec;
use alloc::vec::Vec;

use super::gather::Found;
use super::plan::{FunnelQuery, Order};
use super::walk::{End, Matched, Walk};

/// The events of a person by what they are.
pub(super) struct Entries<'q> {
    query: &'q FunnelQuery,
    steps: u32,
    /// Per step the numbers of the events that match it, and how far entries have got in them.
    matching: Vec<Queue>,
    /// The same per exclusion.
    excluded: Vec<Queue>,
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

impl<'q> Entries<'q> {
    pub(super) fn new(query: &'q FunnelQuery) -> Self {
        let steps = query.steps().len();
        let matching = vec![Queue::default(); steps];
        let excluded = vec![Queue::default(); query.exclude().len()];
        Self { query, steps: steps as u32, matching, excluded }
    }

    /// Takes the events of a person.
    pub(super) fn take(&mut self, events: &[Found]) {
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
    pub(super) fn walk_from(&mut self, entry: u32, events: &[Found], walk: &mut Walk) {
        walk.begin(self.query, entry, events);
        match self.query.order() {
            Order::Ordered => self.follow(events, walk),
            Order::Strict => self.follow_strictly(events, walk),
            Order::Any => self.match_any(events, walk),
        }
        self.exclude(events, walk);
        if walk.end == End::Window && walk.matches.len() as u32 == self.steps {
            walk.end = End::Converted;
        }
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

    /// Of each step no more events matter than there are steps: of any more, one of these is free in their place.
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
        let mut matched = Matched::default();
        walk.matches.clear();
        for event in candidates {
            if matched.augment(event, events) {
                walk.matches.push(event);
                if walk.matches.len() as u32 == self.steps {
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
