//! Samples of persons for browsers, each one frame with everything that questions about some event types need.

use eventhub_core::limits::{
    PREVIEW_BYTES_MAX, PREVIEW_EVENTS_DEFAULT, PREVIEW_EVENTS_MAX, PREVIEW_KEYS_MAX,
    PREVIEW_TYPES_MAX,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::engine::PreviewQuery;
use crate::http::App;
use crate::http::answer::Answer;
use crate::http::error::ApiError;
use crate::http::params::Params;

/// `GET /preview`
pub(super) async fn preview(app: &App, params: &Params) -> Result<Answer, ApiError> {
    let event_types = match params.first("events") {
        Some(_) => Some(names(params, "events", 1, PREVIEW_TYPES_MAX)?),
        None => None,
    };
    let user_properties = names(params, "user_properties", 0, PREVIEW_KEYS_MAX)?;
    let zone = &app.settings.time_zone;
    let (start_ms, end_ms) = (day_start(params, "start", zone)?, day_start(params, "end", zone)?);
    if end_ms < start_ms {
        return Err(refused("end", "lies before start".to_owned()));
    }
    let events_max =
        params.number_within("max_events", PREVIEW_EVENTS_DEFAULT, PREVIEW_EVENTS_MAX)?;
    let times_ms = (start_ms, end_ms);
    let bytes_max = PREVIEW_BYTES_MAX;
    let query = PreviewQuery { event_types, user_properties, times_ms, events_max, bytes_max };
    Ok(Answer::Bytes(app.engine.preview(query).await?.into()))
}

/// Distinct names with commas between.
fn names(
    params: &Params,
    name: &'static str,
    min: usize,
    max: usize,
) -> Result<Vec<String>, ApiError> {
    let list = params.first(name).unwrap_or_default().split(',').map(str::to_owned);
    let mut names: Vec<String> = list.filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    if !(min..=max).contains(&names.len()) {
        return Err(refused(name, format!("{} given, it takes {min} to {max}", names.len())));
    }
    Ok(names)
}

/// The start of a day `YYYY-MM-DD`, in ms.
fn day_start(params: &Params, name: &'static str, zone: &TimeZone) -> Result<i64, ApiError> {
    let text = params.required(name)?;
    let is_date = text.len() == 10 && text.bytes().all(|b| b == b'-' || b.is_ascii_digit());
    let date = text.parse::<Date>().ok().filter(|_| is_date);
    let start = date.and_then(|date| date.to_zoned(zone.clone()).ok());
    start.map(|start| start.timestamp().as_millisecond()).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        refused(name, format!("{shown} is not a date (YYYY-MM-DD)"))
    })
}

fn refused(name: &str, message: String) -> ApiError {
    ApiError::Parameter { param: name.to_owned(), message }
}
