//! Counting the bits that two bitmaps share, by the processor's own instruction where it has one.

use super::processor::Instruction;

/// How bits are counted here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ones {
    /// Whether the processor counts the bits of a word by one instruction. WebAssembly and 64-bit ARM
    /// always do, and the plain loop uses it.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "there is but one way"))]
    has_instruction: bool,
}

impl Ones {
    /// Asks the processor.
    pub(super) fn new() -> Self {
        Self { has_instruction: Instruction::CountOnes.is_known() }
    }

    /// How many bits are set in both bitmaps.
    #[inline]
    pub(super) fn shared(self, a: &[u64], b: &[u64]) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if self.has_instruction {
            // SAFETY: the processor was asked whether it knows the instruction.
            #[expect(unsafe_code, reason = "an instruction that not every x86-64 processor has")]
            return unsafe { shared_by_instruction(a, b) };
        }
        shared(a, b)
    }
}

#[inline(always)]
fn shared(a: &[u64], b: &[u64]) -> u64 {
    a.iter().zip(b).map(|(a, b)| u64::from((a & b).count_ones())).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn shared_by_instruction(a: &[u64], b: &[u64]) -> u64 {
    shared(a, b)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_instruction_and_the_plain_loop_agree(words in list(any::<(u64, u64)>(), 0..200)) {
            let (a, b): (Vec<u64>, Vec<u64>) = words.into_iter().unzip();
            let expected = (0..a.len() * 64)
                .filter(|bit| a[bit / 64] >> (bit % 64) & b[bit / 64] >> (bit % 64) & 1 == 1)
                .count() as u64;
            prop_assert_eq!(Ones { has_instruction: false }.shared(&a, &b), expected);
            prop_assert_eq!(Ones::new().shared(&a, &b), expected);
        }
    }
}
