//! Cohort tables: who did the row event in a period, and the column event in the following ones.
//!
//! Per block of users there is one bitmap a period for the row event and one for the column event; a
//! cell is the number of bits that a row's and a column's bitmap share. Tables of many periods work on
//! slices of a block, so that the bitmaps still fit the cache.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::source::{Source, Visit};
use super::{CohortQuery, ScanStats};
use crate::part::PartView;
use crate::persons::{BLOCK_WORDS, Persons};
use crate::{Error, EventId};

/// 64-bit words of bitmaps worked on at a time: 1 MiB.
const BITMAP_WORDS_MAX: usize = 1 << 17;

/// A cohort table over opened parts, ready to be computed by blocks on any number of threads.
pub struct CohortScan<'q, 'p> {
    query: &'q CohortQuery,
    persons: &'q Persons<'q>,
    row: Source<'p>,
    column: Source<'p>,
    stats: ScanStats,
}

/// The table so far: per row its size and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortCounts {
    cells: Vec<u64>,
    stride: usize,
}

impl<'q, 'p> CohortScan<'q, 'p> {
    /// Opens what the query needs: the parts of the row event's type and of the column event's.
    ///
    /// # Errors
    /// When a part is damaged.
    pub fn open(
        query: &'q CohortQuery,
        row_parts: &[PartView<'p>],
        column_parts: &[PartView<'p>],
        persons: &'q Persons<'q>,
    ) -> Result<Self, Error> {
        let mut stats = ScanStats::default();
        let mut open = |parts: &[PartView<'p>], step, periods| {
            Source::open(parts, step, query.times(periods), persons, &mut stats)
        };
        let row = open(row_parts, query.row(), query.rows())?;
        let column = open(column_parts, query.column(), query.column_periods())?;
        Ok(Self { query, persons, row, column, stats })
    }

    /// The blocks of users that can count. Blocks are independent of one another.
    #[must_use]
    pub fn blocks(&self) -> Range<u32> {
        0..self.row.blocks_end()
    }

    /// What opening the parts met.
    #[must_use]
    pub const fn stats(&self) -> ScanStats {
        self.stats
    }

    /// Computes some of the blocks.
    #[must_use]
    pub fn run(&self, blocks: Range<u32>) -> CohortCounts {
        let stride = self.query.columns() as usize + 1;
        let mut counts =
            CohortCounts { cells: vec![0; self.query.rows() as usize * stride], stride };
        let periods = (self.query.rows() + self.query.column_periods()) as usize;
        let words = (BITMAP_WORDS_MAX / periods.max(1)).clamp(1, BLOCK_WORDS);
        let bitmaps = |periods| Bitmaps::new(self.query, periods, words);
        let mut row = bitmaps(self.query.rows());
        let mut column = bitmaps(self.query.column_periods());
        let mut selected = Vec::new();
        for block in blocks {
            let alive = self.persons.alive(block);
            for first_word in (0..BLOCK_WORDS).step_by(words) {
                row.start(first_word);
                column.start(first_word);
                self.row.visit(block, &mut selected, &mut row);
                self.column.visit(block, &mut selected, &mut column);
                row.keep(&alive[first_word..]);
                counts.add(&row, &column);
            }
        }
        counts
    }
}

impl CohortCounts {
    /// Adds the counts of other blocks.
    pub fn merge(&mut self, other: &Self) {
        self.cells.iter_mut().zip(&other.cells).for_each(|(count, other)| *count += other);
    }

    /// The rows, each `[size, column 0, ...]`.
    #[must_use]
    pub fn finish(self) -> Vec<Vec<u64>> {
        self.cells.chunks_exact(self.stride).map(<[u64]>::to_vec).collect()
    }

    fn add(&mut self, row: &Bitmaps, column: &Bitmaps) {
        let ones =
            |words: &[u64]| words.iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
        for (number, cells) in self.cells.chunks_exact_mut(self.stride).enumerate() {
            let row = row.period(number);
            let size = ones(row);
            if size == 0 {
                continue;
            }
            cells[0] += size;
            for (offset, cell) in cells[1..].iter_mut().enumerate() {
                let both = row.iter().zip(column.period(number + offset)).map(|(a, b)| a & b);
                *cell += both.map(|word| u64::from(word.count_ones())).sum::<u64>();
            }
        }
    }
}

/// One bitmap a period over the users of a slice of a block.
struct Bitmaps {
    start_ms: i64,
    end_ms: i64,
    period_ms: i64,
    words: usize,
    first_word: usize,
    bits: Vec<u64>,
}

impl Bitmaps {
    fn new(query: &CohortQuery, periods: u32, words: usize) -> Self {
        let (start_ms, end_ms) = query.times(periods);
        let bits = vec![0; periods as usize * words];
        Self { start_ms, end_ms, period_ms: query.period_ms(), words, first_word: 0, bits }
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
}

impl Visit for Bitmaps {
    #[inline(always)]
    fn event(&mut self, low: usize, time_ms: i64, _: impl FnOnce() -> EventId) {
        let word = (low / 64).wrapping_sub(self.first_word);
        if time_ms < self.start_ms || time_ms >= self.end_ms || word >= self.words {
            return;
        }
        let period = ((time_ms - self.start_ms) / self.period_ms) as usize;
        self.bits[period * self.words + word] |= 1 << (low % 64);
    }
}
