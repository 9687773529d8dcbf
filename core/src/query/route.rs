//! Events of merged users on their way to the block of their canonical user.
//!
//! Ids of one person lie in different blocks, so before blocks are computed the events of merged users
//! are collected by the block of their canonical user. Without merges nothing is done.
//!
//! Rows are sorted by user. Where users have few in a part, a look at every row finds those of merged users; where they have
//! many, a search finds where each merged user's begin and end, and the rows between are not looked at.

use alloc::boxed::Box;
use core::ops::Range;

use super::mask::Mask;
use super::members::Members;
use super::processor::fetch;
use super::routed::{PARTS_MAX, RoutedEvents};
use super::source::{OpenPart, Source, low_of};
use crate::UserId;
use crate::part::{BLOCK_USERS, pieces};
use crate::persons::decode_merged;

/// Collects the events of merged users, block of users by block of users.
pub(super) struct Router<'a> {
    members: Members,
    canonical: Box<[UserId; BLOCK_USERS as usize]>,
    entries: &'a [u8],
    /// One more than the last block of a canonical user.
    blocks: usize,
    mask: Mask,
}

impl<'a> Router<'a> {
    pub(super) fn new() -> Self {
        let (members, canonical) = (Members::none(), Box::new([0; BLOCK_USERS as usize]));
        Self { members, canonical, entries: &[], blocks: 0, mask: Mask::default() }
    }

    /// Takes the merged users of a block in the place of the last one's.
    pub(super) fn enter(&mut self, entries: &'a [u8]) {
        self.members.clear();
        for (low, user) in decode_merged(entries) {
            self.members.insert(low);
            self.canonical[usize::from(low)] = user;
            self.blocks = self.blocks.max((user / BLOCK_USERS) as usize + 1);
        }
        self.entries = entries;
    }

    /// Whether the block has no merged users.
    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes the events of a step of those of the block's merged users who are in a range.
    pub(super) fn route(
        &mut self,
        source: &Source<'_>,
        users: &Range<UserId>,
        routed: &mut RoutedEvents,
    ) {
        let block = users.start / BLOCK_USERS;
        routed.reach(self.blocks);
        for (number, part) in (0..).zip(source.parts()) {
            let rows = part.rows_of(users, part.blocks.rows(block));
            let counted = part.counted(source.counted_ms());
            let has_runs = part.has_runs(&rows);
            for piece in pieces(rows) {
                match part.times.width() {
                    _ if has_runs => self.take_runs(part, number, &piece, routed),
                    _ if number >= PARTS_MAX => self.take_wide_rows(part, number, &piece, routed),
                    1 => self.take_rows::<1>(part, number, &piece, &counted, routed),
                    2 => self.take_rows::<2>(part, number, &piece, &counted, routed),
                    4 => self.take_rows::<4>(part, number, &piece, &counted, routed),
                    _ => self.take_wide_rows(part, number, &piece, routed),
                }
            }
        }
    }

    /// Takes those of rows within one chunk that count, one by one.
    fn take_rows<const W: usize>(
        &mut self,
        part: &OpenPart<'_>,
        number: u32,
        rows: &Range<u32>,
        counted: &Range<u64>,
        to: &mut RoutedEvents,
    ) {
        self.select(part, rows);
        let users = part.user_bytes(rows);
        let times = &part.times.bytes(rows).as_chunks::<W>().0[..users.len()];
        let (first, count) = (counted.start, counted.end - counted.start);
        self.mask.each(|at| {
            fetch(times.as_ptr().wrapping_add(at + TIMES_AHEAD));
            let mut time = [0; 4];
            time[..W].copy_from_slice(&times[at]);
            let time = u32::from_le_bytes(time);
            let counts = u64::from(time).wrapping_sub(first) < count;
            let user = self.canonical[low_of(users[at])];
            to.push(user, number, rows.start + at as u32, time, counts);
        });
    }

    /// The same, all of them, of the few parts that have wider times or too great a number.
    fn take_wide_rows(
        &mut self,
        part: &OpenPart<'_>,
        number: u32,
        rows: &Range<u32>,
        to: &mut RoutedEvents,
    ) {
        self.select(part, rows);
        let users = part.user_bytes(rows);
        self.mask.each(|at| {
            let row = rows.start + at as u32;
            to.push_run(self.canonical[low_of(users[at])], number, row..row + 1);
        });
    }

    /// Marks the rows of merged users that pass the filters.
    fn select(&mut self, part: &OpenPart<'_>, rows: &Range<u32>) {
        part.selection.select(rows, &mut self.mask);
        self.members.keep_theirs(part.user_bytes(rows), &mut self.mask);
    }

    /// Takes rows within one chunk by the run.
    fn take_runs(
        &self,
        part: &OpenPart<'_>,
        number: u32,
        rows: &Range<u32>,
        to: &mut RoutedEvents,
    ) {
        let users = part.user_bytes(rows);
        let mut end = 0;
        for (low, canonical) in decode_merged(self.entries) {
            let from = first_not_below(users, end, low.into());
            if from == users.len() {
                break;
            }
            end = first_not_below(users, from, usize::from(low) + 1);
            if from < end {
                to.push_run(canonical, number, rows.start + from as u32..rows.start + end as u32);
            }
        }
    }
}

/// So far ahead of the time that is read, those to come are fetched.
const TIMES_AHEAD: usize = 512;
/// Users with fewer rows than this in a part are better found by a look at every row.
const RUN_ROWS: u32 = 4;

impl OpenPart<'_> {
    /// Whether users have so many of these rows, and all of them pass the filters, that they are taken by the run.
    fn has_runs(&self, rows: &Range<u32>) -> bool {
        if rows.is_empty() || !self.selection.keeps_all() {
            return false;
        }
        let (first, last) = (self.users.get(rows.start), self.users.get(rows.end - 1));
        let users = last.saturating_sub(first) + 1;
        rows.len() as u64 >= u64::from(RUN_ROWS) * users
    }

    /// Of the entries of the column of times those that lie from the first of two times, in ms, to before the second.
    fn counted(&self, (from_ms, before_ms): (i64, i64)) -> Range<u64> {
        let entries_before = |ms: i64| {
            let after_ms = ms.saturating_sub(self.times_ms.0).max(0) as u64;
            after_ms.div_ceil(self.time_unit as u64)
        };
        let from = entries_before(from_ms);
        from..entries_before(before_ms).max(from)
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
