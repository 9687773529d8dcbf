//! Appending: numbers, groups, refusals, repeated events, autocompletion.

use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use eventhub_core::limits::{EVENT_TYPES_MAX, KEYS_PER_TYPE_MAX, VALUES_PER_KEY_MAX};

use super::*;

#[test]
fn ids_are_consecutive_from_zero_in_order_of_receipt() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let batch = |n: i64| (0..3).map(|i| event("view", "ann", n * 3 + i)).collect();
    let pending: Vec<_> = (0..5).map(|n| store.append(batch(n), None).unwrap()).collect();
    for (n, pending) in (0..).zip(pending) {
        assert_eq!(pending.wait().unwrap(), [3 * n, 3 * n + 1, 3 * n + 2]);
    }
    let events = seen(&store.snapshot().unwrap());
    assert_eq!(events.len(), 15);
    assert_eq!(events[&7], ("view".into(), "ann".into(), START_MS + 7 * 60_000));
    assert!(append(&store, Vec::new()).unwrap().is_empty());
    store.close();
    assert!(matches!(append(&store, batch(9)), Err(EngineError::Stopping)));
    drop(store);
    assert_eq!(append(&open(&folder, unsealed()), batch(5)).unwrap(), [15, 16, 17]);
}

#[test]
fn a_refused_request_leaves_nothing_and_the_rest_of_its_group_is_stored() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let wide = |from: usize, to: usize| {
        let pairs = (from..to).map(|n| (format!("key{n}"), "v".to_owned())).collect();
        NewEvent { properties: Properties::new(pairs).unwrap(), ..event("wide", "bob", 0) }
    };
    let fill: Vec<_> = (0..4).map(|n| wide(n * 250, (n + 1) * 250)).collect();
    assert_eq!(KEYS_PER_TYPE_MAX, 1_000);
    append(&store, fill).unwrap();
    let good = store.append(vec![event("view", "ann", 0)], None).unwrap();
    let bad = store.append(vec![event("new", "eve", 0), wide(999, 1_001)], None).unwrap();
    let also_good = store.append(vec![event("view", "ann", 1)], None).unwrap();
    assert_eq!(good.wait().unwrap(), [4]);
    assert!(matches!(bad.wait(), Err(EngineError::Invalid(eventhub_core::Error::TooMany { .. }))));
    assert_eq!(also_good.wait().unwrap(), [5]);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.type_number("new").unwrap(), None);
    assert_eq!(snapshot.user("eve").unwrap(), None);
    assert_eq!(seen(&snapshot).len(), 6);
    drop(snapshot);
    drop(store);
    checked(folder.path());
}

#[test]
fn there_are_at_most_so_many_event_types() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let types: Vec<_> = (0..EVENT_TYPES_MAX).map(|n| event(&format!("t{n}"), "ann", 0)).collect();
    append(&store, types).unwrap();
    let refused = append(&store, vec![event("t0", "ann", 0), event("one more", "ann", 0)]);
    assert!(matches!(refused, Err(EngineError::Invalid(_))));
    assert_eq!(append(&store, vec![event("t1", "ann", 0)]).unwrap(), [EVENT_TYPES_MAX as u64]);
}

#[test]
fn an_event_that_comes_again_is_not_stored_again() {
    let folder = TempDir::new().unwrap();
    let come = |user: &str, insert_id: &str| with_insert_id(event("buy", user, 0), insert_id);
    let store = open(&folder, unsealed());
    // In one batch, and for two users whose ids and insert ids run together alike.
    let batch = vec![come("ann", "1"), come("ann", "1"), come("an", "n1"), event("buy", "ann", 0)];
    assert_eq!(append(&store, batch).unwrap(), [0, 0, 1, 2]);
    // In one group.
    let pending: Vec<_> =
        (0..3).map(|_| store.append(vec![come("bob", "x")], None).unwrap()).collect();
    let ids: Vec<_> = pending.into_iter().flat_map(|pending| pending.wait().unwrap()).collect();
    assert_eq!(ids, [3, 3, 3]);
    // After a restart, in the tail.
    drop(store);
    let store = open(&folder, unsealed());
    assert_eq!(append(&store, vec![come("ann", "1"), come("ann", "2")]).unwrap(), [0, 4]);
    // After a restart, sealed: first through the runs alone, then through the filter.
    drop(store);
    let store = open(&folder, sealing(1));
    wait_for("the seal", || store.stats().unwrap().tail_events == 0);
    drop(store);
    for _ in 0..2 {
        let store = open(&folder, sealing(1));
        let again = vec![come("bob", "x"), come("ann", "2"), come("an", "n1")];
        assert_eq!(append(&store, again.clone()).unwrap(), [3, 4, 1]);
        wait_for("the filter", || !store.shared.filter_wanted.load(SeqCst));
        assert_eq!(append(&store, again).unwrap(), [3, 4, 1]);
        assert_eq!(seen(&store.snapshot().unwrap()).len(), 5);
    }
    assert_eq!(checked(folder.path()).insert_ids, 4);
}

#[test]
fn insert_ids_are_forgotten_after_their_days() {
    static NOW_MS: AtomicI64 = AtomicI64::new(START_MS);
    let folder = TempDir::new().unwrap();
    let options = StoreOptions { now_ms: || NOW_MS.load(SeqCst), ..sealing(1) };
    let come = |n: i64| vec![with_insert_id(event("buy", "ann", 0), &n.to_string())];
    let store = open(&folder, options.clone());
    assert_eq!(append(&store, come(1)).unwrap(), [0]);
    wait_for("the first seal", || store.stats().unwrap().tail_events == 0);
    NOW_MS.store(START_MS + 7 * DAY_MS, SeqCst);
    assert_eq!(append(&store, come(2)).unwrap(), [1]);
    assert_eq!(append(&store, come(1)).unwrap(), [0], "seven days are not over");
    wait_for("the seals", || store.stats().unwrap().tail_events == 0);
    NOW_MS.store(START_MS + 8 * DAY_MS, SeqCst);
    store.shared.merge.wake();
    wait_for("the first day's run to go", || store.shared.published().runs.len() == 1);
    assert_eq!(append(&store, come(1)).unwrap(), [2]);
    assert_eq!(append(&store, come(2)).unwrap(), [1]);
}

#[test]
fn many_runs_of_insert_ids_become_few_and_still_answer() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, sealing(1));
    let come = |n: u64| vec![with_insert_id(event("buy", "ann", 0), &n.to_string())];
    for n in 0..60 {
        assert_eq!(append(&store, come(n)).unwrap(), [n]);
    }
    wait_for("the seals", || store.stats().unwrap().tail_events == 0);
    wait_for("the merges", || store.shared.published().runs.len() < 10);
    for n in 0..60 {
        assert_eq!(append(&store, come(n)).unwrap(), [n]);
    }
    drop(store);
    assert_eq!(checked(folder.path()).insert_ids, 60);
}

#[test]
fn values_are_kept_for_autocompletion_up_to_a_bound() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let long = "x".repeat(3_000);
    let texts = ["b", "ab", "a", "", &long, "b"];
    let of = |texts: &[&str]| -> Vec<NewEvent> {
        let one = |text: &&str| NewEvent {
            properties: properties(&[("text", text), ("same", "s")]),
            ..event("view", "ann", 0)
        };
        texts.iter().map(one).collect()
    };
    append(&store, of(&texts)).unwrap();
    let snapshot = store.snapshot().unwrap();
    let view = snapshot.type_number("view").unwrap().unwrap();
    let names: Vec<_> = snapshot.event_keys(view).unwrap().into_iter().map(|key| key.0).collect();
    assert_eq!(names, ["same", "text"]);
    let values = |prefix: &str| snapshot.event_values(view, "text", prefix).unwrap();
    assert_eq!(values(""), ["", "a", "ab", "b", &long]);
    assert_eq!(values("a"), ["a", "ab"]);
    assert_eq!(values(&long[..2_999]), [&long[..]]);
    drop(snapshot);
    let many: Vec<_> = (0..VALUES_PER_KEY_MAX).map(|n| n.to_string()).collect();
    append(&store, of(&many.iter().map(String::as_str).collect::<Vec<_>>())).unwrap();
    let snapshot = store.snapshot().unwrap();
    let kept = snapshot.event_values(view, "text", "").unwrap().len();
    assert_eq!(kept, VALUES_PER_KEY_MAX);
    drop(store);
    drop(snapshot);
    checked(folder.path());
}

#[test]
fn the_progress_of_an_import_is_stored_with_its_events() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let progress = ImportProgress { fingerprint: b"file".to_vec(), rows: 17 };
    assert_eq!(store.import_rows(b"file").unwrap(), 0);
    let pending = store.append_when_ready(vec![event("view", "ann", 0)], Some(progress)).unwrap();
    assert_eq!(pending.wait().unwrap(), [0]);
    drop(store);
    let store = open(&folder, unsealed());
    assert_eq!(store.import_rows(b"file").unwrap(), 17);
    assert_eq!(store.import_rows(b"other").unwrap(), 0);
}

#[test]
fn a_full_queue_is_busy_at_once() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, StoreOptions { queue_requests_max: 2, ..unsealed() });
    let mut pending = Vec::new();
    let busy = (0..10_000).any(|n| match store.append(vec![event("view", "ann", n)], None) {
        Ok(one) => {
            pending.push(one);
            false
        }
        Err(error) => {
            assert!(matches!(error, EngineError::Busy));
            true
        }
    });
    assert!(busy, "the queue was never full");
    let accepted = pending.len();
    pending.into_iter().for_each(|one| drop(one.wait().unwrap()));
    assert_eq!(seen(&store.snapshot().unwrap()).len(), accepted);
    append(&store, vec![event("view", "ann", 0)]).unwrap();
}
