//! Persons: found, shown, changed, joined, parted and deleted.

use std::collections::BTreeMap;

use eventhub_core::limits::PAGE_MAX;
use eventhub_core::query::FiltersInput;
use eventhub_core::{ExternalId, Properties, UserChange};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::json;
use crate::engine::AliasRecord;
use crate::http::App;
use crate::http::answer::{Answer, EventRow, PersonRow};
use crate::http::error::ApiError;
use crate::http::params::Params;

/// Persons or events of a page that names no limit.
const PAGE_DEFAULT: u64 = 100;

/// `POST /users/find`
pub(super) async fn find(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Find {
        #[serde(default)]
        filters: FiltersInput,
        offset: Option<u64>,
        limit: Option<u64>,
    }
    let find: Find = json::read(body)?;
    let filters = find.filters.check("/filters")?;
    let (offset, limit) = page("/limit", find.offset, find.limit)?;
    let persons = app.engine.find_users(filters).await?;
    let total = persons.len();
    let page = persons.into_iter().skip(offset as usize).take(limit as usize);
    let users: Vec<_> = page.map(PersonRow::from).collect();
    Ok(Answer::json(&json!({ "total": total, "users": users })))
}

/// `GET /users/{id}`
pub(super) async fn show(app: &App, id: &str) -> Result<Answer, ApiError> {
    #[derive(Serialize)]
    struct Shown {
        #[serde(flatten)]
        person: PersonRow,
        /// Every id of the person's, that which names it first.
        ids: Vec<String>,
        aliases: Vec<Alias>,
    }
    #[derive(Serialize)]
    struct Alias {
        from_external_user_id: String,
        to_external_user_id: String,
        sequence: u64,
    }
    let filter = eventhub_core::query::Filter::is("external_user_id", id);
    let person = app.engine.find_users(vec![filter]).await?.into_iter().next();
    let person = person.ok_or_else(|| ApiError::NoUser(id.to_owned()))?;
    let aliases = app.engine.aliases_of(id).await?;
    let mut ids = vec![person.external_user_id.clone()];
    for other in aliases.iter().flat_map(|alias| [&alias.from, &alias.to]) {
        if !ids.contains(other) {
            ids.push(other.clone());
        }
    }
    let alias = |AliasRecord { from, to, sequence }| Alias {
        from_external_user_id: from,
        to_external_user_id: to,
        sequence,
    };
    let aliases = aliases.into_iter().map(alias).collect();
    Ok(Answer::json(&Shown { person: PersonRow::from(person), ids, aliases }))
}

/// `PATCH /users/{id}`
pub(super) async fn change(app: &App, id: &str, body: &[u8]) -> Result<Answer, ApiError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Change {
        #[serde(default)]
        set: BTreeMap<String, Value>,
        #[serde(default)]
        set_once: BTreeMap<String, Value>,
        #[serde(default)]
        add: BTreeMap<String, f64>,
        #[serde(default)]
        unset: Vec<String>,
    }
    let Change { set, set_once, add, unset } = json::read(body)?;
    let (set, set_once) = (properties("/set", set)?, properties("/set_once", set_once)?);
    let change = UserChange::new(set, set_once, add.into_iter().collect(), unset)?;
    app.engine.change_user(ExternalId::new(id)?, change).await?;
    show(app, id).await
}

/// `DELETE /users/{id}`
pub(super) async fn delete(app: &App, id: &str) -> Result<Answer, ApiError> {
    if app.engine.delete_user(ExternalId::new(id)?).await? {
        Ok(Answer::json(&json!({ "deleted": id })))
    } else {
        Err(ApiError::NoUser(id.to_owned()))
    }
}

/// `GET /users/{id}/timeline`
pub(super) async fn timeline(app: &App, id: &str, params: &Params) -> Result<Answer, ApiError> {
    let number = |name| params.first(name).map(|_| params.number(name)).transpose();
    let (offset, limit) = page("limit", number("offset")?, number("limit")?)?;
    let events = app.engine.timeline(id, offset, limit).await?;
    let events: Vec<_> = events.into_iter().map(EventRow::from).collect();
    Ok(Answer::json(&json!({ "events": events })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AliasInput {
    from_external_user_id: String,
    to_external_user_id: String,
}

impl AliasInput {
    fn read(body: &[u8]) -> Result<(ExternalId, ExternalId), ApiError> {
        let Self { from_external_user_id: from, to_external_user_id: to } = json::read(body)?;
        let id = |pointer: &str, id: String| {
            ExternalId::new(&id).map_err(|error| ApiError::Field {
                pointer: pointer.to_owned(),
                message: error
                    .to_string()
                    .split_once(": ")
                    .map_or(String::new(), |(_, said)| said.to_owned()),
            })
        };
        Ok((id("/from_external_user_id", from)?, id("/to_external_user_id", to)?))
    }
}

/// `POST /users/alias`
pub(super) async fn alias(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let (from, to) = AliasInput::read(body)?;
    app.engine.alias(from, to).await?;
    Ok(Answer::json(&json!({ "ok": true })))
}

/// `DELETE /users/alias`
pub(super) async fn unalias(app: &App, body: &[u8]) -> Result<Answer, ApiError> {
    let (from, to) = AliasInput::read(body)?;
    let names = format!("{} to {}", from.as_str(), to.as_str());
    if app.engine.unalias(from, to).await? {
        Ok(Answer::json(&json!({ "ok": true })))
    } else {
        Err(ApiError::NoAlias(names))
    }
}

/// Properties from JSON: numbers and booleans are kept as their texts, `null` is absent.
fn properties(at: &str, values: BTreeMap<String, Value>) -> Result<Properties, ApiError> {
    let mut pairs = Vec::new();
    for (key, value) in values {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                let message = "an object or array is no value".to_owned();
                return Err(ApiError::Field { pointer, message });
            }
        };
        pairs.push((key, text));
    }
    Ok(Properties::new(pairs)?)
}

/// Which records are shown; `name` is what a bad limit is called.
fn page(name: &str, offset: Option<u64>, limit: Option<u64>) -> Result<(u64, u64), ApiError> {
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if limit == 0 || limit > PAGE_MAX as u64 {
        let message = format!("{limit} is not between 1 and {PAGE_MAX}");
        return Err(ApiError::Field { pointer: name.to_owned(), message });
    }
    Ok((offset.unwrap_or(0), limit))
}
