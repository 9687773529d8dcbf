//! Events of a bulk load that are published together.

use eventhub_core::part::PartBuilder;
use eventhub_core::{EventId, UserId};

use crate::store::request::ImportProgress;
use crate::store::texts::Texts;

/// Events that are published together.
pub(crate) struct Batch {
    pub(crate) first_event: EventId,
    pub(crate) first_user: UserId,
    /// New external ids; their users have numbers from `first_user` on.
    pub(crate) users: Texts,
    pub(crate) first_type: u32,
    /// New event types; their numbers go from `first_type` on.
    pub(crate) types: Vec<String>,
    pub(super) parts: Vec<Building>,
    /// What number the next set of properties, merge or deletion of a person gets: none comes while a bulk is
    /// loaded, so that all users known to it are there.
    pub(crate) sequence: u64,
    /// How far the import is with this batch.
    pub(crate) progress: ImportProgress,
}

/// A part that is being filled.
pub(super) struct Building {
    pub(super) bucket: u32,
    pub(super) builder: PartBuilder,
    /// The builder's place of each of the file's own columns, once one of its rows had a value there.
    pub(super) places: Vec<Option<usize>>,
}

impl Batch {
    /// An empty batch that begins with these numbers.
    pub(super) fn new(
        first_event: EventId,
        first_user: UserId,
        first_type: u32,
        sequence: u64,
    ) -> Self {
        Self {
            first_event,
            first_user,
            users: Texts::default(),
            first_type,
            types: Vec::new(),
            parts: Vec::new(),
            sequence,
            progress: ImportProgress { fingerprint: Vec::new(), rows: 0 },
        }
    }

    /// How many events it holds.
    pub(crate) fn events(&self) -> u64 {
        self.builders().map(|builder| builder.len() as u64).sum()
    }

    /// The parts before they are encoded.
    pub(crate) fn builders(&self) -> impl Iterator<Item = &PartBuilder> {
        self.parts.iter().map(|part| &part.builder)
    }
}
