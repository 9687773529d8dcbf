//! Events of merged users on their way to the block of their canonical user.
//!
//! Ids of one person lie in different blocks, so before blocks are computed the events of merged users
//! are collected by the block of their canonical user. Without merges nothing is done.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::mask::Mask;
use super::source::{Clock, Milliseconds, OpenPart, Place, Source, Visit, low_of};
use crate::UserId;
use crate::part::{BLOCK_SHIFT, BLOCK_USERS, pieces};
use crate::persons::{bits_of, decode_merged};

/// An event under its canonical user, in few bytes: there are many, and they are written all over memory.
#[derive(Debug, Clone, Copy)]
struct RoutedEvent {
    /// From the highest bit: its time, 43 bits of ms; the canonical user's place in its block; the upper bits of its
    /// row, counted over all blocks.
    high: [u32; 2],
    /// The other bits of its row.
    row_low: u32,
}

/// Upper bits of a row.
const ROW_BITS: u32 = 8;

impl RoutedEvent {
    fn new(time_ms: i64, low: u32, row: u64) -> Self {
        let high = ((time_ms as u64) << BLOCK_SHIFT | u64::from(low)) << ROW_BITS | row >> 32;
        Self { high: [high as u32, (high >> 32) as u32], row_low: row as u32 }
    }

    const fn high(self) -> u64 {
        (self.high[1] as u64) << 32 | self.high[0] as u64
    }

    const fn time_ms(self) -> i64 {
        (self.high() >> (ROW_BITS + BLOCK_SHIFT)) as i64
    }

    const fn low(self) -> u32 {
        (self.high() >> ROW_BITS) as u32 % BLOCK_USERS
    }

    const fn row(self) -> u64 {
        (self.high() % (1 << ROW_BITS)) << 32 | self.row_low as u64
    }
}

/// The events of one user in rows of a part that follow one another, under the canonical user.
#[derive(Debug, Clone, Copy)]
struct RoutedRun {
    /// The first row, counted over all blocks.
    row: u64,
    /// The same row in its part, by number.
    part_row: u32,
    part: u32,
    /// The canonical user's place in its block.
    low: u16,
    /// How many rows there are, and how many the runs before have.
    rows: u32,
    before: u32,
}

/// Events of one step under their canonical users, by block.
#[derive(Debug)]
pub(super) struct RoutedEvents {
    blocks: Vec<OfBlock>,
    /// Events that a block is likely to get one by one.
    expected: usize,
}

/// The events that come to a block: those one by one come first, then the runs.
#[derive(Debug, Default)]
struct OfBlock {
    events: Vec<RoutedEvent>,
    runs: Vec<RoutedRun>,
}

impl OfBlock {
    fn rows(&self) -> u32 {
        let of_runs = self.runs.last().map_or(0, |run| run.before + run.rows);
        self.events.len() as u32 + of_runs
    }
}

impl RoutedEvents {
    /// None yet; of so many that are likely to come, so many blocks get about the same number.
    pub(super) fn new(events: u64, blocks: u32) -> Self {
        let expected = events / u64::from(blocks.max(1));
        let expected = usize::try_from(expected + expected / 8).unwrap_or(0);
        Self { blocks: Vec::new(), expected }
    }

    /// One more than the last block that has events.
    pub(super) fn blocks_end(&self) -> u32 {
        self.blocks.len() as u32
    }

    /// How many events a block has.
    pub(super) fn rows_in(&self, block: u32) -> u64 {
        self.blocks.get(block as usize).map_or(0, |of_block| of_block.rows().into())
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
        let Some(OfBlock { events, runs }) = self.blocks.get(block as usize) else { return };
        let clock = visit.clock().starting_at(0);
        for (event, place) in events.iter().zip(first..) {
            if users.contains(&(block * BLOCK_USERS + event.low())) {
                visit.event(event.low() as usize, clock.read(event.time_ms()), place);
            }
        }
        let first = first + events.len() as Place;
        for run in runs {
            if users.contains(&(block * BLOCK_USERS + UserId::from(run.low))) {
                let part = &source.parts()[run.part as usize];
                let rows = run.part_row..run.part_row + run.rows;
                part.visit_as(usize::from(run.low), &rows, first + run.before, visit);
            }
        }
    }

    /// The row from which an event of a block came, counted over all blocks.
    pub(super) fn origin(&self, block: u32, number: u32) -> u64 {
        let OfBlock { events, runs } = &self.blocks[block as usize];
        if let Some(event) = events.get(number as usize) {
            return event.row();
        }
        let number = number - events.len() as u32;
        let after = runs.partition_point(|run| run.before <= number);
        let run = &runs[after - 1];
        run.row + u64::from(number - run.before)
    }

    fn of(&mut self, user: UserId) -> &mut OfBlock {
        let block = (user / BLOCK_USERS) as usize;
        if block >= self.blocks.len() {
            self.blocks.resize_with(block + 1, OfBlock::default);
        }
        &mut self.blocks[block]
    }

    /// Takes an event if it counts, which is hard to foretell.
    #[inline(always)]
    fn push(&mut self, user: UserId, event: RoutedEvent, counts: bool) {
        let expected = self.expected;
        let events = &mut self.of(user).events;
        if events.is_empty() {
            events.reserve_exact(expected.max(1));
        }
        events.push(event);
        fetch(events.as_ptr().wrapping_add(events.len() + EVENTS_AHEAD));
        events.truncate(events.len() - usize::from(!counts));
    }
}

/// Events are written at hundreds of places in turn, which no processor foresees: so far ahead of each, memory
/// is fetched. It takes a tenth off funnels of many merged users.
const EVENTS_AHEAD: usize = 8;

/// Has the processor fetch memory into its cache; nothing is read, so the place need not be valid.
#[inline(always)]
fn fetch(place: *const RoutedEvent) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint; every x86-64 processor has it, and a wrong address is passed over.
        #[expect(unsafe_code, reason = "there is no safe name for the instruction")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(place.cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Some users of a block.
pub(super) struct Members {
    contains: Box<[bool; BLOCK_USERS as usize]>,
}

impl Members {
    pub(super) fn none() -> Self {
        Self { contains: boxed(false) }
    }

    /// Takes exactly those of 64 users a word whose bit is set, the first word's at `first`.
    pub(super) fn set_bits(&mut self, first: usize, words: &[u64]) {
        let slots = self.contains[first..first + words.len() * 64].as_chunks_mut::<64>().0;
        for (slots, word) in slots.iter_mut().zip(words) {
            slots.fill(false);
            bits_of(*word).for_each(|bit| slots[bit as usize] = true);
        }
    }

    /// Takes exactly the users of a range of places for whom `contains` holds.
    pub(super) fn set(&mut self, lows: Range<usize>, contains: impl Iterator<Item = bool>) {
        self.contains[lows].iter_mut().zip(contains).for_each(|(slot, holds)| *slot = holds);
    }

    #[inline(always)]
    pub(super) fn contains(&self, low: usize) -> bool {
        self.contains[low]
    }
}

/// Collects the events of merged users, block of users by block of users.
pub(super) struct Router<'a> {
    members: Members,
    canonical: Box<[UserId; BLOCK_USERS as usize]>,
    entries: &'a [u8],
}

impl<'a> Router<'a> {
    pub(super) fn new() -> Self {
        Self { members: Members::none(), canonical: boxed(0), entries: &[] }
    }

    /// Takes the merged users of a block in the place of the last one's.
    pub(super) fn enter(&mut self, entries: &'a [u8]) {
        for (low, _) in decode_merged(self.entries) {
            self.members.contains[usize::from(low)] = false;
        }
        for (low, user) in decode_merged(entries) {
            self.members.contains[usize::from(low)] = true;
            self.canonical[usize::from(low)] = user;
        }
        self.entries = entries;
    }

    /// Whether the block has no merged users.
    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes the events of a step of those of the block's merged users who are in a range.
    pub(super) fn route(
        &self,
        source: &Source<'_>,
        users: &Range<UserId>,
        mask: &mut Mask,
        routed: &mut RoutedEvents,
    ) {
        let block = users.start / BLOCK_USERS;
        let mut rows_before = source.rows_before(block);
        for (number, part) in (0..).zip(source.parts()) {
            let block_rows = part.blocks.rows(block);
            let rows = part.rows_of(users, block_rows.clone());
            let first_row = rows_before + u64::from(rows.start - block_rows.start);
            if part.has_long_runs(&rows) {
                self.route_runs(part, number, &rows, first_row, routed);
            } else {
                let canonical = &self.canonical;
                let mut collect = Collect { canonical, source, first_row, routed };
                part.visit(rows, 0, Some(&self.members), mask, &mut collect);
            }
            rows_before += block_rows.len() as u64;
        }
    }

    /// Takes rows of a part by the run; the first is row `first_row`, counted over all blocks.
    fn route_runs(
        &self,
        part: &OpenPart<'_>,
        number: u32,
        rows: &Range<u32>,
        first_row: u64,
        routed: &mut RoutedEvents,
    ) {
        for piece in pieces(rows.clone()) {
            let users = part.user_bytes(&piece);
            let mut at = 0;
            for (low, canonical) in decode_merged(self.entries) {
                let from = first_not_below(users, at, low.into());
                at = first_not_below(users, from, usize::from(low) + 1);
                if at == users.len() && from == at {
                    break;
                }
                if from < at {
                    let of_block = routed.of(canonical);
                    let before = of_block.runs.last().map_or(0, |run| run.before + run.rows);
                    of_block.runs.push(RoutedRun {
                        row: first_row + u64::from(piece.start - rows.start) + from as u64,
                        part_row: piece.start + from as u32,
                        part: number,
                        low: (canonical % BLOCK_USERS) as u16,
                        rows: (at - from) as u32,
                        before,
                    });
                }
            }
        }
    }
}

/// Users with fewer rows than this in a part are better found by a look at every row.
const LONG_RUN: u32 = 8;

impl OpenPart<'_> {
    /// Whether users have so many of these rows, and all of them count, that they are routed by the run.
    fn has_long_runs(&self, rows: &Range<u32>) -> bool {
        if rows.is_empty() || !self.selection.keeps_all() {
            return false;
        }
        let (first, last) = (self.users.get(rows.start), self.users.get(rows.end - 1));
        rows.len() as u64 >= u64::from(LONG_RUN) * (last.saturating_sub(first) + 1)
    }
}

/// From a place on, the first of users, who are ascending, that is not below one; by steps that double, since it is
/// likely to be near.
fn first_not_below(users: &[[u8; 2]], from: usize, low: usize) -> usize {
    let is_below = |user: &[u8; 2]| low_of(*user) < low;
    let (mut from, mut step) = (from, 8);
    while users.get(from + step).is_some_and(is_below) {
        from += step + 1;
        step *= 2;
    }
    let end = users.len().min(from + step);
    from + users[from..end].partition_point(is_below)
}

struct Collect<'r> {
    canonical: &'r [UserId; BLOCK_USERS as usize],
    source: &'r Source<'r>,
    /// The row at place 0, counted over all blocks.
    first_row: u64,
    routed: &'r mut RoutedEvents,
}

impl Visit for Collect<'_> {
    type Clock = Milliseconds;

    fn clock(&self) -> Milliseconds {
        Milliseconds::default()
    }

    #[inline(always)]
    fn event(&mut self, low: usize, time_ms: i64, place: Place) {
        let user = self.canonical[low];
        let row = self.first_row + u64::from(place);
        let event = RoutedEvent::new(time_ms, user % BLOCK_USERS, row);
        self.routed.push(user, event, self.source.counts(time_ms));
    }
}

/// A value for every user of a block.
fn boxed<T: Clone>(value: T) -> Box<[T; BLOCK_USERS as usize]> {
    let values = vec![value; BLOCK_USERS as usize].into_boxed_slice();
    values.try_into().ok().expect("there is one value a user")
}
