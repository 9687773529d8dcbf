//! Changes of users' properties.
//!
//! A person's properties are replayed from what was set last on each of its ids, see
//! [`users::person_properties`]. What an operation comes to is worked out from the values in force of the whole
//! person, and written on the id that the request names.

use eventhub_core::{Error, ExternalId, UserChange, UserId, number_of, number_text};
use heed::{RoTxn, RwTxn};

use super::failure::Failure;
use super::identity::{Merge, merges_of, person_of};
use super::names::Names;
use super::tables::Tables;
use super::users::{self, Users};

/// What a change comes to.
struct Outcome<'c> {
    /// Values to set, by their keys.
    set: Vec<(&'c str, String)>,
    /// Numbers of the keys to make absent.
    unset: Vec<u32>,
}

/// Changes the properties of a user's person; the user is created when unknown. Gives the canonical user.
pub(crate) fn change(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    (users, names): (&mut Users, &mut Names),
    sequence: &mut u64,
    (id, change): (&ExternalId, &UserChange),
) -> Result<UserId, Failure> {
    users.admit(1)?;
    let person = match users.find(tables, wtxn, id)? {
        Some(user) => {
            let canonical = person_of(tables, wtxn, user)?;
            Some((canonical, merges_of(tables, wtxn, canonical)?))
        }
        None => None,
    };
    let Outcome { set, unset } = outcome(tables, wtxn, names, person.as_ref(), change)?;
    names.admit_user(tables, wtxn, set.iter().map(|(key, _)| *key))?;
    let user = users.intern(tables, wtxn, id)?;
    let mut written = false;
    for (key, value) in &set {
        let number = names.user_key(tables, wtxn, key)?;
        users::put_property(tables, wtxn, (user, number), *sequence, Some(value))?;
        written = true;
    }
    let is_alone = person.is_none_or(|(_, merges)| merges.is_empty());
    for number in unset {
        if is_alone {
            // Merges that come later find nothing on this id, with or without a note of it.
            users::delete_property(tables, wtxn, (user, number))?;
        } else {
            users::put_property(tables, wtxn, (user, number), *sequence, None)?;
            written = true;
        }
    }
    *sequence += u64::from(written);
    Ok(person_of(tables, wtxn, user)?)
}

/// Works out a change, or refuses it, before anything is stored.
fn outcome<'c>(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    names: &mut Names,
    person: Option<&(UserId, Vec<Merge>)>,
    change: &'c UserChange,
) -> Result<Outcome<'c>, Failure> {
    let mut set: Vec<_> = change.set().iter().map(|(key, value)| (key, value.to_owned())).collect();
    let mut in_force = |key: &str| {
        let number = names.find_user_key(tables, rtxn, key)?;
        let Some((number, (canonical, merges))) = number.zip(person) else { return Ok(None) };
        let values = users::person_values(tables, rtxn, (*canonical, merges), &[number]);
        Ok::<_, Failure>(values?.get(&number).copied().map(|value| (number, value)))
    };
    for (key, value) in change.set_once().iter() {
        if in_force(key)?.is_none() {
            set.push((key, value.to_owned()));
        }
    }
    for (key, number) in change.add() {
        let before = in_force(key)?.map_or(Some(0.0), |(_, value)| number_of(value));
        let before = before.ok_or_else(|| invalid(key, "its value is not a number"))?;
        let sum = number_text(before + number);
        set.push((key, sum.ok_or_else(|| invalid(key, "the sum is too large a number"))?));
    }
    let mut unset = Vec::new();
    for key in change.unset() {
        let number = names.find_user_key(tables, rtxn, key)?;
        unset.extend(number.filter(|_| person.is_some()));
    }
    Ok(Outcome { set, unset })
}

fn invalid(key: &str, message: &str) -> Error {
    Error::Invalid { field: key.to_owned(), message: message.to_owned() }
}
