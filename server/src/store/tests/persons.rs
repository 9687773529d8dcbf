//! Aliases, taking them back, and the properties of persons.

use eventhub_core::limits::IDS_PER_PERSON_MAX;

use super::*;

/// The id under which a user's person stands, and all ids of the person, sorted.
fn person(store: &Store, user: &str) -> (String, Vec<String>) {
    let snapshot = store.snapshot().unwrap();
    let canonical = snapshot.person_of(snapshot.user(user).unwrap().unwrap()).unwrap();
    let merges = snapshot.merges_of(canonical).unwrap();
    let name = |user: UserId| snapshot.user_name(user).unwrap().to_owned();
    let mut ids: Vec<_> = members(canonical, &merges).into_iter().map(name).collect();
    ids.sort();
    (snapshot.user_name(canonical).unwrap().to_owned(), ids)
}

#[test]
fn aliases_of_every_shape_make_one_person() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let is = |user: &str, canonical: &str, ids: &[&str]| {
        let expected = (canonical.to_owned(), ids.iter().map(|id| id.to_string()).collect());
        assert_eq!(person(&store, user), expected, "{user}");
    };
    alias(&store, "self", "self");
    is("self", "self", &["self"]);
    alias(&store, "a", "b");
    alias(&store, "a", "b");
    is("a", "b", &["a", "b"]);
    alias(&store, "b", "a");
    is("a", "b", &["a", "b"]);
    // A chain, and then a circle.
    alias(&store, "b", "c");
    is("a", "c", &["a", "b", "c"]);
    alias(&store, "c", "a");
    is("b", "c", &["a", "b", "c"]);
    // Two persons, by ids that are not the ones they stand under.
    alias(&store, "x", "y");
    alias(&store, "a", "x");
    is("c", "y", &["a", "b", "c", "x", "y"]);
    assert_eq!(store.snapshot().unwrap().users().unwrap(), 6);
    drop(store);
    let report = checked(folder.path());
    assert_eq!((report.users, report.merges), (6, 4));
    assert_eq!(person(&open(&folder, unsealed()), "b").0, "y");
}

#[test]
fn an_alias_can_be_taken_back() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    alias(&store, "a", "b");
    alias(&store, "b", "c");
    alias(&store, "c", "d");
    assert!(!unalias(&store, "c", "b"), "never stated in this direction");
    assert!(!unalias(&store, "a", "nobody"));
    assert!(unalias(&store, "b", "c"));
    assert!(!unalias(&store, "b", "c"));
    assert_eq!(person(&store, "a"), ("b".into(), vec!["a".into(), "b".into()]));
    assert_eq!(person(&store, "c"), ("d".into(), vec!["c".into(), "d".into()]));
    assert!(unalias(&store, "c", "d"));
    assert!(unalias(&store, "a", "b"));
    assert!(store.snapshot().unwrap().merged().unwrap().is_empty());
    assert_eq!(person(&store, "d"), ("d".into(), vec!["d".into()]));
    drop(store);
    assert_eq!(checked(folder.path()).merges, 0);
}

#[test]
fn two_big_persons_join_up_to_the_limit() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let half = IDS_PER_PERSON_MAX / 2;
    // Ids of one person in different blocks of users.
    append(&store, (0..20_000).map(|n| event("v", &format!("filler{n}"), 0)).collect()).unwrap();
    let grow = |name: &str, to: usize| {
        let pending: Vec<_> =
            (1..to).map(|n| store.alias(id(&format!("{name}{n}")), id(name)).unwrap()).collect();
        pending.into_iter().for_each(|pending| pending.wait().unwrap());
    };
    grow("left", half);
    grow("right", half);
    let refused = store.alias(id("left"), id("new")).unwrap();
    refused.wait().unwrap();
    let too_many = store.alias(id("left3"), id("right7")).unwrap().wait();
    assert!(matches!(too_many, Err(EngineError::Invalid(_))));
    assert!(unalias(&store, "left", "new"));
    alias(&store, "left3", "right7");
    let (canonical, ids) = person(&store, "left1");
    assert_eq!((canonical.as_str(), ids.len()), ("right", IDS_PER_PERSON_MAX));
    let too_many = store.alias(id("yet another"), id("left1")).unwrap().wait();
    assert!(matches!(too_many, Err(EngineError::Invalid(_))));
    assert_eq!(store.snapshot().unwrap().user("yet another").unwrap(), None);
    assert!(unalias(&store, "left3", "right7"));
    assert_eq!(person(&store, "left1").1.len(), half);
    assert_eq!(person(&store, "left1").0, "left");
    drop(store);
    checked(folder.path());
}

#[test]
fn a_merge_keeps_the_values_of_the_side_that_stays() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    set(&store, "anon", &[("plan", "free"), ("source", "ad")]);
    let ann = set(&store, "ann", &[("plan", "pro")]);
    alias(&store, "anon", "ann");
    assert_eq!(properties_of(&store, "anon"), pairs(&[("plan", "pro"), ("source", "ad")]));
    // A set on any id of the person overwrites, and is answered with the person's number.
    assert_eq!(set(&store, "anon", &[("plan", "team")]), ann);
    assert_eq!(properties_of(&store, "ann"), pairs(&[("plan", "team"), ("source", "ad")]));
    alias(&store, "ann", "boss");
    set(&store, "boss", &[("source", "word of mouth")]);
    assert_eq!(
        properties_of(&store, "ann"),
        pairs(&[("plan", "team"), ("source", "word of mouth")])
    );
    // Taken back, each has what was set on its own ids.
    assert!(unalias(&store, "anon", "ann"));
    assert_eq!(properties_of(&store, "anon"), pairs(&[("plan", "team"), ("source", "ad")]));
    assert_eq!(
        properties_of(&store, "ann"),
        pairs(&[("plan", "pro"), ("source", "word of mouth")])
    );
    drop(store);
    checked(folder.path());
}

#[test]
fn the_index_of_user_properties_follows_what_is_set() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder, unsealed());
    let long = "y".repeat(2_000);
    set(&store, "ann", &[("plan", "free"), ("bio", &long)]);
    set(&store, "bob", &[("plan", "free")]);
    set(&store, "ann", &[("plan", "pro")]);
    let snapshot = store.snapshot().unwrap();
    let plan = snapshot.user_key("plan").unwrap().unwrap();
    let bio = snapshot.user_key("bio").unwrap().unwrap();
    let users_with =
        |key, value| -> Vec<UserId> { snapshot.users_with(key, value).unwrap().iter().collect() };
    assert_eq!(users_with(plan, "free"), [1]);
    assert_eq!(users_with(plan, "pro"), [0]);
    assert_eq!(users_with(bio, &long), [0]);
    assert_eq!(snapshot.user_values(plan, "", |_, _| Ok(true)).unwrap(), ["free", "pro"]);
    assert_eq!(snapshot.user_values(bio, "yy", |_, _| Ok(true)).unwrap(), [&long[..]]);
    drop(snapshot);
    set(&store, "bob", &[("plan", "pro")]);
    set(&store, "ann", &[("bio", "short")]);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.user_values(plan, "", |_, _| Ok(true)).unwrap(), ["pro"]);
    assert_eq!(snapshot.user_values(bio, "", |_, _| Ok(true)).unwrap(), ["short"]);
    // Of a value, users are asked about until one has it.
    for (holder, expected, asked) in [(0, vec!["pro"], 1), (1, vec!["pro"], 2), (2, vec![], 2)] {
        let mut count = 0;
        let found = snapshot.user_values(plan, "", |user, value| {
            assert_eq!((user, value), (count, "pro"));
            count += 1;
            Ok(user == holder)
        });
        assert_eq!(
            (found.unwrap(), count),
            (expected.iter().map(ToString::to_string).collect(), asked)
        );
    }
    drop(snapshot);
    drop(store);
    assert_eq!(checked(folder.path()).user_properties, 3);
}
