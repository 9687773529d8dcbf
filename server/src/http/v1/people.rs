//! Persons: found, shown, changed, joined, parted and deleted.

use std::collections::{BTreeMap, BTreeSet};

use eventhub_core::answer::{AliasRow, EventRow, PersonRow, PersonShown, PersonsPage};
use eventhub_core::limits::PAGE_MAX;
use eventhub_core::query::FindInput;
use eventhub_core::{Error as CoreError, ExternalId, Properties, UserChange};
use eventhub_ingest::{pointer_step, read_body};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::engine::{AliasRecord, EngineError};
use crate::http::App;
use crate::http::answer::Answer;
use crate::http::error::ApiError;
use crate::http::params::Params;

/// Persons or events of a page that names no limit.
const PAGE_DEFAULT: u64 = 100;

/// `POST /users/find`
pub(super) async fn find(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let find = read_body::<FindInput>(body)?.check()?;
    let persons = app.engine.find_users(find.filters).await?;
    let total = persons.len() as u64;
    let page = persons.into_iter().skip(find.offset).take(find.limit);
    let users = page.map(PersonRow::from).collect();
    Ok(Answer::json(&PersonsPage { total, users }))
}

/// `GET /users/{id}`
pub(super) async fn show(app: &App, id: &str) -> Result<Answer, ApiError> {
    let filter = eventhub_core::query::Filter::is("external_user_id", id);
    let person = app.engine.find_users(vec![filter]).await?.into_iter().next();
    let person = person.ok_or_else(|| ApiError::NoUser(id.to_owned()))?;
    let alias = |AliasRecord { from, to, sequence }| AliasRow {
        from_external_user_id: from,
        to_external_user_id: to,
        sequence,
    };
    let aliases = app.engine.aliases_of(id).await?.into_iter().map(alias).collect();
    Ok(Answer::json(&PersonShown::new(PersonRow::from(person), aliases)))
}

/// `PATCH /users/{id}`
pub(super) async fn change(app: &App, id: &str, body: &[u8]) -> Result<Answer, ApiError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Change {
        #[serde(default)]
        set: BTreeMap<String, Box<RawValue>>,
        #[serde(default)]
        set_once: BTreeMap<String, Box<RawValue>>,
        #[serde(default)]
        add: BTreeMap<String, f64>,
        #[serde(default)]
        unset: Vec<String>,
    }
    let user = external_id(id)?;
    let Change { set, set_once, add, unset } = read_body(body)?;
    let (set, set_once) = (properties("/set", set)?, properties("/set_once", set_once)?);
    for (place, key) in unset.iter().enumerate() {
        check_key(&format!("/unset/{place}"), key)?;
    }
    for key in add.keys() {
        check_key(&format!("/add{}", pointer_step(key)), key)?;
    }
    let added: BTreeSet<String> = add.keys().cloned().collect();
    // What cannot be added, and a key of two operations, are named by the key.
    let pointed = |error: CoreError| match &error {
        CoreError::Invalid { field, .. } if added.contains(field) => {
            ApiError::field(&format!("/add{}", pointer_step(field)), &error)
        }
        CoreError::Invalid { field, .. } => {
            let operation = if set_once.get(field).is_some() { "set_once" } else { "set" };
            ApiError::field(&format!("/{operation}{}", pointer_step(field)), &error)
        }
        _ => error.into(),
    };
    let change = UserChange::new(set, set_once.clone(), add.into_iter().collect(), unset);
    let changed = app.engine.change_user(user, change.map_err(pointed)?).await;
    changed.map_err(|error| match error {
        EngineError::Invalid(error) => pointed(error),
        error => error.into(),
    })?;
    show(app, id).await
}

/// `DELETE /users/{id}`
pub(super) async fn delete(app: &App, id: &str) -> Result<Answer, ApiError> {
    if app.engine.delete_user(external_id(id)?).await? {
        Ok(Answer::field("deleted", id))
    } else {
        Err(ApiError::NoUser(id.to_owned()))
    }
}

/// `GET /users/{id}/timeline`
pub(super) async fn timeline(app: &App, id: &str, params: &Params) -> Result<Answer, ApiError> {
    let number = |name| params.first(name).map(|_| params.number(name)).transpose();
    let offset = number("offset")?.unwrap_or(0);
    let limit = params.number_within("limit", PAGE_DEFAULT as usize, PAGE_MAX)?;
    let events = app.engine.timeline(id, offset, limit as u64).await?;
    let events: Vec<_> = events.into_iter().map(EventRow::from).collect();
    Ok(Answer::field("events", events))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AliasInput {
    from_external_user_id: String,
    to_external_user_id: String,
}

impl AliasInput {
    fn read(body: &[u8]) -> Result<(ExternalId, ExternalId), ApiError> {
        let Self { from_external_user_id: from, to_external_user_id: to } = read_body(body)?;
        let id = |pointer: &str, id: String| {
            ExternalId::new(id).map_err(|error| ApiError::field(pointer, &error))
        };
        Ok((id("/from_external_user_id", from)?, id("/to_external_user_id", to)?))
    }
}

/// `POST /users/alias`
pub(super) async fn alias(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let (from, to) = AliasInput::read(body)?;
    app.engine.alias(from, to).await?;
    Ok(Answer::field("ok", true))
}

/// `DELETE /users/alias`
pub(super) async fn unalias(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let (from, to) = AliasInput::read(body)?;
    let names = format!("{} to {}", from.as_str(), to.as_str());
    if app.engine.unalias(from, to).await? {
        Ok(Answer::field("ok", true))
    } else {
        Err(ApiError::NoAlias(names))
    }
}

/// Properties from JSON: numbers and booleans are kept as their texts, `null` is absent.
fn properties(at: &str, values: BTreeMap<String, Box<RawValue>>) -> Result<Properties, ApiError> {
    let mut pairs = Vec::new();
    for (key, value) in values {
        let pointer = || format!("{at}{}", pointer_step(&key));
        let text = match value.get().as_bytes().first() {
            Some(b'n') => continue,
            Some(b'"') => serde_json::from_str(value.get()).map_err(|error| ApiError::Field {
                pointer: pointer(),
                message: error.to_string(),
            })?,
            Some(b'{' | b'[') | None => {
                let message = "an object or array is no value".to_owned();
                return Err(ApiError::Field { pointer: pointer(), message });
            }
            Some(_) => value.get().to_owned(),
        };
        let pair = vec![(key.clone(), text.clone())];
        Properties::new(pair).map_err(|error| ApiError::field(&pointer(), &error))?;
        pairs.push((key, text));
    }
    Properties::new(pairs).map_err(|error| ApiError::field(at, &error))
}

/// Checks a key of a property; `at` is the JSON pointer to it.
fn check_key(at: &str, key: &str) -> Result<(), ApiError> {
    let property = Properties::new(vec![(key.to_owned(), String::new())]);
    property.map(drop).map_err(|error| ApiError::field(at, &error))
}

/// The id in the path of a person.
fn external_id(id: &str) -> Result<ExternalId, ApiError> {
    ExternalId::new(id).map_err(|error| {
        let text = error.to_string();
        let message = text.split_once(": ").map_or(text.as_str(), |(_, said)| said).to_owned();
        ApiError::Parameter { param: "id".to_owned(), message }
    })
}
