//! Every refusal, and the one table from refusals to statuses and codes.

use bytes::Bytes;
use eventhub_core::Error as CoreError;
use eventhub_ingest::{self as ingest, BodyError};
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::engine::EngineError;

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// Events or user properties that cannot be taken.
    #[error(transparent)]
    Ingest(#[from] ingest::Error),
    /// Events of a batch that cannot be stored as things stand.
    #[error("events: {0}")]
    Events(CoreError),
    /// A question that makes no sense.
    #[error(transparent)]
    Query(#[from] CoreError),
    /// The engine refuses or fails.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A parameter that is not there, or is empty.
    #[error("{0}: is required")]
    Missing(&'static str),
    /// A parameter with a value that makes no sense.
    #[error("{param}: {message}")]
    Parameter { param: String, message: String },
    /// A percent escape that is none, or bytes that are not UTF-8.
    #[error("{}: {message}", .param.as_deref().unwrap_or("a parameter's name"))]
    Encoding { param: Option<String>, message: &'static str },
    /// More parameters than a request may have.
    #[error("{0} parameters or more, the limit is {0}")]
    TooManyParameters(usize),
    /// A JSONP callback that is not a name.
    #[error("callback: must be a name of letters, digits, _ . and $")]
    Callback,
    /// A body over the limit.
    #[error("the body is longer than {0} bytes, the limit")]
    TooLarge(usize),
    /// A body that did not come in time.
    #[error("the body did not arrive within {0} seconds")]
    Slow(u64),
    /// A body that broke off, or is not what its encoding says.
    #[error("the body cannot be read: {0}")]
    Body(String),
    /// A body that is not a form.
    #[error("a body must be application/x-www-form-urlencoded, not {0}")]
    MediaType(String),
    /// A body of the JSON API that is not JSON by its type.
    #[error("a body must be application/json, not {}", if .0.is_empty() { "without a type" } else { .0 })]
    JsonType(String),
    /// A body that is not JSON.
    #[error("the body is not JSON: {0}")]
    Json(String),
    /// A field of a body that makes no sense, by its JSON pointer.
    #[error("{}{message}", if .pointer.is_empty() { String::new() } else { format!("{pointer}: ") })]
    Field { pointer: String, message: String },
    /// A parameter that the path does not have.
    #[error("{0}: there is no such parameter here; there are {1}")]
    UnknownParameter(String, String),
    /// Events of a body that is a batch are refused; `pointer` is the JSON pointer to what is wrong with the first.
    #[error("{message}")]
    EventAt { pointer: String, message: String },
    /// What a request comes up against that no one field is at fault for.
    #[error("{0}")]
    Whole(CoreError),
    /// No such alias.
    #[error("there is no alias from {0}")]
    NoAlias(String),
    /// No such person.
    #[error("there is no user {0}")]
    NoUser(String),
    /// No such view.
    #[error("there is no view {0}")]
    NoView(String),
    /// A body packed in a way that is not taken here.
    #[error("a body must not be encoded as {0} here")]
    ContentEncoding(String),
    /// No such path.
    #[error("there is nothing at {0}")]
    NotFound(String),
    /// The tag is not there.
    #[error(
        "this binary was built without the tag: build it with `cargo xtask run`, or build npm/dist/eventhub.js \
         and then `cargo build --release -p eventhub-server`"
    )]
    NoTag,
    /// The tag of another version; the path of this one's is named.
    #[error("that is the tag of another version; this one's is {0}")]
    OtherTag(String),
    /// No such event.
    #[error("event_id: there is no event {0}")]
    NoEvent(u64),
    /// A method that the path does not take; `allow` are those that it takes.
    #[error("this path takes {allow}")]
    Method { allow: &'static str },
    /// No credentials, or wrong ones.
    #[error("sign in with the server's user name and password")]
    SignIn,
    /// The same of a page's own request: the dashboard has a form, which the browser's prompt would cover.
    #[error("sign in with the server's user name and password")]
    SignInByForm,
    /// A user name and password in a body, which are not the server's.
    #[error("the user name or the password is wrong")]
    Password,
    /// Too many sign-ins from one address wait for their turn.
    #[error("too many attempts to sign in from this address; try again")]
    TooManySignIns,
    /// More events from one client than there may be.
    #[error("more than {limit} events a second came from this address; try again in {seconds} s")]
    TooManyEvents { seconds: u64, limit: u32 },
    /// A missing or wrong write key.
    #[error("write_key: missing or wrong")]
    WriteKey,
    /// Too many clients follow new events.
    #[error("{0} clients follow new events already, the limit")]
    TooManyStreams(usize),
    /// A request that may not be made from where it comes.
    #[error("{0}")]
    Forbidden(&'static str),
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Json(message) => Self::Json(message),
            BodyError::Field { pointer, message } => Self::Field { pointer, message },
        }
    }
}

impl ApiError {
    /// A field of a body with a value that core refuses; `pointer` is the JSON pointer to it.
    pub(super) fn field(pointer: &str, error: &CoreError) -> Self {
        Self::Field { pointer: pointer.to_owned(), message: error.said() }
    }

    /// The same refusal of a body of the JSON API: of what core refuses by a JSON pointer, the field.
    pub(super) fn in_body(self) -> Self {
        let error = match self {
            Self::Query(error) | Self::Engine(EngineError::Invalid(error)) => error,
            other => return other,
        };
        match error.pointer() {
            Some(pointer) => Self::field(pointer, &error),
            None => Self::Whole(error),
        }
    }

    /// The table.
    fn row(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::Ingest(ingest::Error::Event(error))
            | Self::Events(error)
            | Self::Query(error)
            | Self::Whole(error) => core_row(error),
            Self::Ingest(ingest::Error::Syntax { .. }) => (S::BAD_REQUEST, "invalid_json"),
            Self::Ingest(ingest::Error::Batch(_)) | Self::EventAt { .. } => {
                (S::BAD_REQUEST, "invalid_event")
            }
            Self::Engine(error) => engine_row(error),
            Self::Missing(_) => (S::BAD_REQUEST, "missing_parameter"),
            Self::Parameter { .. } => (S::BAD_REQUEST, "invalid_parameter"),
            Self::UnknownParameter(..) => (S::BAD_REQUEST, "unknown_parameter"),
            Self::Encoding { .. } => (S::BAD_REQUEST, "invalid_encoding"),
            Self::TooManyParameters(_) => (S::BAD_REQUEST, "too_many"),
            Self::Callback => (S::BAD_REQUEST, "invalid_callback"),
            Self::TooLarge(_) => (S::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Slow(_) => (S::REQUEST_TIMEOUT, "timeout"),
            Self::Body(_) => (S::BAD_REQUEST, "invalid_body"),
            Self::Json(_) => (S::BAD_REQUEST, "invalid_json"),
            Self::Field { message, .. } if message.starts_with("unknown field") => {
                (S::BAD_REQUEST, "unknown_field")
            }
            Self::Field { .. } => (S::BAD_REQUEST, "invalid_field"),
            Self::MediaType(_) | Self::JsonType(_) | Self::ContentEncoding(_) => {
                (S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::NotFound(_)
            | Self::NoTag
            | Self::OtherTag(_)
            | Self::NoEvent(_)
            | Self::NoUser(_)
            | Self::NoAlias(_)
            | Self::NoView(_) => (S::NOT_FOUND, "not_found"),
            Self::Method { .. } => (S::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::SignIn | Self::SignInByForm | Self::Password | Self::WriteKey => {
                (S::UNAUTHORIZED, "unauthorized")
            }
            Self::TooManySignIns | Self::TooManyEvents { .. } => {
                (S::TOO_MANY_REQUESTS, "too_many_requests")
            }
            Self::TooManyStreams(_) => (S::SERVICE_UNAVAILABLE, "too_many_streams"),
            Self::Forbidden(_) => (S::FORBIDDEN, "forbidden"),
        }
    }

    fn param(&self) -> Option<&str> {
        match self {
            Self::Ingest(ingest::Error::Event(error))
            | Self::Query(error)
            | Self::Engine(EngineError::Invalid(error)) => error.param(),
            Self::Ingest(ingest::Error::Syntax { field, .. }) => Some(field),
            Self::Ingest(ingest::Error::Batch(_)) | Self::Events(_) => Some("events"),
            Self::Missing(param) => Some(param),
            Self::Parameter { param, .. } | Self::UnknownParameter(param, _) => Some(param),
            Self::Field { pointer, .. } | Self::EventAt { pointer, .. } => {
                Some(pointer).filter(|text| !text.is_empty()).map(String::as_str)
            }
            Self::Encoding { param, .. } => param.as_deref(),
            Self::Callback => Some("callback"),
            Self::NoEvent(_) => Some("event_id"),
            Self::WriteKey => Some("write_key"),
            _ => None,
        }
    }

    /// A header that the refusal must carry.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        let (name, value) = match self {
            Self::TooManyEvents { seconds, .. } => {
                return Some((RETRY_AFTER, HeaderValue::from(*seconds)));
            }
            Self::Method { allow } => (ALLOW, *allow),
            Self::SignIn => (WWW_AUTHENTICATE, "Basic realm=\"EventHub\", charset=\"UTF-8\""),
            Self::Engine(EngineError::Busy) | Self::TooManySignIns => (RETRY_AFTER, "1"),
            Self::Engine(EngineError::Full | EngineError::Stopping) | Self::TooManyStreams(_) => {
                (RETRY_AFTER, "10")
            }
            Self::Slow(_) => (CONNECTION, "close"),
            _ => return None,
        };
        Some((name, HeaderValue::from_static(value)))
    }

    /// The answer to the client.
    pub(super) fn response(&self) -> Response<Bytes> {
        let (status, code) = self.row();
        if status.is_server_error() {
            tracing::error!(code, error = %self, "a request failed");
        }
        let mut error = json!({"code": code, "message": self.to_string()});
        if let Some(param) = self.param() {
            error["param"] = param.into();
        }
        let mut response = Response::new(Bytes::from(format!("{}\n", json!({ "error": error }))));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

fn core_row(error: &CoreError) -> (StatusCode, &'static str) {
    (StatusCode::BAD_REQUEST, error.code())
}

fn engine_row(error: &EngineError) -> (StatusCode, &'static str) {
    match error {
        EngineError::Invalid(error) => core_row(error),
        EngineError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "queue_full"),
        EngineError::Full => (StatusCode::SERVICE_UNAVAILABLE, "disk_full"),
        EngineError::Slow(_) => (StatusCode::SERVICE_UNAVAILABLE, "query_too_slow"),
        EngineError::Large(_) => (StatusCode::SERVICE_UNAVAILABLE, "query_too_large"),
        EngineError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        EngineError::Corrupt(_) => (StatusCode::INTERNAL_SERVER_ERROR, "storage_damaged"),
        EngineError::Storage(_) => (StatusCode::INTERNAL_SERVER_ERROR, "storage_failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_json_with_status_code_and_parameter() {
        let error = CoreError::InvalidDate {
            field: "start_date".into(),
            value: "2013-13-45".into(),
            expected: "YYYYMMDD",
        };
        let response = ApiError::from(error).response();
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        let message = "start_date: 2013-13-45 is not a date (YYYYMMDD)";
        let error = json!({"code": "invalid_date", "message": message, "param": "start_date"});
        assert_eq!(body, json!({ "error": error }));
        assert!(response.body().ends_with(b"\n"));
    }

    #[test]
    fn a_batch_that_cannot_be_stored_is_the_fault_of_its_parameter() {
        let error = CoreError::TooMany { field: "event types", limit: 10_000, actual: 10_001 };
        assert_eq!(ApiError::from(EngineError::from(error.clone())).param(), Some("event_type"));
        let refused = ApiError::Events(error);
        assert_eq!((refused.row().1, refused.param()), ("too_many", Some("events")));
        let message = "events: event types: 10001 given, the limit is 10000";
        assert_eq!(refused.to_string(), message);
    }

    #[test]
    fn a_refusal_to_wait_for_says_how_long() {
        let check = |error: EngineError, status: u16, retry_after: Option<&str>| {
            let response = ApiError::from(error).response();
            assert_eq!(response.status(), status);
            let found = response.headers().get(RETRY_AFTER).map(|v| v.to_str().unwrap());
            assert_eq!(found, retry_after);
        };
        check(EngineError::Busy, 503, Some("1"));
        check(EngineError::Full, 503, Some("10"));
        check(EngineError::Stopping, 503, Some("10"));
        check(EngineError::Corrupt("part 1".into()), 500, None);
        check(EngineError::Invalid(CoreError::Empty { field: "x" }), 400, None);
    }
}
