//! Signing a browser in and out.

use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use eventhub_ingest::read_body;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use serde::Deserialize;
use warp::Reply;

use crate::engine::EngineError;
use crate::http::App;
use crate::http::access::Gate;
use crate::http::error::ApiError;
use crate::http::sessions::{COOKIE_NAME, SESSION_SECONDS};

/// `POST /session` and `DELETE /session`: an answer without a body, and a cookie that begins a session or takes it away.
/// Where there is no password there are no sessions.
pub(in crate::http) async fn answer(
    app: &App,
    request: &Parts,
    body: &[u8],
    peer: IpAddr,
) -> Result<warp::reply::Response, ApiError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct SignIn {
        username: String,
        password: String,
    }
    let mut response = Response::new(Bytes::new()).into_response();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let cookie = if request.method == Method::DELETE {
        if let Gate::SignIn(gate) = &app.settings.access.gate {
            gate.sessions().end(&request.headers);
        }
        Some((String::new(), 0))
    } else {
        let SignIn { username, password } = read_body(body)?;
        match &app.settings.access.gate {
            Gate::Hosts(_) => None,
            Gate::SignIn(gate) => {
                gate.check_password(username, password, peer).await?;
                let token = gate.sessions().begin(Instant::now());
                let token = token.map_err(|error| EngineError::Storage(error.to_string()))?;
                Some((token, SESSION_SECONDS))
            }
        }
    };
    if let Some((token, seconds)) = cookie {
        let secure = if is_https(request) { "; Secure" } else { "" };
        let cookie = format!(
            "{COOKIE_NAME}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
        );
        let cookie = HeaderValue::try_from(cookie).expect("digits and words are a header");
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Whether the client spoke HTTPS to a proxy in front.
fn is_https(request: &Parts) -> bool {
    let proto = request.headers.get("x-forwarded-proto").map(HeaderValue::as_bytes);
    proto.is_some_and(|proto| {
        // Each proxy appends what it saw; the first is the client's.
        let first = proto.split(|byte| *byte == b',').next().unwrap_or_default();
        first.trim_ascii().eq_ignore_ascii_case(b"https")
    })
}
