//! The index of user properties over several blocks of users.

use std::collections::BTreeSet;

use eventhub_core::part::BLOCK_USERS;

use super::super::names::Names;
use super::super::tables::{user_index_key, user_value_key};
use super::super::users::put_property;
use super::*;

/// Sets the property `p` on the own ids of users, who need not exist. It is done behind the store's
/// writer, so the store must be opened again.
fn set_all(store: Store, sets: impl IntoIterator<Item = (UserId, String)>) {
    // Its threads would wait for what is written past the writer to be published.
    store.close();
    let tables = &store.shared.tables;
    let mut wtxn = store.shared.env.write_txn().unwrap();
    let mut names = Names::load(tables, &wtxn).unwrap();
    for (user, value) in sets {
        let key = names.user_key(tables, &mut wtxn, "p").unwrap();
        put_property(tables, &mut wtxn, (user, key), 0, Some(&value)).unwrap();
    }
    wtxn.commit().unwrap();
}

/// Values whose keys would stand among each other's, were it not for what ends a text.
fn values() -> Vec<String> {
    let long = "y".repeat(600);
    let texts = [
        "",
        "\0",
        "a",
        "ab",
        "a\0",
        "a\0\0",
        "a\0\0\0",
        "a\0\0\0\0",
        "a\0\0\0\u{1}",
        "a\0\0\0\0\0\0\0\u{1}",
        "a\0\u{7}\u{7f}\u{7f}",
        "a\u{10ffff}",
        &long,
        &long[..64],
        &long[..480],
        &long[..481],
        "y\0",
    ];
    texts.map(str::to_owned).to_vec()
}

#[test]
fn each_value_has_its_users_in_every_block() {
    let folder = TempDir::new().unwrap();
    let edges =
        (0..7).flat_map(|block| [0, 1, 63, BLOCK_USERS - 1].map(|low| block * BLOCK_USERS + low));
    let users: Vec<UserId> = edges.chain(100..800).chain([300 * BLOCK_USERS]).collect();
    let values = values();
    let mut model: BTreeMap<UserId, String> = BTreeMap::new();
    for round in 0..9_u32 {
        // In some rounds most users have the same value, so that a row becomes a bitmap and a list again.
        let kinds = if round % 3 == 0 { 1 } else { values.len() as u32 };
        let value = |user: UserId| (user / 64 * 7 + user * 3 + round) % kinds + round;
        let of = |user: &UserId| (*user, values[value(*user) as usize % values.len()].clone());
        let sets: Vec<_> = users.iter().filter(|user| (*user + round) % 5 != 0).map(of).collect();
        set_all(open(&folder, unsealed()), sets.clone());
        model.extend(sets);
        let store = open(&folder, unsealed());
        let snapshot = store.snapshot().unwrap();
        let key = snapshot.user_key("p").unwrap().unwrap();
        for value in &values {
            let found: Vec<UserId> = snapshot.users_with(key, value).unwrap().iter().collect();
            let expected = model.iter().filter(|(_, of)| *of == value).map(|(user, _)| *user);
            assert_eq!(found, expected.collect::<Vec<_>>(), "{value:?}");
        }
        for prefix in ["", "\0", "a", "a\0", "a\0\0\0\0", "y", &"y".repeat(70), "z"] {
            let expected: BTreeSet<&str> = model
                .values()
                .map(|value| &value[..])
                .filter(|of| of.starts_with(prefix))
                .collect();
            // Only the last user of a value has it, so all are asked.
            let last = |user, value: &str| {
                let mut holders = model.iter().filter(|(_, of)| *of == value);
                Ok(holders.next_back().unwrap().0 == &user)
            };
            let found = snapshot.user_values(key, prefix, last).unwrap();
            assert!(found.iter().eq(expected), "{prefix:?}: {found:?}");
            assert_eq!(snapshot.user_values(key, prefix, |_, _| Ok(true)).unwrap(), found);
        }
    }
    assert_eq!(checked(folder.path()).user_properties, model.len() as u64);
}

#[test]
fn a_check_compares_the_index_with_the_properties() {
    let damage = |row_of: u32, change: fn(&mut Vec<u8>), expected: &str| {
        let folder = TempDir::new().unwrap();
        set_all(open(&folder, unsealed()), (0..4).map(|n| (n * BLOCK_USERS, "v".to_owned())));
        let store = open(&folder, unsealed());
        store.close();
        let index = store.shared.tables.user_prop_index;
        let mut wtxn = store.shared.env.write_txn().unwrap();
        let key = user_index_key(&user_value_key(0, "v"), row_of);
        let mut row = index.get(&wtxn, &key).unwrap().unwrap_or_default().to_vec();
        change(&mut row);
        index.put(&mut wtxn, &key, &row).unwrap();
        wtxn.commit().unwrap();
        drop(store);
        let report = check(folder.path()).unwrap();
        assert!(report.problems[0].contains(expected), "{:?}", report.problems);
    };
    damage(1, |row| row.clear(), "not well formed");
    damage(1, |row| row[0] = 1, "property 0 of user 8192 is not indexed");
    damage(1, |row| row.extend([7, 0]), "4 user properties have 5 entries");
    damage(4, |row| row.extend([9, 0]), "4 user properties have 5 entries");
    damage(UserId::MAX, |row| row.extend([9, 0]), "malformed");
}
