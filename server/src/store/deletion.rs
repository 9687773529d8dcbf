//! Deleting persons.
//!
//! One transaction takes away a person's names, properties and aliases, and notes its users in
//! `deleted_users`. Their events stay in parts and in the tail for a while, where no answer counts them; seals
//! and merges leave them out ([`super::purge`]). The names are free at once, and who comes under one of them later is
//! another user, since no number is given out twice.
//!
//! Insert ids are kept, by their hashes, as long as those of anybody: an event of the person that is delivered again
//! is known, and does not come back under a new user.

use eventhub_core::{ExternalId, UserId};
use heed::{RoTxn, RwTxn};

use super::identity::{self, person_of};
use super::tables::{Tables, dropped_events, meta};
use super::users::{self, Users, own_properties};
use crate::engine::EngineError;

/// Deletes the person of an external id; `false` when it is unknown.
pub(crate) fn delete_person(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    users: &mut Users,
    sequence: &mut u64,
    id: &ExternalId,
) -> Result<bool, EngineError> {
    let Some(user) = users.find(tables, wtxn, id)? else { return Ok(false) };
    let canonical = person_of(tables, wtxn, user)?;
    for user in identity::forget(tables, wtxn, canonical)? {
        let own = own_properties(tables, wtxn, user)?;
        let keys: Vec<u32> = own.iter().map(|own| own.key).collect();
        for key in keys {
            users::delete_property(tables, wtxn, (user, key))?;
        }
        users.forget(tables, wtxn, user)?;
        tables.deleted_users.put(wtxn, &user, &())?;
    }
    tables.meta.put(wtxn, meta::USERS_END, &u64::from(users.next()))?;
    // A bulk load under way is told by it that users it knows may be gone.
    *sequence += 1;
    Ok(true)
}

/// The users who were deleted and may still have events, ascending.
pub(crate) fn deleted_users(tables: &Tables, rtxn: &RoTxn<'_>) -> Result<Vec<UserId>, EngineError> {
    tables.deleted_users.iter(rtxn)?.map(|row| Ok(row?.0)).collect()
}

/// Counts events that a seal or merge has left out.
pub(crate) fn count_dropped(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    events: u64,
) -> Result<(), EngineError> {
    if events == 0 {
        return Ok(());
    }
    let before = dropped_events(tables, wtxn)?;
    Ok(tables.meta.put(wtxn, meta::DROPPED_EVENTS, &(before + events))?)
}
