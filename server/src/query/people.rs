//! Persons: who a user filter is about, and who is shown when users are searched.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use eventhub_core::UserId;
use eventhub_core::persons::{Persons, UserSet};
use eventhub_core::query::Filter;

use crate::engine::{AliasRecord, EngineError, PersonRecord};
use crate::store::{Alias, Snapshot, members};

/// The key by which a filter asks for any of a person's ids.
const ID_KEY: &str = "external_user_id";

/// The merged and the deleted users, and the persons for whom all filters hold.
pub(super) fn persons<'s>(
    snapshot: &'s Snapshot,
    filters: &[Filter],
) -> Result<Persons<'s>, EngineError> {
    let everyone = Persons::new(snapshot.merged()?)?.without(snapshot.deleted_users()?);
    if filters.is_empty() {
        return Ok(everyone);
    }
    let allowed = matching(snapshot, &everyone, filters)?;
    Ok(everyone.only(allowed))
}

/// Persons for whom all filters hold, in order of their earliest creation.
///
/// # Errors
/// When a table cannot be read.
pub fn find_users(
    snapshot: &Snapshot,
    filters: &[Filter],
) -> Result<Vec<PersonRecord>, EngineError> {
    let everyone = Persons::new(snapshot.merged()?)?;
    let found: Vec<UserId> = if filters.is_empty() {
        let is_person = |user: &UserId| everyone.canonical(*user) == *user;
        let users = snapshot.all_users()?;
        users.filter(|user| user.as_ref().map_or(true, is_person)).collect::<Result<_, _>>()?
    } else {
        matching(snapshot, &everyone, filters)?.iter().collect()
    };
    let merged = everyone.any_merged();
    let mut by_creation = Vec::with_capacity(found.len());
    for canonical in found {
        let merges = if merged { snapshot.merges_of(canonical)? } else { Vec::new() };
        let earliest = members(canonical, &merges).first().copied().unwrap_or(canonical);
        by_creation.push((earliest, canonical));
    }
    by_creation.sort_unstable();
    let keys: HashMap<u32, &str> =
        snapshot.user_keys()?.into_iter().map(|(name, number)| (number, name)).collect();
    by_creation.into_iter().map(|(_, canonical)| record(snapshot, &keys, canonical)).collect()
}

/// The aliases that joined the ids of a person and were not taken back, in order.
///
/// # Errors
/// When a table cannot be read.
pub fn aliases_of(snapshot: &Snapshot, user: &str) -> Result<Vec<AliasRecord>, EngineError> {
    let Some(user) = snapshot.user(user)? else { return Ok(Vec::new()) };
    let given = snapshot.aliases_of(snapshot.person_of(user)?)?;
    let name = |user: UserId| snapshot.user_name(user).map(str::to_owned);
    let record = |Alias { sequence, from, to }| {
        Ok(AliasRecord { from: name(from)?, to: name(to)?, sequence })
    };
    given.into_iter().map(record).collect()
}

/// The canonical users for whom all filters hold.
fn matching(
    snapshot: &Snapshot,
    everyone: &Persons<'_>,
    filters: &[Filter],
) -> Result<UserSet, EngineError> {
    let mut all: Option<UserSet> = None;
    for filter in filters {
        let holds = matching_one(snapshot, everyone, filter)?;
        match &mut all {
            Some(all) => all.intersect(&holds),
            None => all = Some(holds),
        }
    }
    Ok(all.unwrap_or_default())
}

fn matching_one(
    snapshot: &Snapshot,
    everyone: &Persons<'_>,
    filter: &Filter,
) -> Result<UserSet, EngineError> {
    let mut holds = UserSet::default();
    if filter.key == ID_KEY {
        if let Some(user) = snapshot.user(&filter.value)? {
            holds.insert(everyone.canonical(user));
        }
        return Ok(holds);
    }
    let Some(key) = snapshot.user_key(&filter.key)? else { return Ok(holds) };
    holds = snapshot.users_with(key, &filter.value)?;
    let mut in_force = InForce::new(snapshot, key);
    // A person may come once for each of its ids; what its canonical user says after the first stays true.
    for (user, canonical) in everyone.merged_users() {
        if holds.contains(user) || holds.contains(canonical) {
            holds.remove(user);
            if in_force.holds(canonical, &filter.value)? {
                holds.insert(canonical);
            } else {
                holds.remove(canonical);
            }
        }
    }
    Ok(holds)
}

/// Which values of a key, of those set on a person's ids, are in force: another of the person's ids may
/// hold the one that counts.
pub(super) struct InForce<'s> {
    snapshot: &'s Snapshot,
    key: u32,
    /// The values in force of persons of several ids, so that each person is worked out once.
    of_merged: HashMap<UserId, Option<&'s str>>,
}

impl<'s> InForce<'s> {
    /// For a key's number.
    pub(super) fn new(snapshot: &'s Snapshot, key: u32) -> Self {
        Self { snapshot, key, of_merged: HashMap::new() }
    }

    /// Whether a value that is set on one of the person's ids is the person's.
    pub(super) fn holds(&mut self, canonical: UserId, value: &str) -> Result<bool, EngineError> {
        let in_force = match self.of_merged.entry(canonical) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(_) if self.snapshot.merges_of(canonical)?.is_empty() => return Ok(true),
            Entry::Vacant(unknown) => {
                let properties = self.snapshot.person_properties(canonical)?;
                *unknown.insert(properties.get(&self.key).copied())
            }
        };
        Ok(in_force == Some(value))
    }
}

fn record(
    snapshot: &Snapshot,
    keys: &HashMap<u32, &str>,
    canonical: UserId,
) -> Result<PersonRecord, EngineError> {
    let mut properties = Vec::new();
    for (number, value) in snapshot.person_properties(canonical)? {
        let key = keys.get(&number);
        let key = key.ok_or_else(|| EngineError::Corrupt("a user's key has no name".into()))?;
        properties.push(((*key).to_owned(), value.to_owned()));
    }
    properties.sort_unstable();
    let external_user_id = snapshot.user_name(canonical)?.to_owned();
    Ok(PersonRecord { external_user_id, properties })
}
