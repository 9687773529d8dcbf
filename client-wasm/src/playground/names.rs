//! What there is to ask about: event types, properties and values.

use std::collections::BTreeMap;

use eventhub_core::Error;
use eventhub_core::answer::{PropertyKind, PropertyRow, TypeRow, ValueRow, most_counted};
use eventhub_core::query::{Types, ValueScan, count};

use super::Data;

impl Data {
    /// In order of their names, capitals like small letters.
    pub(super) fn event_types(&self) -> Result<Vec<TypeRow>, Error> {
        let row = |of: &super::data::Type| {
            let events = of.part.view()?.rows().into();
            Ok(TypeRow { name: of.name.clone(), events })
        };
        let mut rows = self.types.iter().map(row).collect::<Result<Vec<_>, Error>>()?;
        rows.sort_by_cached_key(|row| (row.name.to_lowercase(), row.name.clone()));
        Ok(rows)
    }

    /// Those of an event type, in order.
    pub(super) fn event_properties(&self, event_type: &str) -> Result<Vec<PropertyRow>, Error> {
        let mut rows = Vec::new();
        for part in self.parts_of(&Types::One(event_type))? {
            for (key, count) in part.key_counts() {
                let values = part.end_values(key, PropertyKind::ENDS_VALUES as u32)?;
                let values: Vec<_> = values.into_iter().map(Some).collect();
                let kind = PropertyKind::of(&values);
                rows.push(PropertyRow { key: key.to_owned(), count: count.into(), kind });
            }
        }
        Ok(rows)
    }

    /// Those of persons, in order.
    pub(super) fn user_properties(&self) -> Vec<PropertyRow> {
        let mut by_key: BTreeMap<&str, Vec<Option<&str>>> = BTreeMap::new();
        for (key, value) in self.people.all_properties() {
            by_key.entry(key).or_default().push(Some(value));
        }
        let row = |(key, values): (&str, Vec<_>)| {
            let kind = PropertyKind::of(&values);
            PropertyRow { key: key.to_owned(), count: values.len() as u64, kind }
        };
        by_key.into_iter().map(row).collect()
    }

    /// The values of a property that begin with a prefix and that most events of a type have.
    pub(super) fn event_values(
        &self,
        event_type: &str,
        property: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<ValueRow>, Error> {
        let persons = self.persons(&[])?;
        let parts = self.parts_of(&Types::One(event_type))?;
        let mut scan = ValueScan::open(&parts, property, &persons)?;
        let counts = count(&mut scan);
        Ok(rows_of(most_counted(scan.finish(&counts), prefix, limit)))
    }

    /// The same of persons.
    pub(super) fn user_values(&self, property: &str, prefix: &str, limit: usize) -> Vec<ValueRow> {
        let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
        let own = self.people.all_properties().filter(|(key, _)| *key == property);
        own.for_each(|(_, value)| *counted.entry(value).or_default() += 1);
        rows_of(most_counted(counted.into_iter().collect(), prefix, limit))
    }
}

fn rows_of(counted: Vec<(String, u64)>) -> Vec<ValueRow> {
    counted.into_iter().map(|(value, count)| ValueRow { value, count }).collect()
}
