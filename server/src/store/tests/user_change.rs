//! Operations on users' properties.

use eventhub_core::UserChange;

use super::*;

/// A change of one operation each.
#[derive(Default)]
struct Ops<'a> {
    set: &'a [(&'a str, &'a str)],
    once: &'a [(&'a str, &'a str)],
    add: &'a [(&'a str, f64)],
    unset: &'a [&'a str],
}

fn change(store: &Store, user: &str, ops: &Ops<'_>) -> Result<UserId, EngineError> {
    let add = ops.add.iter().map(|(key, number)| (key.to_string(), *number)).collect();
    let unset = ops.unset.iter().map(ToString::to_string).collect();
    let change = UserChange::new(properties(ops.set), properties(ops.once), add, unset).unwrap();
    store.change_user(id(user), change)?.wait()
}

fn add(store: &Store, user: &str, key: &str, number: f64) -> Result<UserId, EngineError> {
    change(store, user, &Ops { add: &[(key, number)], ..Ops::default() })
}

fn unset(store: &Store, user: &str, keys: &[&str]) {
    change(store, user, &Ops { unset: keys, ..Ops::default() }).unwrap();
}

#[test]
fn the_operations_of_a_change_are_done_at_once() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    set(&store, "ann", &[("plan", "free"), ("source", "ad"), ("visits", "2"), ("trial", "yes")]);
    let ops = Ops {
        set: &[("plan", "pro")],
        once: &[("source", "mail"), ("first", "home")],
        add: &[("visits", 1.5), ("credit", -2.0)],
        unset: &["trial", "never set"],
    };
    assert_eq!(change(&store, "ann", &ops).unwrap(), 0);
    let all =
        [("credit", "-2"), ("first", "home"), ("plan", "pro"), ("source", "ad"), ("visits", "3.5")];
    assert_eq!(properties_of(&store, "ann"), pairs(&all));
    // What was made absent can be set again, and a key that was only ever unset is no key of users.
    change(&store, "ann", &Ops { once: &[("trial", "again")], ..Ops::default() }).unwrap();
    assert_eq!(properties_of(&store, "ann")[4], ("trial".to_owned(), "again".to_owned()));
    assert_eq!(store.snapshot().unwrap().user_key("never set").unwrap(), None);
    // A user is created by any change, an empty one too.
    unset(&store, "bob", &["plan"]);
    assert_eq!(properties_of(&store, "bob"), []);
    drop(store);
    let report = checked(folder.path());
    assert_eq!((report.users, report.user_properties), (2, 6));
    assert_eq!(properties_of(&open(&folder, unsealed()), "ann")[3], ("source".into(), "ad".into()));
}

#[test]
fn sums_are_short_decimals_and_only_numbers_are_added_to() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let check = |before: &str, number: f64, expected: Option<&str>| {
        set(&store, "ann", &[("n", before)]);
        let refused = add(&store, "ann", "n", number).err();
        let left = properties_of(&store, "ann").remove(0).1;
        assert_eq!(left, expected.unwrap_or(before));
        assert_eq!(refused.is_some(), expected.is_none());
        if let Some(EngineError::Invalid(error)) = refused {
            assert_eq!(error.param(), Some("n"));
        }
    };
    check("1", 2.0, Some("3"));
    check("1.50", 0.25, Some("1.75"));
    check("-2", 2.0, Some("0"));
    check("1e3", 0.5, Some("1000.5"));
    check("many", 1.0, None);
    check("true", 1.0, None);
    check("", 1.0, None);
    check("inf", 1.0, None);
    let large = format!("17{}", "0".repeat(307));
    check(&large, 1e308, None);
    // Nothing of a refused change is stored, not even a new user or key.
    let ops = Ops { set: &[("new key", "v")], add: &[("n", 1.0)], ..Ops::default() };
    set(&store, "ann", &[("n", "no number")]);
    assert!(matches!(change(&store, "ann", &ops), Err(EngineError::Invalid(_))));
    assert_eq!(store.snapshot().unwrap().user_key("new key").unwrap(), None);
    assert_eq!(properties_of(&store, "ann"), pairs(&[("n", "no number")]));
    drop(store);
    checked(folder.path());
}

#[test]
fn operations_look_at_the_whole_person() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    set(&store, "anon", &[("visits", "4"), ("source", "ad")]);
    set(&store, "ann", &[("plan", "free")]);
    alias(&store, "anon", "ann");
    add(&store, "ann", "visits", 1.0).unwrap();
    let once = [("source", "mail"), ("lang", "en")];
    change(&store, "ann", &Ops { once: &once, ..Ops::default() }).unwrap();
    let all = [("lang", "en"), ("plan", "free"), ("source", "ad"), ("visits", "5")];
    assert_eq!(properties_of(&store, "anon"), pairs(&all));
    // Unset by one id, it is absent for all of them, until it is set again by any.
    unset(&store, "ann", &["source", "plan"]);
    assert_eq!(properties_of(&store, "anon"), pairs(&[("lang", "en"), ("visits", "5")]));
    set(&store, "anon", &[("plan", "team")]);
    assert_eq!(properties_of(&store, "ann")[1], ("plan".into(), "team".into()));
    // Taken back, each id has what was written on it.
    assert!(unalias(&store, "anon", "ann"));
    assert_eq!(properties_of(&store, "ann"), pairs(&[("lang", "en"), ("visits", "5")]));
    let own = [("plan", "team"), ("source", "ad"), ("visits", "4")];
    assert_eq!(properties_of(&store, "anon"), pairs(&own));
    // Joined anew, what was made absent before is no news.
    alias(&store, "anon", "ann");
    let all = [("lang", "en"), ("plan", "team"), ("source", "ad"), ("visits", "5")];
    assert_eq!(properties_of(&store, "ann"), pairs(&all));
    drop(store);
    checked(folder.path());
    assert_eq!(properties_of(&open(&folder, unsealed()), "ann"), pairs(&all));
}

#[test]
fn the_index_follows_what_is_made_absent() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    for user in ["ann", "bob", "cat"] {
        set(&store, user, &[("plan", "free")]);
    }
    alias(&store, "bob", "cat");
    unset(&store, "ann", &["plan"]);
    unset(&store, "bob", &["plan"]);
    let snapshot = store.snapshot().unwrap();
    let plan = snapshot.user_key("plan").unwrap().unwrap();
    // What stands on the other id is indexed, though not in force.
    assert_eq!(snapshot.users_with(plan, "free").unwrap().iter().collect::<Vec<_>>(), [2]);
    assert_eq!(snapshot.person_properties(2).unwrap().len(), 0);
    drop((snapshot, store));
    assert_eq!(checked(folder.path()).user_properties, 1);
}
