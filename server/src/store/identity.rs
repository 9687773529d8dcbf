//! Which external ids are one person, and the journal by which that can be taken back.
//!
//! The journal (`identity`) keeps each alias that joined two persons. From it follow `persons`, the merges
//! that made each person of several ids, and `canonical`, which says of every id that was joined to another
//! under which id its person stands. Every id of a person but the canonical one was joined exactly
//! once, so the merges name all members.

use std::collections::{BTreeMap, HashMap};

use eventhub_core::limits::IDS_PER_PERSON_MAX;
use eventhub_core::part::BLOCK_USERS;
use eventhub_core::persons::{canonical_in, decode_merged, encode_merged};
use eventhub_core::{Error, ExternalId, UserId};
use heed::{RoTxn, RwTxn};

use super::damaged;
use super::failure::Failure;
use super::tables::{Tables, be_u64, joined, split};
use super::users::Users;
use crate::engine::EngineError;

const MERGE_BYTES: usize = 16;

/// One person became part of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// When, among all sets and merges.
    pub sequence: u64,
    /// The canonical user of the person that stayed.
    pub stayed: UserId,
    /// The canonical user, until then, of the person that joined it.
    pub joined: UserId,
}

/// An alias as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alias {
    /// When, among all sets and merges.
    pub sequence: u64,
    /// The user whose person joined the other's.
    pub from: UserId,
    /// The user whose person stayed.
    pub to: UserId,
}

/// The canonical user of a user's person.
///
/// # Errors
/// When the table cannot be read.
pub(crate) fn person_of(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    user: UserId,
) -> Result<UserId, EngineError> {
    let Some(entries) = tables.canonical.get(rtxn, &(user / BLOCK_USERS))? else {
        return Ok(user);
    };
    Ok(canonical_in(entries, user))
}

/// The merges that made a person, in order; none for a person of one id.
///
/// # Errors
/// When the table cannot be read.
pub(crate) fn merges_of(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    canonical: UserId,
) -> Result<Vec<Merge>, EngineError> {
    let Some(row) = tables.persons.get(rtxn, &canonical)? else {
        return Ok(Vec::new());
    };
    let (rows, rest) = row.as_chunks::<MERGE_BYTES>();
    if !rest.is_empty() {
        return Err(damaged("a person's merges are cut short"));
    }
    let decode = |row: &[u8; MERGE_BYTES]| {
        let (stayed, joined) = split(&row[8..])?;
        Ok(Merge { sequence: be_u64(&row[..8])?, stayed, joined })
    };
    rows.iter().map(decode).collect()
}

/// All ids of a person, ascending.
#[must_use]
pub fn members(canonical: UserId, merges: &[Merge]) -> Vec<UserId> {
    let mut members: Vec<_> = merges.iter().map(|merge| merge.joined).collect();
    members.push(canonical);
    members.sort_unstable();
    members
}

/// Joins the person of `from` to that of `to`; unknown ids are created.
pub(crate) fn alias(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    users: &mut Users,
    sequence: &mut u64,
    (from, to): (&ExternalId, &ExternalId),
) -> Result<(), Failure> {
    users.admit(2)?;
    let (from_merges, to_merges) =
        (known_merges(tables, wtxn, users, from)?, known_merges(tables, wtxn, users, to)?);
    let known = users.find(tables, wtxn, from)?.zip(users.find(tables, wtxn, to)?);
    let one_person = match known {
        Some((a, b)) => person_of(tables, wtxn, a)? == person_of(tables, wtxn, b)?,
        None => from == to,
    };
    let ids = from_merges.len() + to_merges.len() + 2;
    if !one_person && ids > IDS_PER_PERSON_MAX {
        let (field, limit) = ("ids of a person", IDS_PER_PERSON_MAX);
        return Err(Error::TooMany { field, limit, actual: ids }.into());
    }
    let (a, b) = (users.intern(tables, wtxn, from)?, users.intern(tables, wtxn, to)?);
    if one_person {
        return Ok(());
    }
    let (joined_root, stayed) = (person_of(tables, wtxn, a)?, person_of(tables, wtxn, b)?);
    let mut merges = [to_merges, from_merges.clone()].concat();
    merges.push(Merge { sequence: *sequence, stayed, joined: joined_root });
    merges.sort_by_key(|merge| merge.sequence);
    tables.identity.put(wtxn, sequence, &joined(a, b))?;
    tables.persons.delete(wtxn, &joined_root)?;
    put_merges(tables, wtxn, stayed, &merges)?;
    set_canonical(tables, wtxn, &members(joined_root, &from_merges), Some(stayed))?;
    *sequence += 1;
    Ok(())
}

/// Takes an alias back; `false` when no such alias joined two persons.
pub(crate) fn unalias(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    users: &Users,
    (from, to): (&ExternalId, &ExternalId),
) -> Result<bool, Failure> {
    let known = users.find(tables, wtxn, from)?.zip(users.find(tables, wtxn, to)?);
    let Some((from, to)) = known else {
        return Ok(false);
    };
    let canonical = person_of(tables, wtxn, from)?;
    let merges = merges_of(tables, wtxn, canonical)?;
    let mut given = aliases_of(tables, wtxn, &merges)?;
    let Some(at) = given.iter().position(|alias| (alias.from, alias.to) == (from, to)) else {
        return Ok(false);
    };
    let Alias { sequence, .. } = given.remove(at);
    tables.identity.delete(wtxn, &sequence)?;
    for (root, (members, merges)) in replay(&members(canonical, &merges), &given)? {
        put_merges(tables, wtxn, root, &merges)?;
        set_canonical(tables, wtxn, &members, Some(root))?;
    }
    Ok(true)
}

/// Forgets everything that made a person of several ids; returns its ids, ascending.
pub(crate) fn forget(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    canonical: UserId,
) -> Result<Vec<UserId>, EngineError> {
    let merges = merges_of(tables, wtxn, canonical)?;
    let members = members(canonical, &merges);
    if !merges.is_empty() {
        for merge in &merges {
            tables.identity.delete(wtxn, &merge.sequence)?;
        }
        tables.persons.delete(wtxn, &canonical)?;
        set_canonical(tables, wtxn, &members, None)?;
    }
    Ok(members)
}

/// The aliases that made a person, in order.
pub(crate) fn aliases_of(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    merges: &[Merge],
) -> Result<Vec<Alias>, EngineError> {
    let given = |merge: &Merge| {
        let row = tables.identity.get(rtxn, &merge.sequence)?;
        let row = row.ok_or_else(|| damaged("a merge is missing from the journal"))?;
        let (from, to) = split(row)?;
        Ok(Alias { sequence: merge.sequence, from, to })
    };
    merges.iter().map(given).collect()
}

/// Persons by canonical user: their members in ascending order, and their merges.
type Replayed = BTreeMap<UserId, (Vec<UserId>, Vec<Merge>)>;

/// The persons that the given aliases make of some users.
fn replay(users: &[UserId], given: &[Alias]) -> Result<Replayed, EngineError> {
    let mut roots: HashMap<UserId, UserId> = users.iter().map(|user| (*user, *user)).collect();
    let root_of = |roots: &HashMap<UserId, UserId>, user: &UserId| {
        roots
            .get(user)
            .copied()
            .ok_or_else(|| damaged("the journal names a user of another person"))
    };
    let mut done = Vec::with_capacity(given.len());
    for Alias { sequence, from, to } in given {
        let (joined, stayed) = (root_of(&roots, from)?, root_of(&roots, to)?);
        roots.values_mut().filter(|root| **root == joined).for_each(|root| *root = stayed);
        done.push(Merge { sequence: *sequence, stayed, joined });
    }
    let mut persons = Replayed::new();
    for user in users {
        persons.entry(root_of(&roots, user)?).or_default().0.push(*user);
    }
    for merge in done {
        persons.entry(root_of(&roots, &merge.stayed)?).or_default().1.push(merge);
    }
    Ok(persons)
}

fn known_merges(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    users: &Users,
    id: &ExternalId,
) -> Result<Vec<Merge>, EngineError> {
    match users.find(tables, rtxn, id)? {
        Some(user) => merges_of(tables, rtxn, person_of(tables, rtxn, user)?),
        None => Ok(Vec::new()),
    }
}

fn put_merges(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    canonical: UserId,
    merges: &[Merge],
) -> Result<(), EngineError> {
    if merges.is_empty() {
        tables.persons.delete(wtxn, &canonical)?;
        return Ok(());
    }
    let mut row = Vec::with_capacity(merges.len() * MERGE_BYTES);
    for merge in merges {
        row.extend_from_slice(&merge.sequence.to_be_bytes());
        row.extend_from_slice(&joined(merge.stayed, merge.joined));
    }
    Ok(tables.persons.put(wtxn, &canonical, &row)?)
}

/// Notes for users, given in ascending order, under whom their person stands; each under itself when
/// there is no `canonical`.
fn set_canonical(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    users: &[UserId],
    canonical: Option<UserId>,
) -> Result<(), EngineError> {
    for users in users.chunk_by(|a, b| a / BLOCK_USERS == b / BLOCK_USERS) {
        let block = users[0] / BLOCK_USERS;
        let row = tables.canonical.get(wtxn, &block)?.unwrap_or_default();
        let mut entries: BTreeMap<u16, UserId> = decode_merged(row).collect();
        for user in users {
            let low = (user % BLOCK_USERS) as u16;
            match canonical.filter(|canonical| canonical != user) {
                Some(canonical) => entries.insert(low, canonical),
                None => entries.remove(&low),
            };
        }
        if entries.is_empty() {
            tables.canonical.delete(wtxn, &block)?;
        } else {
            let entries: Vec<_> = entries.into_iter().collect();
            tables.canonical.put(wtxn, &block, &encode_merged(&entries))?;
        }
    }
    Ok(())
}
