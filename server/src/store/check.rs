//! `eventhub check`: verifies every checksum and index of a store.
//!
//! It reads one snapshot, also beside a server that writes. Chunks of parts that no row names yet belong to a
//! seal or merge under way, or were left by a crash and go with the next start; they are counted, not
//! called a problem.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Display;
use std::path::Path;

use eventhub_core::UserId;
use eventhub_core::block_users::BlockUsers;
use eventhub_core::part::{BLOCK_USERS, OrderReader, bucket_of};
use eventhub_core::persons::decode_merged;
use heed::RoTxn;
use serde::Serialize;
use serde_json::{Map, Value};

use super::failure::corrupt;
use super::identity::{self, members, merges_of};
use super::recovery::{open_read_only, read_tail};
use super::shared::Verified;
use super::snapshot::{StoredChunks, open_part};
use super::tables::{
    PartKey, Tables, USER_SCOPE, be_u32, decode_column_key, decode_key_row, decode_user_index,
    decode_user_prop, dropped_events, meta, next_event, next_user, split, user_index_key,
    user_value_key, whole_text,
};
use super::users::own_properties;
use super::{deletion, insert_ranges, insert_runs};
use crate::engine::EngineError;

/// Problems that are named; further ones are only counted.
const PROBLEMS_NAMED: usize = 100;

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Events in parts and tail.
    pub events: u64,
    /// Parts that queries read.
    pub parts: u64,
    /// Chunks of these parts.
    pub chunks: u64,
    /// Chunks that no part names.
    pub unpublished_chunks: u64,
    /// Records of the tail.
    pub tail_records: u64,
    /// External ids.
    pub users: u64,
    /// Event types.
    pub event_types: u64,
    /// Aliases that joined two persons.
    pub merges: u64,
    /// Properties set on users' own ids.
    pub user_properties: u64,
    /// Users who were deleted and of whom events may be left.
    pub deleted_users: u64,
    /// Insert ids of sealed events, those of the tracker left out.
    pub insert_ids: u64,
    /// Ranges of the tracker's insert ids.
    pub insert_ranges: u64,
    /// How many problems there are.
    pub problems_total: u64,
    /// What is wrong, as far as it is named.
    pub problems: Vec<String>,
}

/// Checks the store in a folder.
///
/// # Errors
/// When there is no store, it is of another format, or it cannot be read at all.
pub fn check(folder: &Path) -> Result<CheckReport, EngineError> {
    let (env, tables) = open_read_only(folder)?;
    let rtxn = env.read_txn()?;
    let report = CheckReport::default();
    let mut check = Check { tables: &tables, rtxn: &rtxn, nobody: Vec::new(), report };
    check.attempt("names of users", Check::note_nobody);
    check.attempt("parts", Check::parts);
    check.attempt("tail", Check::tail);
    check.attempt("event types", Check::event_types);
    check.attempt("keys", Check::keys);
    check.attempt("users", Check::users);
    check.attempt("persons", Check::persons);
    check.attempt("user properties", Check::user_properties);
    check.attempt("insert ids", Check::insert_ids);
    check.attempt("deleted users", Check::deleted_users);
    check.attempt("views", Check::views);
    let found = check.report.events;
    let counted = next_event(&tables, &rtxn)?.checked_sub(dropped_events(&tables, &rtxn)?);
    check.require(counted == Some(found), || {
        format!("{found} events are stored, not {}", counted.unwrap_or_default())
    });
    Ok(check.report)
}

struct Check<'a> {
    tables: &'a Tables,
    rtxn: &'a RoTxn<'a>,
    /// Numbers that were given out and are no user's, not even a deleted one's, ascending.
    nobody: Vec<UserId>,
    report: CheckReport,
}

impl Check<'_> {
    /// Does one of the checks; what keeps it from going on is a problem as well.
    fn attempt(&mut self, what: &str, check: fn(&mut Self) -> Result<(), EngineError>) {
        if let Err(error) = check(self) {
            self.problem(format!("{what}: {error}"));
        }
    }

    fn problem(&mut self, problem: impl Display) {
        self.report.problems_total += 1;
        if self.report.problems.len() < PROBLEMS_NAMED {
            self.report.problems.push(problem.to_string());
        }
    }

    fn require<P: Display>(&mut self, holds: bool, problem: impl FnOnce() -> P) {
        if !holds {
            self.problem(problem());
        }
    }

    fn views(&mut self) -> Result<(), EngineError> {
        for row in self.tables.views.iter(self.rtxn)? {
            let (name, view) = row?;
            let is_object = serde_json::from_str::<Map<String, Value>>(view).is_ok();
            self.require(is_object, || format!("the view {name} is no JSON object"));
        }
        Ok(())
    }

    fn note_nobody(&mut self) -> Result<(), EngineError> {
        let deleted = deletion::deleted_users(self.tables, self.rtxn)?;
        let mut next = 0;
        for row in self.tables.user_names.iter(self.rtxn)? {
            let user = row?.0;
            self.nobody.extend(next..user);
            next = user + 1;
        }
        self.nobody.extend(next..next_user(self.tables, self.rtxn)?);
        self.nobody.retain(|user| deleted.binary_search(user).is_err());
        Ok(())
    }

    fn parts(&mut self) -> Result<(), EngineError> {
        let mut named = HashMap::new();
        for row in self.tables.parts.iter(self.rtxn)? {
            let (key, header) = row?;
            let key = PartKey::decode(key)?;
            self.report.parts += 1;
            match self.part(key, header) {
                Ok(chunks) => {
                    self.report.chunks += chunks.len() as u64;
                    named.insert(key.part, Some(chunks));
                }
                Err(error) => {
                    named.insert(key.part, None);
                    self.problem(format!("part {}: {error}", key.part));
                }
            }
        }
        for row in self.tables.columns.iter(self.rtxn)? {
            let (part, key) = decode_column_key(row?.0)?;
            match named.get(&part) {
                None => self.report.unpublished_chunks += 1,
                Some(Some(chunks)) if !chunks.contains(&key) => {
                    self.problem(format!("part {part} has a chunk too many: {key:?}"));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Verifies a part and gives the names of its chunks.
    fn part(
        &mut self,
        key: PartKey,
        header: &[u8],
    ) -> Result<HashSet<eventhub_core::part::ChunkKey>, EngineError> {
        let verified = Verified::default();
        let (tables, rtxn, part) = (self.tables, self.rtxn, key.part);
        let view = open_part(header, StoredChunks { tables, rtxn, verified: &verified, part })?;
        self.report.events += u64::from(view.rows());
        let (least, greatest) = view.times();
        let in_place = view.event_type() == key.event_type
            && bucket_of(least) == key.bucket
            && bucket_of(greatest) == key.bucket;
        self.require(in_place, || format!("part {part} stands under another type or bucket"));
        view.verify().map_err(corrupt)?;
        let (greatest, ..) = OrderReader::open(&view)?.get(view.rows() - 1)?;
        let of_somebody = greatest < next_user(self.tables, self.rtxn)?
            && view.users_among(&self.nobody)?.is_empty();
        self.require(of_somebody, || format!("part {part} has events of users who do not exist"));
        let unverified = view.chunk_keys().into_iter().find(|key| !verified.contains(part, *key));
        // `verify` opens every column; a chunk it left out would be one nobody ever reads.
        self.require(unverified.is_none(), || format!("part {part} has unread {unverified:?}"));
        Ok(view.chunk_keys().into_iter().collect())
    }

    fn tail(&mut self) -> Result<(), EngineError> {
        let users_end = next_user(self.tables, self.rtxn)?;
        for record in read_tail(self.tables, self.rtxn)? {
            self.report.tail_records += 1;
            self.report.events += u64::from(record.events());
            let mut of_somebody = true;
            record.each(|_, event| {
                let exists = self.nobody.binary_search(&event.user).is_err();
                of_somebody &= exists && event.user < users_end;
                Ok(())
            })?;
            self.require(of_somebody, || "the tail has events of users who do not exist");
        }
        Ok(())
    }

    fn event_types(&mut self) -> Result<(), EngineError> {
        for row in self.tables.event_types.iter(self.rtxn)? {
            let (name, number) = row?;
            self.report.event_types += 1;
            let back = self.tables.event_type_names.get(self.rtxn, &number)?;
            self.require(back == Some(name), || {
                format!("event type {name} is not number {number}")
            });
        }
        let names = self.tables.event_type_names.len(self.rtxn)?;
        let types = self.report.event_types;
        self.require(names == types, || format!("{types} event types have {names} names"));
        Ok(())
    }

    fn keys(&mut self) -> Result<(), EngineError> {
        let mut kept: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for row in self.tables.event_values.iter(self.rtxn)? {
            let (key, text) = row?;
            let place = split(key.get(..8).unwrap_or_default())?;
            *kept.entry(place).or_default() += 1;
            let whole = whole_text(&key[8..]).is_some();
            let sound = whole == text.is_empty() && str::from_utf8(text).is_ok();
            self.require(sound, || format!("a value of key {place:?} is damaged"));
        }
        let mut numbers: BTreeMap<u32, HashSet<u32>> = BTreeMap::new();
        for row in self.tables.keys.iter(self.rtxn)? {
            let (key, row) = row?;
            let scope = be_u32(key.get(..4).unwrap_or_default())?;
            let (number, values) = decode_key_row(row)?;
            let fresh = numbers.entry(scope).or_default().insert(number);
            self.require(fresh, || format!("two keys of type {scope} have number {number}"));
            let found = kept.remove(&(scope, number)).unwrap_or(0);
            let counted = scope == USER_SCOPE || found == u64::from(values);
            self.require(counted, || format!("key {number} of type {scope} has {found} values"));
        }
        self.require(kept.is_empty(), || "values are kept for a key that does not exist");
        Ok(())
    }

    fn users(&mut self) -> Result<(), EngineError> {
        for row in self.tables.user_names.iter(self.rtxn)? {
            let (user, name) = row?;
            self.report.users += 1;
            let back = self.tables.users.get(self.rtxn, name)?;
            self.require(back == Some(user), || {
                format!("user {user} is not found by the id {name}")
            });
        }
        let (ids, users) = (self.tables.users.len(self.rtxn)?, self.report.users);
        self.require(ids == users, || format!("{users} users have {ids} ids"));
        Ok(())
    }

    fn persons(&mut self) -> Result<(), EngineError> {
        let mut merged = 0;
        for row in self.tables.persons.iter(self.rtxn)? {
            let canonical = row?.0;
            let merges = merges_of(self.tables, self.rtxn, canonical)?;
            merged += merges.len() as u64;
            for user in members(canonical, &merges) {
                let found = identity::person_of(self.tables, self.rtxn, user)?;
                self.require(found == canonical, || format!("user {user} is not of {canonical}"));
            }
            for merge in merges {
                let given = self.tables.identity.get(self.rtxn, &merge.sequence)?.is_some();
                self.require(given, || format!("merge {} is not in the journal", merge.sequence));
            }
        }
        let mut entries = 0;
        for row in self.tables.canonical.iter(self.rtxn)? {
            let (block, bytes) = row?;
            let lows: Vec<_> = decode_merged(bytes).map(|entry| u32::from(entry.0)).collect();
            entries += lows.len() as u64;
            let sound =
                lows.is_sorted_by(|a, b| a < b) && lows.iter().all(|low| *low < BLOCK_USERS);
            self.require(sound, || format!("the merged users of block {block} are out of order"));
        }
        self.report.merges = self.tables.identity.len(self.rtxn)?;
        let journal = self.report.merges;
        self.require(journal == merged && merged == entries, || {
            format!("{journal} aliases, {merged} merges and {entries} merged users differ")
        });
        Ok(())
    }

    fn user_properties(&mut self) -> Result<(), EngineError> {
        let index = self.tables.user_prop_index;
        for row in self.tables.user_props.iter(self.rtxn)? {
            let (key, row) = row?;
            let (user, number) = split(key)?;
            let Some(value) = decode_user_prop(row)?.1 else { continue };
            self.report.user_properties += 1;
            let key = user_index_key(&user_value_key(number, value), user / BLOCK_USERS);
            let users = index.get(self.rtxn, &key)?.map(BlockUsers::open).transpose();
            let found = users
                .map_err(corrupt)?
                .is_some_and(|users| users.contains((user % BLOCK_USERS) as u16));
            self.require(found, || format!("property {number} of user {user} is not indexed"));
        }
        // Every property has an entry of its own: when there are no more, every entry has its property.
        let mut indexed = 0;
        for row in index.iter(self.rtxn)? {
            indexed += decode_user_index(row?)?.2.len() as u64;
        }
        let set = self.report.user_properties;
        self.require(indexed == set, || format!("{set} user properties have {indexed} entries"));
        Ok(())
    }

    fn deleted_users(&mut self) -> Result<(), EngineError> {
        let end = self.tables.meta.get(self.rtxn, meta::USERS_END)?.unwrap_or(0);
        for user in deletion::deleted_users(self.tables, self.rtxn)? {
            self.report.deleted_users += 1;
            let is_new = u64::from(user) >= end;
            let is_named = self.tables.user_names.get(self.rtxn, &user)?.is_some();
            let is_merged = identity::person_of(self.tables, self.rtxn, user)? != user
                || self.tables.persons.get(self.rtxn, &user)?.is_some();
            let is_set = !own_properties(self.tables, self.rtxn, user)?.is_empty();
            self.require(!is_new && !is_named && !is_merged && !is_set, || {
                format!("something is left of user {user}, who was deleted")
            });
        }
        Ok(())
    }

    fn insert_ids(&mut self) -> Result<(), EngineError> {
        let events = next_event(self.tables, self.rtxn)?;
        for run in insert_runs::list(self.tables, self.rtxn)? {
            let (mut last, mut sound) = (None, true);
            insert_runs::each(self.tables, self.rtxn, run, |hash, id| {
                self.report.insert_ids += 1;
                sound &= last.replace(hash) < Some(hash) && id < events;
            })?;
            self.require(sound, || format!("insert ids of {run:?} are out of order"));
        }
        let mut last = None;
        for range in insert_ranges::all(self.tables, self.rtxn)? {
            let range = range?;
            self.report.insert_ranges += 1;
            let (client, counters) = (range.client, range.counters.clone());
            let apart = last.replace((client, counters.end)) <= Some((client, counters.start));
            self.require(apart && !counters.is_empty() && range.events().end <= events, || {
                format!("the insert ids {counters:?} of a client overlap or have no events")
            });
        }
        Ok(())
    }
}
