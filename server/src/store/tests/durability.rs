//! What survives: restarts, half-done seals, damage, a full disk.

use heed::{EnvFlags, EnvOpenOptions};

use super::tables::{StoreEnv, Tables, column_key, decode_column_key};
use super::*;

fn events(from: i64, count: i64) -> Vec<NewEvent> {
    (from..from + count)
        .map(|n| {
            let user = format!("user{}", n % 10);
            NewEvent { properties: properties(&[("n", &n.to_string())]), ..event("view", &user, n) }
        })
        .collect()
}

/// The data file of a closed store.
fn raw(folder: &TempDir) -> (StoreEnv, Tables) {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.max_dbs(Tables::COUNT).map_size(1 << 32);
    // SAFETY: the store is closed, and nothing else in this process maps its file.
    #[expect(unsafe_code, reason = "a test reaches behind the store")]
    let env = unsafe { options.flags(EnvFlags::NO_SUB_DIR).open(data_file(folder.path())) };
    let env = env.unwrap();
    let tables = Tables::create(&env).unwrap();
    (env, tables)
}

#[test]
fn everything_is_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let mut expected = BTreeMap::new();
    for round in 0..4 {
        let store = open(&folder, sealing(25));
        assert_eq!(seen(&store.snapshot().unwrap()), expected);
        append(&store, events(round * 60, 60)).unwrap();
        expected = seen(&store.snapshot().unwrap());
        assert_eq!(expected.len() as i64, (round + 1) * 60);
    }
    assert_eq!(checked(folder.path()).events, 240);
}

/// A folder with twenty events, all of them sealed.
fn sealed_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, sealing(10));
    append(&store, events(0, 20)).unwrap();
    wait_for("the seal", || store.stats().unwrap().tail_events == 0);
    drop(store);
    folder
}

#[test]
fn chunks_that_no_part_names_are_swept_away() {
    let folder = sealed_folder();
    let (env, tables) = raw(&folder);
    let mut wtxn = env.write_txn().unwrap();
    for chunk in 0..300 {
        let key = eventhub_core::part::ChunkKey { column: 1, chunk };
        tables.columns.put(&mut wtxn, &column_key(1_000, key), b"left by a crash").unwrap();
    }
    wtxn.commit().unwrap();
    drop(env);
    assert_eq!(checked(folder.path()).unpublished_chunks, 300);
    let store = open(&folder, sealing(10));
    assert_eq!(seen(&store.snapshot().unwrap()).len(), 20);
    drop(store);
    assert_eq!(checked(folder.path()).unpublished_chunks, 0);
}

#[test]
fn a_damaged_chunk_is_reported_each_time_and_never_answered_from() {
    let folder = sealed_folder();
    let (env, tables) = raw(&folder);
    let mut wtxn = env.write_txn().unwrap();
    let (key, mut chunk) = {
        let (key, chunk) = tables.columns.first(&wtxn).unwrap().unwrap();
        (key.to_vec(), chunk.to_vec())
    };
    assert_eq!(decode_column_key(&key).unwrap().1.column, 0);
    chunk[9] ^= 1;
    tables.columns.put(&mut wtxn, &key, &chunk).unwrap();
    wtxn.commit().unwrap();
    drop(env);
    let report = check(folder.path()).unwrap();
    assert!(report.problems[0].contains("checksum"), "{:?}", report.problems);
    let store = open(&folder, sealing(10));
    for _ in 0..3 {
        let snapshot = store.snapshot().unwrap();
        let parts = snapshot.all_parts().unwrap();
        assert!(RowReader::open(&parts[0]).is_err());
    }
    append(&store, events(20, 10)).unwrap();
}

#[test]
fn a_damaged_tail_keeps_the_store_from_opening() {
    let folder = TempDir::new().unwrap();
    append(&open(&folder, unsealed()), events(0, 5)).unwrap();
    let (env, tables) = raw(&folder);
    let mut wtxn = env.write_txn().unwrap();
    let mut record = tables.tail.get(&wtxn, &0).unwrap().unwrap().to_vec();
    record[5] ^= 1;
    tables.tail.put(&mut wtxn, &0, &record).unwrap();
    wtxn.commit().unwrap();
    drop(env);
    let opened = Store::open(folder.path(), unsealed());
    assert!(matches!(opened.err(), Some(EngineError::Corrupt(_))));
    assert_eq!(check(folder.path()).unwrap().problems.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_map_refuses_and_the_store_goes_on_when_there_is_space() {
    let folder = TempDir::new().unwrap();
    let small = StoreOptions { map_size_bytes: 2 << 20, ..unsealed() };
    let store = open(&folder, small);
    let bulky = |n: i64| {
        let value = format!("{n}{}", "x".repeat(4_000));
        vec![NewEvent { properties: properties(&[("bulk", &value)]), ..event("big", "ann", n) }]
    };
    let mut stored = 0;
    let full = loop {
        match store.append(bulky(stored), None).unwrap().done().await {
            Ok(ids) => assert_eq!(ids, [stored as u64]),
            Err(error) => break error,
        }
        stored += 1;
    };
    assert!(matches!(full, EngineError::Full), "{full}");
    assert!(matches!(store.ready().await, Err(EngineError::Full) | Ok(())));
    // Types and users of the lost transactions are not remembered.
    for n in 0..20 {
        let event = NewEvent {
            event_type: EventType::new(format!("type{n}")).unwrap(),
            ..bulky(n).remove(0)
        };
        let lost = store.append(vec![event], None).unwrap().done().await;
        assert!(matches!(lost, Ok(_) | Err(EngineError::Full)));
        stored += i64::from(lost.is_ok());
    }
    assert_eq!(seen(&store.snapshot().unwrap()).len() as i64, stored);
    store.close();
    drop(store);
    let store = open(&folder, sealing(10));
    let ids = store.append(events(0, 3), None).unwrap().done().await.unwrap();
    assert_eq!(ids[0] as i64, stored, "a lost group takes no numbers");
    store.ready().await.unwrap();
    drop(store);
    checked(folder.path());
}

#[test]
fn a_live_store_can_be_opened_by_no_second_writer() {
    let folder = TempDir::new().unwrap();
    let _store = open(&folder, unsealed());
    let Err(EngineError::Storage(message)) = Store::open(folder.path(), unsealed()) else {
        panic!("a second writer was let in");
    };
    assert!(message.contains("in use by process"), "{message}");
}

#[test]
fn a_file_of_another_format_is_refused() {
    let folder = TempDir::new().unwrap();
    drop(open(&folder, unsealed()));
    let (env, tables) = raw(&folder);
    let mut wtxn = env.write_txn().unwrap();
    tables.meta.put(&mut wtxn, tables::meta::FORMAT, &99).unwrap();
    wtxn.commit().unwrap();
    drop(env);
    assert!(matches!(Store::open(folder.path(), unsealed()).err(), Some(EngineError::Storage(_))));
    assert!(check(folder.path()).is_err());
    assert!(stats_of(Path::new("/nowhere")).is_err());
}
