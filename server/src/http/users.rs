//! Questions about users.

use eventhub_core::Error as CoreError;
use eventhub_core::limits::FILTERS_MAX;

use super::answer::{Answer, EventObject, PersonObject};
use super::error::ApiError;
use super::params::Params;
use super::queries::filters;
use crate::engine::Engine;

/// Records of a timeline when the request does not say how many.
const TIMELINE_RECORDS_DEFAULT: u64 = 100;

/// `/users/find`
pub(super) async fn find(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    let filters = filters(&params, "ufk", "ufv")?;
    if filters.len() > FILTERS_MAX {
        let (limit, actual) = (FILTERS_MAX, filters.len());
        return Err(CoreError::TooMany { field: "ufk[]", limit, actual }.into());
    }
    let persons = engine.find_users(filters).await?;
    Ok(Answer::json(&persons.into_iter().map(PersonObject).collect::<Vec<_>>()))
}

/// `/users/keys`
pub(super) async fn keys(engine: &dyn Engine, _: Params) -> Result<Answer, ApiError> {
    Ok(Answer::json(&engine.user_keys().await?))
}

/// `/users/values`
pub(super) async fn values(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    let prefix = params.first("prefix").unwrap_or_default();
    Ok(Answer::json(&engine.user_values(params.required("user_key")?, prefix).await?))
}

/// `/users/timeline`
pub(super) async fn timeline(engine: &dyn Engine, params: Params) -> Result<Answer, ApiError> {
    let user = params.required("external_user_id")?;
    let offset = params.number_or("offset", 0)?;
    let count = params.number_or("num_records", TIMELINE_RECORDS_DEFAULT)?;
    let events = engine.timeline(user, offset, count).await?;
    Ok(Answer::json(&events.into_iter().map(EventObject).collect::<Vec<_>>()))
}
