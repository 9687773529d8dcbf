//! Some users of a block, and the rows that are theirs.

use alloc::boxed::Box;
use core::ops::Range;

use super::mask::Mask;
use super::processor::{Instruction, Pass, fetch, widely};
use super::source::low_of;
use crate::part::BLOCK_USERS;
use crate::persons::bits_of;

const BYTES: usize = BLOCK_USERS as usize / 8;
/// Bytes that are looked at together, by the processors that can.
const WINDOW_BYTES: usize = 16;
/// So far ahead of the rows that are looked at, the users of those to come are fetched, 32 a line of the cache.
const USERS_AHEAD: usize = 1_024;

/// A bit a user, and after them as many bytes as are looked at together.
type Bits = [u8; BYTES + WINDOW_BYTES];

/// Some users of a block.
pub(super) struct Members {
    bits: Box<Bits>,
    /// Whether the processor looks up many bits by one instruction.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "there is but one way"))]
    has_instruction: bool,
}

impl Members {
    pub(super) fn none() -> Self {
        Self {
            bits: Box::new([0; BYTES + WINDOW_BYTES]),
            has_instruction: Instruction::LookUp.is_known(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.bits.fill(0);
    }

    pub(super) fn insert(&mut self, low: u16) {
        let low = usize::from(low) % BLOCK_USERS as usize;
        self.bits[low / 8] |= 1 << (low % 8);
    }

    /// Takes exactly those of 64 users a word whose bit is set, the first word's at `first`.
    pub(super) fn set_bits(&mut self, first: usize, words: &[u64]) {
        let bytes = self.bits[first / 8..].as_chunks_mut::<8>().0;
        bytes.iter_mut().zip(words).for_each(|(bytes, word)| *bytes = word.to_le_bytes());
    }

    /// Takes exactly the users of a range of places for whose values, one for each user of the block, `holds` holds.
    /// What it takes beside the range means nothing.
    pub(super) fn set<T>(&mut self, lows: Range<usize>, values: &[T], holds: impl Fn(&T) -> bool) {
        let bytes = lows.start / 8..lows.end.div_ceil(8);
        let values = &values.as_chunks().0[bytes.clone()];
        widely(Set { bytes: &mut self.bits[bytes], values, holds });
    }

    /// Those of a range of places, in order.
    pub(super) fn among(&self, lows: Range<usize>) -> impl Iterator<Item = usize> {
        let first = lows.start / 64;
        let words = self.bits[first * 8..lows.end.div_ceil(64) * 8].as_chunks().0;
        let words = (first..).zip(words).map(|(number, word)| (number, u64::from_le_bytes(*word)));
        let all = words
            .flat_map(|(number, word)| bits_of(word).map(move |bit| number * 64 + bit as usize));
        all.filter(move |low| lows.contains(low))
    }

    /// Leaves the rows of these users in the mask of a piece, whose users are given in order.
    pub(super) fn keep_theirs(&self, users: &[[u8; 2]], mask: &mut Mask) {
        #[cfg(target_arch = "x86_64")]
        if self.has_instruction {
            // SAFETY: the processor was asked whether it knows the instruction.
            #[expect(unsafe_code, reason = "an instruction that not every x86-64 processor has")]
            return unsafe { by_instruction::keep(&self.bits, users, mask) };
        }
        for (word, users) in mask.words().zip(users.chunks(64)) {
            fetch_from(users);
            *word &= rows_of(&self.bits, users);
        }
    }
}

/// Sets the bit of each value of which `holds` holds.
struct Set<'s, T, F> {
    bytes: &'s mut [u8],
    values: &'s [[T; 8]],
    holds: F,
}

impl<T, F: Fn(&T) -> bool> Pass for Set<'_, T, F> {
    type Told = ();

    #[inline(always)]
    fn run(self) {
        /// Gathers the lowest bits of eight bytes in the highest byte.
        const GATHER: u64 = 0x0102_0408_1020_4080;
        for (byte, values) in self.bytes.iter_mut().zip(self.values) {
            let eight = values.each_ref().map(|value| u8::from((self.holds)(value)));
            *byte = (u64::from_le_bytes(eight).wrapping_mul(GATHER) >> 56) as u8;
        }
    }
}

/// Of at most 64 rows the bits of those whose users are among some.
#[inline(always)]
fn rows_of(bits: &Bits, users: &[[u8; 2]]) -> u64 {
    users.iter().rev().fold(0, |rows, user| {
        let low = low_of(*user);
        rows << 1 | u64::from(bits[low / 8] >> (low % 8) & 1)
    })
}

#[inline(always)]
fn fetch_from(users: &[[u8; 2]]) {
    for line in [0, 32] {
        fetch(users.as_ptr().wrapping_add(USERS_AHEAD + line));
    }
}

/// The same for sixteen rows at a time: since users ascend, these are seldom of users who are far from one another, and
/// one instruction looks up sixteen bytes of the bits.
#[cfg(target_arch = "x86_64")]
mod by_instruction {
    use core::arch::x86_64::{
        __m128i, _mm_and_si128, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8,
        _mm_packus_epi16, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi64x, _mm_shuffle_epi8,
        _mm_srli_epi16, _mm_sub_epi16,
    };

    use super::{Bits, Mask, WINDOW_BYTES, fetch_from, low_of, rows_of};

    /// In each byte the bit of its place modulo eight.
    const BIT_OF_PLACE: i64 = 0x8040_2010_0804_0201_u64 as i64;

    #[target_feature(enable = "ssse3")]
    pub(super) fn keep(bits: &Bits, users: &[[u8; 2]], mask: &mut Mask) {
        for (word, users) in mask.words().zip(users.chunks(64)) {
            fetch_from(users);
            let (sixteens, rest) = users.as_chunks::<16>();
            let mut rows = rows_of(bits, rest);
            for sixteen in sixteens.iter().rev() {
                rows = rows << 16 | rows_of_sixteen(bits, sixteen);
            }
            *word &= rows;
        }
    }

    #[inline]
    #[target_feature(enable = "ssse3")]
    fn rows_of_sixteen(bits: &Bits, users: &[[u8; 2]; 16]) -> u64 {
        let first_byte = low_of(users[0]) / 8;
        let window = bits[first_byte..].first_chunk::<WINDOW_BYTES>();
        let Some(window) = window.filter(|_| low_of(users[15]) / 8 < first_byte + WINDOW_BYTES)
        else {
            return rows_of(bits, users);
        };
        let first = _mm_set1_epi16(first_byte as i16 * 8);
        let [low, high] = users.as_flattened().as_chunks::<16>().0 else { return 0 };
        let after = |users| _mm_sub_epi16(load(users), first);
        let places = _mm_packus_epi16(after(low), after(high));
        let byte_of = _mm_and_si128(_mm_srli_epi16::<3>(places), _mm_set1_epi8(15));
        let bit_of = _mm_and_si128(places, _mm_set1_epi8(7));
        let byte = _mm_shuffle_epi8(load(window), byte_of);
        let bit = _mm_shuffle_epi8(_mm_set1_epi64x(BIT_OF_PLACE), bit_of);
        let is_set = _mm_cmpeq_epi8(_mm_and_si128(byte, bit), bit);
        u64::from(_mm_movemask_epi8(is_set) as u16)
    }

    #[inline]
    #[target_feature(enable = "ssse3")]
    fn load(bytes: &[u8; 16]) -> __m128i {
        // SAFETY: there are as many bytes, and they need not be aligned.
        #[expect(unsafe_code, reason = "there is no safe name for the instruction")]
        unsafe {
            _mm_loadu_si128(bytes.as_ptr().cast())
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;

    fn rows(members: &Members, users: &[[u8; 2]]) -> Vec<usize> {
        let (mut mask, mut rows) = (Mask::default(), Vec::new());
        mask.fill(users.len());
        members.keep_theirs(users, &mut mask);
        mask.each(|at| rows.push(at));
        rows
    }

    proptest! {
        #[test]
        fn the_instruction_and_the_plain_loop_find_the_rows_of_some_users(
            gaps in list(prop_oneof![4 => 0..4_usize, 3 => 0..30_usize, 1 => 0..600_usize], 0..400),
            values in list(any::<bool>(), BLOCK_USERS as usize),
            (from, to) in (0..=BLOCK_USERS as usize, 0..=BLOCK_USERS as usize),
        ) {
            let lows = from.min(to)..from.max(to);
            let mut low = lows.start;
            let users: Vec<usize> = gaps
                .iter()
                .map(|gap| { low += gap; low })
                .take_while(|low| *low < lows.end)
                .collect();
            let numbers: Vec<[u8; 2]> = users.iter().map(|low| (*low as u16).to_le_bytes()).collect();
            let expected: Vec<usize> = (0..users.len()).filter(|at| values[users[*at]]).collect();

            let mut members = Members::none();
            members.set(lows, &values, |value| *value);
            prop_assert_eq!(&rows(&members, &numbers), &expected);
            members.has_instruction = false;
            prop_assert_eq!(&rows(&members, &numbers), &expected);

            members.clear();
            prop_assert!(rows(&members, &numbers).is_empty());
            let named = (0_u16..).zip(&values).filter(|(_, value)| **value);
            named.for_each(|(low, _)| members.insert(low));
            prop_assert_eq!(&rows(&members, &numbers), &expected);

            let word = |values: &[bool]| (0..).zip(values).map(|(at, value)| u64::from(*value) << at).sum();
            let words: Vec<u64> = values.chunks(64).map(word).collect();
            let mut members = Members::none();
            members.set_bits(0, &words);
            prop_assert_eq!(&rows(&members, &numbers), &expected);
        }
    }
}
