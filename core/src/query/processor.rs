//! What is asked of the processor itself: which instructions it has, and memory ahead of its use.

/// Instructions that not every x86-64 processor has, by the bits in which it tells so.
#[derive(Debug, Clone, Copy)]
pub(super) enum Instruction {
    /// Looks up sixteen bytes (SSSE3).
    LookUp = 1 << 9,
    /// Counts the bits of a word.
    CountOnes = 1 << 23,
}

impl Instruction {
    /// Whether the processor has it; elsewhere than on x86-64 there is no use for it.
    pub(super) fn is_known(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return core::arch::x86_64::__cpuid(1).ecx & self as u32 != 0;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }
}

/// Has the processor fetch memory into its cache; nothing is read, so the place need not be valid.
///
/// A processor foresees what is read in a row by itself, but not where rows are passed over, nor while events are routed
/// to hundreds of places in turn. It takes a tenth off funnels of merged users and of filtered events where the columns
/// are larger than the cache.
#[inline(always)]
pub(super) fn fetch<T>(place: *const T) {
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
