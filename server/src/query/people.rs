//! Persons: who a user filter is about, and who is shown when users are searched.

use std::collections::HashMap;

use eventhub_core::UserId;
use eventhub_core::part::BLOCK_USERS;
use eventhub_core::persons::{Persons, UserSet};
use eventhub_core::query::{Filter, NO_VALUE, Test, TextOp, UserGroups};

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
        let mut found = Vec::new();
        for user in matching(snapshot, &everyone, filters)?.iter() {
            // Of deleted users, of whom a negated filter holds too, nothing is left to show.
            if snapshot.has_user(user)? {
                found.push(user);
            }
        }
        found
    };
    let merged = everyone.any_merged();
    let mut by_creation = Vec::with_capacity(found.len());
    for canonical in found {
        let merges = if merged { snapshot.merges_of(canonical)? } else { Vec::new() };
        let earliest = members(canonical, &merges).first().copied().unwrap_or(canonical);
        by_creation.push((earliest, canonical));
    }
    by_creation.sort_unstable();
    records(snapshot, by_creation.into_iter().map(|(_, canonical)| canonical))
}

/// Persons as they are shown.
pub(super) fn records(
    snapshot: &Snapshot,
    canonical: impl Iterator<Item = UserId>,
) -> Result<Vec<PersonRecord>, EngineError> {
    let keys: HashMap<u32, &str> =
        snapshot.user_keys()?.into_iter().map(|(name, number)| (number, name)).collect();
    canonical.map(|canonical| record(snapshot, &keys, canonical)).collect()
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

/// A negated filter holds of everyone of whom the plain one does not.
fn matching_one(
    snapshot: &Snapshot,
    everyone: &Persons<'_>,
    filter: &Filter,
) -> Result<UserSet, EngineError> {
    let (test, is_opposite) = filter.test.positive();
    let mut holds = if filter.key == ID_KEY {
        matching_ids(snapshot, everyone, &test)?
    } else {
        matching_values(snapshot, everyone, &filter.key, &test)?
    };
    if is_opposite {
        holds = holds.others(snapshot.users()?);
        everyone.merged_users().for_each(|(user, _)| holds.remove(user));
    }
    Ok(holds)
}

/// Persons of whom a test holds of any of their ids.
fn matching_ids(
    snapshot: &Snapshot,
    everyone: &Persons<'_>,
    test: &Test,
) -> Result<UserSet, EngineError> {
    let mut holds = UserSet::default();
    if let Test::Text { op: TextOp::Is, values, .. } = test {
        for value in values {
            if let Some(user) = snapshot.user(value)? {
                holds.insert(everyone.canonical(user));
            }
        }
        return Ok(holds);
    }
    snapshot.each_user(|user, name| {
        if test.holds(Some(name)) {
            holds.insert(everyone.canonical(user));
        }
    })?;
    Ok(holds)
}

/// Persons of whom a test holds of the value in force.
fn matching_values(
    snapshot: &Snapshot,
    everyone: &Persons<'_>,
    key: &str,
    test: &Test,
) -> Result<UserSet, EngineError> {
    let mut holds = UserSet::default();
    let Some(key) = snapshot.user_key(key)? else { return Ok(holds) };
    if let Test::Text { op: TextOp::Is, values, .. } = test {
        for value in values {
            holds.unite(&snapshot.users_with(key, value)?);
        }
    } else {
        snapshot.each_user_value(key, |value, block, users| {
            if test.holds(Some(value)) {
                holds.insert_block(block, users);
            }
            Ok(())
        })?;
    }
    let mut in_force = InForce::new(snapshot, key);
    // A person may come once for each of its ids; what its canonical user says after the first stays true.
    for (user, canonical) in everyone.merged_users() {
        if holds.contains(user) || holds.contains(canonical) {
            holds.remove(user);
            if test.holds(in_force.value(canonical)?) {
                holds.insert(canonical);
            } else {
                holds.remove(canonical);
            }
        }
    }
    Ok(holds)
}

/// The groups of persons by the value in force of a property of theirs.
pub(super) fn groups<'s>(snapshot: &'s Snapshot, key: &str) -> Result<UserGroups<'s>, EngineError> {
    let mut groups = UserGroups::default();
    let Some(key) = snapshot.user_key(key)? else { return Ok(groups) };
    groups.of = vec![NO_VALUE; snapshot.users()? as usize];
    snapshot.each_user_value(key, |value, block, users| {
        let group = groups.values.group(value)?;
        for low in users.iter() {
            let user = block * BLOCK_USERS + u32::from(low);
            if let Some(of) = groups.of.get_mut(user as usize) {
                *of = group;
            }
        }
        Ok(())
    })?;
    let everyone = Persons::new(snapshot.merged()?)?;
    let mut in_force = InForce::new(snapshot, key);
    for (_, canonical) in everyone.merged_users() {
        let group = match in_force.value(canonical)? {
            Some(value) => groups.values.group(value)?,
            None => NO_VALUE,
        };
        if let Some(of) = groups.of.get_mut(canonical as usize) {
            *of = group;
        }
    }
    Ok(groups)
}

/// The values in force of a property of persons, each with how many have it.
pub(super) fn count_values<'s>(
    snapshot: &'s Snapshot,
    key: &str,
) -> Result<Vec<(&'s str, u64)>, EngineError> {
    let groups = groups(snapshot, key)?;
    let mut counts = vec![0_u64; groups.values.len()];
    let everyone = Persons::new(snapshot.merged()?)?;
    let persons = (0..).zip(&groups.of).filter(|(user, _)| everyone.canonical(*user) == *user);
    persons.for_each(|(_, group)| counts[*group as usize] += 1);
    let counted = (0..).zip(counts).filter(|(_, count)| *count > 0);
    Ok(counted.filter_map(|(group, count)| Some((groups.values.value(group)?, count))).collect())
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
        let known = self.of_merged.contains_key(&canonical);
        if !known && self.snapshot.merges_of(canonical)?.is_empty() {
            return Ok(true);
        }
        Ok(self.value(canonical)? == Some(value))
    }

    /// The value that a person of several ids has.
    pub(super) fn value(&mut self, canonical: UserId) -> Result<Option<&'s str>, EngineError> {
        if let Some(known) = self.of_merged.get(&canonical) {
            return Ok(*known);
        }
        let properties = self.snapshot.person_properties(canonical)?;
        let value = properties.get(&self.key).copied();
        self.of_merged.insert(canonical, value);
        Ok(value)
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
