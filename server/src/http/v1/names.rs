//! What there is to ask about: event types, properties and values.

use eventhub_core::answer::{PropertyRow, TypeRow, ValueRow};

use crate::engine::ValueOf;
use crate::http::App;
use crate::http::answer::Answer;
use crate::http::error::ApiError;
use crate::http::params::Params;

/// Values of a page that names no limit, and at most.
const VALUES_DEFAULT: usize = 100;
const VALUES_MAX: usize = 1_000;

/// `GET /event-types`
pub(super) async fn event_types(app: &App, params: &Params) -> Result<Answer, ApiError> {
    let prefix = params.first("prefix").unwrap_or_default().to_lowercase();
    let mut types = app.engine.event_type_counts().await?;
    types.retain(|record| record.name.to_lowercase().starts_with(&prefix));
    types.sort_by_cached_key(|record| (record.name.to_lowercase(), record.name.clone()));
    let types =
        types.into_iter().map(|record| TypeRow { name: record.name, events: record.events });
    Ok(Answer::field("event_types", types.collect::<Vec<_>>()))
}

/// `GET /properties`: of an event type with `event`, of users without.
pub(super) async fn properties(app: &App, params: &Params) -> Result<Answer, ApiError> {
    let prefix = params.first("prefix").unwrap_or_default().to_lowercase();
    let found = match event(params)? {
        Some(event) => app.engine.event_properties(event).await?,
        None => app.engine.user_properties().await?,
    };
    let found = found.into_iter().filter(|found| found.key.to_lowercase().starts_with(&prefix));
    let found =
        found.map(|record| PropertyRow { key: record.key, count: record.count, kind: record.kind });
    Ok(Answer::field("properties", found.collect::<Vec<_>>()))
}

/// `GET /values`: of a property of an event type's events with `event`, of users without.
pub(super) async fn values(app: &App, params: &Params) -> Result<Answer, ApiError> {
    let property = params.required("property")?.to_owned();
    let prefix = params.first("prefix").unwrap_or_default().to_owned();
    let limit = params.number_within("limit", VALUES_DEFAULT, VALUES_MAX)?;
    let of = match event(params)? {
        Some(event) => ValueOf::Events(event.to_owned()),
        None => ValueOf::Users,
    };
    let counted = app.engine.count_values(of, property, prefix, limit).await?;
    let counted = counted.into_iter().map(|(value, count)| ValueRow { value, count });
    Ok(Answer::field("values", counted.collect::<Vec<_>>()))
}

/// Whose properties are asked for: those of an event type's events, or of users.
fn event(params: &Params) -> Result<Option<&str>, ApiError> {
    match (params.first("event"), params.first("of")) {
        (Some(event), None | Some("event")) if !event.is_empty() => Ok(Some(event)),
        (None, Some("user")) => Ok(None),
        (None, None | Some("event")) => Err(ApiError::Missing("event")),
        (Some(_), None | Some("event")) => Err(ApiError::Missing("event")),
        (Some(_), Some("user")) => Err(ApiError::Parameter {
            param: "event".to_owned(),
            message: "users' properties belong to no event".to_owned(),
        }),
        (_, Some(other)) => Err(ApiError::Parameter {
            param: "of".to_owned(),
            message: format!("{other} is not event or user"),
        }),
    }
}
