//! Event types, property keys, and the values of event properties that autocompletion offers.
//!
//! What is known to be stored is remembered in memory, within bounds, so that an event whose type, keys
//! and values were seen before costs no access to a table. The memory is dropped whenever a transaction
//! is lost, since it may hold what that transaction wrote.

use std::collections::{HashMap, HashSet};

use eventhub_core::Error;
use eventhub_core::limits::{EVENT_TYPES_MAX, KEYS_PER_TYPE_MAX, VALUES_PER_KEY_MAX};
use heed::{MdbError, PutFlags, RoTxn, RwTxn};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::damaged;
use super::failure::Failure;
use super::hashed::HashBuilder;
use super::prepared::{Mark, NewName, Prepared, SeenNames};
use super::tables::{
    Tables, USER_SCOPE, decode_key_row, event_value_key, joined, scoped_key, whole_text,
};
use crate::engine::EngineError;

/// Values remembered at most.
const KNOWN_VALUES_MAX: usize = 1 << 18;
/// Property keys remembered at most.
const KNOWN_KEYS_MAX: usize = 1 << 17;

/// The names in use.
pub(crate) struct Names {
    types: HashMap<String, u32>,
    scopes: HashMap<u32, Scope>,
    /// Hashes of values that are stored, or that came when their key had room for no more.
    values: HashSet<u128, HashBuilder>,
    /// Keys whose number of values changed in this transaction.
    changed: HashSet<(u32, String)>,
    /// Marks of names that this transaction stored or found stored.
    marks: Vec<Mark>,
}

type Scope = HashMap<String, Key>;

#[derive(Clone, Copy)]
struct Key {
    number: u32,
    values: u32,
}

impl Names {
    /// Reads the event types; keys are read when they are first needed.
    pub(crate) fn load(tables: &Tables, rtxn: &RoTxn<'_>) -> Result<Self, EngineError> {
        let mut types = HashMap::new();
        for row in tables.event_types.iter(rtxn)? {
            let (name, number) = row?;
            types.insert(name.to_owned(), number);
        }
        let (scopes, values) = (HashMap::new(), HashSet::default());
        Ok(Self { types, scopes, values, changed: HashSet::new(), marks: Vec::new() })
    }

    /// Forgets what exceeds the bounds; to be called between transactions.
    pub(crate) fn shrink(&mut self) {
        if self.values.len() > KNOWN_VALUES_MAX {
            self.values = HashSet::default();
        }
        if self.scopes.values().map(HashMap::len).sum::<usize>() > KNOWN_KEYS_MAX {
            self.scopes = HashMap::new();
        }
    }

    /// Checks that the types and keys of a batch keep within the limits, before anything is stored.
    pub(crate) fn admit(
        &mut self,
        tables: &Tables,
        rtxn: &RoTxn<'_>,
        batch: &Prepared,
    ) -> Result<(), Failure> {
        let types = batch.types();
        let new_types = types.iter().filter(|name| !self.types.contains_key(*name)).count();
        let mut new_keys: HashMap<&str, HashSet<&str>> = HashMap::new();
        for name in batch.names() {
            let event_type = types[name.event_type].as_str();
            let known = match self.types.get(event_type) {
                Some(number) => Some(load_scope(&mut self.scopes, tables, rtxn, *number)?),
                None => None,
            };
            if !known.is_some_and(|scope| scope.contains_key(&name.key)) {
                new_keys.entry(event_type).or_default().insert(&name.key);
            }
        }
        within("event types", self.types.len() + new_types, EVENT_TYPES_MAX)?;
        for (name, keys) in new_keys {
            let scope = self.types.get(name).and_then(|number| self.scopes.get(number));
            let known = scope.map_or(0, HashMap::len);
            within("property keys of an event type", known + keys.len(), KEYS_PER_TYPE_MAX)?;
        }
        Ok(())
    }

    /// The same for a number of event types of these names, which are new.
    pub(crate) fn admit_types(&self, new: &[String]) -> Result<(), Failure> {
        within("event types", self.types.len() + new.len(), EVENT_TYPES_MAX)
    }

    /// The same for the keys of one event type.
    pub(crate) fn admit_keys(
        &mut self,
        tables: &Tables,
        rtxn: &RoTxn<'_>,
        event_type: u32,
        keys: &[&str],
    ) -> Result<(), Failure> {
        let scope = load_scope(&mut self.scopes, tables, rtxn, event_type)?;
        let new = keys.iter().filter(|key| !scope.contains_key(**key)).count();
        within("property keys of an event type", scope.len() + new, KEYS_PER_TYPE_MAX)
    }

    /// The same for the keys of user properties.
    pub(crate) fn admit_user<'k>(
        &mut self,
        tables: &Tables,
        rtxn: &RoTxn<'_>,
        keys: impl Iterator<Item = &'k str>,
    ) -> Result<(), Failure> {
        let scope = load_scope(&mut self.scopes, tables, rtxn, USER_SCOPE)?;
        let new = keys.filter(|key| !scope.contains_key(*key)).count();
        within("property keys of users", scope.len() + new, KEYS_PER_TYPE_MAX)
    }

    /// The number of an event type, which is made when unknown.
    pub(crate) fn event_type(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        name: &str,
    ) -> Result<u32, EngineError> {
        if let Some(number) = self.types.get(name) {
            return Ok(*number);
        }
        let number = self.types.len() as u32;
        tables.event_types.put(wtxn, name, &number)?;
        tables.event_type_names.put(wtxn, &number, name)?;
        self.types.insert(name.to_owned(), number);
        Ok(number)
    }

    /// The number of a key of user properties, if it was ever set.
    pub(crate) fn find_user_key(
        &mut self,
        tables: &Tables,
        rtxn: &RoTxn<'_>,
        key: &str,
    ) -> Result<Option<u32>, EngineError> {
        let scope = load_scope(&mut self.scopes, tables, rtxn, USER_SCOPE)?;
        Ok(scope.get(key).map(|key| key.number))
    }

    /// The number of a key of user properties, which is made when unknown.
    pub(crate) fn user_key(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        key: &str,
    ) -> Result<u32, EngineError> {
        let scope = load_scope(&mut self.scopes, tables, wtxn, USER_SCOPE)?;
        Ok(make_key(scope, tables, wtxn, USER_SCOPE, key)?.number)
    }

    /// Notes properties of an event for autocompletion.
    pub(crate) fn see_new(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        event_type: u32,
        names: &[NewName],
    ) -> Result<(), EngineError> {
        for name in names {
            let is_kept = self.see(tables, wtxn, event_type, &name.key, &name.value)?;
            self.marks.push(if is_kept { name.mark } else { name.full });
        }
        Ok(())
    }

    /// Notes a property of events for autocompletion; `false` when its key has room for no more values.
    pub(crate) fn see(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        event_type: u32,
        name: &str,
        value: &str,
    ) -> Result<bool, EngineError> {
        let scope = load_scope(&mut self.scopes, tables, wtxn, event_type)?;
        let key = make_key(scope, tables, wtxn, event_type, name)?;
        if key.values as usize >= VALUES_PER_KEY_MAX {
            return Ok(false);
        }
        let place = u64::from_be_bytes(joined(event_type, key.number));
        if !self.values.insert(xxh3_128_with_seed(value.as_bytes(), place)) {
            return Ok(true);
        }
        let row_key = event_value_key(event_type, key.number, value);
        let text = if whole_text(&row_key[8..]).is_some() { "" } else { value };
        let put = PutFlags::NO_OVERWRITE;
        match tables.event_values.put_with_flags(wtxn, put, &row_key, text.as_bytes()) {
            Ok(()) => {}
            Err(heed::Error::Mdb(MdbError::KeyExist)) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        key.values += 1;
        self.changed.insert((event_type, name.to_owned()));
        Ok(true)
    }

    /// The transaction is durable: tells everyone which names are stored.
    pub(crate) fn keep(&mut self, seen: &SeenNames) {
        self.marks.drain(..).for_each(|mark| seen.insert(mark));
    }

    /// Writes how many values each key now has; to be called before the transaction is committed.
    pub(crate) fn flush(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
    ) -> Result<(), EngineError> {
        for (scope, name) in self.changed.drain() {
            let known = self.scopes.get(&scope).and_then(|scope| scope.get(&name));
            let key = known.ok_or_else(|| damaged("a changed key is not known"))?;
            put_key(tables, wtxn, scope, &name, *key)?;
        }
        Ok(())
    }
}

fn load_scope<'a>(
    scopes: &'a mut HashMap<u32, Scope>,
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    number: u32,
) -> Result<&'a mut Scope, EngineError> {
    use std::collections::hash_map::Entry;
    match scopes.entry(number) {
        Entry::Occupied(entry) => Ok(entry.into_mut()),
        Entry::Vacant(entry) => {
            let mut scope = Scope::new();
            for row in tables.keys.prefix_iter(rtxn, &number.to_be_bytes())? {
                let (key, row) = row?;
                let name = whole_text(&key[4..]).ok_or_else(|| damaged("a key is not text"))?;
                let (number, values) = decode_key_row(row)?;
                scope.insert(name.to_owned(), Key { number, values });
            }
            Ok(entry.insert(scope))
        }
    }
}

fn make_key<'a>(
    scope: &'a mut Scope,
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    number: u32,
    name: &str,
) -> Result<&'a mut Key, EngineError> {
    if !scope.contains_key(name) {
        let key = Key { number: scope.len() as u32, values: 0 };
        put_key(tables, wtxn, number, name, key)?;
        scope.insert(name.to_owned(), key);
    }
    scope.get_mut(name).ok_or_else(|| damaged("a key is not known"))
}

fn put_key(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    scope: u32,
    name: &str,
    key: Key,
) -> Result<(), EngineError> {
    let row = joined(key.number, key.values);
    Ok(tables.keys.put(wtxn, &scoped_key(scope, name), &row)?)
}

fn within(field: &'static str, actual: usize, limit: usize) -> Result<(), Failure> {
    if actual > limit { Err(Error::TooMany { field, limit, actual }.into()) } else { Ok(()) }
}
