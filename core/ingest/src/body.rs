//! Bodies of requests that are JSON, and what is wrong with them.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// Why a body is not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is not JSON.
    #[error("the body is not JSON: {0}")]
    Json(String),
    /// A field makes no sense.
    #[error("{}{message}", if .pointer.is_empty() { String::new() } else { format!("{pointer}: ") })]
    Field {
        /// Its JSON pointer (RFC 6901).
        pointer: String,
        /// What is wrong with it.
        message: String,
    },
}

/// Reads a body.
///
/// # Errors
/// When it is not JSON or not of this form; the error names the field by its JSON pointer.
pub fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        refusal(pointer, error.inner())
    })?;
    reader.end().map_err(|error| refusal(String::new(), &error))?;
    Ok(value)
}

fn refusal(mut pointer: String, error: &serde_json::Error) -> BodyError {
    // The place in the text helps where the text is not JSON; where it is, the pointer says more.
    if error.is_data() {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        // What is missing is at fault, not what it is missing from.
        if let Some(name) =
            message.strip_prefix("missing field `").and_then(|m| m.strip_suffix('`'))
        {
            pointer.push_str(&pointer_step(name));
        }
        BodyError::Field { pointer, message }
    } else {
        BodyError::Json(error.to_string())
    }
}

/// The JSON pointer (RFC 6901) of a path.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push_str(&pointer_step(key));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// What a JSON pointer says of one key.
#[must_use]
pub fn pointer_step(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use eventhub_core::query::FunnelInput;

    use super::*;

    #[test]
    fn what_is_wrong_is_named_by_its_pointer() {
        let check = |body: &str, pointer: &str, message: &str| match read_body::<FunnelInput>(
            body.as_bytes(),
        )
        .unwrap_err()
        {
            BodyError::Field { pointer: found, message: text } => {
                assert_eq!(found, pointer, "{body}");
                assert!(text.contains(message), "{body}: {text}");
            }
            other => panic!("{body}: {other}"),
        };
        let range = r#""range": {"start": "2024-01-01", "end": "2024-02-01"}"#;
        check("{}", "/range", "missing field `range`");
        check(&format!("{{{range}}}"), "/steps", "missing field `steps`");
        check(
            &format!(r#"{{{range}, "steps": [{{}}]}}"#),
            "/steps/0/event",
            "missing field `event`",
        );
        check(
            &format!(r#"{{{range}, "steps": [{{"event": 7}}]}}"#),
            "/steps/0/event",
            "invalid type",
        );
        check(
            &format!(r#"{{{range}, "steps": [], "stepps": []}}"#),
            "/stepps",
            "unknown field `stepps`",
        );
        check(
            &format!(
                r#"{{{range}, "steps": [{{"event": "a", "filters": [{{"property": "p", "op": "like"}}]}}]}}"#
            ),
            "/steps/0/filters/0/op",
            "unknown variant `like`",
        );
        check(
            &format!(r#"{{{range}, "steps": [{{"event": "a", "x": 1}}]}}"#),
            "/steps/0/x",
            "unknown field `x`",
        );
        check(
            r#"{"range": {"start": "2024-01-01", "until": ""}}"#,
            "/range/until",
            "unknown field `until`",
        );
        check("[]", "", "invalid");
        for text in ["", "{", "{} {}"] {
            let error = read_body::<serde_json::Value>(text.as_bytes()).unwrap_err();
            assert!(matches!(error, BodyError::Json(_)), "{text}");
        }
    }
}
