//! Funnels over part files.

use crate::query::FunnelJson;
use eventhub_core::Error;
use eventhub_core::part::{PackedPart, PartView};
use eventhub_core::persons::Persons;
use eventhub_core::query::{FunnelQuery, FunnelScan, Step, answer};
use js_sys::{Array, JSON, Object, Uint8Array};
use std::collections::HashMap;
use wasm_bindgen::prelude::*;

/// The part files of each event type.
type Files = HashMap<String, Vec<Vec<u8>>>;

/// How many users reached each step of a funnel. `parts` is an object from event types to arrays of
/// part files, each a `Uint8Array`; `query` is a funnel as the JSON API takes it.
///
/// Counts are exact, as every one of them is below 2^53.
///
/// # Errors
/// A JavaScript `Error` when the query is refused or a part is damaged.
#[wasm_bindgen]
pub fn funnel(parts: &Object, query: &JsValue) -> Result<Vec<f64>, JsError> {
    // By way of JSON, so that a field that the engine does not know is met and refused.
    let query = JSON::stringify(query).ok().and_then(|json| json.as_string()).unwrap_or_default();
    let query: FunnelJson = serde_json::from_str(&query)?;
    let query = FunnelQuery::try_from(query)?;
    let files = files_of(parts, query.steps())?;
    let counts = count(&query, &files)?;
    Ok(counts.into_iter().map(|count| count as f64).collect())
}

/// Copies the files that the steps need into this module's memory.
fn files_of(parts: &Object, steps: &[Step]) -> Result<Files, JsError> {
    let mut files = Files::new();
    for entry in Object::entries(parts) {
        let entry = Array::from(&entry);
        let event_type = entry.get(0).as_string().unwrap_or_default();
        if steps.iter().any(|step| step.event_type == event_type) {
            let list = bytes_of(&entry.get(1)).ok_or_else(|| {
                JsError::new(&format!("the parts of {event_type} are not an array of Uint8Array"))
            })?;
            files.insert(event_type, list);
        }
    }
    Ok(files)
}

fn bytes_of(list: &JsValue) -> Option<Vec<Vec<u8>>> {
    let list = list.dyn_ref::<Array>()?;
    list.iter().map(|file| file.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)).collect()
}

fn count(query: &FunnelQuery, files: &Files) -> Result<Vec<u64>, Error> {
    let persons = Persons::default();
    let open = |step: &Step| {
        let files = files.get(&step.event_type).map_or(&[][..], Vec::as_slice);
        files.iter().map(|bytes| PackedPart::open(bytes)?.view()).collect()
    };
    let parts: Vec<Vec<PartView<'_>>> =
        query.steps().iter().map(open).collect::<Result<_, Error>>()?;
    Ok(answer(FunnelScan::open(query, &parts, &persons)?).finish())
}
