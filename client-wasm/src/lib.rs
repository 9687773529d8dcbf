//! EventHub in the browser: the wasm-bindgen surface over `eventhub-core`.
//!
//! The feature `preview` is the query engine over part files: the same code that answers in the
//! server. `cargo xtask` compiles it for wasm32 and makes the JavaScript around it; see `npm/`.

#[cfg(feature = "preview")]
mod preview;

#[cfg(feature = "preview")]
pub use preview::{funnel, retention, trends};
