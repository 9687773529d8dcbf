//! Events whose users are not looked up yet.
//!
//! The table of users does not fit the cache. One lookup after the other waits for memory each time; many
//! in a row, none of which needs the one before, wait together.

use eventhub_core::UserId;

use crate::store::user_map::{UserHash, UserMap};

/// Events that wait at most.
const EVENTS_MAX: usize = 256;

/// An event that waits, by its part in the batch and its row there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) part: usize,
    pub(super) row: usize,
}

/// The events that wait.
#[derive(Default)]
pub(super) struct Waiting {
    rows: Vec<(Row, UserHash)>,
    ids: String,
    ends: Vec<usize>,
}

impl Waiting {
    /// Adds an event of a user.
    pub(super) fn push(&mut self, row: Row, hash: UserHash, id: &str) {
        self.rows.push((row, hash));
        self.ids.push_str(id);
        self.ends.push(self.ids.len());
    }

    pub(super) const fn is_full(&self) -> bool {
        self.rows.len() >= EVENTS_MAX
    }

    /// The users of all events in order, as far as the map knows them.
    pub(super) fn find(&self, users: &UserMap) -> Vec<Option<UserId>> {
        self.rows.iter().map(|(_, hash)| users.find(*hash)).collect()
    }

    /// The events in order, each with the hash of its user's external id and the id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Row, UserHash, &str)> {
        let mut from = 0;
        self.rows.iter().zip(&self.ends).map(move |((row, hash), end)| {
            let id = &self.ids[from..*end];
            from = *end;
            (*row, *hash, id)
        })
    }

    /// Lets go of all.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.ids.clear();
        self.ends.clear();
    }
}
