//! The server's HTTP side: the established API, the JSON API, their access rules, the dashboard and the tag.
//!
//! A request goes through [`Service::respond`]: its path decides the area ([`paths`]), the area who may ask
//! ([`access`], [`sign_in`]) and, of what takes events, how many ([`rate`], by the address that [`peer`] finds); then the body is read within its limits ([`body`]), query and form become
//! parameters ([`params`]), and the [`routes`] call a handler ([`tracking`], [`queries`], [`users`],
//! [`status`]) that turns parameters into typed values for the [`Engine`]. What lies under `/api/v1` is
//! answered by [`v1`] instead, from JSON bodies; [`live`] hands new events to those who follow them there, and
//! [`sessions`] knows the browsers that have signed in. What is refused on the way
//! is an [`error::ApiError`], whose file holds the one table of statuses and codes. [`serve`] holds the
//! sockets. Nothing here knows how events are stored.

mod access;
mod answer;
mod body;
mod dashboard;
mod error;
mod live;
mod packed;
mod params;
mod paths;
mod peer;
mod queries;
mod rate;
mod routes;
mod serve;
mod sessions;
mod sign_in;
mod stall;
mod status;
mod tag;
mod tracking;
mod users;
mod v1;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use eventhub_ingest::Clock;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::Body;
use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tower_service::Service as _;
use warp::Reply;
use warp::filters::BoxedFilter;

use self::error::ApiError;
use self::live::Live;
use self::params::Params;
use self::paths::Area;
use self::rate::RateLimit;
use self::routes::{Asked, AskedOnce};
use self::status::Status;
use self::v1::{Call, Resource};
use crate::engine::{Engine, EngineError};

pub use self::access::{Access, Gate};
pub use self::dashboard::is_built_in as has_dashboard;
pub use self::paths::{NameError, Names};
pub use self::serve::{Sockets, serve};
pub use self::sign_in::{PasswordError, SignIn};
pub use self::tag::lasting as lasting_tag;

/// Bytes of a body that takes some hundred microseconds to make events of: more are left to the intake.
const BODY_BYTES_LARGE: usize = 16 << 10;

/// How requests are treated.
#[derive(Debug)]
pub struct Settings {
    /// Who may ask.
    pub access: Access,
    /// The time zone of questions that name none; those of the established API are always in UTC.
    pub time_zone: TimeZone,
    /// Bytes of a body, after unpacking.
    pub body_bytes_max: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// The paths that the operator named.
    pub names: Names,
    /// Events that a client may send per second, if there is a limit.
    pub events_per_second_max: Option<u32>,
    /// Proxies in front, which say where a request came from.
    pub proxies: usize,
}

/// What all requests share.
struct App {
    engine: Arc<dyn Engine>,
    settings: Settings,
    status: Status,
    live: Arc<Live>,
    rate_limit: Option<RateLimit>,
    /// Where large bodies are read.
    intake: Handle,
}

impl App {
    /// Lets in a client that sends something.
    fn admit(&self, client: IpAddr) -> Result<(), ApiError> {
        let Some(limit) = &self.rate_limit else { return Ok(()) };
        limit.admit(client, Instant::now()).map_err(|seconds| {
            self.status.count_limited();
            ApiError::TooManyEvents { seconds, limit: limit.per_second() }
        })
    }

    /// Counts the events of a client that was let in, of which one was counted then.
    fn charge(&self, client: IpAddr, events: usize) {
        if let (Some(limit), Some(more @ 1..)) = (&self.rate_limit, events.checked_sub(1)) {
            limit.charge(client, more, Instant::now());
        }
    }
}

/// Answers requests; clones answer for the same engine.
#[derive(Clone)]
pub struct Service {
    app: Arc<App>,
    routes: BoxedFilter<(Response<Bytes>,)>,
}

impl Service {
    /// For an engine; large bodies are read on the threads of `intake`.
    #[must_use]
    pub fn new(engine: Arc<dyn Engine>, settings: Settings, intake: Handle) -> Self {
        let (status, live) = (Status::new(), Arc::default());
        let rate_limit = settings.events_per_second_max.map(RateLimit::new);
        let app = Arc::new(App { engine, settings, status, live, rate_limit, intake });
        let routes = routes::routes(&app);
        Self { app, routes }
    }

    /// Ends answers that have no end of their own; further ones are refused.
    pub(crate) fn stop(&self) {
        self.app.live.stop();
    }

    /// Answers a request that came over a connection from an address.
    pub async fn respond<B>(&self, request: Request<B>, connection: IpAddr) -> warp::reply::Response
    where
        B: Body,
        B::Error: std::fmt::Display,
    {
        let started = Instant::now();
        let (request, body) = request.into_parts();
        let request = Arc::new(request);
        let peer = peer::client(&request.headers, connection, self.app.settings.proxies);
        let area = self.app.settings.names.area(request.uri.path());
        let answer = self.answer(area, &request, body, peer).await;
        let mut response = answer.unwrap_or_else(|refusal| refusal.response().into_response());
        self.finish(area, &request, &mut response);
        if self.app.status.logs_requests() {
            let (status, path) = (response.status().as_u16(), request.uri.path());
            let elapsed_us = started.elapsed().as_micros();
            tracing::info!(%peer, method = %request.method, path, status, elapsed_us, "request");
        }
        response
    }

    async fn answer<B>(
        &self,
        area: Area,
        request: &Arc<Parts>,
        body: B,
        peer: IpAddr,
    ) -> Result<warp::reply::Response, ApiError>
    where
        B: Body,
        B::Error: std::fmt::Display,
    {
        if let Err(refusal) = self.admit(area, request, peer).await {
            body::discard_unless_waiting(body, &request.headers).await;
            return Err(refusal);
        }
        if request.method == Method::OPTIONS {
            return Ok(options(area));
        }
        if area == Area::Files {
            return Ok(file(request)?.into_response());
        }
        if let Area::Tag(name) = area {
            let (names, path) = (&self.app.settings.names, request.uri.path());
            return Ok(tag::answer(names, name, path, &request.headers)?.into_response());
        }
        // A body may take long to arrive, and the sender's clock is compared with this one.
        let received = tracking::clock();
        let settings = &self.app.settings;
        let body = body::read(body, settings.body_bytes_max, settings.body_timeout).await?;
        let is_large = body.len() > BODY_BYTES_LARGE;
        let (service, request) = (self.clone(), Arc::clone(request));
        let answer = async move { service.answer_body(area, &request, body, peer, received).await };
        if !is_large {
            return answer.await;
        }
        let engine = Arc::clone(&self.app.engine);
        let answer = self.app.intake.spawn(async move {
            engine.give_way().await;
            answer.await
        });
        answer.await.unwrap_or_else(|stopped| Err(EngineError::Storage(stopped.to_string()).into()))
    }

    /// Answers a request whose body is there.
    async fn answer_body(
        &self,
        area: Area,
        request: &Parts,
        body: Bytes,
        peer: IpAddr,
        received: Clock,
    ) -> Result<warp::reply::Response, ApiError> {
        if let Area::Api(resource) = area {
            let call = self.call(resource, request, body, peer, received)?;
            call.params.check_names(resource.parameters())?;
            if resource == Resource::Session {
                return v1::session(&self.app, request, &call.body, peer).await;
            }
            return Ok(v1::answer(&self.app, call).await);
        }
        let asked = self.asked(area, request, body, peer)?;
        let mut routed = Request::new(Empty::<Bytes>::new());
        *routed.uri_mut() = request.uri.clone();
        routed.extensions_mut().insert(AskedOnce::new(asked));
        // The routes never fail: a path without one is answered 404.
        let Ok(response) = warp::service(self.routes.clone()).call(routed).await;
        Ok(response)
    }

    /// Checks what can be told before the body is read.
    async fn admit(&self, area: Area, request: &Parts, peer: IpAddr) -> Result<(), ApiError> {
        self.app.settings.access.admit(area, request, peer).await?;
        if area == Area::Files {
            file(request)?;
        }
        if !area.takes(&request.method) {
            return Err(ApiError::Method { allow: area.allow() });
        }
        if area.takes_from_pages() && request.method != Method::OPTIONS {
            self.app.admit(peer)?;
        }
        let length = request.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let length = length.and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        let limit = self.app.settings.body_bytes_max;
        if length > limit { Err(ApiError::TooLarge(limit)) } else { Ok(()) }
    }

    /// Reads the parameters.
    fn asked(
        &self,
        area: Area,
        request: &Parts,
        body: Bytes,
        client: IpAddr,
    ) -> Result<Asked, ApiError> {
        let settings = &self.app.settings;
        let form = body::form(body, &request.headers, area, settings.body_bytes_max)?;
        let query = request.uri.query().unwrap_or_default();
        let mut params = Params::parse(query.as_bytes(), &form)?;
        let mut callback = None;
        if area == Area::Tracking {
            settings.access.check_write_key(&request.headers, &mut params)?;
            callback = params.take("callback");
            callback.as_deref().map_or(Ok(()), answer::check_callback)?;
        }
        Ok(Asked { params, callback, client })
    }

    /// Reads a call of the JSON API.
    fn call(
        &self,
        resource: Resource,
        request: &Parts,
        body: Bytes,
        client: IpAddr,
        received: Clock,
    ) -> Result<Call, ApiError> {
        let settings = &self.app.settings;
        let (body, form) = body::json(body, &request.headers, resource, settings.body_bytes_max)?;
        let query = request.uri.query().unwrap_or_default();
        let mut params = Params::parse(query.as_bytes(), b"")?;
        if resource == Resource::Events {
            settings.access.check_write_key(&request.headers, &mut params)?;
        }
        let (method, path) = (request.method.clone(), request.uri.path().to_owned());
        Ok(Call { resource, method, path, params, body, form, received, client })
    }

    /// Adds the headers that every answer, or every answer of an area, has; and counts it.
    fn finish(&self, area: Area, request: &Parts, response: &mut warp::reply::Response) {
        self.app.status.count(response.status());
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        if area.takes_from_pages() {
            self.app.settings.access.allow_origin(&request.headers, headers);
        }
    }
}

fn file(request: &Parts) -> Result<Response<Bytes>, ApiError> {
    let path = request.uri.path();
    let found = dashboard::file(path, &request.headers);
    found.ok_or_else(|| ApiError::NotFound(path.chars().take(200).collect()))
}

/// What a path takes; of tracking paths, what pages of other origins may send.
fn options(area: Area) -> warp::reply::Response {
    let mut response = Response::new(Bytes::new()).into_response();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(area.allow()));
    if area.takes_from_pages() {
        access::allow_preflight(response.headers_mut());
    }
    response
}

#[cfg(test)]
mod tests;
