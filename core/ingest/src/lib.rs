//! From what clients send to events that the store takes.
//!
//! Two stages. Syntax first: parameters are pairs already, and [`batch`] reads a JSON array of flat
//! objects ([`json`]), or else the lenient form that existing scripts send ([`lenient`]), into the same
//! pairs. Then meaning: [`event`] tells reserved keys from properties, finds the event's time, and
//! checks every limit. The tracker's batches have a form of their own ([`binary`]), whose times are corrected by
//! its clock. Rows of files take the same way ([`file`]). Nothing here knows of HTTP, and the time of receipt is an
//! argument.

mod batch;
mod binary;
mod body;
mod error;
mod event;
pub mod file;
mod json;
mod lenient;

use std::borrow::Cow;

pub use batch::{read_event_lines, read_events};
pub use binary::read_batch;
pub use body::{BodyError, pointer_step, read_body};
pub use error::{BadEvent, Error};
pub use event::{Clock, read_event, read_user};
pub use json::read_object;

/// The keys and values of one event or user, in the order given.
pub type Pairs<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text, or the JSON text of a number or boolean.
    Text(Cow<'a, str>),
    /// `null`: as if the key were not there.
    Absent,
    /// An object or array, which no key takes.
    Nested,
}
