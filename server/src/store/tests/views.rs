//! Saved views.

use eventhub_core::limits::VIEWS_MAX;

use super::*;

fn save(store: &Store, name: &str, view: Option<&str>) -> Result<bool, EngineError> {
    store.save_view(name.to_owned(), view.map(str::to_owned))?.wait()
}

#[test]
fn a_view_stays_until_it_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, unsealed());
    assert!(!save(&store, "b", Some("{}")).unwrap());
    assert!(!save(&store, "a", Some("{\"x\":1}")).unwrap());
    assert!(save(&store, "b", Some("{\"x\": 2}")).unwrap());
    assert!(!save(&store, "c", None).unwrap());
    drop(store);
    let store = open(&folder, unsealed());
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.view_names().unwrap(), ["a", "b"]);
    assert_eq!(snapshot.view("b").unwrap().as_deref(), Some("{\"x\": 2}"));
    assert_eq!(snapshot.view("c").unwrap(), None);
    assert!(save(&store, "b", None).unwrap());
    assert_eq!(snapshot.view_names().unwrap(), ["a", "b"]);
    assert_eq!(store.snapshot().unwrap().view_names().unwrap(), ["a"]);
    drop((snapshot, store));
    checked(folder.path());
}

#[test]
fn views_have_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder, unsealed());
    let pending: Vec<_> = (0..VIEWS_MAX)
        .map(|number| store.save_view(format!("v{number}"), Some("{}".to_owned())).unwrap())
        .collect();
    pending.into_iter().for_each(|pending| assert!(!pending.wait().unwrap()));
    let refused = save(&store, "one more", Some("{}"));
    assert!(matches!(refused, Err(EngineError::Invalid(_))), "{refused:?}");
    assert!(save(&store, "v7", Some("{}")).unwrap());
    assert!(save(&store, "v7", None).unwrap());
    assert!(!save(&store, "one more", Some("{}")).unwrap());
}
