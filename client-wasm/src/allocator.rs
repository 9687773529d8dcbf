//! The tracker's allocator: free blocks are kept in lists by their size, a power of two, and new ones are cut from the end
//! of memory. Every operation is a few instructions, and so is the code; a page's tag holds little and frees
//! what it held, so what rounding wastes does not matter. Without memory it traps, for nobody could do better, and
//! what would say so to a caller takes more room than all of this.

use core::alloc::Layout;
use core::ptr::null_mut;

/// Blocks are of 2^4 to 2^31 bytes, and aligned to 2^4, which is as much as anything here asks for.
const SMALLEST: u32 = 4;
const CLASSES: usize = 32;

/// Which memory is free.
struct Blocks {
    /// The first free block of each class; each holds the address of the next.
    free: [*mut u8; CLASSES],
    /// Memory that was never given out.
    next: usize,
    end: usize,
}

const NO_BLOCKS: Blocks = Blocks { free: [null_mut(); CLASSES], next: 0, end: 0 };

fn class_of(layout: Layout) -> u32 {
    let size = layout.size().max(1 << SMALLEST);
    usize::BITS - (size - 1).leading_zeros()
}

impl Blocks {
    /// A block for `layout`, none when there is no more memory or the alignment is larger. `grow` gets so many bytes at the end of memory, or more, and
    /// returns where memory ends then.
    fn take(
        &mut self,
        layout: Layout,
        grow: impl FnOnce(usize) -> Option<usize>,
    ) -> Option<*mut u8> {
        if layout.align() > 1 << SMALLEST {
            return None;
        }
        let class = class_of(layout);
        let list = self.free.get_mut(class as usize)?;
        if !list.is_null() {
            let block = *list;
            // SAFETY: a block in a list is nobody's, and begins with the address of the next.
            #[allow(unsafe_code)]
            unsafe {
                *list = *block.cast::<*mut u8>();
            }
            return Some(block);
        }
        let start = self.next;
        let end = start + (1 << class);
        if self.end < end {
            self.end = grow(end - self.end)?;
        }
        self.next = end;
        Some(start as *mut u8)
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// [`Blocks::take`] gave it for this layout, and it is nobody's any more.
    #[allow(unsafe_code)]
    unsafe fn give_back(&mut self, block: *mut u8, layout: Layout) {
        if let Some(list) = self.free.get_mut(class_of(layout) as usize) {
            // SAFETY: a block is at least as long as an address, and aligned to it.
            unsafe { *block.cast::<*mut u8>() = *list };
            *list = block;
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod global {
    use core::alloc::{GlobalAlloc, Layout};
    use core::arch::wasm32::{memory_grow, memory_size, unreachable};
    use core::cell::UnsafeCell;

    use super::{Blocks, NO_BLOCKS};

    const PAGE_BYTES: usize = 64 << 10;

    struct Allocator(UnsafeCell<Blocks>);

    #[global_allocator]
    static ALLOCATOR: Allocator = Allocator(UnsafeCell::new(NO_BLOCKS));

    // SAFETY: the module has one thread.
    #[allow(unsafe_code)]
    unsafe impl Sync for Allocator {}

    // SAFETY: there is one thread, and nothing here calls back; blocks are as long and aligned as they are asked for.
    #[allow(unsafe_code)]
    unsafe impl GlobalAlloc for Allocator {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let blocks = unsafe { &mut *self.0.get() };
            if blocks.next == 0 {
                // Below lie the module's own data and stack.
                blocks.next = memory_size::<0>() * PAGE_BYTES;
                blocks.end = blocks.next;
            }
            let grow = |bytes: usize| {
                let pages = bytes.div_ceil(PAGE_BYTES);
                let before = memory_grow::<0>(pages);
                (before != usize::MAX).then_some((before + pages) * PAGE_BYTES)
            };
            blocks.take(layout, grow).unwrap_or_else(|| unreachable())
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            unsafe { (*self.0.get()).give_back(block, layout) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blocks_are_aligned_and_never_overlap(
            steps in list((1..5_000usize, 0..5u32, any::<proptest::sample::Index>(), any::<bool>()), 0..200),
        ) {
            let mut memory = vec![0u64; 1 << 18];
            let begin = (memory.as_mut_ptr() as usize).next_multiple_of(16);
            let end = begin + memory.len() * 8 - 16;
            let mut blocks = Blocks { next: begin, end: begin, ..NO_BLOCKS };
            let mut held: BTreeMap<usize, Layout> = BTreeMap::new();
            for (size, align, which, gives_back) in steps {
                if gives_back && !held.is_empty() {
                    let (&start, &layout) = held.iter().nth(which.index(held.len())).unwrap();
                    held.remove(&start);
                    // SAFETY: it was given for this layout, and is forgotten here.
                    #[allow(unsafe_code)]
                    unsafe {
                        blocks.give_back(start as *mut u8, layout);
                    }
                    continue;
                }
                let layout = Layout::from_size_align(size, 1 << align).unwrap();
                let grow = |bytes: usize| Some(blocks_end(begin, end, bytes));
                let Some(block) = blocks.take(layout, grow) else { continue };
                let start = block as usize;
                prop_assert_eq!(start % layout.align(), 0);
                prop_assert!(start >= begin && start + size <= end);
                let before = held.range(..=start).next_back();
                prop_assert!(before.is_none_or(|(other, layout)| other + layout.size() <= start));
                let after = held.range(start..).next();
                prop_assert!(after.is_none_or(|(other, _)| start + size <= *other));
                held.insert(start, layout);
            }
        }
    }

    /// All of the test's memory at once.
    fn blocks_end(begin: usize, end: usize, bytes: usize) -> usize {
        assert!(begin + bytes <= end);
        end
    }

    #[test]
    fn what_is_given_back_is_given_again() {
        let mut memory = vec![0u64; 64];
        let begin = (memory.as_mut_ptr() as usize).next_multiple_of(16);
        let mut blocks = Blocks { next: begin, end: begin + 496, ..NO_BLOCKS };
        let layout = Layout::from_size_align(20, 1).unwrap();
        let first = blocks.take(layout, |_| None).unwrap();
        let second = blocks.take(layout, |_| None).unwrap();
        assert_ne!(first, second);
        // SAFETY: it was given above.
        #[allow(unsafe_code)]
        unsafe {
            blocks.give_back(first, layout);
        }
        let larger = Layout::from_size_align(33, 1).unwrap();
        assert_ne!(blocks.take(larger, |_| None), Some(first));
        assert_eq!(blocks.take(layout, |_| None), Some(first));
        let huge = Layout::from_size_align(1_000, 1).unwrap();
        assert_eq!(blocks.take(huge, |_| None), None);
    }
}
