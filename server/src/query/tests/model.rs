//! The naive model of a store: what was asked of it, and what must be true afterwards.

use std::collections::{BTreeMap, BTreeSet};

use eventhub_core::naive::{self, NaiveEvent};
use eventhub_core::query::Filter;

use super::{Event, TYPES, name, time_ms};
use crate::engine::PersonRecord;

/// A person as the model sees it.
#[derive(Debug, Clone, Default)]
pub(super) struct Person {
    pub(super) ids: BTreeSet<String>,
    pub(super) properties: BTreeMap<String, String>,
}

/// What stays in force of an act.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Note {
    /// An alias that joined two persons and was not taken back.
    Alias(u8, u8),
    /// What a property of a user was set to, or that it was made absent.
    Put(u8, String, Option<String>),
}

/// What must be true after some acts.
#[derive(Default)]
pub(super) struct Model {
    /// Ids in order of their creation.
    pub(super) created: Vec<String>,
    /// Events in order; `None` in the place of those of deleted persons.
    pub(super) events: Vec<Option<Event>>,
    pub(super) journal: Vec<Note>,
}

impl Model {
    pub(super) fn create(&mut self, user: u8) {
        if !self.created.contains(&name(user)) {
            self.created.push(name(user));
        }
    }

    /// Persons by the id that names them.
    pub(super) fn persons(&self) -> BTreeMap<String, Person> {
        let alone = |id: &String| Person { ids: [id.clone()].into(), ..Person::default() };
        let mut persons: BTreeMap<String, Person> =
            self.created.iter().map(|id| (id.clone(), alone(id))).collect();
        for act in &self.journal {
            match act {
                Note::Put(user, key, value) => {
                    let id = Self::person_of(&persons, &name(*user));
                    let properties = &mut persons.get_mut(&id).unwrap().properties;
                    match value {
                        Some(value) => properties.insert(key.clone(), value.clone()),
                        None => properties.remove(key),
                    };
                }
                Note::Alias(from, to) => {
                    let from = Self::person_of(&persons, &name(*from));
                    let to = Self::person_of(&persons, &name(*to));
                    let joined = persons.remove(&from).unwrap();
                    let stayed = persons.get_mut(&to).unwrap();
                    stayed.ids.extend(joined.ids);
                    for (key, value) in joined.properties {
                        stayed.properties.entry(key).or_insert(value);
                    }
                }
            }
        }
        persons
    }

    /// The value in force of a user's property.
    pub(super) fn value(&self, user: u8, key: &str) -> Option<String> {
        let persons = self.persons();
        self.created
            .contains(&name(user))
            .then(|| Self::person_of(&persons, &name(user)))
            .and_then(|person| persons[&person].properties.get(key).cloned())
    }

    /// Forgets a user's person; whether there is one.
    pub(super) fn delete(&mut self, user: u8) -> bool {
        if !self.created.contains(&name(user)) {
            return false;
        }
        let persons = self.persons();
        let ids = &persons[&Self::person_of(&persons, &name(user))].ids;
        let is_left = |user: u8| !ids.contains(&name(user));
        self.created.retain(|id| !ids.contains(id));
        self.events.iter_mut().for_each(|event| *event = event.take_if(|event| is_left(event.1)));
        self.journal.retain(|note| match note {
            Note::Alias(user, _) | Note::Put(user, ..) => is_left(*user),
        });
        true
    }

    pub(super) fn person_of(persons: &BTreeMap<String, Person>, id: &str) -> String {
        persons.iter().find(|(_, person)| person.ids.contains(id)).unwrap().0.clone()
    }

    pub(super) fn naive_events(&self, persons: &BTreeMap<String, Person>) -> Vec<NaiveEvent> {
        let naive = |(id, event): (u64, Event)| NaiveEvent {
            id,
            event_type: TYPES[usize::from(event.0)].to_owned(),
            person: Self::person_of(persons, &name(event.1)),
            time_ms: time_ms(event),
            properties: [("p".to_owned(), format!("v{}", event.4))].into(),
        };
        (0..).zip(&self.events).filter_map(|(id, event)| Some(naive((id, (*event)?)))).collect()
    }

    /// Persons for whom a filter holds, in order of their earliest creation.
    pub(super) fn find(
        &self,
        persons: &BTreeMap<String, Person>,
        filter: Option<&Filter>,
    ) -> Vec<PersonRecord> {
        let holds = |person: &Person| {
            filter.is_none_or(|filter| {
                if filter.key == "external_user_id" {
                    // A negated filter holds of a person of whom the plain one holds by no id.
                    let (test, is_opposite) = filter.test.positive();
                    return person.ids.iter().any(|id| naive::test(&test, Some(id))) != is_opposite;
                }
                naive::test(&filter.test, person.properties.get(&filter.key))
            })
        };
        let first = |person: &Person| self.created.iter().position(|id| person.ids.contains(id));
        let mut found: Vec<_> = persons.iter().filter(|(_, person)| holds(person)).collect();
        found.sort_by_key(|(_, person)| first(person));
        let record = |(id, person): (&String, &Person)| PersonRecord {
            external_user_id: id.clone(),
            properties: person.properties.clone().into_iter().collect(),
        };
        found.into_iter().map(record).collect()
    }
}
