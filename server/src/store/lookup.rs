//! Reading names, users and persons in a snapshot.

use std::collections::BTreeMap;
use std::mem;
use std::ops::Bound::{Excluded, Included, Unbounded};

use eventhub_core::UserId;
use eventhub_core::answer::PropertyKind;
use eventhub_core::block_users::BlockUsers;
use eventhub_core::limits::KEY_BYTES_MAX;
use eventhub_core::part::BLOCK_USERS;
use eventhub_core::persons::UserSet;
use heed::types::DecodeIgnore;

use super::damaged;
use super::identity::{self, Alias, Merge};
use super::snapshot::Snapshot;
use super::tables::{
    TEXT_PREFIX, USER_SCOPE, decode_key_row, decode_user_index, is_shortened, joined, next_user,
    scoped_key, user_index_key, user_value_key, whole_text, whole_user_value,
};
use super::users;
use crate::engine::EngineError;

/// Rows at each end of a key's values that are looked at to tell what the values look like.
const ENDS_ROWS: usize = PropertyKind::ENDS_VALUES;

impl Snapshot {
    /// The names of all event types, in order of creation.
    ///
    /// # Errors
    /// When the table cannot be read; likewise all functions below.
    pub fn event_types(&self) -> Result<Vec<String>, EngineError> {
        let mut names = Vec::new();
        for row in self.tables().event_type_names.iter(self.rtxn())? {
            names.push(row?.1.to_owned());
        }
        Ok(names)
    }

    /// The number of a key of user properties.
    pub fn user_key(&self, key: &str) -> Result<Option<u32>, EngineError> {
        self.key_number(USER_SCOPE, key)
    }

    /// The values kept of a key of a type's events that start with `prefix`, in order.
    pub fn event_values(
        &self,
        event_type: u32,
        key: &str,
        prefix: &str,
    ) -> Result<Vec<String>, EngineError> {
        let Some(number) = self.key_number(event_type, key)? else { return Ok(Vec::new()) };
        let mut from = joined(event_type, number).to_vec();
        let head = from.len();
        from.extend_from_slice(key_prefix(prefix));
        let mut values = Vec::new();
        for row in self.tables().event_values.prefix_iter(self.rtxn(), &from)? {
            let (key, text) = row?;
            let value = match whole_text(&key[head..]) {
                Some(value) => value,
                None => str::from_utf8(text).map_err(|_| damaged("a value is not text"))?,
            };
            if value.starts_with(prefix) {
                values.push(value.to_owned());
            }
        }
        values.sort_unstable();
        Ok(values)
    }

    /// Some of the values kept of a key of a type's events: the first and the last ones, so that numbers and
    /// other texts are both met; `None` for a value that is too long to be at hand.
    pub fn some_event_values(
        &self,
        event_type: u32,
        number: u32,
    ) -> Result<Vec<Option<&str>>, EngineError> {
        let from = joined(event_type, number);
        let (table, rtxn) = (self.tables().event_values, self.rtxn());
        let first = table.prefix_iter(rtxn, &from)?.take(ENDS_ROWS);
        let last = table.rev_prefix_iter(rtxn, &from)?.take(ENDS_ROWS);
        first.chain(last).map(|row| Ok(whole_text(&row?.0[from.len()..]))).collect()
    }

    /// The same of the values that users have on their own ids.
    pub fn some_user_values(&self, number: u32) -> Result<Vec<Option<&str>>, EngineError> {
        let from = number.to_be_bytes();
        let (table, rtxn) = (self.tables().user_prop_index, self.rtxn());
        let first = table.prefix_iter(rtxn, &from)?.take(ENDS_ROWS);
        let last = table.rev_prefix_iter(rtxn, &from)?.take(ENDS_ROWS);
        first.chain(last).map(|row| Ok(whole_user_value(decode_user_index(row?)?.0))).collect()
    }

    /// The values of a key that start with `prefix` and that `holds` says some user has of those on whose
    /// own id they are set, in order. Of each value, users are asked about until one has it.
    ///
    /// From a value's second row on, its others are passed over by a search: it has one for each block of
    /// users.
    pub fn user_values(
        &self,
        number: u32,
        prefix: &str,
        mut holds: impl FnMut(UserId, &str) -> Result<bool, EngineError>,
    ) -> Result<Vec<String>, EngineError> {
        let mut from = number.to_be_bytes().to_vec();
        from.extend_from_slice(key_prefix(prefix));
        let mut values = Vec::new();
        let index = self.tables().user_prop_index;
        let mut rows = index.range(self.rtxn(), &(Included(&from[..]), Unbounded))?;
        let mut last: &[u8] = &[];
        while let Some(row) = rows.next().transpose()? {
            if !row.0.starts_with(&from) {
                break;
            }
            let (value_key, block, users) = decode_user_index(row)?;
            if value_key == last {
                let end = user_index_key(value_key, u32::MAX);
                rows = index.range(self.rtxn(), &(Excluded(&end[..]), Unbounded))?;
                continue;
            }
            last = value_key;
            let first = users_in(block, &users).next();
            let first = first.ok_or_else(|| damaged("an indexed value has no users"))?;
            let value = match whole_user_value(value_key) {
                Some(value) => value,
                None => self.own_value(first, number)?,
            };
            if value.starts_with(prefix)
                && (holds(first, value)?
                    || self.any_but_first(value_key, |user| holds(user, value))?)
            {
                values.push(value.to_owned());
            }
        }
        values.sort_unstable();
        Ok(values)
    }

    /// Whether `holds` says so of one of a value's users, who are asked in order from the second one on.
    fn any_but_first(
        &self,
        value_key: &[u8],
        mut holds: impl FnMut(UserId) -> Result<bool, EngineError>,
    ) -> Result<bool, EngineError> {
        let mut skipped = 1;
        for row in self.tables().user_prop_index.prefix_iter(self.rtxn(), value_key)? {
            let (_, block, users) = decode_user_index(row?)?;
            for user in users_in(block, &users).skip(mem::take(&mut skipped)) {
                if holds(user)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The users on whose own id a property has a value.
    pub fn users_with(&self, number: u32, value: &str) -> Result<UserSet, EngineError> {
        let value_key = user_value_key(number, value);
        let mut found = UserSet::default();
        for row in self.tables().user_prop_index.prefix_iter(self.rtxn(), &value_key)? {
            let (_, block, users) = decode_user_index(row?)?;
            if !is_shortened(value) {
                found.insert_block(block, &users);
                continue;
            }
            for user in users_in(block, &users) {
                if self.own_value(user, number)? == value {
                    found.insert(user);
                }
            }
        }
        Ok(found)
    }

    /// Shows the values of a key of user properties, a block of users at a time: those on whose own id it is set.
    pub fn each_user_value<'s>(
        &'s self,
        number: u32,
        mut visit: impl FnMut(&'s str, u32, &BlockUsers<'_>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let rows = self.tables().user_prop_index.prefix_iter(self.rtxn(), &number.to_be_bytes())?;
        for row in rows {
            let (value_key, block, users) = decode_user_index(row?)?;
            let value = match whole_user_value(value_key) {
                Some(value) => value,
                None => {
                    let first = users_in(block, &users).next();
                    let first = first.ok_or_else(|| damaged("an indexed value has no users"))?;
                    self.own_value(first, number)?
                }
            };
            visit(value, block, &users)?;
        }
        Ok(())
    }

    /// The number that the next user gets: those of all users are below it.
    pub fn users(&self) -> Result<UserId, EngineError> {
        next_user(self.tables(), self.rtxn())
    }

    /// All users but the deleted ones, ascending.
    pub fn all_users(
        &self,
    ) -> Result<impl Iterator<Item = Result<UserId, EngineError>>, EngineError> {
        let users = self.tables().user_names.remap_data_type::<DecodeIgnore>();
        Ok(users.iter(self.rtxn())?.map(|row| Ok(row?.0)))
    }

    /// Whether there is a user of a number.
    pub fn has_user(&self, user: UserId) -> Result<bool, EngineError> {
        Ok(self.tables().user_names.get(self.rtxn(), &user)?.is_some())
    }

    /// Shows all users with their external ids.
    pub fn each_user(&self, mut visit: impl FnMut(UserId, &str)) -> Result<(), EngineError> {
        for row in self.tables().user_names.iter(self.rtxn())? {
            let (user, name) = row?;
            visit(user, name);
        }
        Ok(())
    }

    /// The canonical user of a user's person.
    pub fn person_of(&self, user: UserId) -> Result<UserId, EngineError> {
        identity::person_of(self.tables(), self.rtxn(), user)
    }

    /// The merges that made a person, in order; none for a person of one id.
    pub fn merges_of(&self, canonical: UserId) -> Result<Vec<Merge>, EngineError> {
        identity::merges_of(self.tables(), self.rtxn(), canonical)
    }

    /// The aliases that made a person, in order.
    pub fn aliases_of(&self, canonical: UserId) -> Result<Vec<Alias>, EngineError> {
        identity::aliases_of(self.tables(), self.rtxn(), &self.merges_of(canonical)?)
    }

    /// The properties in force of a person, by the numbers of their keys.
    pub fn person_properties(&self, canonical: UserId) -> Result<BTreeMap<u32, &str>, EngineError> {
        users::person_properties(self.tables(), self.rtxn(), canonical)
    }

    fn own_value(&self, user: UserId, number: u32) -> Result<&str, EngineError> {
        let value = users::own_value(self.tables(), self.rtxn(), (user, number))?;
        value.ok_or_else(|| damaged("an indexed property is not set"))
    }

    fn key_number(&self, scope: u32, key: &str) -> Result<Option<u32>, EngineError> {
        if key.len() > KEY_BYTES_MAX {
            return Ok(None);
        }
        let row = self.tables().keys.get(self.rtxn(), &scoped_key(scope, key))?;
        row.map(|row| Ok(decode_key_row(row)?.0)).transpose()
    }
}

/// The users of a row of the index, ascending.
fn users_in(block: u32, users: &BlockUsers<'_>) -> impl Iterator<Item = UserId> {
    users.iter().map(move |low| block * BLOCK_USERS + u32::from(low))
}

/// The part of a prefix that also the keys of long texts hold.
fn key_prefix(prefix: &str) -> &[u8] {
    &prefix.as_bytes()[..prefix.len().min(TEXT_PREFIX)]
}
