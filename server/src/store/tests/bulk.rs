//! Bulk loads: what they leave is what the tail would have left.

use super::*;

/// Events of three types over four buckets, with properties some of which are rare.
fn events(count: i64) -> Vec<NewEvent> {
    let of = |n: i64| {
        let user = format!("user{}", n * 7_919 % 61);
        let event_type = ["view", "cart", "buy"][(n % 3) as usize];
        let value = (n % 10).to_string();
        let mut pairs = vec![("n", value.as_str())];
        if n % 40 == 0 {
            pairs.push(("rare", "yes"));
        }
        let minute = n * 12_345 % (100 * 1_440);
        NewEvent { properties: properties(&pairs), ..event(event_type, &user, minute) }
    };
    (0..count).map(of).collect()
}

fn progress(rows: u64) -> ImportProgress {
    ImportProgress { fingerprint: b"file".to_vec(), rows }
}

/// Loads the events, committing whenever a batch is full and at the end.
fn load(store: &Store, events: &[NewEvent]) {
    let mut bulk = store.bulk(events.len() as u64).unwrap();
    for (row, event) in (1..).zip(events) {
        bulk.push_event(event).unwrap();
        if bulk.is_full() {
            bulk.commit(progress(row)).unwrap();
        }
    }
    bulk.commit(progress(events.len() as u64)).unwrap();
    bulk.finish().unwrap();
}

/// All that a query can ask of names, by type: its keys with their values.
fn names(snapshot: &Snapshot) -> BTreeMap<String, Vec<(String, Vec<String>)>> {
    let mut names = BTreeMap::new();
    for event_type in snapshot.event_types().unwrap() {
        let number = snapshot.type_number(&event_type).unwrap().unwrap();
        let keys = snapshot.event_keys(number).unwrap();
        let with_values = keys.into_iter().map(|(key, _)| {
            let values = snapshot.event_values(number, key, "").unwrap();
            (key.to_owned(), values)
        });
        names.insert(event_type, with_values.collect());
    }
    names
}

/// What is seen of events, with their properties.
fn rows(snapshot: &Snapshot) -> BTreeMap<EventId, Vec<(String, String)>> {
    let mut events = BTreeMap::new();
    for part in snapshot.all_parts().unwrap() {
        let rows = RowReader::open(&part).unwrap();
        for row in 0..part.rows() {
            let row = rows.get(row).unwrap();
            let pairs = row.properties.iter();
            events.insert(row.id, pairs.map(|(k, v)| (k.to_string(), v.to_string())).collect());
        }
    }
    events
}

#[test]
fn a_load_leaves_what_the_tail_leaves() {
    let events = events(9_000);
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let tail = open(&one, sealing(700));
    append(&tail, events.clone()).unwrap();
    // Batches of 1,024 events.
    let bulk = open(&other, sealing(1));
    load(&bulk, &events);
    let (tail, bulk) = ((tail.snapshot().unwrap(), tail), (bulk.snapshot().unwrap(), bulk));
    assert_eq!(seen(&bulk.0), seen(&tail.0));
    assert_eq!(rows(&bulk.0), rows(&tail.0));
    assert_eq!(names(&bulk.0), names(&tail.0));
    for user in 0..61 {
        assert_eq!(bulk.0.user_name(user).unwrap(), tail.0.user_name(user).unwrap());
    }
    // One part for each of three types in each of four buckets of time.
    assert_eq!(bulk.0.all_parts().unwrap().len(), 12);
    assert_eq!(bulk.1.import_rows(b"file").unwrap(), 9_000);
    drop((tail, bulk));
    assert_eq!(checked(other.path()).events, 9_000);
}

#[test]
fn a_load_follows_a_tail_and_is_followed_by_one() {
    let folder = TempDir::new().unwrap();
    let events = events(3_000);
    let store = open(&folder, unsealed());
    append(&store, events[..500].to_vec()).unwrap();
    load(&store, &events[500..1_500]);
    assert_eq!(append(&store, events[1_500..2_000].to_vec()).unwrap()[0], 1_500);
    load(&store, &events[2_000..]);
    let expected = (0..).zip(&events).map(|(id, event)| {
        let (event_type, user) = (event.event_type.as_str(), event.user.as_str());
        (id, (event_type.to_owned(), user.to_owned(), event.time.ms()))
    });
    assert_eq!(seen(&store.snapshot().unwrap()), expected.collect());
    drop(store);
    assert_eq!(checked(folder.path()).events, 3_000);
    let store = open(&folder, unsealed());
    assert_eq!(seen(&store.snapshot().unwrap()).len(), 3_000);
}

#[test]
fn a_load_that_is_given_up_leaves_its_commits() {
    let folder = TempDir::new().unwrap();
    let events = events(5_000);
    let store = open(&folder, sealing(1));
    let mut bulk = store.bulk(5_000).unwrap();
    let mut committed = 0;
    for (row, event) in (1..).zip(&events) {
        bulk.push_event(event).unwrap();
        if bulk.is_full() {
            bulk.commit(progress(row)).unwrap();
            committed = row;
        }
    }
    drop(bulk);
    assert!(committed < 5_000);
    assert_eq!(store.import_rows(b"file").unwrap(), committed);
    assert_eq!(seen(&store.snapshot().unwrap()).len() as u64, committed);
    drop(store);
    assert_eq!(checked(folder.path()).unpublished_chunks, 0);
}

#[test]
fn a_load_beside_other_events_is_refused() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let mut bulk = store.bulk(10).unwrap();
    events(10).iter().for_each(|event| bulk.push_event(event).unwrap());
    append(&store, events(1)).unwrap();
    let refused = bulk.commit(progress(10)).and_then(|()| bulk.finish());
    assert!(matches!(refused, Err(EngineError::Storage(_))), "{refused:?}");
    assert_eq!(seen(&store.snapshot().unwrap()).len(), 1);
    // The writer goes on.
    assert_eq!(append(&store, events(2)).unwrap(), [1, 2]);
    drop(store);
    assert_eq!(checked(folder.path()).events, 3);
}

#[test]
fn too_many_names_are_refused_and_nothing_of_the_batch_is_stored() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let mut bulk = store.bulk(10_001).unwrap();
    for n in 0..10_001 {
        bulk.push_event(&event(&format!("type{n}"), "ann", n)).unwrap();
    }
    let refused = bulk.commit(progress(1)).and_then(|()| bulk.finish());
    assert!(matches!(refused, Err(EngineError::Invalid(_))), "{refused:?}");
    assert_eq!(store.stats().unwrap().event_types, 0);
    assert_eq!(append(&store, events(1)).unwrap(), [0]);
    drop(store);
    assert_eq!(checked(folder.path()).users, 1);
}

#[test]
fn users_are_found_whom_a_load_does_not_remember() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, sealing(1));
    load(&store, &events(3_000));
    // Fewer events than there are users: these are looked up, not loaded.
    load(&store, &events(40));
    let snapshot = store.snapshot().unwrap();
    let seen = seen(&snapshot);
    assert_eq!(seen[&7].1, seen[&3_007].1);
    drop((snapshot, store));
    assert_eq!(checked(folder.path()).users, 61);
}
