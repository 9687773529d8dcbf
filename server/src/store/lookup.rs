//! Reading names, users and persons in a snapshot.

use std::collections::BTreeMap;

use eventhub_core::UserId;
use eventhub_core::limits::KEY_BYTES_MAX;
use heed::types::DecodeIgnore;

use super::damaged;
use super::identity::{self, Merge};
use super::snapshot::Snapshot;
use super::tables::{
    TEXT_PREFIX, USER_SCOPE, decode_key_row, decode_user_prop, is_shortened, joined, scoped_key,
    user_prop_key, user_value_key, whole_text,
};
use super::users;
use crate::engine::EngineError;

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

    /// The values of a key that start with `prefix` and that `holds` says some user has of those on whose
    /// own id they are set, in order. Of each value, users are asked about until one has it.
    pub fn user_values(
        &self,
        number: u32,
        prefix: &str,
        mut holds: impl FnMut(UserId, &str) -> Result<bool, EngineError>,
    ) -> Result<Vec<String>, EngineError> {
        let mut from = number.to_be_bytes().to_vec();
        let head = from.len();
        from.extend_from_slice(key_prefix(prefix));
        let mut values = Vec::new();
        let rows = self.tables().user_prop_index.prefix_iter(self.rtxn(), &from)?;
        for row in rows.move_between_keys() {
            let (key, first) = row?;
            let value = match whole_text(&key[head..]) {
                Some(value) => value,
                None => self.own_value(first, number)?,
            };
            if !value.starts_with(prefix) {
                continue;
            }
            let mut held = holds(first, value)?;
            if !held {
                let users = self.tables().user_prop_index.get_duplicates(self.rtxn(), key)?;
                for row in users.into_iter().flatten().skip(1) {
                    held = holds(row?.1, value)?;
                    if held {
                        break;
                    }
                }
            }
            if held {
                values.push(value.to_owned());
            }
        }
        values.sort_unstable();
        Ok(values)
    }

    /// The users on whose own id a property has a value, ascending.
    pub fn users_with(&self, number: u32, value: &str) -> Result<Vec<UserId>, EngineError> {
        let key = user_value_key(number, value);
        let rows = self.tables().user_prop_index.get_duplicates(self.rtxn(), &key)?;
        let mut users = Vec::new();
        for row in rows.into_iter().flatten() {
            let (_, user) = row?;
            if !is_shortened(value) || self.own_value(user, number)? == value {
                users.push(user);
            }
        }
        Ok(users)
    }

    /// How many users there are; their numbers are below that.
    pub fn users(&self) -> Result<UserId, EngineError> {
        let last = self.tables().user_names.remap_data_type::<DecodeIgnore>().last(self.rtxn())?;
        Ok(last.map_or(0, |(user, ())| user + 1))
    }

    /// The canonical user of a user's person.
    pub fn person_of(&self, user: UserId) -> Result<UserId, EngineError> {
        identity::person_of(self.tables(), self.rtxn(), user)
    }

    /// The merges that made a person, in order; none for a person of one id.
    pub fn merges_of(&self, canonical: UserId) -> Result<Vec<Merge>, EngineError> {
        identity::merges_of(self.tables(), self.rtxn(), canonical)
    }

    /// The properties in force of a person, by the numbers of their keys.
    pub fn person_properties(&self, canonical: UserId) -> Result<BTreeMap<u32, &str>, EngineError> {
        users::person_properties(self.tables(), self.rtxn(), canonical)
    }

    fn own_value(&self, user: UserId, number: u32) -> Result<&str, EngineError> {
        let row = self.tables().user_props.get(self.rtxn(), &user_prop_key(user, number))?;
        Ok(decode_user_prop(row.ok_or_else(|| damaged("an indexed property is not set"))?)?.1)
    }

    fn key_number(&self, scope: u32, key: &str) -> Result<Option<u32>, EngineError> {
        if key.len() > KEY_BYTES_MAX {
            return Ok(None);
        }
        let row = self.tables().keys.get(self.rtxn(), &scoped_key(scope, key))?;
        row.map(|row| Ok(decode_key_row(row)?.0)).transpose()
    }
}

/// The part of a prefix that also the keys of long texts hold.
fn key_prefix(prefix: &str) -> &[u8] {
    &prefix.as_bytes()[..prefix.len().min(TEXT_PREFIX)]
}
