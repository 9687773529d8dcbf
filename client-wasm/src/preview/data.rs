//! The events of which questions are asked, checked once.

use eventhub_core::Error;
use eventhub_core::part::{PackedPart, PartView};
use eventhub_core::persons::{Persons, UserSet};
use eventhub_core::preview::{Drawn, Frame};
use eventhub_core::query::{Filter, Need, UserGroups};
use js_sys::{Array, Object, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::prelude::*;

use super::question::Needed;

pub(super) struct Data {
    /// Of each event type its part files, in order of names.
    parts: Vec<(String, Vec<Vec<u8>>)>,
    merged: Vec<(u32, Vec<u8>)>,
    allowed: Option<UserSet>,
    properties: Vec<Property>,
    /// Of a frame.
    pub(super) drawn: Option<Drawn>,
    times_ms: (i64, i64),
    all_types: bool,
}

/// A property of persons.
struct Property {
    key: String,
    values: Vec<String>,
    of: Vec<u32>,
}

impl Data {
    pub(super) fn of_frame(frame: &Frame<'_>) -> Result<Self, JsError> {
        let part = |(name, part): &(&str, Option<&[u8]>)| {
            (String::from(*name), part.iter().map(|part| part.to_vec()).collect())
        };
        let properties = frame.user_properties.iter().map(|property| Property {
            key: property.key.into(),
            values: property.values.iter().copied().map(String::from).collect(),
            of: property.of.clone(),
        });
        let data = Self {
            parts: frame.parts.iter().map(part).collect(),
            merged: Vec::new(),
            allowed: None,
            properties: properties.collect(),
            drawn: Some(frame.drawn),
            times_ms: frame.times_ms,
            all_types: frame.all_types,
        };
        data.verified()
    }

    pub(super) fn of_parts(parts: &Object, people: &JsValue) -> Result<Self, JsError> {
        let mut files = Vec::new();
        for entry in Object::entries(parts) {
            let entry = Array::from(&entry);
            let event_type = entry.get(0).as_string().unwrap_or_default();
            let list = bytes_of(&entry.get(1)).ok_or_else(|| {
                JsError::new(&format!("the parts of {event_type} are not an array of Uint8Array"))
            })?;
            files.push((event_type, list));
        }
        files.sort_unstable();
        let (merged, allowed) = people_of(people)?;
        let data = Self {
            parts: files,
            merged,
            allowed,
            properties: Vec::new(),
            drawn: None,
            times_ms: (i64::MIN, i64::MAX),
            all_types: true,
        };
        data.verified()
    }

    /// Checks every byte, so that questions need not.
    fn verified(self) -> Result<Self, JsError> {
        for file in self.parts.iter().flat_map(|(_, files)| files) {
            let part = PackedPart::open(file)?;
            part.verify()?;
            part.view()?;
        }
        self.persons(&[])?;
        Ok(self)
    }

    pub(super) fn covers(&self, needed: &Needed) -> bool {
        let has = |name: &String| self.parts.iter().any(|(found, _)| found == name);
        let types = needed.events.as_ref().is_some_and(|names| names.iter().all(has));
        let times = self.times_ms.0 <= needed.from_ms && needed.before_ms <= self.times_ms.1;
        let known = |key: &String| self.properties.iter().any(|property| property.key == *key);
        (types || self.all_types) && times && needed.user_properties.iter().all(known)
    }

    /// The parts of each need.
    pub(super) fn views(&self, needs: &[Need<'_>]) -> Result<Vec<Vec<PartView<'_>>>, Error> {
        let views = |need: &Need<'_>| {
            let asked = self.parts.iter().filter(|(name, _)| need.types.contain(name));
            let files = asked.flat_map(|(_, files)| files);
            files.map(|bytes| PackedPart::open(bytes)?.trusted().view()).collect()
        };
        needs.iter().map(views).collect()
    }

    /// The persons of whom all filters hold.
    pub(super) fn persons(&self, filters: &[Filter]) -> Result<Persons<'_>, JsError> {
        let merged = self.merged.iter().map(|(block, bytes)| (*block, bytes.as_slice()));
        let persons = Persons::new(merged.collect())?;
        let mut allowed = self.allowed.clone();
        for (place, filter) in filters.iter().enumerate() {
            let property = self.property(&filter.key, &format!("/user_filters/{place}"))?;
            let by_value: Vec<bool> =
                property.values().map(|value| filter.test.holds(value)).collect();
            let holds = (0..).zip(&property.of).filter(|(_, at)| by_value[**at as usize]);
            let holds: UserSet = holds.map(|(person, _)| person).collect();
            match &mut allowed {
                Some(allowed) => allowed.intersect(&holds),
                None => allowed = Some(holds),
            }
        }
        Ok(match allowed {
            Some(allowed) => persons.only(allowed),
            None => persons,
        })
    }

    /// The groups of persons by a property of theirs.
    pub(super) fn groups(&self, key: &str) -> Result<UserGroups<'_>, JsError> {
        let property = self.property(key, "/breakdown/of")?;
        let mut groups = UserGroups::default();
        let mut by_value = Vec::with_capacity(property.values.len() + 1);
        for value in property.values() {
            by_value.push(value.map_or(Ok(0), |value| groups.values.group(value))?);
        }
        groups.of = property.of.iter().map(|at| by_value[*at as usize]).collect();
        Ok(groups)
    }

    fn property(&self, key: &str, field: &str) -> Result<&Property, JsError> {
        let found = self.properties.iter().find(|property| property.key == key);
        found.ok_or_else(|| {
            JsError::new(&format!("{field}: the property {key} of users is not among those loaded"))
        })
    }
}

impl Property {
    /// What the places stand for.
    fn values(&self) -> impl Iterator<Item = Option<&str>> {
        [None].into_iter().chain(self.values.iter().map(|value| Some(value.as_str())))
    }
}

/// Blocks of users with their merged ones, and who is asked about.
type People = (Vec<(u32, Vec<u8>)>, Option<UserSet>);

fn people_of(people: &JsValue) -> Result<People, JsError> {
    let field = |name: &str| Reflect::get(people, &name.into()).unwrap_or(JsValue::UNDEFINED);
    if people.is_undefined() {
        return Ok((Vec::new(), None));
    }
    let mut merged = Vec::new();
    for block in Array::from(&field("merged")) {
        let block = Array::from(&block);
        let (number, bytes) = (block.get(0).as_f64(), block.get(1));
        let bytes = bytes.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
        let (Some(number), Some(bytes)) = (number, bytes) else {
            return Err(JsError::new("a block of merged users is not a number and a Uint8Array"));
        };
        merged.push((number as u32, bytes));
    }
    let allowed = field("allowed").dyn_ref::<Uint32Array>().map(Uint32Array::to_vec);
    Ok((merged, allowed.map(|users| users.into_iter().collect())))
}

fn bytes_of(list: &JsValue) -> Option<Vec<Vec<u8>>> {
    let list = list.dyn_ref::<Array>()?;
    list.iter().map(|file| file.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)).collect()
}
