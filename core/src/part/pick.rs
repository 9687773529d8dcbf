//! Some users' events of several parts become one part, under other numbers: a sample that tells nobody who they are.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::column::pieces;
use super::layout::{BLOCK_USERS, EncodedPart};
use super::order::OrderReader;
use super::view::{PartView, PropertyColumns};
use super::writer::{self, SortedRows};
use crate::persons::UserSet;
use crate::{Error, EventId, TimeMs, UserId};

/// The number of users who are not picked.
pub const NOT_PICKED: UserId = UserId::MAX;

/// An event that was picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PickedRow {
    /// The number of its person among those picked.
    pub person: UserId,
    /// When it happened.
    pub time: TimeMs,
    /// Its number; those of all events that are written into one part are distinct.
    pub id: EventId,
    input: u32,
    row: u32,
}

impl OrderReader<'_> {
    /// Adds the users who have events from one time to before another, in ms, but for some users; how many events those
    /// are.
    ///
    /// # Errors
    /// When a user or time lies outside what the header promises.
    pub fn add_users(
        &self,
        times_ms: (i64, i64),
        without: &UserSet,
        users: &mut UserSet,
    ) -> Result<u64, Error> {
        let mut events = 0;
        self.each_within(times_ms, |user, _| {
            if !without.contains(user) {
                events += 1;
                users.insert(user);
            }
        })?;
        Ok(events)
    }

    /// Adds the events of these times of the users who are picked. `persons` has the number of each user's person;
    /// users beyond its end are not picked. `input` is the place of the part among those that are read.
    ///
    /// # Errors
    /// When a user, time or id lies outside what the header promises.
    pub fn pick(
        &self,
        times_ms: (i64, i64),
        persons: &[UserId],
        input: u32,
        picked: &mut Vec<PickedRow>,
    ) -> Result<(), Error> {
        let mut rows = Vec::new();
        self.each_within(times_ms, |user, row| {
            let person = persons.get(user as usize).copied().unwrap_or(NOT_PICKED);
            if person != NOT_PICKED {
                rows.push((person, row));
            }
        })?;
        picked.reserve(rows.len());
        for (person, row) in rows {
            let (time, id) = self.time_and_id(row)?;
            picked.push(PickedRow { person, time, id, input, row });
        }
        Ok(())
    }

    /// Tells the user and row of each event of these times. Times are not read where all of the part's are within.
    fn each_within(
        &self,
        (from_ms, before_ms): (i64, i64),
        mut tell: impl FnMut(UserId, u32),
    ) -> Result<(), Error> {
        let (least, greatest) = self.times();
        let all = from_ms <= least.ms() && greatest.ms() < before_ms;
        for (block, rows) in self.blocks() {
            for rows in pieces(rows) {
                for (row, low) in rows.clone().zip(self.users_in_block(&rows)) {
                    let user = block * BLOCK_USERS + low?;
                    if all || (from_ms..before_ms).contains(&self.time_of(row)?.ms()) {
                        tell(user, row);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Events picked of parts of one type, with the columns opened that they are read from.
pub struct Picked<'a> {
    event_type: u32,
    rows: Vec<PickedRow>,
    properties: Vec<Property<'a>>,
}

struct Property<'a> {
    key: &'a str,
    /// By input.
    columns: Vec<Option<PropertyColumns<'a>>>,
}

impl<'a> Picked<'a> {
    /// Opens the columns of properties of the parts that were read, in order.
    ///
    /// # Errors
    /// When a chunk is missing, damaged or of another length than the header says.
    pub fn open(parts: &[PartView<'a>], rows: Vec<PickedRow>) -> Result<Self, Error> {
        let mut by_key: BTreeMap<&str, Vec<Option<PropertyColumns<'a>>>> = BTreeMap::new();
        for (input, part) in parts.iter().enumerate() {
            for (place, key) in part.keys().enumerate() {
                let columns = by_key.entry(key).or_default();
                columns.resize_with(parts.len(), || None);
                columns[input] = Some(part.property_columns(place)?);
            }
        }
        let event_type = parts.first().map_or(0, PartView::event_type);
        let properties = by_key.into_iter().map(|(key, columns)| Property { key, columns });
        Ok(Self { event_type, rows, properties: properties.collect() })
    }

    /// The part; none when nothing was picked.
    ///
    /// # Errors
    /// When a value lies outside what the header promises, or two events have the same number.
    pub fn encode(&self) -> Result<Option<EncodedPart>, Error> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let count = u32::try_from(self.rows.len())
            .map_err(|_| Error::corrupt("sample", "it has too many rows for one part"))?;
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_unstable_by_key(|at| {
            let row = &self.rows[*at as usize];
            (row.person, row.time, row.id)
        });
        let mut properties = Vec::with_capacity(self.properties.len());
        for property in &self.properties {
            let written = property.written(&self.rows, &order)?;
            properties.extend((!written.values.is_empty()).then_some(written));
        }
        // In order, for they are read several times.
        let rows = order.iter().map(|at| self.rows[*at as usize]).collect();
        let sorted = WrittenRows { event_type: self.event_type, rows, properties };
        EncodedPart::collect(|sink| writer::write(&sorted, sink)).map(Some)
    }
}

/// A property as it is written.
struct Written<'a> {
    key: &'a str,
    values: Vec<&'a str>,
    codes: Vec<u32>,
}

impl<'a> Property<'a> {
    /// Takes the values that picked rows have, and no others.
    fn written(&self, rows: &[PickedRow], order: &[u32]) -> Result<Written<'a>, Error> {
        let table = |columns: &Option<PropertyColumns<'_>>| {
            columns
                .as_ref()
                .map_or_else(Vec::new, |columns| vec![false; columns.dictionary.len() as usize + 1])
        };
        let mut used: Vec<Vec<bool>> = self.columns.iter().map(table).collect();
        let mut old = Vec::with_capacity(rows.len());
        for row in rows {
            let columns = self.columns[row.input as usize].as_ref();
            let code = columns.map_or(0, |columns| columns.codes.code(row.row));
            if let Some(used) = used[row.input as usize].get_mut(code as usize) {
                *used = code > 0;
            }
            old.push(code);
        }
        let mut texts: Vec<(&'a str, u32, u32)> = Vec::new();
        for ((input, used), columns) in (0..).zip(&used).zip(&self.columns) {
            let Some(columns) = columns else { continue };
            for (code, _) in (0..).zip(used).filter(|(_, used)| **used) {
                texts.push((columns.dictionary.get(code - 1)?, input, code));
            }
        }
        // Each input's are in order, of which a stable sort makes use.
        texts.sort_by_key(|(text, ..)| *text);
        let mut new: Vec<Vec<u32>> = used.iter().map(|used| vec![0; used.len()]).collect();
        let mut values: Vec<&str> = Vec::new();
        for (text, input, code) in texts {
            if values.last() != Some(&text) {
                values.push(text);
            }
            new[input as usize][code as usize] = values.len() as u32;
        }
        let code = |at: &u32| {
            let code = old[*at as usize] as usize;
            let new = &new[rows[*at as usize].input as usize];
            // One beyond the dictionary is as if it were absent, as in a merge.
            new.get(code).copied().unwrap_or(0)
        };
        let codes = order.iter().map(code).collect();
        Ok(Written { key: self.key, values, codes })
    }
}

struct WrittenRows<'a> {
    event_type: u32,
    rows: Vec<PickedRow>,
    properties: Vec<Written<'a>>,
}

impl SortedRows for WrittenRows<'_> {
    fn event_type(&self) -> u32 {
        self.event_type
    }
    fn len(&self) -> u32 {
        self.rows.len() as u32
    }
    fn users(&self) -> impl Iterator<Item = UserId> {
        self.rows.iter().map(|row| row.person)
    }
    fn times(&self) -> impl Iterator<Item = TimeMs> {
        self.rows.iter().map(|row| row.time)
    }
    fn ids(&self) -> impl Iterator<Item = EventId> {
        self.rows.iter().map(|row| row.id)
    }
    fn properties(&self) -> usize {
        self.properties.len()
    }
    fn key(&self, property: usize) -> &str {
        self.properties[property].key
    }
    fn values(&self, property: usize) -> &[&str] {
        &self.properties[property].values
    }
    fn codes(&self, property: usize) -> Vec<u32> {
        self.properties[property].codes.clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::super::PartBuilder;
    use super::*;

    /// An event: user, time, the part in which it comes, and two values, the second of which is rare.
    type Event = (UserId, i64, usize, u8, Option<u8>);

    fn push(builder: &mut PartBuilder, user: UserId, id: EventId, event: &Event) {
        let texts = [Some(event.3), event.4].map(|value| value.map(|n| alloc::format!("{n}")));
        let pairs = ["often", "rare"].into_iter().zip(&texts);
        let pairs = pairs.filter_map(|(key, text)| Some((key, text.as_deref()?)));
        builder.push(user, TimeMs::new(event.1).unwrap(), id, pairs);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_sample_is_the_part_of_its_events(
            events in list(
                (0..20_000_u32, 0..50_i64, 0..4_usize, any::<u8>(), proptest::option::weighted(0.05, any::<u8>())),
                1..400,
            ),
            (from, length) in (0..50_i64, 0..50_i64),
            share in 1..4_u32,
        ) {
            let times = (from, from + length);
            let within = |event: &Event| times.0 <= event.1 && event.1 < times.1;
            let mut pieces: Vec<PartBuilder> = (0..4).map(|_| PartBuilder::new(7)).collect();
            for (id, event) in (0..).zip(&events) {
                push(&mut pieces[event.2], event.0, id, event);
            }
            let pieces: Vec<EncodedPart> =
                pieces.iter().filter(|piece| !piece.is_empty()).map(PartBuilder::finish).collect();
            let views: Vec<_> = pieces.iter().map(|piece| piece.view().unwrap()).collect();
            let readers: Vec<_> = views.iter().map(|view| OrderReader::open(view).unwrap()).collect();

            let without: UserSet = events.iter().map(|event| event.0).filter(|user| user % 5 == 0).collect();
            let (mut users, mut count) = (UserSet::default(), 0);
            for reader in &readers {
                count += reader.add_users(times, &without, &mut users).unwrap();
            }
            let counted = || events.iter().filter(|event| within(event) && event.0 % 5 != 0);
            prop_assert_eq!(count, counted().count() as u64);
            let expected: UserSet = counted().map(|event| event.0).collect();
            prop_assert!(users.iter().eq(expected.iter()));

            // Persons of two users each, under numbers that go down; the last users are left out.
            let picked_user = |user: UserId| user < 15_000 && user.is_multiple_of(share);
            let person = |user: UserId| if picked_user(user) { 10_000 - user / 2 } else { NOT_PICKED };
            let persons: Vec<UserId> = (0..15_000).map(person).collect();
            let mut rows = Vec::new();
            for (input, reader) in (0..).zip(&readers) {
                reader.pick(times, &persons, input, &mut rows).unwrap();
            }
            let mut expected = PartBuilder::new(7);
            for (id, event) in (0..).zip(&events).filter(|(_, event)| within(event) && picked_user(event.0)) {
                push(&mut expected, person(event.0), id, event);
            }
            let part = Picked::open(&views, rows).unwrap().encode().unwrap();
            prop_assert_eq!(part, (!expected.is_empty()).then(|| expected.finish()));
        }
    }
}
