//! Makes a part of rows in any order.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use hashbrown::HashMap;

use super::layout::EncodedPart;
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
    rows: Vec<(UserId, TimeMs, EventId)>,
    keys: HashMap<String, usize>,
    properties: Vec<PropertyBuilder>,
}

#[derive(Default)]
struct PropertyBuilder {
    numbers: HashMap<String, u32>,
    /// (row as pushed, value number in order of appearance)
    values: Vec<(u32, u32)>,
}

impl PartBuilder {
    /// A builder for the events of one type, by its number in the store.
    #[must_use]
    pub fn new(event_type: u32) -> Self {
        let (rows, keys, properties) = (Vec::new(), HashMap::new(), Vec::new());
        Self { event_type, rows, keys, properties }
    }

    /// Adds an event; its keys are distinct.
    pub fn push<'p>(
        &mut self,
        user: UserId,
        time: TimeMs,
        id: EventId,
        properties: impl Iterator<Item = (&'p str, &'p str)>,
    ) {
        let row = u32::try_from(self.rows.len()).expect("a part has fewer than 2^32 rows");
        self.rows.push((user, time, id));
        for (key, value) in properties {
            let place = *self.keys.entry_ref(key).or_insert(self.properties.len());
            if place == self.properties.len() {
                self.properties.push(PropertyBuilder::default());
            }
            let property = &mut self.properties[place];
            let next = u32::try_from(property.numbers.len()).expect("fewer values than rows");
            let number = *property.numbers.entry_ref(value).or_insert(next);
            property.values.push((row, number));
        }
    }

    /// How many events were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no event was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Sorts and encodes.
    ///
    /// # Panics
    /// When no event was added, or two have the same id.
    #[must_use]
    pub fn finish(&self) -> EncodedPart {
        let mut order: Vec<u32> = (0..self.rows.len() as u32).collect();
        order.sort_unstable_by_key(|row| self.rows[*row as usize]);
        let mut properties: Vec<_> = self
            .keys
            .iter()
            .map(|(key, place)| (key.as_str(), self.properties[*place].finish(&order)))
            .collect();
        properties.sort_unstable_by_key(|(key, _)| *key);
        let sorted = BuiltRows { builder: self, order, properties };
        EncodedPart::collect(|sink| writer::write(&sorted, sink))
            .expect("rows are sorted above, and ids are distinct")
    }
}

impl PropertyBuilder {
    fn finish(&self, order: &[u32]) -> BuiltProperty<'_> {
        let mut values: Vec<&str> = self.numbers.keys().map(String::as_str).collect();
        values.sort_unstable();
        let mut codes_of = vec![0; values.len()];
        for (place, value) in (1..).zip(&values) {
            codes_of[self.numbers[*value] as usize] = place;
        }
        let mut pushed = vec![0; order.len()];
        self.values
            .iter()
            .for_each(|(row, value)| pushed[*row as usize] = codes_of[*value as usize]);
        BuiltProperty { values, codes: order.iter().map(|row| pushed[*row as usize]).collect() }
    }
}

struct BuiltRows<'b> {
    builder: &'b PartBuilder,
    order: Vec<u32>,
    properties: Vec<(&'b str, BuiltProperty<'b>)>,
}

struct BuiltProperty<'b> {
    values: Vec<&'b str>,
    codes: Vec<u32>,
}

impl BuiltRows<'_> {
    fn row(&self, row: u32) -> (UserId, TimeMs, EventId) {
        self.builder.rows[self.order[row as usize] as usize]
    }
}

impl SortedRows for BuiltRows<'_> {
    fn event_type(&self) -> u32 {
        self.builder.event_type
    }
    fn len(&self) -> u32 {
        self.order.len() as u32
    }
    fn user(&self, row: u32) -> UserId {
        self.row(row).0
    }
    fn time(&self, row: u32) -> TimeMs {
        self.row(row).1
    }
    fn id(&self, row: u32) -> EventId {
        self.row(row).2
    }
    fn properties(&self) -> usize {
        self.properties.len()
    }
    fn key(&self, property: usize) -> &str {
        self.properties[property].0
    }
    fn values(&self, property: usize) -> &[&str] {
        &self.properties[property].1.values
    }
    fn code(&self, property: usize, row: u32) -> u32 {
        self.properties[property].1.codes[row as usize]
    }
}
