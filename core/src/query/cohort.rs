//! Cohort tables: who did the row event in a period, and the column event in the following ones.
//!
//! Per block of users there is one bitmap a period for the row event and one for the column event; a
//! cell is the number of bits that a row's and a column's bitmap share. Tables of many periods work on
//! slices of a block, so that the bitmaps still fit the cache.

use alloc::vec;
use alloc::vec::Vec;

use super::mask::Mask;
use super::members::Members;
use super::ones::Ones;
use super::scan::{Counts, FEW, Pieces, Routed, Scan, Sources, each_slice};
use super::source::{Milliseconds, Place, Source, Visit};
use super::{CohortQuery, ScanStats, Step};
use crate::Error;
use crate::part::{BLOCK_USERS, PartView};
use crate::persons::{BLOCK_WORDS, Persons};

/// Periods up to which a whole block is worked on at a time; its bitmaps then take 1 MiB at most.
const BLOCK_PERIODS_MAX: u32 = 1 << 10;
/// Periods beside the table that get bitmaps, too: events of a part that are out of the table would otherwise be
/// told by a branch that nobody foresees.
const BESIDE_PERIODS_MAX: u64 = 32;
/// Words of a bitmap over the slices of a block that tables of more periods work on.
const SLICE_WORDS: usize = 8;

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
        let mut open = |parts: &[PartView<'a>], step: &Step, periods| {
            Source::open(parts, &step.filters, query.times(periods), &mut stats)
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

    fn run(&self, pieces: &mut impl Pieces<CohortCounts>) -> CohortCounts {
        if self.query.rows() + self.query.column_periods() <= BLOCK_PERIODS_MAX {
            self.run_slices::<BLOCK_WORDS>(pieces)
        } else {
            self.run_slices::<SLICE_WORDS>(pieces)
        }
    }
}

impl CohortScan<'_> {
    /// Works on slices of so many words of users.
    fn run_slices<const WORDS: usize>(
        &self,
        pieces: &mut impl Pieces<CohortCounts>,
    ) -> CohortCounts {
        let stride = self.query.columns() as usize + 1;
        let mut counts =
            CohortCounts { cells: vec![0; self.query.rows() as usize * stride], stride };
        let bitmaps = |source, periods| {
            let times = self.query.times(periods);
            Bitmaps::<WORDS>::new(times, self.query.period_ms(), self.sources.times_of(source))
        };
        let mut row = bitmaps(ROW, self.query.rows());
        let mut column = bitmaps(COLUMN, self.query.column_periods());
        let (mut mask, mut members, ones) = (Mask::default(), Members::none(), Ones::new());
        each_slice(pieces, WORDS as u32 * 64, &mut counts, |slice, counts| {
            let block = slice.start / BLOCK_USERS;
            let first_word = (slice.start % BLOCK_USERS) as usize / 64 / WORDS * WORDS;
            row.clear();
            column.clear();
            self.sources.visit(ROW, &slice, None, &mut mask, &mut row);
            row.keep(&self.sources.persons().alive(block)[first_word..]);
            let few = row.name_users(first_word, &mut members) * FEW < slice.len();
            let only = few.then_some(&members);
            self.sources.visit(COLUMN, &slice, only, &mut mask, &mut column);
            counts.add(&row, &column, ones);
        });
        counts
    }
}

impl Counts for CohortCounts {
    fn merge(&mut self, other: Self) {
        self.cells.iter_mut().zip(&other.cells).for_each(|(count, other)| *count += other);
    }
}

impl CohortCounts {
    /// The rows, each `[size, column 0, ...]`.
    #[must_use]
    pub fn finish(self) -> Vec<Vec<u64>> {
        self.cells.chunks_exact(self.stride).map(<[u64]>::to_vec).collect()
    }

    fn add<const WORDS: usize>(
        &mut self,
        row: &Bitmaps<WORDS>,
        column: &Bitmaps<WORDS>,
        ones: Ones,
    ) {
        for (number, cells) in self.cells.chunks_exact_mut(self.stride).enumerate() {
            let row = &row.bits[row.first + number];
            let size = ones.shared(row, row);
            if size == 0 {
                continue;
            }
            cells[0] += size;
            for (offset, cell) in cells[1..].iter_mut().enumerate() {
                *cell += ones.shared(row, &column.bits[column.first + number + offset]);
            }
        }
    }
}

/// Periods of equal length.
#[derive(Clone, Copy)]
struct Periods {
    start_ms: i64,
    period_ms: u64,
    /// 2^64 / `period_ms`, rounded up, where multiplying by it is exact for all offsets within the span
    /// (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", 1994); else 0.
    inverse: u64,
}

impl Periods {
    fn spanning(start_ms: i64, span_ms: u64, period_ms: u64) -> Self {
        let exact = span_ms.checked_mul(period_ms).is_some();
        let inverse = if exact { (u64::MAX / period_ms).wrapping_add(1) } else { 0 };
        Self { start_ms, period_ms, inverse }
    }

    /// The number of the period in which a time lies; of a time before the first or after the last, one beyond all.
    #[inline(always)]
    fn of(&self, time_ms: i64) -> usize {
        let offset = time_ms.wrapping_sub(self.start_ms) as u64;
        match self.inverse {
            0 => (offset / self.period_ms) as usize,
            inverse => ((u128::from(offset) * u128::from(inverse)) >> 64) as usize,
        }
    }
}

/// One bitmap a period over the users of a slice of a block.
struct Bitmaps<const WORDS: usize> {
    periods: Periods,
    bits: Vec<[u64; WORDS]>,
    /// The first period of the table; before it and after the last one come some that it has not.
    first: usize,
    count: usize,
}

impl<const WORDS: usize> Bitmaps<WORDS> {
    /// For a table over some times and the events between two others, all in ms.
    fn new(
        (start_ms, end_ms): (i64, i64),
        period_ms: i64,
        (least_ms, greatest_ms): (i64, i64),
    ) -> Self {
        let period = period_ms.unsigned_abs();
        let beside =
            |ms: i64| u64::try_from(ms).unwrap_or(0).div_ceil(period).min(BESIDE_PERIODS_MAX);
        let before = beside(start_ms - least_ms);
        let after = beside(greatest_ms + 1 - end_ms);
        let count = end_ms.abs_diff(start_ms) / period;
        let all = before + count + after;
        let periods = Periods::spanning(start_ms - before as i64 * period_ms, all * period, period);
        let bits = vec![[0; WORDS]; all as usize];
        Self { periods, bits, first: before as usize, count: count as usize }
    }

    fn clear(&mut self) {
        self.bits.as_flattened_mut().fill(0);
    }

    fn keep(&mut self, alive: &[u64]) {
        for period in &mut self.bits[self.first..][..self.count] {
            period.iter_mut().zip(alive).for_each(|(word, alive)| *word &= alive);
        }
    }

    /// Takes the users who are in any of the table's bitmaps, and counts them.
    fn name_users(&self, first_word: usize, members: &mut Members) -> usize {
        let mut any = [0; WORDS];
        for period in &self.bits[self.first..][..self.count] {
            any.iter_mut().zip(period).for_each(|(any, word)| *any |= word);
        }
        members.set_bits(first_word * 64, &any);
        any.iter().map(|word| word.count_ones() as usize).sum()
    }
}

impl<const WORDS: usize> Visit for Bitmaps<WORDS> {
    type Clock = Milliseconds;

    fn clock(&self) -> Milliseconds {
        Milliseconds::default()
    }

    #[inline(always)]
    fn event(&mut self, low: usize, time_ms: i64, _: Place) {
        if let Some(bits) = self.bits.get_mut(self.periods.of(time_ms)) {
            bits[low / 64 % WORDS] |= 1 << (low % 64);
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
                let found = periods.of(start_ms + offset as i64);
                if offset < span_ms {
                    prop_assert_eq!(found, (offset / period_ms) as usize);
                } else {
                    prop_assert!(found as u64 >= span_ms / period_ms);
                }
            }
            prop_assert!(periods.of(start_ms - 1) as u64 >= span_ms / period_ms);
        }
    }
}
