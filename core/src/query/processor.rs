//! What is asked of the processor itself: which instructions it has, and memory ahead of its use.

#[cfg(target_arch = "x86_64")]
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Instructions that not every x86-64 processor has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Instruction {
    /// Looks up sixteen bytes (SSSE3).
    LookUp = 1 << 9,
    /// Counts the bits of a word.
    CountOnes = 1 << 23,
    /// Computes with 32 bytes at a time (AVX2).
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "there is but one way"))]
    Wide = 1 << 28,
}

impl Instruction {
    /// Whether the processor has it; elsewhere than on x86-64 there is no use for it.
    #[inline]
    pub(super) fn is_known(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return known() & self as u32 != 0;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }
}

/// The bits of the instructions that the processor has, which is asked once.
#[cfg(target_arch = "x86_64")]
#[inline]
fn known() -> u32 {
    /// Never set by [`ask`].
    const NOT_ASKED: u32 = u32::MAX;
    static KNOWN: AtomicU32 = AtomicU32::new(NOT_ASKED);
    match KNOWN.load(Relaxed) {
        NOT_ASKED => {
            let known = ask();
            KNOWN.store(known, Relaxed);
            known
        }
        known => known,
    }
}

/// The bits are those of a word in which the processor tells of most of them itself; that of AVX is kept only where it has
/// AVX2 too and the system keeps its registers.
#[cfg(target_arch = "x86_64")]
#[cold]
fn ask() -> u32 {
    use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
    const KEPT_BY_SYSTEM: u32 = 1 << 27;
    const AVX2: u32 = 1 << 5;
    const REGISTERS: u64 = 0b110;
    let known = __cpuid(1).ecx;
    let mask = Instruction::LookUp as u32 | Instruction::CountOnes as u32;
    let has_wide = known & KEPT_BY_SYSTEM != 0
        && known & Instruction::Wide as u32 != 0
        && __cpuid(0).eax >= 7
        && __cpuid_count(7, 0).ebx & AVX2 != 0;
    // SAFETY: the processor said that it has the instruction.
    #[expect(unsafe_code, reason = "there is no safe name for the instruction")]
    let is_kept = has_wide && unsafe { _xgetbv(0) } & REGISTERS == REGISTERS;
    known & mask | if is_kept { Instruction::Wide as u32 } else { 0 }
}

/// Work that passes over tables.
pub(super) trait Pass {
    /// What it tells.
    type Told;

    /// Does it; always inlined.
    fn run(self) -> Self::Told;
}

/// Does work, compiled for instructions that compute with 32 bytes at a time where the processor has them.
#[inline(always)]
pub(super) fn widely<P: Pass>(pass: P) -> P::Told {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn wide<P: Pass>(pass: P) -> P::Told {
            pass.run()
        }
        if Instruction::Wide.is_known() {
            // SAFETY: the processor was asked whether it knows the instructions.
            #[expect(unsafe_code, reason = "instructions that not every x86-64 processor has")]
            return unsafe { wide(pass) };
        }
    }
    pass.run()
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
