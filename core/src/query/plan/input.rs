//! What the questions of the JSON API have in common, as they are written.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::value::RawValue;

use super::filter::{Filter, FilterInput};
use super::{Range, Step, invalid};
use crate::error::shortened;
use crate::limits::{EVENT_TYPE_BYTES_MAX, FILTERS_MAX};
use crate::{EndMs, Error};

/// A text; a number or boolean stands for its text as it was written.
#[derive(Debug, Clone)]
pub(super) struct Scalar(pub(super) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map(Self).map_err(D::Error::custom),
            Some(b'{' | b'[' | b'n') | None => {
                Err(D::Error::custom("not a text, number or boolean"))
            }
            Some(_) => Ok(Self(text.to_string())),
        }
    }
}

/// A range of dates, the second exclusive.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RangeInput {
    start: String,
    end: String,
}

impl RangeInput {
    pub(super) fn check(&self, zone: &TimeZone) -> Result<Range, Error> {
        let start = day_start("/range/start", &self.start, zone)?;
        let end = day_start("/range/end", &self.end, zone)?;
        if end < start {
            let message = format!("{} lies before /range/start, {}", self.end, self.start);
            return Err(invalid("/range/end", message));
        }
        Ok(Range { start_ms: start, end_ms: end })
    }
}

/// The start of a day `YYYY-MM-DD`, in ms.
fn day_start(field: &str, text: &str, zone: &TimeZone) -> Result<i64, Error> {
    let is_date = text.len() == 10 && text.bytes().all(|b| b == b'-' || b.is_ascii_digit());
    let date = text.parse::<Date>().ok().filter(|_| is_date);
    let start = date.and_then(|date| date.to_zoned(zone.clone()).ok());
    let start = start.ok_or_else(|| Error::InvalidDate {
        field: field.to_string(),
        value: shortened(text),
        expected: "YYYY-MM-DD",
    })?;
    let ms = start.timestamp().as_millisecond();
    // A day more on both sides, since days begin at other times elsewhere.
    if !(-crate::DAY_MS..=EndMs::MAX.ms() + crate::DAY_MS).contains(&ms) {
        return Err(Error::TimeOutOfRange {
            field: field.to_string(),
            value: shortened(text),
            expected: "1970-01-01 to 2201-01-01",
        });
    }
    Ok(ms)
}

/// The time zone of an IANA name.
pub(super) fn zone(name: Option<&str>, default: &TimeZone) -> Result<TimeZone, Error> {
    let Some(name) = name else { return Ok(default.clone()) };
    TimeZone::get(name).map_err(|_| {
        let message = format!("{} is not a time zone (such as Europe/Paris)", shortened(name));
        invalid("/time_zone", message)
    })
}

/// An event type and filters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepInput {
    pub(super) event: String,
    #[serde(default)]
    pub(super) filters: Vec<FilterInput>,
}

impl StepInput {
    pub(super) fn check(self, at: &str) -> Result<Step, Error> {
        event_name(&self.event, &format!("{at}/event"))?;
        let filters = filters(self.filters, &format!("{at}/filters"))?;
        Ok(Step { event_type: self.event, filters })
    }
}

pub(super) fn event_name(name: &str, at: &str) -> Result<(), Error> {
    if name.is_empty() {
        return Err(invalid(at, "must not be empty".to_string()));
    }
    if name.len() > EVENT_TYPE_BYTES_MAX {
        return Err(Error::TooLong {
            field: at.to_string(),
            limit: EVENT_TYPE_BYTES_MAX,
            actual: name.len(),
        });
    }
    Ok(())
}

pub(super) fn filters(inputs: Vec<FilterInput>, at: &str) -> Result<Vec<Filter>, Error> {
    count_within(inputs.len(), FILTERS_MAX, at)?;
    (0..)
        .zip(inputs)
        .map(|(number, input): (usize, _)| input.check(&format!("{at}/{number}")))
        .collect()
}

pub(super) fn count_within(count: usize, max: usize, at: &str) -> Result<(), Error> {
    if count > max {
        Err(invalid(at, format!("{count} given, the limit is {max}")))
    } else {
        Ok(())
    }
}
