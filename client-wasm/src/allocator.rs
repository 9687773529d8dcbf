//! The tracker's allocator: free blocks are kept in lists by their size, a power of two, and new ones are cut from the end
//! of memory. Every operation is a few instructions, and so is the code; a page's tag holds little and frees
//! what it held, so what rounding wastes does not matter. Without memory it traps, for nobody could do better, and
//! what would say so to a caller takes more room than all of this.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size, unreachable};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

const PAGE_BYTES: usize = 64 << 10;
/// Block sizes are 2^4 to 2^31.
const CLASSES: usize = 32;
const SMALLEST: u32 = 4;

struct Blocks {
    /// The first free block of each class; each holds the address of the next.
    free: [*mut u8; CLASSES],
    /// Memory that was never given out.
    next: usize,
    end: usize,
}

struct Allocator(UnsafeCell<Blocks>);

#[global_allocator]
static ALLOCATOR: Allocator =
    Allocator(UnsafeCell::new(Blocks { free: [null_mut(); CLASSES], next: 0, end: 0 }));

// SAFETY: the module has one thread.
#[allow(unsafe_code)]
unsafe impl Sync for Allocator {}

fn class_of(layout: Layout) -> u32 {
    let size = layout.size().max(layout.align()).max(1 << SMALLEST);
    usize::BITS - (size - 1).leading_zeros()
}

// SAFETY: a block is as long as its class says and aligned to 2^4 or, cut from the end of memory, to its size if
// that is asked for; it is in one place at a time: given out, in the list of its class, or beyond `next`.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let class = class_of(layout);
        // SAFETY: there is one thread, and nothing below calls back.
        let blocks = unsafe { &mut *self.0.get() };
        let Some(list) = blocks.free.get_mut(class as usize) else { unreachable() };
        if !list.is_null() {
            let block = *list;
            // SAFETY: a block in a list begins with the address of the next.
            *list = unsafe { *block.cast::<*mut u8>() };
            return block;
        }
        let size = 1usize << class;
        if blocks.next == 0 {
            // Below lie the module's own data and stack.
            blocks.next = memory_size::<0>() * PAGE_BYTES;
            blocks.end = blocks.next;
        }
        let align = layout.align().max(1 << SMALLEST);
        let start = (blocks.next + align - 1) & !(align - 1);
        if blocks.end < start + size {
            let pages = (start + size - blocks.end).div_ceil(PAGE_BYTES);
            let before = memory_grow::<0>(pages);
            if before == usize::MAX {
                unreachable();
            }
            blocks.end = (before + pages) * PAGE_BYTES;
        }
        blocks.next = start + size;
        start as *mut u8
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: there is one thread; the block is the caller's no more, and at least as long as an address.
        unsafe {
            if let Some(list) = (*self.0.get()).free.get_mut(class_of(layout) as usize) {
                *block.cast::<*mut u8>() = *list;
                *list = block;
            }
        }
    }
}
