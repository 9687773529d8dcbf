//! Questions over part files.

use std::collections::HashMap;

use eventhub_core::Error;
use eventhub_core::part::{PackedPart, PartView};
use eventhub_core::persons::{Persons, UserSet};
use eventhub_core::query::{
    Breakdown, ConversionScan, Filter, FunnelInput, Need, Of, OneByOne, RetentionInput,
    RetentionScan, TrendsInput, TrendsScan, count,
};
use jiff::tz::TimeZone;
use js_sys::{Array, JSON, Object, Reflect, Uint8Array, Uint32Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

/// The answer to a funnel of the JSON API, as JSON.
///
/// `parts` is an object from event types to arrays of part files, each a `Uint8Array`; `people` says who is merged
/// into whom and who is asked about (see [`People`]), `undefined` that nobody is merged and everyone is asked about.
/// What is still within its window is told as of `now_ms`.
///
/// # Errors
/// A JavaScript `Error` when the query is refused or a part is damaged; likewise the functions below.
#[wasm_bindgen]
pub fn funnel(
    parts: &Object,
    people: &JsValue,
    query: &JsValue,
    now_ms: f64,
) -> Result<String, JsError> {
    let query = read::<FunnelInput>(query)?.check(&TimeZone::UTC)?;
    refuse_users(query.user_filters(), query.breakdown())?;
    let (files, people) = (Files::of(parts)?, People::of(people)?);
    let persons = people.persons()?;
    let parts = files.views(&ConversionScan::needs(&query))?;
    let mut scan = ConversionScan::open(&query, now_ms as i64, &parts, &persons, None)?;
    let counts = count(&mut scan);
    json(&scan.finish(counts, &OneByOne))
}

/// The answer to a retention table of the JSON API, as JSON.
#[wasm_bindgen]
pub fn retention(
    parts: &Object,
    people: &JsValue,
    query: &JsValue,
    now_ms: f64,
) -> Result<String, JsError> {
    let query = read::<RetentionInput>(query)?.check(&TimeZone::UTC)?;
    refuse_users(&query.user_filters, query.breakdown.as_ref())?;
    let (files, people) = (Files::of(parts)?, People::of(people)?);
    let persons = people.persons()?;
    let parts = files.views(&query.needs())?;
    let mut scan = RetentionScan::open(&query, &parts, &persons, None)?;
    let counts = count(&mut scan);
    json(&scan.finish(&counts, now_ms as i64))
}

/// The answer to a question about trends of the JSON API, as JSON.
#[wasm_bindgen]
pub fn trends(parts: &Object, people: &JsValue, query: &JsValue) -> Result<String, JsError> {
    let query = read::<TrendsInput>(query)?.check(&TimeZone::UTC)?;
    refuse_users(&query.user_filters, query.breakdown.as_ref())?;
    let (files, people) = (Files::of(parts)?, People::of(people)?);
    let persons = people.persons()?;
    let mut parts = files.views(&query.needs())?;
    let parts = parts.pop().unwrap_or_default();
    let mut scan = TrendsScan::open(&query, &parts, &persons, None)?;
    let counts = count(&mut scan);
    json(&scan.finish(&counts))
}

/// Reads a question by way of JSON, so that a field that the engine does not know is met and refused.
fn read<T: DeserializeOwned>(query: &JsValue) -> Result<T, JsError> {
    let text = JSON::stringify(query).ok().and_then(|json| json.as_string()).unwrap_or_default();
    let mut reader = serde_json::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| JsError::new(&error.to_string()))
}

/// Refuses what is about properties of users, which no part file holds.
fn refuse_users(filters: &[Filter], breakdown: Option<&Breakdown>) -> Result<(), JsError> {
    let of_users = breakdown.is_some_and(|breakdown| breakdown.of == Of::User);
    let field = match (filters.is_empty(), of_users) {
        (false, _) => "/user_filters",
        (true, true) => "/breakdown/of",
        (true, false) => return Ok(()),
    };
    Err(JsError::new(&format!("{field}: properties of users are not in part files")))
}

fn json(answer: &impl Serialize) -> Result<String, JsError> {
    Ok(serde_json::to_string(answer)?)
}

/// The part files of each event type.
struct Files(HashMap<String, Vec<Vec<u8>>>);

impl Files {
    /// Copies the files into this module's memory.
    fn of(parts: &Object) -> Result<Self, JsError> {
        let mut files = HashMap::new();
        for entry in Object::entries(parts) {
            let entry = Array::from(&entry);
            let event_type = entry.get(0).as_string().unwrap_or_default();
            let list = bytes_of(&entry.get(1)).ok_or_else(|| {
                JsError::new(&format!("the parts of {event_type} are not an array of Uint8Array"))
            })?;
            files.insert(event_type, list);
        }
        Ok(Self(files))
    }

    /// The parts of each need.
    fn views(&self, needs: &[Need<'_>]) -> Result<Vec<Vec<PartView<'_>>>, Error> {
        let views = |need: &Need<'_>| {
            // In order of names, so that the answer does not depend on that of a hash table.
            let mut asked: Vec<_> =
                self.0.iter().filter(|(name, _)| need.types.contain(name)).collect();
            asked.sort_unstable();
            let files = asked.into_iter().flat_map(|(_, files)| files);
            files.map(|bytes| PackedPart::open(bytes)?.view()).collect()
        };
        needs.iter().map(views).collect()
    }
}

/// Who is merged, and who is asked about: `{ merged: [[block, Uint8Array], ..], allowed: Uint32Array }`, both of
/// which may be left out. The bytes of a block are those of its merged users; `allowed` are canonical users.
struct People {
    merged: Vec<(u32, Vec<u8>)>,
    allowed: Option<Vec<u32>>,
}

impl People {
    fn of(people: &JsValue) -> Result<Self, JsError> {
        let field = |name: &str| Reflect::get(people, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if people.is_undefined() {
            return Ok(Self { merged: Vec::new(), allowed: None });
        }
        let mut merged = Vec::new();
        for block in Array::from(&field("merged")) {
            let block = Array::from(&block);
            let (number, bytes) = (block.get(0).as_f64(), block.get(1));
            let bytes = bytes.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
            let (Some(number), Some(bytes)) = (number, bytes) else {
                return Err(JsError::new(
                    "a block of merged users is not a number and a Uint8Array",
                ));
            };
            merged.push((number as u32, bytes));
        }
        let allowed = field("allowed").dyn_ref::<Uint32Array>().map(Uint32Array::to_vec);
        Ok(Self { merged, allowed })
    }

    fn persons(&self) -> Result<Persons<'_>, Error> {
        let merged = self.merged.iter().map(|(block, bytes)| (*block, bytes.as_slice()));
        let persons = Persons::new(merged.collect())?;
        let Some(allowed) = &self.allowed else { return Ok(persons) };
        let mut set = UserSet::default();
        allowed.iter().for_each(|user| set.insert(*user));
        Ok(persons.only(set))
    }
}

fn bytes_of(list: &JsValue) -> Option<Vec<Vec<u8>>> {
    let list = list.dyn_ref::<Array>()?;
    list.iter().map(|file| file.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)).collect()
}
