//! Why a question is not answered, in the form in which the server says so.

use eventhub_core::Error;
use eventhub_ingest::BodyError;
use serde_json::json;

/// A refusal.
#[derive(Debug)]
pub(super) enum Refusal {
    Core(Error),
    Body(BodyError),
    Missing(&'static str),
    Parameter(&'static str, String),
    NoUser(String),
    NotFound(String),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl Refusal {
    /// The status and the body.
    pub(super) fn answer(self) -> (u16, String) {
        let (status, code, param, message) = match self {
            Self::Core(error) => match error.pointer() {
                Some(pointer) => field(pointer, &error.said()),
                None => (400, error.code(), None, error.to_string()),
            },
            Self::Body(BodyError::Field { pointer, message }) => field(&pointer, &message),
            Self::Body(error @ BodyError::Json(_)) => {
                (400, "invalid_json", None, error.to_string())
            }
            Self::Missing(name) => {
                let param = Some(name.to_owned());
                (400, "missing_parameter", param, format!("{name}: is required"))
            }
            Self::Parameter(name, said) => {
                let param = Some(name.to_owned());
                (400, "invalid_parameter", param, format!("{name}: {said}"))
            }
            Self::NoUser(id) => (404, "not_found", None, format!("there is no user {id}")),
            Self::NotFound(path) => (404, "not_found", None, format!("there is nothing at {path}")),
        };
        let mut error = json!({ "code": code, "message": message });
        if let Some(param) = param {
            error["param"] = param.into();
        }
        (status, json!({ "error": error }).to_string())
    }
}

fn field(pointer: &str, message: &str) -> (u16, &'static str, Option<String>, String) {
    let code = if message.starts_with("unknown field") { "unknown_field" } else { "invalid_field" };
    if pointer.is_empty() {
        return (400, code, None, message.to_owned());
    }
    (400, code, Some(pointer.to_owned()), format!("{pointer}: {message}"))
}
