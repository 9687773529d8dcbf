//! What there is to ask about: event types, property keys and values.

use std::collections::HashMap;

use eventhub_core::answer::PropertyKind;
use eventhub_core::part::PartView;

use super::people::InForce;
use crate::engine::{EngineError, EventTypeRecord, PropertyRecord};
use crate::store::Snapshot;

/// The event types with how many events each has, in order of creation.
///
/// # Errors
/// When a table cannot be read; likewise the functions below.
pub fn event_type_counts(snapshot: &Snapshot) -> Result<Vec<EventTypeRecord>, EngineError> {
    let mut events: HashMap<u32, u64> = HashMap::new();
    for part in snapshot.all_parts()? {
        *events.entry(part.event_type()).or_default() += u64::from(part.rows());
    }
    let names = snapshot.event_types()?.into_iter().zip(0_u32..);
    let record = |(name, number)| {
        let events = events.get(&number).copied().unwrap_or(0);
        EventTypeRecord { name, events }
    };
    Ok(names.map(record).collect())
}

/// Property keys seen on a type's events with what their values look like, in order.
pub fn event_properties(
    snapshot: &Snapshot,
    event_type: &str,
) -> Result<Vec<PropertyRecord>, EngineError> {
    let Some(event_type) = snapshot.type_number(event_type)? else { return Ok(Vec::new()) };
    let mut counts: HashMap<&str, u64> = HashMap::new();
    let parts = snapshot.parts(event_type, 0, i64::MAX)?;
    for (key, count) in parts.iter().flat_map(PartView::key_counts) {
        *counts.entry(key).or_default() += u64::from(count);
    }
    let keys = snapshot.event_keys(event_type)?;
    records(keys, |name, key| {
        let count = counts.get(name).copied().unwrap_or_default();
        Ok((count, snapshot.some_event_values(event_type, key)?))
    })
}

/// Property keys that users have with what their values look like, in order.
pub fn user_properties(snapshot: &Snapshot) -> Result<Vec<PropertyRecord>, EngineError> {
    records(snapshot.user_keys()?, |_, key| {
        let mut count = 0;
        snapshot.each_user_value(key, |_, _, users| {
            count += users.len() as u64;
            Ok(())
        })?;
        Ok((count, snapshot.some_user_values(key)?))
    })
}

/// Property keys seen on a type's events, in order; none for an unknown type.
///
/// # Errors
/// When a table cannot be read; likewise the functions below.
pub fn event_keys(snapshot: &Snapshot, event_type: &str) -> Result<Vec<String>, EngineError> {
    match snapshot.type_number(event_type)? {
        Some(number) => Ok(named(snapshot.event_keys(number)?)),
        None => Ok(Vec::new()),
    }
}

/// Values seen of a key on a type's events that start with `prefix`, in order.
pub fn event_values(
    snapshot: &Snapshot,
    event_type: &str,
    key: &str,
    prefix: &str,
) -> Result<Vec<String>, EngineError> {
    match snapshot.type_number(event_type)? {
        Some(number) => snapshot.event_values(number, key, prefix),
        None => Ok(Vec::new()),
    }
}

/// Property keys that users have, in order.
pub fn user_keys(snapshot: &Snapshot) -> Result<Vec<String>, EngineError> {
    Ok(named(snapshot.user_keys()?))
}

/// Values of a key that some person has in force and that start with `prefix`, in order.
pub fn user_values(
    snapshot: &Snapshot,
    key: &str,
    prefix: &str,
) -> Result<Vec<String>, EngineError> {
    let Some(number) = snapshot.user_key(key)? else { return Ok(Vec::new()) };
    let mut in_force = InForce::new(snapshot, number);
    snapshot
        .user_values(number, prefix, |user, value| in_force.holds(snapshot.person_of(user)?, value))
}

fn records<'s>(
    keys: Vec<(&str, u32)>,
    seen: impl Fn(&str, u32) -> Result<(u64, Vec<Option<&'s str>>), EngineError>,
) -> Result<Vec<PropertyRecord>, EngineError> {
    let record = |(name, number): (&str, u32)| {
        let (count, values) = seen(name, number)?;
        Ok(PropertyRecord { key: name.to_owned(), count, kind: PropertyKind::of(&values) })
    };
    keys.into_iter().map(record).collect()
}

fn named(keys: Vec<(&str, u32)>) -> Vec<String> {
    keys.into_iter().map(|(name, _)| name.to_owned()).collect()
}
