//! Rows of a piece as a bitmap, by which filters are joined.

use alloc::vec::Vec;

/// One bit a row of a piece; the bits after the last row are clear.
#[derive(Debug, Default)]
pub(super) struct Mask {
    words: Vec<u64>,
}

impl Mask {
    /// All rows of a piece of this many.
    pub(super) fn fill(&mut self, rows: usize) {
        self.words.clear();
        self.words.resize(rows.div_ceil(64), u64::MAX);
        if let Some(last) = self.words.last_mut()
            && !rows.is_multiple_of(64)
        {
            *last = (1 << (rows % 64)) - 1;
        }
    }

    /// No row of a piece of this many.
    pub(super) fn clear(&mut self, rows: usize) {
        self.words.clear();
        self.words.resize(rows.div_ceil(64), 0);
    }

    /// Adds the rows of another bitmap of the same piece.
    pub(super) fn add(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// 1 for a row that is taken, else 0.
    #[inline(always)]
    pub(super) fn bit(&self, row: usize) -> u64 {
        self.words[row / 64] >> (row % 64) & 1
    }

    /// The bits of 64 rows each, those after the last row clear.
    pub(super) fn words(&mut self) -> impl Iterator<Item = &mut u64> {
        self.words.iter_mut()
    }

    /// Keeps the rows whose bit is set: `word` gives 64 bits of a bitmap, in which the first row stands at `first`.
    #[inline(always)]
    pub(super) fn keep_words(&mut self, first: u32, word: impl Fn(u32) -> u64) {
        let shift = first % 64;
        let mut next = word(first / 64);
        for (kept, place) in self.words.iter_mut().zip(first / 64 + 1..) {
            let low = next >> shift;
            next = word(place);
            *kept &= low | next << 1 << (63 - shift);
        }
    }

    /// Calls `visit` with the rows, ascending.
    #[inline(always)]
    pub(super) fn each(&self, mut visit: impl FnMut(usize)) {
        for (number, word) in self.words.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                visit(number * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;

    fn ones(mask: &Mask) -> Vec<usize> {
        let mut ones = Vec::new();
        mask.each(|at| ones.push(at));
        ones
    }

    proptest! {
        #[test]
        fn a_mask_keeps_what_a_plain_loop_keeps(
            rows in 0..300_usize,
            bits in list(any::<u64>(), 0..8),
            first in 0..130_u32,
        ) {
            let mut mask = Mask::default();
            mask.fill(rows);
            mask.keep_words(first, |word| bits.get(word as usize).copied().unwrap_or(0));
            let is_set = |at: usize| {
                let at = first as usize + at;
                bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
            };
            let expected: Vec<_> = (0..rows).filter(|at| is_set(*at)).collect();
            prop_assert_eq!(ones(&mask), expected);
        }
    }
}
