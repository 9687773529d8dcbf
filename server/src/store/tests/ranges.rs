//! The tracker's own insert ids against a map that remembers each of them.

use std::collections::HashMap;

use proptest::collection::vec as list;
use proptest::prelude::*;

use super::*;

const USERS: [&str; 2] = ["ann", "bob"];
const CLIENTS: [&str; 2] = ["client-1", "client-2"];

fn counted(user: &str, client: &str, counter: u64) -> NewEvent {
    with_insert_id(event("view", user, 0), &format!("~{client}.{counter}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn each_counter_is_stored_once(
        // Runs of counters of a user and a client, some requests of several such runs.
        requests in list(list((0..2_usize, 0..2_usize, 0..30_u64, 1..8_u64), 1..4), 1..25),
        reopen_after in 0..25_usize,
    ) {
        let folder = TempDir::new().unwrap();
        let mut store = open(&folder, sealing(8));
        let mut ids: HashMap<(usize, usize, u64), EventId> = HashMap::new();
        for (number, runs) in requests.iter().enumerate() {
            let of_run = |(user, client, first, count): &(usize, usize, u64, u64)| {
                let (user, client) = (*user, *client);
                (*first..first + count).map(move |counter| (user, client, counter))
            };
            let keys: Vec<_> = runs.iter().flat_map(of_run).collect();
            let batch = keys.iter().map(|(user, client, counter)| {
                counted(USERS[*user], CLIENTS[*client], *counter)
            });
            let answer = append(&store, batch.collect()).unwrap();
            for (key, id) in keys.iter().zip(answer) {
                let next = ids.len() as EventId;
                prop_assert_eq!(id, *ids.entry(*key).or_insert(next));
            }
            if number == reopen_after {
                drop(store);
                store = open(&folder, sealing(8));
            }
        }
        prop_assert_eq!(seen(&store.snapshot().unwrap()).len(), ids.len());
        drop(store);
        let report = checked(folder.path());
        prop_assert_eq!((report.events, report.insert_ids), (ids.len() as u64, 0));
    }
}

#[test]
fn counters_that_follow_one_another_are_one_row_and_never_forgotten() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, StoreOptions { insert_id_days: 1, ..unsealed() });
    for n in 0..10 {
        let batch = (n * 100..(n + 1) * 100).map(|counter| counted("ann", "client-1", counter));
        append(&store, batch.collect()).unwrap();
    }
    drop(store);
    assert_eq!(checked(folder.path()).insert_ranges, 1);
    let later = StoreOptions { now_ms: || START_MS + 5_000 * DAY_MS, ..unsealed() };
    let again = (0..1_000).map(|counter| counted("ann", "client-1", counter));
    let ids = append(&open(&folder, later), again.collect()).unwrap();
    assert_eq!(ids, (0..1_000).collect::<Vec<_>>());
}
