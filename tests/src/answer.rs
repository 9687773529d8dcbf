//! What the server answered.

use serde_json::Value;

/// Status, headers and body of an answer, whatever the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, each with its value.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// Reads an answer as it came over the wire; `None` when it is not a whole one.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self { status, headers, body: body.to_owned() })
    }

    /// A header's value, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, of an answer with status 200.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: not JSON: {}", self.body))
    }

    /// The body as a list of numbers, of an answer with status 200.
    #[must_use]
    #[track_caller]
    pub fn numbers(&self) -> Vec<u64> {
        serde_json::from_value(self.json())
            .unwrap_or_else(|error| panic!("{error}: not a list of numbers: {}", self.body))
    }

    /// A field of the error in the body: `code`, `message` or `param`; empty when it is not there.
    #[must_use]
    pub fn error(&self, field: &str) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["error"][field].as_str().unwrap_or_default().to_owned()
    }

    /// Checks that the request was refused with this status and code, in the form of an error body.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.error("code").as_str()), (status, code), "{self:?}");
        assert!(!self.error("message").is_empty(), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_from_the_wire() {
        let answer =
            Answer::parse(b"HTTP/1.1 404 Not Found\r\nA-b: c d\r\n\r\n{\"x\":1}\n").unwrap();
        assert_eq!((answer.status, answer.header("a-b")), (404, Some("c d")));
        assert_eq!(answer.body, "{\"x\":1}\n");
        assert_eq!(Answer::parse(b"HTTP/1.1 200 OK\r\n"), None);
    }

    #[test]
    #[should_panic(expected = "wrong_code")]
    fn another_code_is_no_match() {
        let body = "{\"error\":{\"code\":\"wrong_code\",\"message\":\"m\"}}".to_owned();
        Answer { status: 400, headers: vec![], body }.assert_refused(400, "right_code");
    }
}
