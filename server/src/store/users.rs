//! External ids and the dense numbers that stand for them, and the properties set on them.

use std::collections::{BTreeMap, HashMap};

use eventhub_core::block_users::BlockUsers;
use eventhub_core::part::BLOCK_USERS;
use eventhub_core::{Error, ExternalId, UserId};
use heed::{PutFlags, RoTxn, RwTxn};

use super::damaged;
use super::failure::{Failure, corrupt};
use super::identity::{self, Merge};
use super::tables::{
    Tables, decode_user_prop, encode_user_prop, next_user, split, user_index_key, user_prop_key,
    user_value_key,
};
use super::texts::Texts;
use super::user_map::{UserHash, UserMap};
use crate::engine::EngineError;

/// External ids remembered at most; the table then takes 36 MB.
const KNOWN_MAX: usize = 1_800_000;

/// The users whom the writer knows.
pub(crate) struct Users {
    known: UserMap,
    next: UserId,
}

impl Users {
    /// Reads the number of the next user: numbers are given out in order, and never again.
    pub(crate) fn load(tables: &Tables, rtxn: &RoTxn<'_>, seed: u64) -> Result<Self, EngineError> {
        Ok(Self { known: UserMap::new(seed), next: next_user(tables, rtxn)? })
    }

    /// Forgets what exceeds the bound; to be called between transactions.
    pub(crate) fn shrink(&mut self) {
        if self.known.len() > KNOWN_MAX {
            self.known.clear();
        }
    }

    /// Checks that there are numbers for so many new users; the last one is never given out.
    pub(crate) fn admit(&self, new: usize) -> Result<(), Failure> {
        let left = (UserId::MAX - self.next) as usize;
        if new > left {
            let (limit, actual) = (UserId::MAX as usize, self.next as usize + new);
            return Err(Error::TooMany { field: "users", limit, actual }.into());
        }
        Ok(())
    }

    /// The number that the next new user gets.
    pub(crate) const fn next(&self) -> UserId {
        self.next
    }

    /// Creates users, none of whom exists, with numbers in the order given.
    pub(crate) fn create_all(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        ids: &Texts,
    ) -> Result<(), EngineError> {
        let mut by_id: Vec<(&str, UserId)> = ids.iter().zip(self.next..).collect();
        for (id, user) in &by_id {
            tables.user_names.put_with_flags(wtxn, PutFlags::APPEND, user, id)?;
        }
        // In order of the keys, so that neighbours touch the same pages.
        by_id.sort_unstable();
        for (id, user) in &by_id {
            tables.users.put_with_flags(wtxn, PutFlags::NO_OVERWRITE, id, user)?;
        }
        self.next += ids.len() as UserId;
        Ok(())
    }

    /// The number of a user, if there is one.
    pub(crate) fn find(
        &self,
        tables: &Tables,
        rtxn: &RoTxn<'_>,
        id: &ExternalId,
    ) -> Result<Option<UserId>, EngineError> {
        match self.known.find(self.known.hash(id.as_str())) {
            Some(user) => Ok(Some(user)),
            None => Ok(tables.users.get(rtxn, id.as_str())?),
        }
    }

    /// The number of a user, who is created when unknown.
    pub(crate) fn intern(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        id: &ExternalId,
    ) -> Result<UserId, EngineError> {
        let hash = self.known.hash(id.as_str());
        self.intern_hashed(tables, wtxn, hash, id.as_str())
    }

    /// The same for an external id whose hash is known.
    pub(crate) fn intern_hashed(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        hash: UserHash,
        id: &str,
    ) -> Result<UserId, EngineError> {
        if let Some(user) = self.known.find(hash) {
            return Ok(user);
        }
        let user = match tables.users.get(wtxn, id)? {
            Some(user) => user,
            None => {
                let user = self.next;
                tables.users.put(wtxn, id, &user)?;
                tables.user_names.put_with_flags(wtxn, PutFlags::APPEND, &user, id)?;
                self.next += 1;
                user
            }
        };
        self.known.insert(hash, user);
        Ok(user)
    }

    /// Makes the external id of a user free.
    pub(crate) fn forget(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        user: UserId,
    ) -> Result<(), EngineError> {
        let name = tables.user_names.get(wtxn, &user)?;
        let name = name.ok_or_else(|| damaged("a user has no name"))?.to_owned();
        self.known.remove(self.known.hash(&name));
        tables.users.delete(wtxn, &name)?;
        tables.user_names.delete(wtxn, &user)?;
        Ok(())
    }
}

/// Sets a property, by the number of its key, on a user's own id, or notes that it was made absent; `sequence`
/// orders that among all sets and merges.
pub(crate) fn put_property(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    (user, number): (UserId, u32),
    sequence: u64,
    value: Option<&str>,
) -> Result<(), EngineError> {
    let old = own_value(tables, wtxn, (user, number))?.map(str::to_owned);
    if old.as_deref() != value {
        if let Some(old) = old {
            let old = user_value_key(number, &old);
            change_index(tables, wtxn, &old, user, |users, low| users.remove(low))?;
        }
        if let Some(new) = value {
            let new = user_value_key(number, new);
            change_index(tables, wtxn, &new, user, |users, low| users.insert(low))?;
        }
    }
    let row = encode_user_prop(sequence, value);
    Ok(tables.user_props.put(wtxn, &user_prop_key(user, number), &row)?)
}

/// Removes what was set on a user's own id for a key, by its number.
pub(crate) fn delete_property(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    (user, number): (UserId, u32),
) -> Result<(), EngineError> {
    if let Some(old) = own_value(tables, wtxn, (user, number))? {
        let old = user_value_key(number, old);
        change_index(tables, wtxn, &old, user, |users, low| users.remove(low))?;
    }
    tables.user_props.delete(wtxn, &user_prop_key(user, number))?;
    Ok(())
}

/// The value set on a user's own id for a key, by its number.
pub(crate) fn own_value<'t>(
    tables: &Tables,
    rtxn: &'t RoTxn<'_>,
    (user, number): (UserId, u32),
) -> Result<Option<&'t str>, EngineError> {
    match tables.user_props.get(rtxn, &user_prop_key(user, number))? {
        Some(row) => Ok(decode_user_prop(row)?.1),
        None => Ok(None),
    }
}

/// Changes the row of the index of a value's users in which a user stands or would stand.
fn change_index(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    value_key: &[u8],
    user: UserId,
    change: impl FnOnce(&mut BlockUsers<'_>, u16) -> bool,
) -> Result<(), EngineError> {
    let key = user_index_key(value_key, user / BLOCK_USERS);
    let row = tables.user_prop_index.get(wtxn, &key)?;
    let mut users = row.map_or(Ok(BlockUsers::default()), BlockUsers::open).map_err(corrupt)?;
    change(&mut users, (user % BLOCK_USERS) as u16);
    let row = users.bytes().to_vec();
    if row.is_empty() {
        tables.user_prop_index.delete(wtxn, &key)?;
    } else {
        tables.user_prop_index.put(wtxn, &key, &row)?;
    }
    Ok(())
}

/// A property set on a user's own id, or made absent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnProperty<'t> {
    /// Number of its key.
    pub(crate) key: u32,
    /// When it was set, among all sets and merges.
    pub(crate) sequence: u64,
    /// What it was set to; nothing when it was made absent.
    pub(crate) value: Option<&'t str>,
}

/// The properties set on a user's own id, in order of their keys' numbers.
///
/// # Errors
/// When the table cannot be read.
pub(crate) fn own_properties<'t>(
    tables: &Tables,
    rtxn: &'t RoTxn<'_>,
    user: UserId,
) -> Result<Vec<OwnProperty<'t>>, EngineError> {
    let mut own = Vec::new();
    for row in tables.user_props.prefix_iter(rtxn, &user.to_be_bytes())? {
        let (key, row) = row?;
        let (sequence, value) = decode_user_prop(row)?;
        own.push(OwnProperty { key: split(key)?.1, sequence, value });
    }
    Ok(own)
}

/// The properties in force of a person, by the numbers of their keys.
///
/// They are what remains when the last sets on each of the person's ids and its merges are done again in
/// order: a set overwrites, for the whole person, and so does making a property absent; of a key that both
/// sides of a merge have, the side that stays keeps its value.
///
/// # Errors
/// When a table cannot be read.
pub(crate) fn person_properties<'t>(
    tables: &Tables,
    rtxn: &'t RoTxn<'_>,
    canonical: UserId,
) -> Result<BTreeMap<u32, &'t str>, EngineError> {
    let merges = identity::merges_of(tables, rtxn, canonical)?;
    let mut sets = Vec::new();
    for user in identity::members(canonical, &merges) {
        sets.extend(own_properties(tables, rtxn, user)?.into_iter().map(|own| (user, own)));
    }
    Ok(replay(canonical, &merges, sets))
}

/// The same of some keys only.
///
/// # Errors
/// Likewise.
pub(crate) fn person_values<'t>(
    tables: &Tables,
    rtxn: &'t RoTxn<'_>,
    (canonical, merges): (UserId, &[Merge]),
    keys: &[u32],
) -> Result<BTreeMap<u32, &'t str>, EngineError> {
    let mut sets = Vec::new();
    for user in identity::members(canonical, merges) {
        for key in keys {
            if let Some(row) = tables.user_props.get(rtxn, &user_prop_key(user, *key))? {
                let (sequence, value) = decode_user_prop(row)?;
                sets.push((user, OwnProperty { key: *key, sequence, value }));
            }
        }
    }
    Ok(replay(canonical, merges, sets))
}

/// Does sets and merges again in order.
fn replay<'t>(
    canonical: UserId,
    merges: &[Merge],
    mut sets: Vec<(UserId, OwnProperty<'t>)>,
) -> BTreeMap<u32, &'t str> {
    sets.sort_by_key(|(_, own)| own.sequence);
    let mut roots: HashMap<UserId, UserId> = HashMap::new();
    let mut held: HashMap<UserId, BTreeMap<u32, &'t str>> = HashMap::new();
    let mut sets = sets.into_iter().peekable();
    let no_more_merges = [None];
    for merge in merges.iter().map(Some).chain(no_more_merges) {
        let before = merge.map_or(u64::MAX, |merge| merge.sequence);
        while let Some((user, own)) = sets.next_if(|(_, own)| own.sequence < before) {
            let root = roots.get(&user).copied().unwrap_or(user);
            let held = held.entry(root).or_default();
            match own.value {
                Some(value) => held.insert(own.key, value),
                None => held.remove(&own.key),
            };
        }
        if let Some(merge) = merge {
            let joined = held.remove(&merge.joined).unwrap_or_default();
            let stayed = held.entry(merge.stayed).or_default();
            joined.into_iter().for_each(|(key, value)| {
                stayed.entry(key).or_insert(value);
            });
            roots.values_mut().filter(|root| **root == merge.joined).for_each(|root| {
                *root = merge.stayed;
            });
            roots.insert(merge.joined, merge.stayed);
        }
    }
    held.remove(&canonical).unwrap_or_default()
}
