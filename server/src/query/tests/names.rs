//! Event types and properties as they are listed.

use tempfile::TempDir;

use super::*;
use crate::query::{event_properties, event_type_counts, user_properties};
use eventhub_core::answer::PropertyKind;

fn properties(pairs: &[(&str, &str)]) -> Properties {
    Properties::new(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()).unwrap()
}

#[test]
fn events_are_counted_and_kinds_of_properties_noticed() {
    let folder = TempDir::new().unwrap();
    let options = StoreOptions { seal_events: 100, ..StoreOptions::default() };
    let store = Store::open(folder.path(), options).unwrap();
    let ann = || ExternalId::new("ann").unwrap();
    let long = "1".repeat(1_000);
    let event = |n: i64| {
        let number = format!("{}", n as f64 / 4.0 - 3.0);
        let mut pairs = vec![("n", &number[..]), ("flag", ["true", "false"][n as usize % 2])];
        // A single value among many numbers makes a property a text.
        pairs.push(("mixed", if n == 700 { "many" } else { &number }));
        pairs.push(("long", if n == 1 { &long } else { "1" }));
        NewEvent {
            event_type: EventType::new(if n % 3 == 0 { "buy" } else { "view" }).unwrap(),
            user: ann(),
            time: TimeMs::new(n).unwrap(),
            insert_id: None,
            properties: properties(&pairs),
        }
    };
    for from in [0, 30, 930] {
        let count = if from == 30 { 900 } else { 30 };
        let batch = (from..from + count).map(event).collect();
        store.append(batch, None).unwrap().wait().unwrap();
    }
    let snapshot = store.snapshot().unwrap();
    let counts = event_type_counts(&snapshot).unwrap();
    let counts: Vec<_> = counts.iter().map(|of| (of.name.as_str(), of.events)).collect();
    assert_eq!(counts, [("buy", 320), ("view", 640)]);
    let kinds = |event_type: &str| {
        let records = event_properties(&snapshot, event_type).unwrap();
        records.into_iter().map(|of| (of.key, of.kind)).collect::<Vec<_>>()
    };
    let [number, boolean, text] =
        [PropertyKind::Number, PropertyKind::Boolean, PropertyKind::Text].map(Some);
    let of = |key: &str, kind| (key.to_owned(), kind);
    let expected = [of("flag", boolean), of("long", text), of("mixed", text), of("n", number)];
    assert_eq!(kinds("view"), expected);
    assert_eq!(kinds("buy")[1..3], [of("long", number), of("mixed", number)]);
    assert_eq!(kinds("nothing"), []);
    drop(snapshot);

    let set = [("age", "7"), ("bio", &long), ("name", "ann"), ("trial", "true")];
    store.change_user(ann(), properties(&set).into()).unwrap().wait().unwrap();
    let none = Properties::default;
    let unset = UserChange::new(none(), none(), vec![], vec!["trial".into()]).unwrap();
    store.change_user(ann(), unset).unwrap().wait().unwrap();
    let users = user_properties(&store.snapshot().unwrap()).unwrap();
    let kinds: Vec<_> = users.into_iter().map(|of| (of.key, of.kind)).collect();
    assert_eq!(kinds, [of("age", number), of("bio", text), of("name", text), of("trial", None)]);
}
