//! The store as a whole: each test in a folder of its own.

use std::collections::BTreeMap;
use std::path::Path;

use eventhub_core::part::RowReader;
use eventhub_core::{DAY_MS, EventType, ExternalId, InsertId, NewEvent, Properties, TimeMs};
use tempfile::TempDir;

use super::*;

mod ahead;
mod bulk;
mod counting;
mod deletion;
mod durability;
mod events;
mod persons;
mod ranges;
mod user_change;
mod user_index;
mod views;

/// 2024-01-01.
const START_MS: i64 = 19_723 * DAY_MS;

/// Options under which nothing is sealed unless the test says so.
fn unsealed() -> StoreOptions {
    sealing(1 << 30)
}

fn sealing(seal_events: u32) -> StoreOptions {
    StoreOptions { seal_events, map_size_bytes: 1 << 32, ..StoreOptions::default() }
}

fn open(folder: &TempDir, options: StoreOptions) -> Store {
    Store::open(folder.path(), options).unwrap()
}

fn id(text: &str) -> ExternalId {
    ExternalId::new(text).unwrap()
}

fn properties(pairs: &[(&str, &str)]) -> Properties {
    Properties::new(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()).unwrap()
}

fn event(event_type: &str, user: &str, minute: i64) -> NewEvent {
    NewEvent {
        event_type: EventType::new(event_type).unwrap(),
        user: id(user),
        time: TimeMs::new(START_MS + minute * 60_000).unwrap(),
        insert_id: None,
        properties: Properties::default(),
    }
}

fn with_insert_id(mut event: NewEvent, insert_id: &str) -> NewEvent {
    event.insert_id = Some(InsertId::new(insert_id).unwrap());
    event
}

fn append(store: &Store, events: Vec<NewEvent>) -> Result<Vec<EventId>, EngineError> {
    store.append(events, None)?.wait()
}

/// Everything that queries see, by event id: type, user, time.
fn seen(snapshot: &Snapshot) -> BTreeMap<EventId, (String, String, i64)> {
    let mut events = BTreeMap::new();
    for part in snapshot.all_parts().unwrap() {
        let rows = RowReader::open(&part).unwrap();
        for row in 0..part.rows() {
            let row = rows.get(row).unwrap();
            let event_type = snapshot.type_name(part.event_type()).unwrap().to_owned();
            let user = snapshot.user_name(row.user).unwrap().to_owned();
            let twice = events.insert(row.id, (event_type, user, row.time.ms()));
            assert_eq!(twice, None, "event {} is seen twice", row.id);
        }
    }
    events
}

fn alias(store: &Store, from: &str, to: &str) {
    store.alias(id(from), id(to)).unwrap().wait().unwrap();
}

fn unalias(store: &Store, from: &str, to: &str) -> bool {
    store.unalias(id(from), id(to)).unwrap().wait().unwrap()
}

fn set(store: &Store, user: &str, pairs: &[(&str, &str)]) -> UserId {
    store.change_user(id(user), properties(pairs).into()).unwrap().wait().unwrap()
}

/// The properties in force of a user's person.
fn properties_of(store: &Store, user: &str) -> Vec<(String, String)> {
    let snapshot = store.snapshot().unwrap();
    let canonical = snapshot.person_of(snapshot.user(user).unwrap().unwrap()).unwrap();
    let in_force = snapshot.person_properties(canonical).unwrap();
    let keys = snapshot.user_keys().unwrap();
    let named =
        |(name, number): (&str, u32)| Some((name.to_owned(), (*in_force.get(&number)?).to_owned()));
    keys.into_iter().filter_map(named).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

/// Waits until the background threads have done what the condition asks for.
fn wait_for(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("waited in vain for {what}");
}

/// Checks a closed store and returns what was found.
fn checked(folder: &Path) -> CheckReport {
    let report = check(folder).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    report
}
