//! Events of merged users under their canonical users, by the block of these.
//!
//! Where a user has few rows in a part, each is noted with its time; of many rows it is noted where they stand, and
//! they are read there.

use alloc::vec::Vec;
use core::ops::Range;

use super::processor::fetch;
use super::source::{Clock, Place, Source, Visit};
use crate::UserId;
use crate::part::{BLOCK_SHIFT, BLOCK_USERS};

/// A row under its canonical user, in few bytes: there are many, and they are written all over memory.
#[derive(Debug, Clone, Copy)]
struct RoutedEvent {
    /// As it stands in the part's column of times, which is at most four bytes wide.
    time: u32,
    row: u32,
    /// The number of the part, and in the lowest bits the canonical user's place in its block.
    part_and_low: u32,
}

/// Rows of one user that follow one another within a chunk, under the canonical user.
#[derive(Debug, Clone, Copy)]
struct RoutedRun {
    part: u32,
    row: u32,
    rows: u32,
    /// The rows of the runs before.
    before: u32,
    low: u32,
}

/// Events of one step under their canonical users, by block.
#[derive(Debug)]
pub(super) struct RoutedEvents {
    blocks: Vec<OfBlock>,
    /// Rows that a block is likely to get one by one.
    expected: usize,
}

/// What comes to a block: rows one by one first, then the runs.
#[derive(Debug, Default)]
struct OfBlock {
    events: Vec<RoutedEvent>,
    runs: Vec<RoutedRun>,
}

/// The rows of parts of greater numbers are routed by the run alone.
pub(super) const PARTS_MAX: u32 = 1 << (u32::BITS - BLOCK_SHIFT);

impl RoutedEvents {
    /// None yet; of so many that are likely to come one by one, so many blocks get about the same number.
    pub(super) fn new(events: u64, blocks: u32) -> Self {
        let expected = events / u64::from(blocks.max(1));
        let expected = usize::try_from(expected + expected / 8).unwrap_or(0).max(1);
        Self { blocks: Vec::new(), expected }
    }

    /// Makes room for so many blocks.
    pub(super) fn reach(&mut self, blocks: usize) {
        if blocks > self.blocks.len() {
            self.blocks.resize_with(blocks, OfBlock::default);
        }
    }

    /// Takes a row for a canonical user, whose block there is room for, if it counts, which is hard to foretell.
    #[inline(always)]
    pub(super) fn push(&mut self, user: UserId, part: u32, row: u32, time: u32, counts: bool) {
        let events = &mut self.blocks[(user / BLOCK_USERS) as usize].events;
        if events.len() == events.capacity() {
            events.reserve(self.expected);
        }
        let part_and_low = (part << BLOCK_SHIFT) | (user % BLOCK_USERS);
        events.push(RoutedEvent { time, row, part_and_low });
        fetch(events.as_ptr().wrapping_add(events.len() + WRITE_AHEAD));
        events.truncate(events.len() - usize::from(!counts));
    }

    /// Takes rows of one user, which lie within one chunk.
    pub(super) fn push_run(&mut self, user: UserId, part: u32, rows: Range<u32>) {
        let of_block = &mut self.blocks[(user / BLOCK_USERS) as usize];
        let (before, low) = (of_block.of_runs(), user % BLOCK_USERS);
        let (row, rows) = (rows.start, rows.len() as u32);
        of_block.runs.push(RoutedRun { part, row, rows, before, low });
    }

    /// One more than the last block that may have events.
    pub(super) fn blocks_end(&self) -> u32 {
        self.blocks.len() as u32
    }

    /// How many events a block has.
    pub(super) fn rows_in(&self, block: u32) -> u32 {
        self.of(block).map_or(0, |of_block| of_block.events.len() as u32 + of_block.of_runs())
    }

    /// Visits the events of a range of users, which lie in one block; they came from a source.
    /// The first of a block's events stands at place `first`.
    pub(super) fn visit<V: Visit>(
        &self,
        source: &Source<'_>,
        users: &Range<UserId>,
        first: Place,
        visit: &mut V,
    ) {
        let block = users.start / BLOCK_USERS;
        let Some(OfBlock { events, runs }) = self.of(block) else { return };
        let lows = users.start - block * BLOCK_USERS..users.end - block * BLOCK_USERS;
        let (parts, clock) = (source.parts(), visit.clock());
        for (event, place) in events.iter().zip(first..) {
            fetch(core::ptr::from_ref(event).wrapping_add(READ_AHEAD));
            let low = event.part_and_low % BLOCK_USERS;
            if lows.contains(&low) {
                let part = &parts[(event.part_and_low >> BLOCK_SHIFT) as usize];
                let time = i64::from(event.time).wrapping_mul(part.time_unit);
                visit.event(low as usize, clock.starting_at(part.times_ms.0).read(time), place);
            }
        }
        let first = first + events.len() as Place;
        for RoutedRun { part, row, rows, before, low } in runs {
            if lows.contains(low) {
                let rows = *row..row + rows;
                parts[*part as usize].visit_as(*low as usize, &rows, first + before, visit);
            }
        }
    }

    /// The part, by number, and the row from which an event of a block came; none when the block has fewer.
    pub(super) fn origin(&self, block: u32, number: u32) -> Option<(usize, u32)> {
        let OfBlock { events, runs } = self.of(block)?;
        if let Some(event) = events.get(number as usize) {
            return Some(((event.part_and_low >> BLOCK_SHIFT) as usize, event.row));
        }
        let number = number - events.len() as u32;
        let run = &runs[runs.partition_point(|run| run.before <= number).checked_sub(1)?];
        let after = number - run.before;
        (after < run.rows).then_some((run.part as usize, run.row + after))
    }

    fn of(&self, block: u32) -> Option<&OfBlock> {
        self.blocks.get(block as usize)
    }
}

impl OfBlock {
    fn of_runs(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.before + run.rows)
    }
}

/// So far ahead of each place written, memory is fetched. It takes a tenth off funnels of many merged users.
const WRITE_AHEAD: usize = 8;
/// So far ahead of the event read, those to come are.
const READ_AHEAD: usize = 32;
