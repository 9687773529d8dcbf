//! The three kinds of questions.

use eventhub_core::TimeMs;
use eventhub_core::preview::Drawn;
use eventhub_core::query::{
    Breakdown, ConversionScan, Filter, FunnelInput, FunnelQuery, Need, Of, OneByOne,
    RetentionInput, RetentionQuery, RetentionScan, TrendsInput, TrendsQuery, TrendsScan, Types,
    count,
};
use jiff::tz::TimeZone;
use js_sys::JSON;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::data::Data;

/// How far in the future there may be an event, and a day for clocks that differ.
const FUTURE_MS_MAX: i64 = 2 * 86_400_000;

pub(super) enum Question {
    Funnel(Box<FunnelQuery>),
    Retention(Box<RetentionQuery>),
    Trends(Box<TrendsQuery>),
}

/// What a question reads.
#[derive(Serialize)]
pub(super) struct Needed {
    /// Of these types; none for all.
    pub(super) events: Option<Vec<String>>,
    /// Of times from this one on.
    pub(super) from_ms: i64,
    /// To before this one.
    pub(super) before_ms: i64,
    /// Properties of persons.
    pub(super) user_properties: Vec<String>,
}

impl Question {
    pub(super) fn read(kind: &str, query: &JsValue) -> Result<Self, JsError> {
        let zone = &TimeZone::UTC;
        Ok(match kind {
            "funnel" => Self::Funnel(Box::new(read::<FunnelInput>(query)?.check(zone)?)),
            "retention" => Self::Retention(Box::new(read::<RetentionInput>(query)?.check(zone)?)),
            "trends" => Self::Trends(Box::new(read::<TrendsInput>(query)?.check(zone)?)),
            _ => return Err(JsError::new(&format!("there is no question of the kind {kind}"))),
        })
    }

    pub(super) fn needed(&self, now_ms: i64) -> Needed {
        let needs = self.needs();
        let mut events = Some(Vec::new());
        for need in &needs {
            match (&need.types, &mut events) {
                (Types::One(name), Some(names)) => names.push(String::from(*name)),
                (Types::One(_), None) => {}
                (Types::AllBut(_), _) => events = None,
            }
        }
        let last_ms = TimeMs::MAX.ms().min(now_ms.saturating_add(FUTURE_MS_MAX));
        let from_ms = needs.iter().map(|need| need.times_ms.0).min().unwrap_or(0).max(0);
        let before_ms = needs.iter().map(|need| need.times_ms.1).max().unwrap_or(0).min(last_ms);
        let (filters, breakdown) = self.of_users();
        let mut keys: Vec<String> = filters.iter().map(|filter| filter.key.clone()).collect();
        keys.extend(breakdown.map(String::from));
        for names in events.iter_mut().chain([&mut keys]) {
            names.sort_unstable();
            names.dedup();
        }
        Needed { events, from_ms, before_ms: before_ms.max(from_ms), user_properties: keys }
    }

    /// The answer about the persons of the data, or about all of whom they were drawn.
    pub(super) fn answer(
        &self,
        data: &Data,
        now_ms: i64,
        drawn: Option<Drawn>,
    ) -> Result<String, JsError> {
        let (filters, by) = self.of_users();
        let persons = data.persons(filters)?;
        let users = by.map(|key| data.groups(key)).transpose()?;
        let (parts, users) = (data.views(&self.needs())?, users.as_ref());
        match self {
            Self::Funnel(query) => {
                let mut scan = ConversionScan::open(query, now_ms, &parts, &persons, users)?;
                let counts = count(&mut scan);
                let answer = scan.finish(counts, &OneByOne);
                match drawn {
                    Some(drawn) => json(&drawn.funnel(answer)),
                    None => json(&answer),
                }
            }
            Self::Retention(query) => {
                let mut scan = RetentionScan::open(query, &parts, &persons, users)?;
                let counts = count(&mut scan);
                let answer = scan.finish(&counts, now_ms);
                match drawn {
                    Some(drawn) => json(&drawn.retention(answer)),
                    None => json(&answer),
                }
            }
            Self::Trends(query) => {
                let parts = parts.into_iter().next().unwrap_or_default();
                let mut scan = TrendsScan::open(query, &parts, &persons, users)?;
                if let Some(drawn) = drawn {
                    return json(&scan.estimate(drawn));
                }
                let counts = count(&mut scan);
                json(&scan.finish(&counts))
            }
        }
    }

    fn needs(&self) -> Vec<Need<'_>> {
        match self {
            Self::Funnel(query) => ConversionScan::needs(query),
            Self::Retention(query) => query.needs().into(),
            Self::Trends(query) => query.needs().into(),
        }
    }

    /// The filters of persons, and the property of theirs by which the answer is broken down.
    fn of_users(&self) -> (&[Filter], Option<&str>) {
        let (filters, breakdown): (&[Filter], Option<&Breakdown>) = match self {
            Self::Funnel(query) => (query.user_filters(), query.breakdown()),
            Self::Retention(query) => (&query.user_filters, query.breakdown.as_ref()),
            Self::Trends(query) => (&query.user_filters, query.breakdown.as_ref()),
        };
        let of_users = breakdown.filter(|by| by.of == Of::User);
        (filters, of_users.map(|by| by.property.as_str()))
    }
}

/// Reads a question by way of JSON, so that a field that the engine does not know is met and refused.
fn read<T: DeserializeOwned>(query: &JsValue) -> Result<T, JsError> {
    let text = JSON::stringify(query).ok().and_then(|json| json.as_string()).unwrap_or_default();
    let mut reader = serde_json::Deserializer::from_str(&text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| JsError::new(&error.to_string()))
}

fn json(answer: &impl Serialize) -> Result<String, JsError> {
    Ok(serde_json::to_string(answer)?)
}
