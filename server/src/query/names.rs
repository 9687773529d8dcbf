//! What there is to ask about: event types, property keys and values.

use super::people::InForce;
use crate::engine::EngineError;
use crate::store::Snapshot;

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

fn named(keys: Vec<(&str, u32)>) -> Vec<String> {
    keys.into_iter().map(|(name, _)| name.to_owned()).collect()
}
