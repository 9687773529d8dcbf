//! Events of merged users on their way to the block of their canonical user.
//!
//! Ids of one person lie in different blocks, so before blocks are computed the events of merged users
//! are collected by the block of their canonical user. Without merges nothing is done.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::source::{Clock, Milliseconds, Place, Source, Visit};
use crate::UserId;
use crate::part::{BLOCK_SHIFT, BLOCK_USERS};
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

/// Events of one step under their canonical users, by block.
#[derive(Debug)]
pub(super) struct RoutedEvents {
    blocks: Vec<Vec<RoutedEvent>>,
    /// Events that a block is likely to get.
    expected: usize,
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
        self.of(block).len() as u64
    }

    /// Visits the events of a range of users, which lie in one block.
    /// The first of a block's events stands at place `first`.
    pub(super) fn visit<V: Visit>(&self, users: &Range<UserId>, first: Place, visit: &mut V) {
        let clock = visit.clock().starting_at(0);
        let block = users.start / BLOCK_USERS;
        for (event, place) in self.of(block).iter().zip(first..) {
            if users.contains(&(block * BLOCK_USERS + event.low())) {
                visit.event(event.low() as usize, clock.read(event.time_ms()), place);
            }
        }
    }

    /// The row from which an event of a block came, counted over all blocks.
    pub(super) fn origin(&self, block: u32, number: u32) -> u64 {
        self.of(block)[number as usize].row()
    }

    fn of(&self, block: u32) -> &[RoutedEvent] {
        self.blocks.get(block as usize).map_or(&[], Vec::as_slice)
    }

    /// Takes an event if it counts, which is hard to foretell.
    #[inline(always)]
    fn push(&mut self, user: UserId, event: RoutedEvent, counts: bool) {
        let block = (user / BLOCK_USERS) as usize;
        if block >= self.blocks.len() {
            self.blocks.resize_with(block + 1, Vec::new);
        }
        let events = &mut self.blocks[block];
        if events.is_empty() {
            events.reserve_exact(self.expected.max(1));
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

    /// The merged users of the block.
    pub(super) fn members(&self) -> &Members {
        &self.members
    }

    /// Takes events of the block's merged users, from a source that has so many rows in the blocks before.
    pub(super) fn collect<'r>(
        &'r self,
        source: &'r Source<'r>,
        rows_before: u64,
        routed: &'r mut RoutedEvents,
    ) -> impl Visit + 'r {
        Collect { canonical: &self.canonical, source, rows_before, routed }
    }
}

struct Collect<'r> {
    canonical: &'r [UserId; BLOCK_USERS as usize],
    source: &'r Source<'r>,
    rows_before: u64,
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
        let row = self.rows_before + u64::from(place);
        let event = RoutedEvent::new(time_ms, user % BLOCK_USERS, row);
        self.routed.push(user, event, self.source.counts(time_ms));
    }
}

/// A value for every user of a block.
fn boxed<T: Clone>(value: T) -> Box<[T; BLOCK_USERS as usize]> {
    let values = vec![value; BLOCK_USERS as usize].into_boxed_slice();
    values.try_into().ok().expect("there is one value a user")
}
