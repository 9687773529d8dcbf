//! First-touch funnels.
//!
//! Of a first-touch funnel only the earliest match at each step matters, so the parts of a step may be
//! read in any order, as long as every part of a step is done before the next step begins. Work goes by
//! blocks of users, whose state fits the cache.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::source::{Source, Visit};
use super::{FunnelQuery, ScanStats};
use crate::part::{BLOCK_USERS, PartView};
use crate::persons::Persons;
use crate::{Error, EventId};

/// A funnel over opened parts, ready to be computed by blocks on any number of threads.
pub struct FunnelScan<'q, 'p> {
    query: &'q FunnelQuery,
    persons: &'q Persons<'q>,
    sources: Vec<Source<'p>>,
    stats: ScanStats,
}

/// How many persons reached each step, so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelCounts {
    reached: Vec<u64>,
}

impl<'q, 'p> FunnelScan<'q, 'p> {
    /// Opens what the query needs; `parts` has one list of parts a step, empty for a type never seen.
    ///
    /// # Errors
    /// When a part is damaged.
    ///
    /// # Panics
    /// When `parts` has not one list a step.
    pub fn open(
        query: &'q FunnelQuery,
        parts: &[Vec<PartView<'p>>],
        persons: &'q Persons<'q>,
    ) -> Result<Self, Error> {
        assert_eq!(parts.len(), query.steps().len(), "one list of parts a step");
        let mut stats = ScanStats::default();
        let mut sources = Vec::new();
        for (number, (step, parts)) in query.steps().iter().zip(parts).enumerate() {
            let times = query.step_times(number);
            sources.push(Source::open(parts, step, times, persons, &mut stats)?);
        }
        Ok(Self { query, persons, sources, stats })
    }

    /// The blocks of users that can count. Blocks are independent of one another.
    #[must_use]
    pub fn blocks(&self) -> Range<u32> {
        0..self.sources.first().map_or(0, Source::blocks_end)
    }

    /// What opening the parts met.
    #[must_use]
    pub const fn stats(&self) -> ScanStats {
        self.stats
    }

    /// Computes some of the blocks.
    #[must_use]
    pub fn run(&self, blocks: Range<u32>) -> FunnelCounts {
        let mut counts = FunnelCounts { reached: vec![0; self.sources.len()] };
        let mut state = BlockState { slots: vec![Slot::default(); BLOCK_USERS as usize] };
        let mut selected = Vec::new();
        for block in blocks {
            state.start(&self.persons.alive(block), self.query);
            for (step, source) in self.sources.iter().enumerate() {
                source.visit(block, &mut selected, &mut state);
                let reached =
                    state.advance(
                        |first| {
                            if step == 0 { Some(self.query.limit_ms(first)) } else { None }
                        },
                    );
                counts.reached[step] += reached;
                if reached == 0 {
                    break;
                }
            }
        }
        counts
    }
}

impl FunnelCounts {
    /// Adds the counts of other blocks.
    pub fn merge(&mut self, other: &Self) {
        self.reached.iter_mut().zip(&other.reached).for_each(|(count, other)| *count += other);
    }

    /// The counts in order of the steps.
    #[must_use]
    pub fn finish(self) -> Vec<u64> {
        self.reached
    }
}

/// Where a user stands. The match of a step must be later than `after` and before `limit_ms`.
#[derive(Clone, Copy, Default)]
struct Slot {
    after_ms: i64,
    after_id: EventId,
    next_ms: i64,
    next_id: EventId,
    limit_ms: i64,
}

const NEVER: i64 = i64::MAX;

struct BlockState {
    slots: Vec<Slot>,
}

impl BlockState {
    /// Everyone who counts waits for a first event in the range; nobody else matches anything.
    fn start(&mut self, alive: &[u64], query: &FunnelQuery) {
        let range = query.range();
        let (after_ms, end) = (range.start().ms() - 1, range.end().ms());
        for (low, slot) in self.slots.iter_mut().enumerate() {
            let limit_ms = if alive[low / 64] >> (low % 64) & 1 == 1 { end } else { i64::MIN };
            *slot = Slot { after_ms, after_id: EventId::MAX, next_ms: NEVER, next_id: 0, limit_ms };
        }
    }

    /// Ends a step: who matched goes on from there, with the limit that `limit` may set anew; who did
    /// not is out. The number of those who matched.
    fn advance(&mut self, limit: impl Fn(i64) -> Option<i64>) -> u64 {
        let mut reached = 0;
        for slot in &mut self.slots {
            if slot.next_ms == NEVER {
                slot.limit_ms = i64::MIN;
                continue;
            }
            reached += 1;
            slot.limit_ms = limit(slot.next_ms).unwrap_or(slot.limit_ms);
            (slot.after_ms, slot.after_id, slot.next_ms) = (slot.next_ms, slot.next_id, NEVER);
        }
        reached
    }
}

impl Visit for BlockState {
    #[inline(always)]
    fn event(&mut self, low: usize, time_ms: i64, id: impl FnOnce() -> EventId) {
        let slot = &mut self.slots[low];
        if time_ms < slot.after_ms || time_ms >= slot.limit_ms || time_ms > slot.next_ms {
            return;
        }
        let id = id();
        if (time_ms, id) > (slot.after_ms, slot.after_id)
            && (time_ms, id) < (slot.next_ms, slot.next_id)
        {
            (slot.next_ms, slot.next_id) = (time_ms, id);
        }
    }
}
