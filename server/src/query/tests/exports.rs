//! Exports beside everything else that goes on.

use tempfile::TempDir;

use super::*;

fn open(folder: &TempDir, seal_events: u32) -> Store {
    Store::open(folder.path(), StoreOptions { seal_events, ..StoreOptions::default() }).unwrap()
}

fn append(store: &Store, events: Vec<NewEvent>) {
    store.append(events, None).unwrap().wait().unwrap();
}

fn event(event_type: &str, user: &str, minute: i64, value: &str) -> NewEvent {
    NewEvent {
        event_type: EventType::new(event_type).unwrap(),
        user: ExternalId::new(user).unwrap(),
        time: TimeMs::new(20_000 * DAY_MS + minute * 60_000).unwrap(),
        insert_id: None,
        properties: Properties::new(vec![("n".to_owned(), value.to_owned())]).unwrap(),
    }
}

fn wait_for_seals(store: &Store) {
    for _ in 0..2_000 {
        if store.stats().unwrap().tail_events == 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("waited in vain for the seal");
}

/// Events of two types over several buckets of time, of users in no order.
fn batch(from: u64, count: u64) -> Vec<NewEvent> {
    let one = |n: u64| {
        let kind = if n.is_multiple_of(3) { "buy" } else { "view" };
        let user = format!("user{}", n * 31 % 23);
        let minute = (n * 7_919) as i64 % (100 * 24 * 60);
        event(kind, &user, minute, &n.to_string())
    };
    (from..from + count).map(one).collect()
}

#[test]
fn each_event_comes_once_while_parts_are_sealed_and_merged() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, 60);
    append(&store, batch(0, 1_000));
    let mut order = Vec::new();
    let mut after: Option<String> = None;
    let mut pages = 0;
    loop {
        let page = export(&store.snapshot().unwrap(), after.as_deref(), 37).unwrap();
        order.extend(page.events.iter().map(|event| event.id));
        for event in &page.events {
            assert_eq!(event.properties, [("n".to_owned(), event.id.to_string())]);
        }
        pages += 1;
        // What comes now is left out, wherever it belongs.
        append(&store, batch(1_000 + pages * 20, 20));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(pages, 1_000_u64.div_ceil(37));
    assert!(store.stats().unwrap().merges > 0);
    assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..1_000).collect());
    assert_eq!(order.len(), 1_000);
}

#[test]
fn the_order_is_the_same_in_the_tail_and_in_parts() {
    let orders = [1_u32 << 30, 50].map(|seal_events| {
        let folder = TempDir::new().unwrap();
        let store = open(&folder, seal_events);
        for n in 0..10 {
            append(&store, batch(n * 40, 40));
        }
        let page = export(&store.snapshot().unwrap(), None, 10_000).unwrap();
        assert_eq!(page.next, None);
        page.events.into_iter().map(|event| event.id).collect::<Vec<_>>()
    });
    assert_eq!(orders[0], orders[1]);
    assert_eq!(orders[0].len(), 400);
}

#[test]
fn a_page_is_bounded_by_bytes_and_leaves_out_who_was_deleted() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, 500);
    let value = "x".repeat(8_000);
    for round in 0..2 {
        let long = |n: i64| event("long", &format!("user{n}"), 0, &value);
        append(&store, (0..1_000).map(long).collect());
        if round == 0 {
            wait_for_seals(&store);
        }
    }
    let first = export(&store.snapshot().unwrap(), None, u64::MAX).unwrap();
    assert!((1_000..1_100).contains(&first.events.len()), "{}", first.events.len());
    // Users come in the order of their creation, two events each.
    assert!(store.delete_user(ExternalId::new("user900").unwrap()).unwrap().wait().unwrap());
    let second = export(&store.snapshot().unwrap(), first.next.as_deref(), u64::MAX).unwrap();
    assert_eq!((first.events.len() + second.events.len(), second.next), (1_998, None));
    assert!(export(&store.snapshot().unwrap(), Some("1-2"), 5).is_err());
}
