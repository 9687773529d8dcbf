//! Rows of a piece as a bitmap, by which filters are joined.

use alloc::vec::Vec;

/// One bit a row of a piece; the bits after the last row are clear.
#[derive(Debug, Default)]
pub(super) struct Mask {
    words: Vec<u64>,
    rows: usize,
}

impl Mask {
    /// All rows of a piece of this many.
    pub(super) fn fill(&mut self, rows: usize) {
        self.rows = rows;
        self.words.clear();
        self.words.resize(rows.div_ceil(64), u64::MAX);
        if let Some(last) = self.words.last_mut()
            && !rows.is_multiple_of(64)
        {
            *last = (1 << (rows % 64)) - 1;
        }
    }

    /// Keeps the rows for whose entries, one a row, `keep` holds; it is asked for all, without a branch.
    #[inline(always)]
    pub(super) fn keep<T>(&mut self, entries: &[T], keep: impl Fn(&T) -> bool) {
        for (word, entries) in self.words.iter_mut().zip(entries.chunks(64)) {
            let (eights, rest) = entries.as_chunks::<8>();
            let mut kept = 0;
            for (number, eight) in eights.iter().enumerate() {
                kept |= bits_of(eight, &keep) << (number * 8);
            }
            *word &= kept | bits_of(rest, &keep) << (eights.len() * 8 % 64);
        }
    }

    /// Keeps the rows whose entry, one a row, is `code`.
    pub(super) fn keep_equal(&mut self, entries: &[u8], width: u8, code: u32) {
        match width {
            1 => self.keep_equal_in::<8>(entries, u64::from(code) * ONES_8, eight_of_8),
            2 => self.keep_equal_in::<4>(entries, u64::from(code) * ONES_16, four_of_16),
            _ => {
                self.keep(entries.as_chunks::<4>().0, |entry| u32::from_le_bytes(*entry) == code);
            }
        }
    }

    /// Keeps the rows whose bit is set in a bitmap, the first row's at `first`.
    pub(super) fn keep_bits(&mut self, bitmap: &[u64], first: usize) {
        let shift = first % 64;
        for (word, place) in self.words.iter_mut().zip(first / 64..) {
            let low = bitmap.get(place).map_or(0, |bits| bits >> shift);
            let high = bitmap.get(place + 1).map_or(0, |bits| bits << 1 << (63 - shift));
            *word &= low | high;
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

    /// Compares `LANES` entries at a time within one 64-bit word.
    #[inline(always)]
    fn keep_equal_in<const LANES: usize>(
        &mut self,
        entries: &[u8],
        pattern: u64,
        equal: impl Fn(u64) -> u64,
    ) {
        for (word, entries) in self.words.iter_mut().zip(entries.chunks(64 / LANES * 8)) {
            let (lanes, rest) = entries.as_chunks::<8>();
            let mut kept = 0;
            for (number, lane) in lanes.iter().enumerate() {
                kept |= equal(u64::from_le_bytes(*lane) ^ pattern) << (number * LANES);
            }
            if !rest.is_empty() {
                let mut last = [0; 8];
                last[..rest.len()].copy_from_slice(rest);
                kept |= equal(u64::from_le_bytes(last) ^ pattern) << (lanes.len() * LANES);
            }
            *word &= kept;
        }
    }
}

/// One bit an entry, of 64 at most.
#[inline(always)]
fn bits_of<T>(entries: &[T], keep: &impl Fn(&T) -> bool) -> u64 {
    entries.iter().zip(0..).fold(0, |bits, (entry, at)| bits | u64::from(keep(entry)) << at)
}

const ONES_8: u64 = u64::MAX / 0xff;
const ONES_16: u64 = u64::MAX / 0xffff;

/// One bit for each of eight bytes that is zero.
#[inline(always)]
fn eight_of_8(word: u64) -> u64 {
    let not_zero = ((word & !(ONES_8 << 7)) + !(ONES_8 << 7)) | word;
    let zero = !not_zero >> 7 & ONES_8;
    // The factor moves the bit of byte `i` to bit 56 + `i`, and no two to the same place.
    zero.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// One bit for each of four pairs of bytes that is zero.
#[inline(always)]
fn four_of_16(word: u64) -> u64 {
    let not_zero = ((word & !(ONES_16 << 15)) + !(ONES_16 << 15)) | word;
    let zero = !not_zero >> 15 & ONES_16;
    zero.wrapping_mul(0x1000_2000_4000_8000) >> 60
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
            codes in list(0..3_u32, 0..300),
            code in 0..3_u32,
            scale in prop_oneof![Just(1_u32), Just(64), Just(127)],
            bits in list(any::<u64>(), 0..8),
            first in 0..130_usize,
        ) {
            for width in [1_u8, 2, 4] {
                let scale = scale * if width == 1 { 1 } else { 257 };
                let bytes = codes.iter().flat_map(|c| {
                    (c * scale).to_le_bytes().into_iter().take(width.into())
                });
                let mut mask = Mask::default();
                mask.fill(codes.len());
                mask.keep_equal(&bytes.collect::<Vec<_>>(), width, code * scale);
                mask.keep_bits(&bits, first);
                let places: Vec<usize> = (0..codes.len()).collect();
                mask.keep(&places, |at| at % 7 != 3);
                let is_set = |at: usize| {
                    bits.get((first + at) / 64).is_some_and(|word| word >> ((first + at) % 64) & 1 == 1)
                };
                let expected: Vec<_> = (0..codes.len())
                    .filter(|at| codes[*at] == code && is_set(*at) && at % 7 != 3)
                    .collect();
                prop_assert_eq!(ones(&mask), expected);
            }
        }
    }
}
