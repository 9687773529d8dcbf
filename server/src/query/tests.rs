//! The store and the questions over it against a naive model: events in any order, persons joined and
//! parted, properties changed, persons deleted, while the tail is sealed and parts are merged.

mod exports;
mod names;
mod newest;

mod model;

use std::collections::BTreeSet;

use eventhub_core::naive::{self, NaiveEvent};
use eventhub_core::query::{CohortQuery, Filter, FunnelQuery, Range, Step, Test, TextOp};
use eventhub_core::{DAY_MS, EventType, ExternalId, NewEvent, Properties, TimeMs, UserChange};
use proptest::collection::vec as list;
use proptest::prelude::*;

use self::model::{Model, Note};
use super::{
    Asking, QueryLimits, aliases_of, cohort, event, export, find_users, funnel_counts, timeline,
    user_values,
};
use crate::store::{Snapshot, Store, StoreOptions, check};

const TYPES: [&str; 3] = ["a", "b", "c"];
const USERS: u8 = 9;

/// One request.
#[derive(Debug, Clone)]
enum Act {
    Append(Vec<Event>),
    Alias(u8, u8),
    Unalias(u8, u8),
    Set(u8, u8, u8),
    SetOnce(u8, u8, u8),
    Add(u8, u8, i8),
    Unset(u8, u8),
    Delete(u8),
}

/// Type, user, day, time of the day, value of a property.
type Event = (u8, u8, u8, u8, u8);

fn act() -> impl Strategy<Value = Act> {
    let event = (0..3_u8, 0..USERS, 0..60_u8, 0..3_u8, 0..3_u8);
    prop_oneof![
        4 => list(event, 1..40).prop_map(Act::Append),
        2 => (0..USERS, 0..USERS).prop_map(|(from, to)| Act::Alias(from, to)),
        1 => (0..USERS, 0..USERS).prop_map(|(from, to)| Act::Unalias(from, to)),
        2 => (0..USERS, 0..2_u8, 0..2_u8).prop_map(|(user, key, value)| Act::Set(user, key, value)),
        1 => (0..USERS, 0..2_u8, 0..2_u8).prop_map(|(u, key, value)| Act::SetOnce(u, key, value)),
        2 => (0..USERS, 1..3_u8, -2..3_i8).prop_map(|(user, key, number)| Act::Add(user, key, number)),
        1 => (0..USERS, 0..3_u8).prop_map(|(user, key)| Act::Unset(user, key)),
        1 => (0..USERS).prop_map(Act::Delete),
    ]
}

fn name(user: u8) -> String {
    format!("user-{user}")
}

fn time_ms((_, _, day, time, _): Event) -> i64 {
    i64::from(day) * DAY_MS + i64::from(time) * 3_600_000
}

fn new_event(event: Event) -> NewEvent {
    let properties = vec![("p".to_owned(), format!("v{}", event.4))];
    NewEvent {
        event_type: EventType::new(TYPES[usize::from(event.0)]).unwrap(),
        user: ExternalId::new(name(event.1)).unwrap(),
        time: TimeMs::new(time_ms(event)).unwrap(),
        insert_id: None,
        properties: Properties::new(properties).unwrap(),
    }
}

/// Does an act in the store and in the model.
fn carry_out(store: &Store, model: &mut Model, act: &Act) {
    let id = |user: u8| ExternalId::new(name(user)).unwrap();
    match act {
        Act::Append(events) => {
            let first = model.events.len() as u64;
            let batch = events.iter().map(|event| new_event(*event)).collect();
            let ids = store.append(batch, None).unwrap().wait().unwrap();
            assert_eq!(ids, (first..first + events.len() as u64).collect::<Vec<_>>());
            events.iter().for_each(|event| model.create(event.1));
            model.events.extend(events.iter().map(|event| Some(*event)));
        }
        Act::Alias(from, to) => {
            store.alias(id(*from), id(*to)).unwrap().wait().unwrap();
            model.create(*from);
            model.create(*to);
            let persons = model.persons();
            let of = |user: u8| Model::person_of(&persons, &name(user));
            if of(*from) != of(*to) {
                model.journal.push(Note::Alias(*from, *to));
            }
        }
        Act::Unalias(from, to) => {
            let undone = store.unalias(id(*from), id(*to)).unwrap().wait().unwrap();
            let stated = Note::Alias(*from, *to);
            let at = model.journal.iter().position(|note| *note == stated);
            assert_eq!(undone, at.is_some());
            at.into_iter().for_each(|at| drop(model.journal.remove(at)));
        }
        Act::Delete(user) => {
            let deleted = store.delete_user(id(*user)).unwrap().wait().unwrap();
            assert_eq!(deleted, model.delete(*user));
        }
        Act::Set(user, ..) | Act::SetOnce(user, ..) | Act::Add(user, ..) | Act::Unset(user, _) => {
            let (change, key) = change_of(act);
            let before = model.value(*user, &key);
            let put = match act {
                Act::Set(.., value) => Some(Some(format!("v{value}"))),
                Act::SetOnce(.., value) => before.is_none().then(|| Some(format!("v{value}"))),
                Act::Add(.., number) => {
                    let before = before.unwrap_or_else(|| "0".to_owned()).parse::<i64>();
                    before.ok().map(|before| Some((before + i64::from(*number)).to_string()))
                }
                _ => Some(None),
            };
            let done = store.change_user(id(*user), change).unwrap().wait();
            let refused = matches!(act, Act::Add(..)) && put.is_none();
            assert_eq!(done.is_err(), refused, "{done:?}");
            if !refused {
                model.create(*user);
            }
            model.journal.extend(put.map(|value| Note::Put(*user, key, value)));
        }
    }
}

/// The change that an act asks for, and its key.
fn change_of(act: &Act) -> (UserChange, String) {
    let (mut set, mut once, mut add, mut unset) = (vec![], vec![], vec![], vec![]);
    let key = match act {
        Act::Set(_, key, _)
        | Act::SetOnce(_, key, _)
        | Act::Add(_, key, _)
        | Act::Unset(_, key) => {
            format!("k{key}")
        }
        other => unreachable!("{other:?} changes no property"),
    };
    match act {
        Act::Set(.., value) => set.push((key.clone(), format!("v{value}"))),
        Act::SetOnce(.., value) => once.push((key.clone(), format!("v{value}"))),
        Act::Add(.., number) => add.push((key.clone(), f64::from(*number))),
        _ => unset.push(key.clone()),
    }
    let of = |pairs| Properties::new(pairs).unwrap();
    (UserChange::new(of(set), of(once), add, unset).unwrap(), key)
}

fn step(event_type: usize, value: Option<&str>) -> Step {
    let filter = value.map(|value| Filter::is("p", value));
    Step { event_type: TYPES[event_type].to_owned(), filters: filter.into_iter().collect() }
}

/// Asks everything of the store and of the model.
fn compare(snapshot: &Snapshot, model: &Model) {
    let persons = model.persons();
    let events = model.naive_events(&persons);
    let asking = &Asking::new(snapshot, QueryLimits::default());
    let text = |op, values: &[&str], negated| {
        let values = values.iter().map(ToString::to_string).collect();
        Test::Text { op, values, negated }
    };
    let of = |key: &str, test| Some(Filter { key: key.to_owned(), test });
    let filters = [
        None,
        Some(Filter::is("k0", "v1")),
        Some(Filter::is("external_user_id", "user-3")),
        of("k0", text(TextOp::Is, &["v1", "v2"], true)),
        of("k1", text(TextOp::Contains, &["1"], false)),
        of("k1", Test::Exists),
        of("k2", Test::NotExists),
        of("external_user_id", text(TextOp::EndsWith, &["1", "4"], false)),
        of("external_user_id", text(TextOp::Is, &["user-3"], true)),
    ];
    let day = |day: i64| TimeMs::new(day * DAY_MS).unwrap();
    for filter in &filters {
        let found = model.find(&persons, filter.as_ref());
        let asked: Vec<Filter> = filter.iter().cloned().collect();
        assert_eq!(find_users(snapshot, &asked).unwrap(), found, "persons with {filter:?}");

        let counts = |person: &str| found.iter().any(|found| found.external_user_id == person);
        let range = Range::new(day(5), day(50)).unwrap();
        let steps = vec![step(0, None), step(1, Some("v1")), step(0, None)];
        let query = FunnelQuery::new(range, steps, 20, asked.clone()).unwrap();
        let answer = funnel_counts(asking, &query).unwrap().0;
        assert_eq!(answer, naive::funnel(&events, &query, counts), "funnel with {filter:?}");

        let events_asked = (step(0, Some("v0")), step(2, None));
        let query = CohortQuery::new(day(1), day(49), 7, 5, events_asked, asked).unwrap();
        let answer = cohort(asking, &query).unwrap().0;
        assert_eq!(answer, naive::cohort(&events, &query, counts), "cohort with {filter:?}");
    }
    for key in ["k0", "k1", "k2"] {
        let set: BTreeSet<&String> =
            persons.values().filter_map(|person| person.properties.get(key)).collect();
        for prefix in ["", "v", "v1", "w"] {
            let expected: Vec<&String> =
                set.iter().copied().filter(|value| value.starts_with(prefix)).collect();
            let values = user_values(snapshot, key, prefix).unwrap();
            assert_eq!(values.iter().collect::<Vec<_>>(), expected, "{key} by {prefix}");
        }
    }
    for (id, person) in &persons {
        let mut own: Vec<&NaiveEvent> = events.iter().filter(|event| event.person == *id).collect();
        own.sort_by_key(|event| (event.time_ms, event.id));
        let expected: Vec<u64> = own.iter().skip(1).take(30).map(|event| event.id).collect();
        for id in &person.ids {
            let shown = timeline(snapshot, id, 1, 30).unwrap();
            assert_eq!(shown.iter().map(|event| event.id).collect::<Vec<_>>(), expected);
            let given: Vec<_> = aliases_of(snapshot, id).unwrap();
            let given = given.into_iter().map(|alias| (alias.from, alias.to));
            let stated = model.journal.iter().filter_map(|note| match note {
                Note::Alias(from, to) if person.ids.contains(&name(*from)) => {
                    Some((name(*from), name(*to)))
                }
                _ => None,
            });
            assert!(given.eq(stated));
        }
    }
    for user in (0..USERS).map(name).filter(|user| !model.created.contains(user)) {
        assert_eq!(timeline(snapshot, &user, 0, 10).unwrap(), []);
        assert_eq!(aliases_of(snapshot, &user).unwrap(), []);
    }
    let mut exported = Vec::new();
    let mut after = None;
    loop {
        let page = export(snapshot, after.as_deref(), 7).unwrap();
        assert!(page.next.is_none() || page.events.len() == 7);
        exported.extend(page.events.iter().map(|event| event.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    exported.sort_unstable();
    assert_eq!(exported, events.iter().map(|event| event.id).collect::<Vec<_>>());
    for (id, stored) in (0..).zip(&model.events) {
        let shown = event(snapshot, id).unwrap();
        let Some(stored) = stored else {
            assert_eq!(shown, None);
            continue;
        };
        let shown = shown.unwrap();
        assert_eq!(shown.external_user_id, name(stored.1));
        assert_eq!((shown.id, shown.time.ms()), (id, time_ms(*stored)));
        assert_eq!(shown.properties, [("p".to_owned(), format!("v{}", stored.4))]);
    }
    assert_eq!(event(snapshot, model.events.len() as u64).unwrap(), None);
    newest::compare_newest(snapshot, model);
    newest::compare_preview(snapshot, model);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_store_answers_as_the_naive_model_does(
        acts in list(act(), 1..30),
        seal_events in prop_oneof![Just(1_u32), 10..100_u32],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let options = || StoreOptions { seal_events, ..StoreOptions::default() };
        let mut model = Model::default();
        let store = Store::open(folder.path(), options()).unwrap();
        let (before, after) = acts.split_at(acts.len() / 2);
        for act in before {
            carry_out(&store, &mut model, act);
            compare(&store.snapshot().unwrap(), &model);
        }
        store.close();
        drop(store);
        let store = Store::open(folder.path(), options()).unwrap();
        for act in after {
            carry_out(&store, &mut model, act);
            compare(&store.snapshot().unwrap(), &model);
        }
        drop(store);
        prop_assert_eq!(check(folder.path()).unwrap().problems, Vec::<String>::new());
    }
}
