//! Calls to a server over HTTP, and bytes to it over plain TCP.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use form_urlencoded::Serializer;
use ureq::Agent;
use ureq::http::Request;

use crate::Answer;

const FORM: &str = "application/x-www-form-urlencoded";
/// How long an answer may take before a test fails rather than hangs.
const ANSWER_MAX: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// A client with a pool of connections of its own.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    address: SocketAddr,
}

impl Client {
    /// A client of the server at this address.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(ANSWER_MAX))
            .build();
        Self { agent: config.new_agent(), address }
    }

    /// Where the server is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The answer to `GET target`.
    #[track_caller]
    pub fn get(&self, target: &str) -> Answer {
        self.call("GET", target, &[], b"")
    }

    /// The answer to `GET path?pairs`, the pairs escaped.
    #[track_caller]
    pub fn ask(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.get(&format!("{path}?{}", form(pairs)))
    }

    /// The answer to a form posted to `path`, the pairs escaped.
    #[track_caller]
    pub fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.post_form(path, form(pairs).as_bytes())
    }

    /// The answer to a form posted as it stands.
    #[track_caller]
    pub fn post_form(&self, path: &str, body: &[u8]) -> Answer {
        self.call("POST", path, &[("content-type", FORM)], body)
    }

    /// The answer to any request.
    #[track_caller]
    pub fn call(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        self.try_call(method, target, headers, body)
            .unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    /// As `call`, for a server that may be killed meanwhile.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn try_call(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(self.url() + target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = if body.is_empty() && method == "GET" {
            self.agent.run(request.body(())?)?
        } else {
            self.agent.run(request.body(body)?)?
        };
        let headers = response.headers().iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Ok(Answer {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string()?,
        })
    }

    /// Posts a batch; `None` when the server went away before it acknowledged.
    pub fn try_batch(&self, events: &str) -> Option<Answer> {
        let body = form(&[("events", events)]);
        let headers = [("content-type", FORM)];
        self.try_call("POST", "/events/batch_track", &headers, body.as_bytes()).ok()
    }

    /// Posts a batch that must be taken, and returns its ids.
    #[track_caller]
    pub fn batch(&self, events: &str) -> Vec<u64> {
        self.post("/events/batch_track", &[("events", events)]).numbers()
    }

    /// A connection on which nothing has been sent.
    #[must_use]
    #[track_caller]
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server takes connections");
        stream.set_read_timeout(Some(ANSWER_MAX)).expect("a timeout can be set");
        stream
    }

    /// Sends bytes as they are and reads until the server closes; `None` when it closed without a
    /// whole answer.
    #[track_caller]
    pub fn raw(&self, request: &[u8]) -> Option<Answer> {
        let mut stream = self.connect();
        // A server may close before it has read a request that it refuses.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Answer::parse(&answer)
    }
}

/// Pairs as a form or a query string.
fn form(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}
