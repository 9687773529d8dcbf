//! What clients track: events, aliases and user properties.

use std::net::IpAddr;

use eventhub_core::{Error as CoreError, ExternalId};
use eventhub_ingest::{Clock, read_event, read_events, read_user};

use super::App;
use super::answer::Answer;
use super::error::ApiError;
use super::params::Params;
use crate::clock;
use crate::engine::{Engine, EngineError};

/// `/events/track`
pub(super) async fn track(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    let event = read_event(params.into_pairs(), &clock())?;
    let ids = engine.append(vec![event]).await?;
    let id = ids.first().ok_or_else(|| EngineError::Storage("an event got no id".to_string()))?;
    Ok(Answer::id(*id))
}

/// `/events/batch_track`
pub(super) async fn batch_track(
    app: &App,
    params: Params,
    client: IpAddr,
) -> Result<Answer, ApiError> {
    let events = read_events(params.required("events")?, &clock())?;
    if events.is_empty() {
        return Ok(Answer::json(&[(); 0]));
    }
    app.charge(client, events.len());
    let ids = app.engine.append(events).await.map_err(|error| match error {
        EngineError::Invalid(error) => ApiError::Events(error),
        error => error.into(),
    })?;
    Ok(Answer::json(&ids))
}

/// `/users/alias`
pub(super) async fn alias(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    let from = external_id(&params, "from_external_user_id")?;
    let to = external_id(&params, "to_external_user_id")?;
    engine.alias(from, to).await?;
    Ok(Answer::json(&"OK"))
}

/// `/users/add_or_update`
pub(super) async fn add_or_update(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    let (user, set) = read_user(params.into_pairs())?;
    Ok(Answer::json(&engine.change_user(user, set.into()).await?))
}

/// An id under a parameter of another name than the reserved key.
fn external_id(params: &Params, name: &'static str) -> Result<ExternalId, ApiError> {
    ExternalId::new(params.required(name)?).map_err(|error| match error {
        CoreError::TooLong { limit, actual, .. } => {
            CoreError::TooLong { field: name.to_string(), limit, actual }.into()
        }
        error => error.into(),
    })
}

/// The time of receipt.
pub(super) fn clock() -> Clock {
    Clock::live(clock::now())
}
