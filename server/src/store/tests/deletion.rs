//! Deleting persons: what they leave, who comes under their ids later, what survives.

use super::*;

fn delete(store: &Store, user: &str) -> bool {
    store.delete_user(id(user)).unwrap().wait().unwrap()
}

fn with_value(event: NewEvent, value: &str) -> NewEvent {
    NewEvent { properties: properties(&[("p", value)]), ..event }
}

/// Numbers of the events of users who are not deleted.
fn alive(store: &Store) -> Vec<EventId> {
    let snapshot = store.snapshot().unwrap();
    let mut events = Vec::new();
    for part in snapshot.all_parts().unwrap() {
        let rows = RowReader::open(&part).unwrap();
        let rows = (0..part.rows()).map(|row| rows.get(row).unwrap());
        events.extend(rows.filter(|row| !snapshot.is_deleted(row.user).unwrap()).map(|row| row.id));
    }
    events.sort_unstable();
    events
}

/// How many events the parts hold.
fn sealed_rows(store: &Store) -> u64 {
    let snapshot = store.snapshot().unwrap();
    snapshot.sealed_parts().unwrap().iter().map(|(_, part)| u64::from(part.rows())).sum()
}

#[test]
fn a_person_goes_with_all_its_ids() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let events = ["anon", "ann", "bob", "work", "bob"].map(|user| event("view", user, 0));
    append(&store, events.to_vec()).unwrap();
    set(&store, "ann", &[("plan", "pro"), ("mail", "ann@example.org")]);
    set(&store, "bob", &[("plan", "pro")]);
    alias(&store, "anon", "ann");
    alias(&store, "ann", "work");
    assert!(!delete(&store, "nobody"));
    assert!(delete(&store, "ann"));
    assert!(!delete(&store, "ann"));
    assert_eq!(alive(&store), [2, 4]);
    let snapshot = store.snapshot().unwrap();
    for user in ["anon", "ann", "work"] {
        assert_eq!(snapshot.user(user).unwrap(), None);
    }
    assert_eq!(snapshot.deleted_users().unwrap(), [0, 1, 3]);
    assert!(snapshot.merged().unwrap().is_empty());
    let mail = snapshot.user_key("mail").unwrap().unwrap();
    let values = snapshot.user_values(mail, "", |_, _| Ok(true)).unwrap();
    assert_eq!(values, Vec::<String>::new());
    assert_eq!(store.stats().unwrap().users, 1);
    drop(snapshot);
    // Aliases and properties of the old person do not come back with its ids.
    assert!(!unalias(&store, "anon", "ann"));
    assert_eq!(set(&store, "ann", &[("plan", "new")]), 4);
    assert_eq!(append(&store, vec![event("view", "anon", 1)]).unwrap(), [5]);
    assert_eq!(properties_of(&store, "ann"), pairs(&[("plan", "new")]));
    assert_eq!(properties_of(&store, "anon"), []);
    assert_eq!(alive(&store), [2, 4, 5]);
    drop(store);
    let report = checked(folder.path());
    assert_eq!((report.users, report.merges, report.deleted_users), (3, 0, 3));
}

#[test]
fn numbers_are_never_given_out_again() {
    let folder = TempDir::new().unwrap();
    for round in 0..4 {
        let store = open(&folder, sealing(1));
        let first = store.snapshot().unwrap().users().unwrap();
        assert_eq!(first, round * 2);
        append(&store, vec![event("view", "ann", 0), event("view", "bob", 0)]).unwrap();
        assert!(delete(&store, "bob") && delete(&store, "ann"));
        wait_for("the purge", || store.snapshot().unwrap().deleted_users().unwrap().is_empty());
        assert_eq!((sealed_rows(&store), store.stats().unwrap().parts), (0, 0));
        drop(store);
        let report = checked(folder.path());
        assert_eq!((report.users, report.events, report.deleted_users), (0, 0, 0));
    }
    let store = open(&folder, unsealed());
    assert_eq!(append(&store, vec![event("view", "ann", 0)]).unwrap(), [8]);
}

#[test]
fn within_one_group_an_id_is_deleted_and_comes_again() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let mut deleted = Vec::new();
    let mut pending = Vec::new();
    for n in 0..50 {
        pending.push(store.append(vec![event("view", "ann", n)], None).unwrap());
        deleted.push(store.delete_user(id("ann")).unwrap());
    }
    pending.push(store.append(vec![event("view", "ann", 50)], None).unwrap());
    assert!(deleted.into_iter().all(|pending| pending.wait().unwrap()));
    assert_eq!(pending.pop().unwrap().wait().unwrap(), [50]);
    assert_eq!(alive(&store), [50]);
    assert_eq!(store.snapshot().unwrap().user("ann").unwrap(), Some(50));
    drop(store);
    checked(folder.path());
}

#[test]
fn events_leave_the_disk_when_they_are_sealed_or_merged() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, sealing(100));
    let one = |n: i64| {
        let user = format!("user{}", n % 10);
        with_value(event(["view", "buy"][n as usize % 2], &user, n), &user)
    };
    append(&store, (0..100).map(one).collect()).unwrap();
    wait_for("the seal", || store.stats().unwrap().tail_events == 0);
    append(&store, (100..150).map(one).collect()).unwrap();
    let before = store.snapshot().unwrap();
    assert!(delete(&store, "user3") && delete(&store, "user4"));
    let expected: Vec<EventId> = (0..150).filter(|n| n % 10 != 3 && n % 10 != 4).collect();
    assert_eq!(alive(&store), expected);
    // The parts are written anew without being due to be merged; the tail keeps its records for now.
    wait_for("the purge", || sealed_rows(&store) == 80);
    assert_eq!(alive(&store), expected);
    assert_eq!(store.snapshot().unwrap().deleted_users().unwrap().len(), 2);
    assert_eq!(seen(&before).len(), 150, "an older snapshot stays what it was");
    drop(before);
    append(&store, (150..200).map(one).collect()).unwrap();
    wait_for("the end", || store.snapshot().unwrap().deleted_users().unwrap().is_empty());
    assert_eq!(sealed_rows(&store), 80 + 40 + 50);
    assert_eq!(store.stats().unwrap().events, 170);
    let seen = seen(&store.snapshot().unwrap());
    // The two came again after they were deleted, as others.
    assert_eq!(seen.values().filter(|(_, user, _)| user == "user3").count(), 5);
    drop(store);
    let report = checked(folder.path());
    assert_eq!((report.events, report.users, report.unpublished_chunks), (170, 10, 0));
}

#[test]
fn a_short_tail_is_sealed_for_the_sake_of_deleted_users() {
    let folder = TempDir::new().unwrap();
    let patience = Duration::from_millis(300);
    let store = open(&folder, StoreOptions { deleted_in_tail_max: patience, ..unsealed() });
    append(&store, ["ann", "bob", "ann"].map(|user| event("view", user, 0)).to_vec()).unwrap();
    let begun = Instant::now();
    assert!(delete(&store, "ann"));
    wait_for("the seal", || store.stats().unwrap().tail_events == 0);
    assert!(begun.elapsed() >= patience);
    wait_for("the end", || store.snapshot().unwrap().deleted_users().unwrap().is_empty());
    assert_eq!((sealed_rows(&store), alive(&store)), (1, vec![1]));
    // Only once: the tail grows again.
    append(&store, vec![event("view", "ann", 0)]).unwrap();
    thread::sleep(Duration::from_millis(20));
    assert_eq!(store.stats().unwrap().tail_events, 1);
    drop(store);
    assert_eq!(checked(folder.path()).events, 2);
}

#[test]
fn a_deletion_survives_without_a_close() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    append(&store, ["ann", "bob", "ann"].map(|user| event("view", user, 0)).to_vec()).unwrap();
    alias(&store, "ann", "cat");
    assert!(delete(&store, "cat"));
    // What is on the disk now is what a killed process leaves.
    let copy = TempDir::new().unwrap();
    fs::copy(data_file(folder.path()), data_file(copy.path())).unwrap();
    let killed = open(&copy, sealing(1));
    assert_eq!(killed.snapshot().unwrap().user("ann").unwrap(), None);
    wait_for("the purge", || sealed_rows(&killed) == 1);
    assert_eq!(alive(&killed), [1]);
    assert_eq!(append(&killed, vec![event("view", "ann", 1)]).unwrap(), [3]);
    assert_eq!(killed.snapshot().unwrap().user("ann").unwrap(), Some(3));
    drop(killed);
    assert_eq!(checked(copy.path()).events, 2);
}

#[test]
fn insert_ids_of_a_deleted_user_stay_known() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, sealing(3));
    let repeated = |insert_id: &str| with_insert_id(event("view", "ann", 0), insert_id);
    let events = vec![repeated("a"), repeated("~abcdefgh.1"), event("view", "bob", 0)];
    append(&store, events.clone()).unwrap();
    wait_for("the seal", || store.stats().unwrap().tail_events == 0);
    assert!(delete(&store, "ann"));
    wait_for("the purge", || sealed_rows(&store) == 1);
    // Delivered again, they are known, and make nobody.
    assert_eq!(append(&store, events[..2].to_vec()).unwrap(), [0, 1]);
    assert_eq!(store.snapshot().unwrap().user("ann").unwrap(), None);
    assert_eq!(append(&store, vec![repeated("b")]).unwrap(), [3]);
    drop(store);
    assert_eq!(checked(folder.path()).users, 2);
}

#[test]
fn counts_are_exact_while_users_are_deleted() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, sealing(40));
    let mut left = Vec::new();
    for round in 0..30_u64 {
        let users = (0..20).map(|n| format!("user{}-{}", round, n % 5));
        let batch: Vec<NewEvent> =
            users.zip(0..).map(|(user, n)| event("view", &user, n * 3_000)).collect();
        let ids = append(&store, batch).unwrap();
        left.extend(ids.into_iter().filter(|event| event % 5 != 1 && event % 5 != 2));
        alias(&store, &format!("user{round}-1"), &format!("user{round}-2"));
        assert!(delete(&store, &format!("user{round}-1")));
        assert_eq!(alive(&store), left);
    }
    wait_for("the seals", || store.stats().unwrap().tail_events < 40);
    assert_eq!(alive(&store), left);
    drop(store);
    assert_eq!(alive(&open(&folder, sealing(40))), left);
    assert_eq!(checked(folder.path()).users, 90);
}

#[test]
fn a_bulk_beside_a_deletion_is_refused() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    append(&store, vec![event("view", "ann", 0), event("view", "bob", 0)]).unwrap();
    let progress = || ImportProgress { fingerprint: b"file".to_vec(), rows: 1 };
    let mut bulk = store.bulk(10).unwrap();
    bulk.push_event(&event("view", "ann", 1)).unwrap();
    assert!(delete(&store, "ann"));
    let refused = bulk.commit(progress()).and_then(|()| bulk.finish());
    assert!(matches!(refused, Err(EngineError::Storage(_))), "{refused:?}");
    // Another one begins after the deletion, with numbers that were never given out.
    let mut bulk = store.bulk(10).unwrap();
    bulk.push_event(&event("view", "ann", 1)).unwrap();
    bulk.commit(progress()).unwrap();
    bulk.finish().unwrap();
    assert_eq!(store.snapshot().unwrap().user("ann").unwrap(), Some(2));
    assert_eq!(alive(&store), [1, 2]);
    drop(store);
    checked(folder.path());
}

#[test]
fn a_damaged_part_keeps_its_deleted_users_in_mind() {
    // The column of users, and the last one, of a property.
    for last in [false, true] {
        let folder = TempDir::new().unwrap();
        let store = open(&folder, sealing(4));
        let view = |user| with_value(event("view", user, 0), "v");
        append(
            &store,
            vec![view("ann"), view("bob"), event("buy", "ann", 0), event("buy", "bob", 0)],
        )
        .unwrap();
        wait_for("the seal", || store.stats().unwrap().tail_events == 0);
        store.close();
        let columns = store.shared.tables.columns;
        let mut wtxn = store.shared.env.write_txn().unwrap();
        let part = columns.first(&wtxn).unwrap().unwrap().0[..8].to_vec();
        let rows = columns.prefix_iter(&wtxn, &part).unwrap().map(Result::unwrap);
        let mut rows: Vec<_> = rows.map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect();
        let (key, mut bytes) = if last { rows.pop().unwrap() } else { rows.remove(0) };
        bytes[9] ^= 1;
        columns.put(&mut wtxn, &key, &bytes).unwrap();
        wtxn.commit().unwrap();
        drop(store);
        let store = open(&folder, sealing(4));
        assert!(delete(&store, "ann"));
        // The other part is written anew; the damaged one stays, and nobody answers for its user.
        wait_for("the purge", || sealed_rows(&store) == 3);
        thread::sleep(Duration::from_millis(20));
        assert_eq!(store.snapshot().unwrap().deleted_users().unwrap(), [0]);
        assert_eq!(append(&store, vec![view("ann")]).unwrap(), [4]);
        drop(store);
        let report = check(folder.path()).unwrap();
        assert!(report.problems.iter().any(|found| found.contains("checksum")), "{report:?}");
    }
}

#[test]
fn a_lost_deletion_leaves_everything() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, StoreOptions { map_size_bytes: 1 << 20, ..unsealed() });
    let big = |n| with_value(event("big", "bob", n), &"x".repeat(8_000));
    let big: Vec<NewEvent> = (0..200).map(big).collect();
    let was_lost = (0..50).any(|_| {
        let ann = set(&store, "ann", &[("plan", "pro")]);
        // While one group fails, the next one gathers; it does not fit either, and takes the deletion with it.
        let first = store.append(big.clone(), None).unwrap();
        let deleted = store.delete_user(id("ann")).unwrap();
        let second = store.append(big.clone(), None).unwrap();
        let is_full = |done| matches!(done, Err(EngineError::Full));
        assert!(is_full(first.wait()) && is_full(second.wait()));
        let was_lost = deleted.wait().is_err();
        if was_lost {
            assert_eq!(properties_of(&store, "ann"), pairs(&[("plan", "pro")]));
            assert_eq!(set(&store, "ann", &[("plan", "pro")]), ann);
        }
        was_lost
    });
    assert!(was_lost);
    assert!(delete(&store, "ann"));
    drop(store);
    assert_eq!(checked(folder.path()).users, 0);
}

#[test]
fn a_check_finds_events_of_nobody() {
    for seal_events in [1, 1 << 30] {
        let folder = TempDir::new().unwrap();
        let store = open(&folder, sealing(seal_events));
        append(&store, vec![event("view", "ann", 0), event("view", "bob", 0)]).unwrap();
        let tail_events = if seal_events == 1 { 0 } else { 2 };
        wait_for("the seal", || store.stats().unwrap().tail_events == tail_events);
        store.close();
        let tables = &store.shared.tables;
        let mut wtxn = store.shared.env.write_txn().unwrap();
        tables.users.delete(&mut wtxn, "ann").unwrap();
        tables.user_names.delete(&mut wtxn, &0).unwrap();
        wtxn.commit().unwrap();
        drop(store);
        let report = check(folder.path()).unwrap();
        assert!(report.problems[0].contains("users who do not exist"), "{report:?}");
    }
}

#[test]
fn a_check_finds_what_is_left_of_a_deleted_user() {
    let damage = |change: fn(&Store, &mut heed::RwTxn<'_>)| {
        let folder = TempDir::new().unwrap();
        let store = open(&folder, unsealed());
        append(&store, vec![event("view", "ann", 0)]).unwrap();
        delete(&store, "ann");
        store.close();
        let mut wtxn = store.shared.env.write_txn().unwrap();
        change(&store, &mut wtxn);
        wtxn.commit().unwrap();
        drop(store);
        let report = check(folder.path()).unwrap();
        let expected = "something is left of user 0";
        assert!(report.problems.iter().any(|found| found.contains(expected)), "{report:?}");
    };
    damage(|store, wtxn| store.shared.tables.user_names.put(wtxn, &0, "ann").unwrap());
    damage(|store, wtxn| {
        let row = tables::encode_user_prop(0, None);
        store.shared.tables.user_props.put(wtxn, &tables::user_prop_key(0, 0), &row).unwrap();
    });
    damage(|store, wtxn| {
        store.shared.tables.meta.put(wtxn, tables::meta::USERS_END, &0).unwrap();
    });
}
