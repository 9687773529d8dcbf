//! Cohort tables: who did the row event in a period, and the column event in the following ones.
//!
//! Per block of users there is one bitmap a period for the row event and one for the column event; a
//! cell is the number of bits that a row's and a column's bitmap share. Tables of many periods work on
//! slices of a block, so that the bitmaps still fit the cache.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::mask::Mask;
use super::ones::Ones;
use super::route::Members;
use super::scan::{Counts, FEW, Routed, Scan, Sources, blocks_of};
use super::source::{Milliseconds, Place, Source, Visit};
use super::{CohortQuery, ScanStats};
use crate::part::{BLOCK_USERS, PartView};
use crate::persons::{BLOCK_WORDS, Persons};
use crate::{Error, UserId};

/// 64-bit words of bitmaps worked on at a time: 1 MiB.
const BITMAP_WORDS_MAX: usize = 1 << 17;

/// A cohort table over opened parts.
pub struct CohortScan<'a> {
    query: &'a CohortQuery,
    sources: Sources<'a>,
}

/// The sources of a cohort table, in order.
const ROW: usize = 0;
const COLUMN: usize = 1;

/// The table so far: per row its size and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortCounts {
    cells: Vec<u64>,
    stride: usize,
}

impl<'a> CohortScan<'a> {
    /// Opens what the query needs: the parts of the row event's type and of the column event's.
    ///
    /// # Errors
    /// When a part is damaged.
    pub fn open(
        query: &'a CohortQuery,
        row_parts: &[PartView<'a>],
        column_parts: &[PartView<'a>],
        persons: &'a Persons<'a>,
    ) -> Result<Self, Error> {
        let mut stats = ScanStats::default();
        let mut open = |parts: &[PartView<'a>], step, periods| {
            Source::open(parts, step, query.times(periods), &mut stats)
        };
        let row = open(row_parts, query.row(), query.rows())?;
        let column = open(column_parts, query.column(), query.column_periods())?;
        Ok(Self { query, sources: Sources::new(vec![row, column], persons, stats) })
    }
}

impl Scan for CohortScan<'_> {
    type Counts = CohortCounts;

    fn sources(&self) -> &Sources<'_> {
        &self.sources
    }

    fn take_routed(&mut self, routed: Vec<Routed>) {
        self.sources.take_routed(routed);
    }

    fn run(&self, users: Range<UserId>) -> CohortCounts {
        let stride = self.query.columns() as usize + 1;
        let mut counts =
            CohortCounts { cells: vec![0; self.query.rows() as usize * stride], stride };
        let periods = (self.query.rows() + self.query.column_periods()) as usize;
        let words = (BITMAP_WORDS_MAX / periods.max(1)).clamp(1, BLOCK_WORDS);
        let slice_users = words as u32 * 64;
        let mut row = Bitmaps::new(self.query, self.query.rows(), words);
        let mut column = Bitmaps::new(self.query, self.query.column_periods(), words);
        let (mut mask, mut members, ones) = (Mask::default(), Members::none(), Ones::new());
        for users in blocks_of(users) {
            let block = users.start / BLOCK_USERS;
            let alive = self.sources.persons().alive(block);
            let slices = (block * BLOCK_USERS..).step_by(slice_users as usize);
            for from in slices.take(BLOCK_WORDS.div_ceil(words)) {
                let slice = users.start.max(from)..users.end.min(from + slice_users);
                if slice.is_empty() {
                    continue;
                }
                let first_word = ((from % BLOCK_USERS) / 64) as usize;
                row.start(first_word);
                column.start(first_word);
                self.sources.visit(ROW, &slice, None, &mut mask, &mut row);
                row.keep(&alive[first_word..]);
                let few = row.name_users(&mut members) * FEW < slice.len();
                let only = few.then_some(&members);
                self.sources.visit(COLUMN, &slice, only, &mut mask, &mut column);
                counts.add(&row, &column, ones);
            }
        }
        counts
    }
}

impl Counts for CohortCounts {
    fn merge(&mut self, other: &Self) {
        self.cells.iter_mut().zip(&other.cells).for_each(|(count, other)| *count += other);
    }
}

impl CohortCounts {
    /// The rows, each `[size, column 0, ...]`.
    #[must_use]
    pub fn finish(self) -> Vec<Vec<u64>> {
        self.cells.chunks_exact(self.stride).map(<[u64]>::to_vec).collect()
    }

    fn add(&mut self, row: &Bitmaps, column: &Bitmaps, ones: Ones) {
        for (number, cells) in self.cells.chunks_exact_mut(self.stride).enumerate() {
            let row = row.period(number);
            let size = ones.shared(row, row);
            if size == 0 {
                continue;
            }
            cells[0] += size;
            for (offset, cell) in cells[1..].iter_mut().enumerate() {
                *cell += ones.shared(row, column.period(number + offset));
            }
        }
    }
}

/// The periods of a table, by which times are counted.
#[derive(Clone, Copy)]
struct Periods {
    start_ms: i64,
    span_ms: u64,
    period_ms: u64,
    /// 2^64 / `period_ms`, rounded up, where multiplying by it is exact for all offsets within the span
    /// (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", 1994); else 0.
    inverse: u64,
}

impl Periods {
    fn new(query: &CohortQuery, periods: u32) -> Self {
        let (start_ms, end_ms) = query.times(periods);
        let (span_ms, period_ms) = (end_ms.abs_diff(start_ms), query.period_ms().unsigned_abs());
        Self::spanning(start_ms, span_ms, period_ms)
    }

    fn spanning(start_ms: i64, span_ms: u64, period_ms: u64) -> Self {
        let exact = span_ms.checked_mul(period_ms).is_some();
        let inverse = if exact { (u64::MAX / period_ms).wrapping_add(1) } else { 0 };
        Self { start_ms, span_ms, period_ms, inverse }
    }

    /// The number of the period in which a time lies.
    #[inline(always)]
    fn of(&self, time_ms: i64) -> Option<usize> {
        let offset = time_ms.wrapping_sub(self.start_ms) as u64;
        if offset >= self.span_ms {
            return None;
        }
        Some(match self.inverse {
            0 => (offset / self.period_ms) as usize,
            inverse => ((u128::from(offset) * u128::from(inverse)) >> 64) as usize,
        })
    }
}

/// One bitmap a period over the users of a slice of a block.
struct Bitmaps {
    periods: Periods,
    words: usize,
    first_word: usize,
    bits: Vec<u64>,
}

impl Bitmaps {
    fn new(query: &CohortQuery, periods: u32, words: usize) -> Self {
        let bits = vec![0; periods as usize * words];
        Self { periods: Periods::new(query, periods), words, first_word: 0, bits }
    }

    fn start(&mut self, first_word: usize) {
        self.first_word = first_word;
        self.bits.fill(0);
    }

    fn period(&self, number: usize) -> &[u64] {
        &self.bits[number * self.words..(number + 1) * self.words]
    }

    fn keep(&mut self, alive: &[u64]) {
        for period in self.bits.chunks_exact_mut(self.words) {
            period.iter_mut().zip(alive).for_each(|(word, alive)| *word &= alive);
        }
    }

    /// Takes the users who are in any of the bitmaps, and counts them.
    fn name_users(&self, members: &mut Members) -> usize {
        let mut any = [0; BLOCK_WORDS];
        for period in self.bits.chunks_exact(self.words) {
            any.iter_mut().zip(period).for_each(|(any, word)| *any |= word);
        }
        members
            .set_bits(self.first_word * 64, &any[..self.words.min(BLOCK_WORDS - self.first_word)]);
        any.iter().map(|word| word.count_ones() as usize).sum()
    }
}

impl Visit for Bitmaps {
    type Clock = Milliseconds;

    fn clock(&self) -> Milliseconds {
        Milliseconds::default()
    }

    #[inline(always)]
    fn event(&mut self, low: usize, time_ms: i64, _: Place) {
        let word = (low / 64).wrapping_sub(self.first_word);
        let Some(period) = self.periods.of(time_ms) else { return };
        if word < self.words {
            self.bits[period * self.words + word] |= 1 << (low % 64);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_period_is_the_one_that_division_tells(
            start_ms in 0..1_i64 << 42,
            period_ms in prop_oneof![1..100_u64, 1..1_u64 << 43],
            count in 1..100_000_u64,
            at in any::<u64>(),
            near in -2..3_i64,
        ) {
            let span_ms = period_ms.saturating_mul(count).min(1 << 43);
            let periods = Periods::spanning(start_ms, span_ms, period_ms);
            // Any offset, and those beside the edges of periods.
            let edge = (at % span_ms / period_ms * period_ms).saturating_add_signed(near);
            for offset in [at % span_ms, edge] {
                let expected = (offset < span_ms).then(|| (offset / period_ms) as usize);
                prop_assert_eq!(periods.of(start_ms + offset as i64), expected);
            }
            prop_assert_eq!(periods.of(start_ms - 1), None);
        }
    }
}
