//! The JSON API, under `/api/v1`: each path, and the handler that answers it.

mod analytics;
mod events;
mod names;
mod people;
mod preview;
mod session;
mod stream;
mod views;

use std::net::IpAddr;

use bytes::Bytes;
use eventhub_ingest::Clock;
use http::Method;
use warp::Reply;

use super::App;
use super::answer::Answer;
use super::body::Form;
use super::error::ApiError;
use super::params::Params;

pub(super) use self::session::answer as session;

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
    /// `/events/stream`
    EventStream,
    /// `/preview`
    Preview,
    /// `/views`
    Views,
    /// `/views/{name}`
    View,
    /// `/session`
    Session,
    /// `/openapi.json`
    OpenApi,
}

/// Every path under the prefix, what is asked most often first. A name in braces stands for any segment that is not empty,
/// where no path before says otherwise.
pub(super) const PATHS: [(&str, Resource); 20] = [
    ("events", Resource::Events),
    ("funnel", Resource::Funnel),
    ("funnel/users", Resource::FunnelUsers),
    ("funnel/explain", Resource::FunnelExplain),
    ("retention", Resource::Retention),
    ("trends", Resource::Trends),
    ("event-types", Resource::EventTypes),
    ("properties", Resource::Properties),
    ("values", Resource::Values),
    ("users/find", Resource::UsersFind),
    ("users/alias", Resource::UsersAlias),
    ("users/{id}", Resource::User),
    ("users/{id}/timeline", Resource::UserTimeline),
    ("export", Resource::Export),
    ("events/stream", Resource::EventStream),
    ("preview", Resource::Preview),
    ("views", Resource::Views),
    ("views/{name}", Resource::View),
    ("session", Resource::Session),
    ("openapi.json", Resource::OpenApi),
];

/// Whether a path is of the form of a template.
fn fits(path: &str, template: &str) -> bool {
    let (mut found, mut expected) = (path.split('/'), template.split('/'));
    loop {
        match (found.next(), expected.next()) {
            (None, None) => return true,
            (Some(segment), Some(name)) if name.starts_with('{') && !segment.is_empty() => {}
            (Some(segment), Some(name)) if segment == name => {}
            _ => return false,
        }
    }
}

impl Resource {
    /// What a path stands for.
    pub(super) fn of(path: &str) -> Option<Self> {
        let path = path.strip_prefix(PREFIX)?;
        let found = PATHS.iter().find(|(template, _)| fits(path, template));
        found.map(|(_, resource)| *resource)
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
            Self::UsersAlias | Self::Session => "POST, DELETE, OPTIONS",
            Self::User => "GET, HEAD, PATCH, DELETE, OPTIONS",
            Self::View => "GET, HEAD, PUT, DELETE, OPTIONS",
            Self::EventTypes
            | Self::Properties
            | Self::Values
            | Self::UserTimeline
            | Self::Export
            | Self::EventStream
            | Self::Preview
            | Self::Views
            | Self::OpenApi => "GET, HEAD, OPTIONS",
        }
    }

    /// The parameters that it takes.
    pub(super) const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["write_key"],
            Self::EventTypes => &["prefix"],
            Self::Properties => &["event", "of", "prefix"],
            Self::Values => &["property", "event", "of", "prefix", "limit"],
            Self::UserTimeline => &["offset", "limit"],
            Self::Export => &["external_user_id"],
            Self::Preview => &["events", "start", "end", "max_events", "user_properties"],
            _ => &[],
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
    pub(super) form: Form,
    /// When its head was here.
    pub(super) received: Clock,
    /// Where it came from.
    pub(super) client: IpAddr,
}

impl Call {
    /// The id of a person or the name of a view, the second segment of the path.
    fn name(&self) -> Result<String, ApiError> {
        let segment = self.path[PREFIX.len()..].split('/').nth(1).unwrap_or_default();
        // A form decodes percent escapes, but takes a plus for a space.
        let escaped = segment.replace('+', "%2B");
        let name = if self.resource == Resource::View { "name" } else { "id" };
        let decoded = Params::parse(format!("{name}={escaped}").as_bytes(), b"")?;
        Ok(decoded.required(name)?.to_owned())
    }
}

/// Answers a request.
pub(super) async fn answer(app: &App, call: Call) -> warp::reply::Response {
    let answer = match call.resource {
        // There is no end to tell the length of.
        Resource::Export if call.method == Method::HEAD => Ok(Answer::Nothing(events::NDJSON)),
        Resource::EventStream if call.method == Method::HEAD => Ok(Answer::Nothing(stream::EVENTS)),
        Resource::Export => return events::export(app, &call),
        Resource::EventStream => match stream::follow(app).await {
            Ok(response) => return response,
            Err(refusal) => Err(refusal),
        },
        Resource::User | Resource::UserTimeline | Resource::View => named(app, &call).await,
        _ => other(app, &call).await,
    };
    let answer = answer.map_err(ApiError::in_body);
    answer.map_or_else(|refusal| refusal.response(), Answer::response).into_response()
}

/// Answers for a person or a view.
async fn named(app: &App, call: &Call) -> Result<Answer, ApiError> {
    let name = call.name()?;
    match (call.resource, &call.method) {
        (Resource::UserTimeline, _) => people::timeline(app, &name, &call.params).await,
        (Resource::View, &Method::PUT) => views::save(app, &name, &call.body).await,
        (Resource::View, &Method::DELETE) => views::delete(app, &name).await,
        (Resource::View, _) => views::show(app, &name).await,
        (_, &Method::PATCH) => people::change(app, &name, &call.body).await,
        (_, &Method::DELETE) => people::delete(app, &name).await,
        _ => people::show(app, &name).await,
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
        Resource::Preview => preview::preview(app, params).await,
        Resource::Views => views::list(app).await,
        Resource::User
        | Resource::UserTimeline
        | Resource::View
        | Resource::Session
        | Resource::EventStream
        | Resource::Export => {
            unreachable!("these are answered elsewhere")
        }
    }
}

/// The description of this API.
const OPENAPI: &str = include_str!("openapi.json");
