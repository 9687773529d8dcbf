//! The playground: the dashboard's questions answered in the browser, over a file that was dropped into it.
//!
//! A file is read by the rules of the server's import ([`load`]), its events become one part for each event type
//! ([`Data`]), and whatever the dashboard asks the server for is answered with the same JSON ([`Data::ask`]). What the
//! columns of a file mean is guessed first ([`guess`]). Nothing here knows of the browser; that is `surface`'s part.

mod data;
mod people;

mod load;

mod demo;

mod guess;

mod ask;

mod names;
mod persons;
mod questions;
mod refusal;

#[cfg(target_arch = "wasm32")]
pub mod surface;

#[cfg(test)]
mod tests;

pub use ask::Answer;
pub use data::Data;
pub use demo::demo;
pub use guess::{Guess, guess};
pub use load::{Bad, LoadError, SavedView, Summary, load};
