//! The JSON API, under `/api/v1`: each path, and the handler that answers it.

mod analytics;
mod events;
mod json;
mod names;
mod people;

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::Method;
use warp::Reply;

use super::App;
use super::answer::Answer;
use super::error::ApiError;
use super::params::Params;

/// What every path of this API begins with.
pub(super) const PREFIX: &str = "/api/v1/";

/// What a path stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    /// `/events`
    Events,
    /// `/funnel`
    Funnel,
    /// `/funnel/users`
    FunnelUsers,
    /// `/funnel/explain`
    FunnelExplain,
    /// `/retention`
    Retention,
    /// `/trends`
    Trends,
    /// `/event-types`
    EventTypes,
    /// `/properties`
    Properties,
    /// `/values`
    Values,
    /// `/users/find`
    UsersFind,
    /// `/users/alias`
    UsersAlias,
    /// `/users/{id}`
    User,
    /// `/users/{id}/timeline`
    UserTimeline,
    /// `/export`
    Export,
    /// `/openapi.json`
    OpenApi,
}

impl Resource {
    /// What a path under the prefix stands for.
    pub(super) fn of(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix(PREFIX)?.split('/').collect();
        Some(match segments[..] {
            ["events"] => Self::Events,
            ["funnel"] => Self::Funnel,
            ["funnel", "users"] => Self::FunnelUsers,
            ["funnel", "explain"] => Self::FunnelExplain,
            ["retention"] => Self::Retention,
            ["trends"] => Self::Trends,
            ["event-types"] => Self::EventTypes,
            ["properties"] => Self::Properties,
            ["values"] => Self::Values,
            ["users", "find"] => Self::UsersFind,
            ["users", "alias"] => Self::UsersAlias,
            ["users", id] if !id.is_empty() => Self::User,
            ["users", id, "timeline"] if !id.is_empty() => Self::UserTimeline,
            ["export"] => Self::Export,
            ["openapi.json"] => Self::OpenApi,
            _ => return None,
        })
    }

    /// The methods that it takes.
    pub(super) const fn allow(self) -> &'static str {
        match self {
            Self::Events
            | Self::Funnel
            | Self::FunnelUsers
            | Self::FunnelExplain
            | Self::Retention
            | Self::Trends
            | Self::UsersFind => "POST, OPTIONS",
            Self::UsersAlias => "POST, DELETE, OPTIONS",
            Self::User => "GET, HEAD, PATCH, DELETE, OPTIONS",
            Self::EventTypes
            | Self::Properties
            | Self::Values
            | Self::UserTimeline
            | Self::Export
            | Self::OpenApi => "GET, HEAD, OPTIONS",
        }
    }
}

/// A request for a resource.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) resource: Resource,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) params: Params,
    pub(super) body: Bytes,
    /// Whether the body is an object a line.
    pub(super) is_lines: bool,
}

impl Call {
    /// The id of a person, the second segment of the path.
    fn id(&self) -> Result<String, ApiError> {
        let segment = self.path[PREFIX.len()..].split('/').nth(1).unwrap_or_default();
        // A form decodes percent escapes, but takes a plus for a space.
        let escaped = segment.replace('+', "%2B");
        let decoded = Params::parse(format!("id={escaped}").as_bytes(), b"")?;
        Ok(decoded.required("id")?.to_owned())
    }
}

/// Answers a request.
pub(super) async fn answer(app: &App, call: Call) -> warp::reply::Response {
    let answer = match (call.resource, &call.method) {
        (Resource::Export, _) => return events::export(app, &call),
        (Resource::User | Resource::UserTimeline, _) => match call.id() {
            Ok(id) => person(app, &call, &id).await,
            Err(refusal) => Err(refusal),
        },
        _ => other(app, &call).await,
    };
    answer.map_or_else(|refusal| refusal.response(), Answer::response).into_response()
}

async fn person(app: &App, call: &Call, id: &str) -> Result<Answer, ApiError> {
    match (call.resource, &call.method) {
        (Resource::UserTimeline, _) => people::timeline(app, id, &call.params).await,
        (_, &Method::PATCH) => people::change(app, id, &call.body).await,
        (_, &Method::DELETE) => people::delete(app, id).await,
        _ => people::show(app, id).await,
    }
}

async fn other(app: &App, call: &Call) -> Result<Answer, ApiError> {
    let (params, body) = (&call.params, &call.body[..]);
    match call.resource {
        Resource::Events => events::append(app, call).await,
        Resource::Funnel => analytics::funnel(app, body).await,
        Resource::FunnelUsers => analytics::funnel_users(app, body).await,
        Resource::FunnelExplain => analytics::explain(app, body).await,
        Resource::Retention => analytics::retention(app, body).await,
        Resource::Trends => analytics::trends(app, body).await,
        Resource::EventTypes => names::event_types(app, params).await,
        Resource::Properties => names::properties(app, params).await,
        Resource::Values => names::values(app, params).await,
        Resource::UsersFind => people::find(app, body).await,
        Resource::UsersAlias if call.method == Method::DELETE => people::unalias(app, body).await,
        Resource::UsersAlias => people::alias(app, body).await,
        Resource::OpenApi => Ok(Answer::Json(OPENAPI.to_owned())),
        Resource::User | Resource::UserTimeline | Resource::Export => {
            unreachable!("these are answered elsewhere")
        }
    }
}

/// The description of this API.
const OPENAPI: &str = include_str!("openapi.json");

/// Now, in ms since 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
