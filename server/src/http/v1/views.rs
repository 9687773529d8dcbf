//! Saved views.

use eventhub_core::limits::{VIEW_BYTES_MAX, VIEW_NAME_BYTES_MAX};
use eventhub_ingest::read_body;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::App;
use crate::http::answer::Answer;
use crate::http::error::ApiError;

/// `GET /views`
pub(super) async fn list(app: &App) -> Result<Answer, ApiError> {
    #[derive(Serialize)]
    struct Named {
        name: String,
    }
    let names = app.engine.views().await?;
    let views: Vec<_> = names.into_iter().map(|name| Named { name }).collect();
    Ok(Answer::field("views", views))
}

/// `GET /views/{name}`: the object as it was put.
pub(super) async fn show(app: &App, name: &str) -> Result<Answer, ApiError> {
    check_name(name)?;
    let view = app.engine.view(name).await?;
    view.map(Answer::Json).ok_or_else(|| ApiError::NoView(name.to_owned()))
}

/// `PUT /views/{name}`
pub(super) async fn save(app: &App, name: &str, body: &[u8]) -> Result<Answer, ApiError> {
    check_name(name)?;
    if body.len() > VIEW_BYTES_MAX {
        return Err(ApiError::TooLarge(VIEW_BYTES_MAX));
    }
    read_body::<Map<String, Value>>(body)?;
    // The text is kept, so that numbers and the order of keys stay as they are.
    let view = String::from_utf8_lossy(body.trim_ascii()).into_owned();
    app.engine.save_view(name, view).await?;
    Ok(Answer::field("ok", true))
}

/// `DELETE /views/{name}`
pub(super) async fn delete(app: &App, name: &str) -> Result<Answer, ApiError> {
    check_name(name)?;
    if app.engine.delete_view(name).await? {
        Ok(Answer::field("deleted", name))
    } else {
        Err(ApiError::NoView(name.to_owned()))
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if name.len() <= VIEW_NAME_BYTES_MAX {
        return Ok(());
    }
    let message = format!("{} bytes, the limit is {VIEW_NAME_BYTES_MAX}", name.len());
    Err(ApiError::Parameter { param: "name".to_owned(), message })
}
