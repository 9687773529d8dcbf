//! Sealing and merging: exact counts while they go on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use super::*;

/// Events of two types, of users in several blocks, over three buckets of time.
fn batch(from: u64, count: u64) -> Vec<NewEvent> {
    let one = |n: u64| {
        let kind = if n.is_multiple_of(3) { "buy" } else { "view" };
        let user = format!("user{}", n % 37);
        let minute = (n * 7_919) as i64 % (90 * 24 * 60);
        let insert_id = n.to_string();
        let event = NewEvent {
            properties: properties(&[("n", &insert_id), ("plan", "free")]),
            ..event(kind, &user, minute)
        };
        with_insert_id(event, &insert_id)
    };
    (from..from + count).map(one).collect()
}

#[test]
fn counts_are_exact_while_ingest_seal_and_merge_go_on() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, sealing(50));
    let acknowledged = AtomicU64::new(0);
    let done = AtomicBool::new(false);
    let asked = [AtomicU64::new(0), AtomicU64::new(0)];
    thread::scope(|scope| {
        let ask = |asked: &AtomicU64| {
            while !done.load(SeqCst) {
                let before = acknowledged.load(SeqCst);
                let snapshot = store.snapshot().unwrap();
                let events = seen(&snapshot);
                assert!(events.len() as u64 >= before, "an acknowledged event is not seen");
                assert_eq!(events.len() as u64, snapshot.events().unwrap());
                assert!(events.keys().copied().eq(0..events.len() as u64));
                asked.fetch_add(1, SeqCst);
            }
        };
        let readers = asked.each_ref().map(|asked| scope.spawn(move || ask(asked)));
        for n in 0..120 {
            let ids = append(&store, batch(n * 20, 20)).unwrap();
            assert_eq!(ids, (n * 20..n * 20 + 20).collect::<Vec<_>>());
            acknowledged.store(n * 20 + 20, SeqCst);
            // Each asks once in ten batches or more, until one of them fails.
            while asked.iter().any(|asked| asked.load(SeqCst) <= n / 10)
                && !readers.iter().any(thread::ScopedJoinHandle::is_finished)
            {
                thread::yield_now();
            }
        }
        done.store(true, SeqCst);
    });
    wait_for("the last seal", || store.stats().unwrap().tail_events < 50);
    // Six places, each with fewer than four parts in each of at most six tiers.
    wait_for("the merges", || {
        let stats = store.stats().unwrap();
        stats.parts <= 6 * 3 * 6 && stats.merges > 5
    });
    let stats = store.stats().unwrap();
    assert_eq!((stats.events, stats.users, stats.event_types), (2_400, 37, 2));
    assert!(stats.seals > 20 && stats.merges > 5, "{stats:?}");
    assert_eq!(append(&store, batch(0, 2_400)).unwrap(), (0..2_400).collect::<Vec<_>>());
    assert_eq!(seen(&store.snapshot().unwrap()).len(), 2_400);
    drop(store);
    let report = checked(folder.path());
    assert_eq!((report.events, report.insert_ids > 2_300), (2_400, true));
}

#[test]
fn a_snapshot_stays_what_it_was() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, sealing(10));
    append(&store, batch(0, 9)).unwrap();
    let snapshot = store.snapshot().unwrap();
    let before = seen(&snapshot);
    for n in 0..20 {
        append(&store, batch(9 + n * 10, 10)).unwrap();
    }
    wait_for("a merge", || store.stats().unwrap().merges > 0);
    assert_eq!(seen(&snapshot), before);
    assert_eq!(snapshot.events().unwrap(), 9);
}

#[test]
fn parts_are_chosen_by_type_and_time() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, sealing(300));
    append(&store, batch(0, 290)).unwrap();
    append(&store, batch(290, 20)).unwrap();
    wait_for("the seal", || store.stats().unwrap().tail_events == 0);
    append(&store, batch(310, 30)).unwrap();
    let snapshot = store.snapshot().unwrap();
    let rows = |event_type: &str, from: i64, before: i64| -> usize {
        let number = snapshot.type_number(event_type).unwrap().unwrap();
        let parts = snapshot.parts(number, from, before).unwrap();
        let within = |part: &eventhub_core::part::PartView<'_>| {
            let rows = RowReader::open(part).unwrap();
            let times = (0..part.rows()).map(|row| rows.get(row).unwrap().time.ms());
            times.filter(|time| (from..before).contains(time)).count()
        };
        parts.iter().map(within).sum()
    };
    let expected = |kind: &str, from: i64, before: i64| {
        let events = batch(0, 340);
        let of_kind = events.iter().filter(|event| event.event_type.as_str() == kind);
        of_kind.filter(|event| (from..before).contains(&event.time.ms())).count()
    };
    for (from, before) in [(0, i64::MAX), (0, 30), (30, 31), (31, 70), (70, 70), (80, 79)] {
        let day = |day: i64| START_MS.saturating_add(day.saturating_mul(DAY_MS));
        let (from, before) = (day(from), day(before));
        for kind in ["buy", "view"] {
            assert_eq!(rows(kind, from, before), expected(kind, from, before), "{from} {before}");
        }
    }
    let buy = snapshot.type_number("buy").unwrap().unwrap();
    assert!(snapshot.parts(buy, 5, START_MS - 40 * DAY_MS).unwrap().is_empty());
}
