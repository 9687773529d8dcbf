//! Persons: who a filter is about, who is found and shown, and what happened to them.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BinaryHeap};

use eventhub_core::answer::{EventRow, PersonShown, PersonsPage};
use eventhub_core::part::{EventRow as PartRow, OrderReader, PartView, RowReader, places_of};
use eventhub_core::persons::{Persons, UserSet};
use eventhub_core::query::{Filter, FindQuery, NO_VALUE, UserGroups};
use eventhub_core::{Error, UserId};

use super::Data;
use super::refusal::Refusal;

/// The key by which a filter asks for any of a person's ids.
const ID_KEY: &str = "external_user_id";

impl Data {
    /// Everyone, or the persons for whom all filters hold.
    pub(super) fn persons(&self, filters: &[Filter]) -> Result<Persons<'_>, Error> {
        let everyone = self.people.persons()?;
        if filters.is_empty() {
            return Ok(everyone);
        }
        let mut allowed = UserSet::default();
        self.matching(filters).for_each(|user| allowed.insert(user));
        Ok(everyone.only(allowed))
    }

    /// The canonical users for whom all filters hold.
    fn matching(&self, filters: &[Filter]) -> impl Iterator<Item = UserId> {
        let canonical = (0..self.people.len()).filter(|user| self.people.canonical(*user) == *user);
        canonical.filter(|user| filters.iter().all(|filter| self.holds(filter, *user)))
    }

    fn holds(&self, filter: &Filter, canonical: UserId) -> bool {
        if filter.key != ID_KEY {
            return filter.test.holds(self.people.property(canonical, &filter.key));
        }
        // A negated filter holds of everyone of whom the plain one does not.
        let (test, is_opposite) = filter.test.positive();
        let mut members = self.people.members(canonical).into_iter();
        members.any(|user| test.holds(Some(self.people.name(user)))) != is_opposite
    }

    /// The groups of persons by a property of theirs.
    pub(super) fn user_groups(&self, key: &str) -> Result<UserGroups<'_>, Error> {
        let mut groups = UserGroups::default();
        if !self.people.all_properties().any(|(found, _)| found == key) {
            return Ok(groups);
        }
        groups.of = vec![NO_VALUE; self.people.len() as usize];
        for user in 0..self.people.len() {
            if let Some(value) = self.people.property(user, key) {
                groups.of[user as usize] = groups.values.group(value)?;
            }
        }
        Ok(groups)
    }

    pub(super) fn find_users(&self, query: &FindQuery) -> PersonsPage {
        let earliest = |user: UserId| (self.people.members(user)[0], user);
        let mut found: Vec<_> = self.matching(&query.filters).map(earliest).collect();
        found.sort_unstable();
        let total = found.len() as u64;
        let page = found.into_iter().skip(query.offset).take(query.limit);
        PersonsPage { total, users: page.map(|(_, user)| self.people.row(user)).collect() }
    }

    pub(super) fn show_user(&self, id: &str) -> Result<PersonShown, Refusal> {
        let user = self.people.find(id).ok_or_else(|| Refusal::NoUser(id.to_owned()))?;
        let canonical = self.people.canonical(user);
        Ok(PersonShown::new(self.people.row(canonical), self.people.aliases(canonical)))
    }

    /// The events of all ids of a person, oldest first: so many after the first `offset`.
    pub(super) fn timeline(
        &self,
        id: &str,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<EventRow>, Error> {
        let Some(user) = self.people.find(id) else { return Ok(Vec::new()) };
        let members = self.people.members(self.people.canonical(user));
        let parts = self.all_parts()?;
        let page = places_of(&parts, &members)?.skip(offset).take(limit);
        let parts: Vec<_> = parts.iter().collect();
        self.rows(&parts, page)
    }

    /// The events that happened last, the last one first.
    pub(super) fn latest(&self, limit: usize) -> Result<Vec<EventRow>, Error> {
        let parts = self.all_parts()?;
        // The first of them is the first to go.
        let mut last = BinaryHeap::new();
        for (part, view) in parts.iter().enumerate() {
            let order = OrderReader::open(view)?;
            for row in 0..view.rows() {
                let (_, time, id) = order.get(row)?;
                last.push(Reverse((time, id, part, row)));
                if last.len() > limit {
                    last.pop();
                }
            }
        }
        let places = last.into_sorted_vec().into_iter();
        let parts: Vec<_> = parts.iter().collect();
        self.rows(&parts, places.map(|Reverse((_, _, part, row))| (part, row)))
    }

    fn all_parts(&self) -> Result<Vec<PartView<'_>>, Error> {
        self.types.iter().map(|of| of.part.view()).collect()
    }

    /// Events by part and row.
    pub(super) fn rows<'d>(
        &'d self,
        parts: &[&PartView<'d>],
        places: impl Iterator<Item = (usize, u32)>,
    ) -> Result<Vec<EventRow>, Error> {
        let mut readers: BTreeMap<usize, RowReader<'d>> = BTreeMap::new();
        let mut rows = Vec::new();
        for (part, row) in places {
            let reader = match readers.entry(part) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(RowReader::open(parts[part])?),
            };
            rows.push(self.row(parts[part], reader.get(row)?));
        }
        Ok(rows)
    }

    fn row(&self, part: &PartView<'_>, event: PartRow<'_>) -> EventRow {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        EventRow {
            id: event.id,
            event_type: self.type_name(part).to_owned(),
            external_user_id: self.people.name(event.user).to_owned(),
            timestamp: event.time.ms(),
            properties: event.properties.into_iter().map(owned).collect(),
        }
    }
}
