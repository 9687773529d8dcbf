//! EventHub in the browser: the wasm-bindgen surface over `eventhub-core`.
//!
//! The feature `preview` is the query engine over a sample or part files: the same code that answers in the
//! server. The feature `playground` reads a file and answers all that the dashboard asks about it. The feature
//! `tracker` is the tag. `cargo xtask` compiles each by itself for wasm32 and makes the
//! JavaScript around it; see `npm/`.
#![cfg_attr(
    all(target_arch = "wasm32", not(any(feature = "preview", feature = "playground"))),
    no_std
)]

#[cfg(feature = "tracker")]
extern crate alloc;

#[cfg(any(
    all(target_arch = "wasm32", not(any(feature = "preview", feature = "playground"))),
    test
))]
mod allocator;
#[cfg(feature = "playground")]
pub mod playground;
#[cfg(feature = "preview")]
mod preview;
#[cfg(feature = "tracker")]
pub mod tracker;

#[cfg(feature = "preview")]
pub use preview::{Preview, needs};

/// The tracker does without the standard library, whose messages for panics are as large as all the rest.
#[cfg(all(target_arch = "wasm32", not(any(feature = "preview", feature = "playground"))))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
