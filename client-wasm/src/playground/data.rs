//! Events in memory: a part for each event type, and the users under whose names they came.

use std::collections::HashMap;

use eventhub_core::limits::{EVENT_TYPES_MAX, KEYS_PER_TYPE_MAX};
use eventhub_core::part::{EncodedPart, Interner, PartBuilder, PartView, merge};
use eventhub_core::query::{Need, Types};
use eventhub_core::{Error, EventId, NewEvent, TimeMs, UserId};

use super::people::People;

/// Events that are held as rows before they become parts, which take a fraction of the memory.
const SEAL_EVENTS: u32 = 1 << 20;

/// What is asked about.
#[derive(Default)]
pub struct Data {
    /// In order of their creation.
    pub(super) types: Vec<Type>,
    pub(super) people: People,
    /// How many there are; their numbers follow the order in which they came.
    pub(super) events: EventId,
}

/// An event type.
pub(super) struct Type {
    pub(super) name: String,
    pub(super) part: EncodedPart,
}

impl Data {
    /// The parts of each of a question's needs.
    pub(super) fn parts(&self, needs: &[Need<'_>]) -> Result<Vec<Vec<PartView<'_>>>, Error> {
        needs.iter().map(|need| self.parts_of(&need.types)).collect()
    }

    /// The parts of some event types.
    pub(super) fn parts_of(&self, types: &Types<'_>) -> Result<Vec<PartView<'_>>, Error> {
        let of = self.types.iter().filter(|of| types.contain(&of.name));
        of.map(|of| of.part.view()).collect()
    }

    /// The name of a part's event type.
    pub(super) fn type_name(&self, part: &PartView<'_>) -> &str {
        &self.types[part.event_type() as usize].name
    }
}

/// Data that is being made.
#[derive(Default)]
pub(super) struct Building {
    types: Vec<BuildingType>,
    numbers: HashMap<String, usize>,
    users: Interner,
    /// Keys of properties of events that name them by a number.
    columns: Vec<String>,
    events: EventId,
    /// Events since the last seal.
    unsealed: u32,
}

struct BuildingType {
    name: String,
    builder: PartBuilder,
    /// Per column the place of its key in the builder.
    places: Vec<Option<usize>>,
    sealed: Vec<EncodedPart>,
}

impl Building {
    /// Names the columns of the events that follow.
    pub(super) fn set_columns(&mut self, columns: &[String]) {
        self.columns = columns.to_vec();
    }

    pub(super) const fn events(&self) -> EventId {
        self.events
    }

    /// Adds an event whose texts are within the limits; `values` come with the number of their column, each once.
    ///
    /// # Errors
    /// When there are more event types than a store takes.
    pub(super) fn push<'v>(
        &mut self,
        event_type: &str,
        user: &str,
        time: TimeMs,
        values: impl Iterator<Item = (usize, &'v str)>,
    ) -> Result<(), Error> {
        let at = self.push_row(event_type, user, time)?;
        let BuildingType { builder, places, .. } = &mut self.types[at];
        places.resize(self.columns.len(), None);
        for (column, value) in values {
            let place = *places[column].get_or_insert_with(|| builder.place(&self.columns[column]));
            builder.set(place, value);
        }
        Ok(())
    }

    /// Adds an event.
    ///
    /// # Errors
    /// When there are more event types, or keys of its type, than a store takes.
    pub(super) fn push_event(&mut self, event: &NewEvent) -> Result<(), Error> {
        let at = self.push_row(event.event_type.as_str(), event.user.as_str(), event.time)?;
        let builder = &mut self.types[at].builder;
        for (key, value) in event.properties.iter() {
            let place = builder.place(key);
            if place >= KEYS_PER_TYPE_MAX {
                let (limit, actual) = (KEYS_PER_TYPE_MAX, place + 1);
                return Err(Error::TooMany { field: "keys of an event type", limit, actual });
            }
            builder.set(place, value);
        }
        Ok(())
    }

    fn push_row(&mut self, event_type: &str, user: &str, time: TimeMs) -> Result<usize, Error> {
        if self.unsealed == SEAL_EVENTS {
            self.seal();
        }
        let at = match self.numbers.get(event_type) {
            Some(at) => *at,
            None => self.add_type(event_type)?,
        };
        let user: UserId = self.users.intern(user);
        self.types[at].builder.push_row(user, time, self.events);
        self.events += 1;
        self.unsealed += 1;
        Ok(at)
    }

    fn add_type(&mut self, name: &str) -> Result<usize, Error> {
        let at = self.types.len();
        if at == EVENT_TYPES_MAX {
            let (limit, actual) = (EVENT_TYPES_MAX, at + 1);
            return Err(Error::TooMany { field: "event types", limit, actual });
        }
        self.numbers.insert(name.to_owned(), at);
        self.types.push(BuildingType {
            name: name.to_owned(),
            builder: PartBuilder::new(at as u32),
            places: Vec::new(),
            sealed: Vec::new(),
        });
        Ok(at)
    }

    /// Turns rows into parts.
    fn seal(&mut self) {
        for of in self.types.iter_mut().filter(|of| !of.builder.is_empty()) {
            of.sealed.push(of.builder.finish());
            of.builder = PartBuilder::new(of.builder.event_type());
            of.places.fill(None);
        }
        self.unsealed = 0;
    }

    /// The data, each type's parts merged into one.
    ///
    /// # Errors
    /// None: the parts were made here.
    pub(super) fn finish(mut self) -> Result<Data, Error> {
        self.seal();
        let merged = |of: BuildingType| {
            let BuildingType { name, mut sealed, .. } = of;
            let part = match (sealed.pop(), sealed.is_empty()) {
                (Some(only), true) => only,
                (last, _) => {
                    sealed.extend(last);
                    let views: Vec<_> =
                        sealed.iter().map(EncodedPart::view).collect::<Result<_, _>>()?;
                    EncodedPart::collect(|sink| merge(&views, sink))?
                }
            };
            Ok(Type { name, part })
        };
        let types = self.types.into_iter().map(merged).collect::<Result<_, Error>>()?;
        Ok(Data { types, people: People::new(self.users), events: self.events })
    }
}
