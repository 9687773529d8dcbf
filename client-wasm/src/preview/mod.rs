//! Questions over a sample of persons, or over part files, which are read once.

mod data;
mod question;

use eventhub_core::preview::Frame;
use js_sys::{Object, Uint8Array};
use wasm_bindgen::prelude::*;

use self::data::Data;
use self::question::Question;

/// Events in this module's memory, of which any number of questions is asked.
///
/// A question is named by its kind (`funnel`, `retention` or `trends`) and is the body of a request to the path of that
/// name in the JSON API, as an object; what there depends on the time is told as of `now_ms`. Answers are JSON.
#[wasm_bindgen]
pub struct Preview {
    data: Data,
}

#[wasm_bindgen]
impl Preview {
    /// Takes a frame of `GET /api/v1/preview`.
    ///
    /// # Errors
    /// A JavaScript `Error` when it is damaged; likewise the functions below, and when a question is refused.
    #[wasm_bindgen(js_name = ofFrame)]
    pub fn of_frame(frame: &Uint8Array) -> Result<Preview, JsError> {
        Ok(Self { data: Data::of_frame(&Frame::decode(&frame.to_vec())?)? })
    }

    /// Takes part files: `parts` is an object from event types to arrays of them, each a `Uint8Array`. `people` says who is
    /// merged into whom, and who is asked about, `{ merged: [[block, Uint8Array], ..], allowed: Uint32Array }`, both of which
    /// may be left out; the bytes of a block are those of its merged users, `allowed` are canonical users. `undefined`
    /// says that nobody is merged and everyone is asked about.
    #[wasm_bindgen(js_name = ofParts)]
    pub fn of_parts(parts: &Object, people: &JsValue) -> Result<Preview, JsError> {
        Ok(Self { data: Data::of_parts(parts, people)? })
    }

    /// How many persons were drawn of how many, `{"persons", "of_persons"}`; `null` of part files.
    pub fn drawn(&self) -> Result<String, JsError> {
        Ok(serde_json::to_string(&self.data.drawn)?)
    }

    /// Whether the frame has all that a question needs. Part files have what they were given for.
    pub fn covers(&self, kind: &str, query: &JsValue, now_ms: f64) -> Result<bool, JsError> {
        Ok(self.data.covers(&Question::read(kind, query)?.needed(now_ms as i64)))
    }

    /// The answer about the persons that are there, as the server would give it if there were no others.
    pub fn answer(&self, kind: &str, query: &JsValue, now_ms: f64) -> Result<String, JsError> {
        Question::read(kind, query)?.answer(&self.data, now_ms as i64, None)
    }

    /// What the answer about everyone is by that of the sample, with the 95 % interval of each number: an
    /// `eventhub_core::preview::Estimate`.
    pub fn estimate(&self, kind: &str, query: &JsValue, now_ms: f64) -> Result<String, JsError> {
        let drawn = self.data.drawn.ok_or_else(|| JsError::new("part files are no sample"))?;
        Question::read(kind, query)?.answer(&self.data, now_ms as i64, Some(drawn))
    }
}

/// What a question reads: `{"events", "from_ms", "before_ms", "user_properties"}`, where `events` is `null` for all types.
///
/// # Errors
/// Likewise.
#[wasm_bindgen]
pub fn needs(kind: &str, query: &JsValue, now_ms: f64) -> Result<String, JsError> {
    Ok(serde_json::to_string(&Question::read(kind, query)?.needed(now_ms as i64))?)
}
