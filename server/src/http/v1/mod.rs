//! The JSON API, under `/api/v1`: each path, and the handler that answers it.

mod analytics;
mod json;

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Response};

use super::App;
use super::answer::Answer;
use super::error::ApiError;
use super::params::Params;

/// What every path of this API begins with.
pub(super) const PREFIX: &str = "/api/v1/";

/// What a path stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
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
}

impl Resource {
    /// What a path under the prefix stands for.
    pub(super) fn of(path: &str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix(PREFIX)?.split('/').collect();
        Some(match segments[..] {
            ["funnel"] => Self::Funnel,
            ["funnel", "users"] => Self::FunnelUsers,
            ["funnel", "explain"] => Self::FunnelExplain,
            ["retention"] => Self::Retention,
            ["trends"] => Self::Trends,
            _ => return None,
        })
    }

    /// The methods that it takes.
    pub(super) const fn allow(self) -> &'static str {
        match self {
            Self::Funnel
            | Self::FunnelUsers
            | Self::FunnelExplain
            | Self::Retention
            | Self::Trends => "POST, OPTIONS",
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
}

/// Answers a request.
pub(super) async fn answer(app: &App, call: Call) -> Response<Bytes> {
    let answer = match call.resource {
        Resource::Funnel => analytics::funnel(app, &call.body).await,
        Resource::FunnelUsers => analytics::funnel_users(app, &call.body).await,
        Resource::FunnelExplain => analytics::explain(app, &call.body).await,
        Resource::Retention => analytics::retention(app, &call.body).await,
        Resource::Trends => analytics::trends(app, &call.body).await,
    };
    answer.map_or_else(|refusal: ApiError| refusal.response(), Answer::response)
}

/// Now, in ms since 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
