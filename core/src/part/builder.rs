//! Makes a part of rows in any order.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use hashbrown::HashMap;

use super::interner::Interner;
use super::layout::EncodedPart;
use super::sort::sorted_places;
use super::writer::{self, SortedRows};
use crate::{EventId, TimeMs, UserId};

/// Collects the events of one type, in any order, and encodes them as a part.
///
/// ```
/// use eventhub_core::{TimeMs, part::PartBuilder};
/// let mut builder = PartBuilder::new(3);
/// builder.push(7, TimeMs::new(1_000).unwrap(), 0, [("plan", "free")].into_iter());
/// let part = builder.finish();
/// assert_eq!(part.view()?.rows(), 1);
/// # Ok::<(), eventhub_core::Error>(())
/// ```
pub struct PartBuilder {
    event_type: u32,
    users: Vec<UserId>,
    times: Vec<TimeMs>,
    ids: Vec<EventId>,
    keys: HashMap<String, usize>,
    properties: Vec<PropertyBuilder>,
}

/// The values of one key.
#[derive(Default)]
struct PropertyBuilder {
    values: Interner,
    /// Numbers of values, one a row of `rows`.
    numbers: Vec<u32>,
    /// The rows, as pushed, that have the property; `None` while these are the first ones, all of them.
    rows: Option<Vec<u32>>,
}

impl PartBuilder {
    /// A builder for the events of one type, by its number in the store.
    #[must_use]
    pub fn new(event_type: u32) -> Self {
        Self {
            event_type,
            users: Vec::new(),
            times: Vec::new(),
            ids: Vec::new(),
            keys: HashMap::new(),
            properties: Vec::new(),
        }
    }

    /// Adds an event; its keys are distinct.
    pub fn push<'p>(
        &mut self,
        user: UserId,
        time: TimeMs,
        id: EventId,
        properties: impl Iterator<Item = (&'p str, &'p str)>,
    ) {
        self.push_row(user, time, id);
        for (key, value) in properties {
            let place = self.place(key);
            self.set(place, value);
        }
    }

    /// Adds an event without properties; they follow by [`Self::set`].
    pub fn push_row(&mut self, user: UserId, time: TimeMs, id: EventId) {
        self.users.push(user);
        self.times.push(time);
        self.ids.push(id);
    }

    /// Sets the user of an event added before, by its place in the order of adding.
    ///
    /// # Panics
    /// When there is no such event.
    pub fn set_user(&mut self, row: usize, user: UserId) {
        self.users[row] = user;
    }

    /// The place of a key among those of this part, for [`Self::set`].
    pub fn place(&mut self, key: &str) -> usize {
        let place = *self.keys.entry_ref(key).or_insert(self.properties.len());
        if place == self.properties.len() {
            self.properties.push(PropertyBuilder::default());
        }
        place
    }

    /// Sets a property of the event added last, which does not have it yet.
    ///
    /// # Panics
    /// When no event was added, there are 2^32 or more, or [`Self::place`] did not give the place.
    pub fn set(&mut self, place: usize, value: &str) {
        let row = self.users.len().checked_sub(1).and_then(|row| u32::try_from(row).ok());
        self.properties[place].push(row.expect("a part has 1 to 2^32 rows"), value);
    }

    /// How many events were added.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether no event was added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The store's number of the event type.
    #[must_use]
    pub const fn event_type(&self) -> u32 {
        self.event_type
    }

    /// The keys in the order in which they came.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        let mut keys = vec![""; self.keys.len()];
        self.keys.iter().for_each(|(key, place)| keys[*place] = key);
        keys
    }

    /// The distinct values of the key at a place, in the order in which they came.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn values(&self, place: usize) -> impl Iterator<Item = &str> {
        self.properties[place].values.iter()
    }

    /// Sorts and encodes.
    ///
    /// # Panics
    /// When no event was added, or two have the same id.
    #[must_use]
    pub fn finish(&self) -> EncodedPart {
        let order = sorted_places(&self.users, &self.times, &self.ids);
        let key = |(key, place): (&'_ String, &usize)| (key.clone(), *place);
        let mut properties: Vec<_> = self.keys.iter().map(key).collect();
        properties.sort_unstable();
        let properties = properties.into_iter();
        let properties = properties.map(|(key, place)| self.properties[place].finish(key));
        let sorted = BuiltRows {
            event_type: self.event_type,
            users: order.iter().map(|row| self.users[*row as usize]).collect(),
            times: order.iter().map(|row| self.times[*row as usize]).collect(),
            ids: order.iter().map(|row| self.ids[*row as usize]).collect(),
            properties: properties.collect(),
            order,
        };
        EncodedPart::collect(|sink| writer::write(&sorted, sink))
            .expect("rows are sorted above, and ids are distinct")
    }
}

impl PropertyBuilder {
    fn push(&mut self, row: u32, value: &str) {
        let number = self.values.intern(value);
        let first_rows = self.numbers.len() as u32;
        match &mut self.rows {
            Some(rows) => rows.push(row),
            None if row == first_rows => {}
            None => self.rows = Some((0..first_rows).chain(Some(row)).collect()),
        }
        self.numbers.push(number);
    }

    fn finish(&self, key: String) -> BuiltProperty<'_> {
        let mut values: Vec<(&str, u32)> = self.values.iter().zip(0..).collect();
        values.sort_unstable();
        let mut codes_of = vec![0; values.len()];
        for (code, (_, number)) in (1..).zip(&values) {
            codes_of[*number as usize] = code;
        }
        let values = values.into_iter().map(|(value, _)| value).collect();
        BuiltProperty { key, values, codes_of, property: self }
    }
}

struct BuiltRows<'b> {
    event_type: u32,
    users: Vec<UserId>,
    times: Vec<TimeMs>,
    ids: Vec<EventId>,
    order: Vec<u32>,
    properties: Vec<BuiltProperty<'b>>,
}

struct BuiltProperty<'b> {
    key: String,
    values: Vec<&'b str>,
    codes_of: Vec<u32>,
    property: &'b PropertyBuilder,
}

impl SortedRows for BuiltRows<'_> {
    fn event_type(&self) -> u32 {
        self.event_type
    }
    fn len(&self) -> u32 {
        self.order.len() as u32
    }
    fn users(&self) -> impl Iterator<Item = UserId> {
        self.users.iter().copied()
    }
    fn times(&self) -> impl Iterator<Item = TimeMs> {
        self.times.iter().copied()
    }
    fn ids(&self) -> impl Iterator<Item = EventId> {
        self.ids.iter().copied()
    }
    fn properties(&self) -> usize {
        self.properties.len()
    }
    fn key(&self, property: usize) -> &str {
        &self.properties[property].key
    }
    fn values(&self, property: usize) -> &[&str] {
        &self.properties[property].values
    }
    fn codes(&self, property: usize) -> Vec<u32> {
        let BuiltProperty { codes_of, property, .. } = &self.properties[property];
        let mut pushed = vec![0; self.order.len()];
        let codes = property.numbers.iter().map(|number| codes_of[*number as usize]);
        match &property.rows {
            None => pushed.iter_mut().zip(codes).for_each(|(row, code)| *row = code),
            Some(rows) => rows.iter().zip(codes).for_each(|(row, code)| {
                pushed[*row as usize] = code;
            }),
        }
        self.order.iter().map(|row| pushed[*row as usize]).collect()
    }
}
