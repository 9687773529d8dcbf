//! The routes: each path of the established API and the handler that answers it.
//!
//! Before a request comes here its access is granted and its parameters are read; they come along as an
//! extension of the request, so that a route is nothing but a path and a handler.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::Response;
use warp::Filter;
use warp::filters::BoxedFilter;

use super::answer::Answer;
use super::error::ApiError;
use super::params::Params;
use super::{App, paths, queries, status, tracking, users};

/// What a request asks: its parameters and, on tracking paths, the name of a JSONP callback; and who asks.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) params: Params,
    pub(super) callback: Option<String>,
    pub(super) client: IpAddr,
}

/// What a request asks, to be taken by the route that answers it. Extensions are handed out as clones, and
/// the parameters of a batch are large.
#[derive(Debug, Clone)]
pub(super) struct AskedOnce(Arc<Mutex<Option<Asked>>>);

impl AskedOnce {
    pub(super) fn new(asked: Asked) -> Self {
        Self(Arc::new(Mutex::new(Some(asked))))
    }

    fn take(&self) -> Asked {
        // A panic elsewhere cannot have left the parameters half changed.
        let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        asked.expect("one route answers a request")
    }
}

/// The answer of one route.
type Route = BoxedFilter<(Response<Bytes>,)>;

/// A route whose handler asks the engine.
macro_rules! ask {
    ($app:expr, $path:expr, $handler:path) => {{
        let app = Arc::clone($app);
        at($path)
            .and(warp::ext::get::<AskedOnce>())
            .then(move |asked: AskedOnce| {
                let app = Arc::clone(&app);
                let Asked { params, callback, .. } = asked.take();
                async move { render($handler(&*app.engine, params).await, callback.as_deref()) }
            })
            .boxed()
    }};
}

/// All of them, the most frequent first: a request passes every route before its own.
pub(super) fn routes(app: &Arc<App>) -> Route {
    let asking = [
        ask!(app, paths::TRACK, tracking::track),
        batch_route(app),
        ask!(app, paths::ALIAS, tracking::alias),
        ask!(app, paths::ADD_OR_UPDATE, tracking::add_or_update),
        ask!(app, paths::FUNNEL, queries::funnel),
        ask!(app, paths::COHORT, queries::cohort),
        ask!(app, paths::EVENT_TYPES, queries::event_types),
        ask!(app, paths::EVENT_KEYS, queries::event_keys),
        ask!(app, paths::EVENT_VALUES, queries::event_values),
        ask!(app, paths::VIEW, queries::view),
        ask!(app, paths::FIND, users::find),
        ask!(app, paths::USER_KEYS, users::keys),
        ask!(app, paths::USER_VALUES, users::values),
        ask!(app, paths::TIMELINE, users::timeline),
    ];
    // From the last to the first, so that the first stands outermost.
    let either = |rest: Route, route: Route| route.or(rest).unify().boxed();
    asking.into_iter().rev().fold(status_routes(app), either)
}

/// The one route whose requests count as more than one event.
fn batch_route(app: &Arc<App>) -> Route {
    let app = Arc::clone(app);
    at(paths::BATCH_TRACK)
        .and(warp::ext::get::<AskedOnce>())
        .then(move |asked: AskedOnce| {
            let app = Arc::clone(&app);
            let Asked { params, callback, client } = asked.take();
            async move {
                render(tracking::batch_track(&app, params, client).await, callback.as_deref())
            }
        })
        .boxed()
}

fn status_routes(app: &Arc<App>) -> Route {
    let health = {
        let app = Arc::clone(app);
        at(paths::HEALTH).then(move || {
            let app = Arc::clone(&app);
            async move { render(status::health(&*app.engine).await, None) }
        })
    };
    let varz = {
        let app = Arc::clone(app);
        at(paths::VARZ).then(move || {
            let app = Arc::clone(&app);
            async move {
                let (engine, time_zone) = (&*app.engine, &app.settings.time_zone);
                render(app.status.varz(engine, time_zone).await, None)
            }
        })
    };
    let metrics = {
        let app = Arc::clone(app);
        at(paths::METRICS).then(move || {
            let app = Arc::clone(&app);
            async move { render(app.status.metrics(&*app.engine).await, None) }
        })
    };
    let debug = {
        let app = Arc::clone(app);
        at(paths::DEBUG).map(move || render(Ok(app.status.toggle_logging()), None))
    };
    health.or(varz).unify().or(metrics).unify().or(debug).unify().boxed()
}

/// Matches one path.
fn at(path: &'static str) -> BoxedFilter<()> {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let matched =
        segments.fold(warp::any().boxed(), |all, segment| all.and(warp::path(segment)).boxed());
    matched.and(warp::path::end()).boxed()
}

/// A refusal is JSON with its status also when a script was asked for: a script tag passes over it, and
/// everything else can read it.
fn render(answer: Result<Answer, ApiError>, callback: Option<&str>) -> Response<Bytes> {
    match (answer, callback) {
        (Ok(answer), Some(callback)) => answer.script(callback),
        (Ok(answer), None) => answer.response(),
        (Err(refusal), _) => refusal.response(),
    }
}
