//! Requests and answers, over a fake engine and without sockets.

mod binary;
mod bodies;
mod contract;
mod dashboard;
mod docs;
mod document;
mod fake;
mod previews;
mod rate;
mod refusals;
mod sessions;
mod streams;
mod tag;

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http_body_util::{BodyExt, Full};
use tokio::runtime::Runtime;

use super::*;
pub(super) use fake::Fake;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const FORM: &str = "content-type: application/x-www-form-urlencoded";

pub(super) fn open() -> Access {
    Access { gate: Gate::Hosts(vec![]), write_key: None, cors_origins: vec![] }
}

/// The tag at `/s/e.js`, and events at `/s/in`.
fn named() -> Names {
    Names::default().with_tag("/s/e.js").unwrap().with_ingest("/s/in").unwrap()
}

fn settings(access: Access) -> Settings {
    Settings {
        access,
        time_zone: TimeZone::UTC,
        body_bytes_max: 1 << 20,
        body_timeout: Duration::from_millis(500),
        names: Names::default(),
        events_per_second_max: None,
        proxies: 0,
    }
}

/// Threads that outlive every test.
pub(super) fn intake() -> Handle {
    static INTAKE: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    INTAKE.handle().clone()
}

pub(super) fn service(engine: Arc<dyn Engine>, access: Access) -> Service {
    Service::new(engine, settings(access), intake())
}

fn fake_service() -> (Arc<Fake>, Service) {
    let fake = Arc::new(Fake::default());
    (fake.clone(), service(fake, open()))
}

struct Got {
    status: u16,
    headers: HeaderMap,
    body: String,
    bytes: Bytes,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, code and parameter of a refusal.
    fn refusal(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.body);
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_string();
        assert!(!text("message").is_empty());
        (self.status, text("code"), text("param"))
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn ask(service: &Service, line: &str, headers: &[&str], body: impl Into<Bytes>) -> Got {
    let (method, uri) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(uri);
    if !headers.iter().any(|header| header.starts_with("host:")) {
        request = request.header("host", "localhost:8080");
    }
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let request = request.body(Full::new(body.into())).unwrap();
    let (parts, body) = service.respond(request, PEER).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    Got { status: parts.status.as_u16(), headers: parts.headers, body: text, bytes: body }
}

#[tokio::test]
async fn every_path_takes_get_and_post() {
    let dates = "start_date=20130101&end_date=20130103";
    let funnel = format!("{dates}&funnel_steps[]=a&funnel_steps[]=b&num_days_to_complete_funnel=7");
    let cohort =
        format!("{dates}&row_event_type=a&column_event_type=b&num_days_per_row=1&num_columns=2");
    let event = r#"{"event_type":"signup","external_user_id":"u","date":"20130101","timestamp":"1356998400000","a":"1"}"#;
    let timeline = format!("[{event}]");
    let cases: Vec<(&str, &str, &str)> = vec![
        (paths::TRACK, "event_type=signup&external_user_id=u&date=20130101&a=1", "0"),
        (paths::VIEW, "event_id=0", event),
        (
            paths::BATCH_TRACK,
            "events=[{event_type:a,external_user_id:u},{event_type:b,external_user_id:u}]",
            "[1,2]",
        ),
        (paths::BATCH_TRACK, "events=%5B%5D", "[]"),
        (paths::ALIAS, "from_external_user_id=a&to_external_user_id=b", "\"OK\""),
        (paths::ADD_OR_UPDATE, "external_user_id=u&a=1", "3"),
        (paths::EVENT_TYPES, "", r#"["Add","add","buy","signup","Zoom"]"#),
        (paths::EVENT_KEYS, "event_type=signup", r#"["age","plan"]"#),
        (paths::EVENT_KEYS, "event_type=unknown", "[]"),
        (paths::EVENT_VALUES, "event_type=a&event_key=b&prefix=c", r#"["a","b","c"]"#),
        (paths::EVENT_VALUES, "event_type=a&event_key=b&extra=1", r#"["a","b",""]"#),
        (paths::FUNNEL, &funnel, "[0,0]"),
        (paths::COHORT, &cohort, "[[0,0,0],[0,0,0],[0,0,0]]"),
        (paths::FIND, "", r#"[{"external_user_id":"u"}]"#),
        (paths::FIND, "ufk[]=a&ufv[]=1", r#"[{"external_user_id":"u","a":"1"}]"#),
        (paths::USER_KEYS, "", r#"["email"]"#),
        (paths::USER_VALUES, "user_key=a&prefix=b", r#"["a","b"]"#),
        (
            paths::TIMELINE,
            "external_user_id=u&offset=0&num_records=18446744073709551615",
            &timeline,
        ),
    ];
    for form in [false, true] {
        let (fake, service) = fake_service();
        for (path, params, expected) in &cases {
            let got = if form {
                ask(&service, &format!("POST {path}"), &[FORM], params.to_string()).await
            } else {
                ask(&service, &format!("GET {path}?{params}"), &[], "").await
            };
            assert_eq!((got.status, got.body.as_str()), (200, &*format!("{expected}\n")), "{path}");
            assert_eq!(got.header("content-type"), "application/json");
            assert_eq!(got.header("x-content-type-options"), "nosniff");
            let is_tracking = Area::of(path) == Area::Tracking;
            assert_eq!(got.header("access-control-allow-origin") == "*", is_tracking, "{path}");
        }
        assert_eq!(
            *fake.asked.lock().unwrap(),
            ["alias a b", "set u a=1", "funnel a", "timeline u 0 18446744073709551615",]
        );
    }
}

#[tokio::test]
async fn status_pages_are_text() {
    let (_, service) = fake_service();
    let health = ask(&service, "GET /health", &[], "").await;
    assert_eq!((health.status, health.body.as_str()), (200, "ok"));
    let varz = ask(&service, "GET /varz", &[], "").await;
    assert!(varz.body.contains("\nevents: 0\n"), "{}", varz.body);
    assert!(varz.body.contains("\nhttp_requests: 1\n"), "{}", varz.body);
    assert!(varz.body.contains("\ntime_zone: UTC\n"), "{}", varz.body);
    assert_eq!(varz.header("content-type"), "text/plain; charset=utf-8");
    let full = self::service(Arc::new(Fake { is_full: true, ..Fake::default() }), open());
    let health = ask(&full, "GET /health", &[], "").await;
    assert_eq!((health.status, health.header("retry-after")), (503, "10"));
}

#[tokio::test]
async fn scripts_are_answered_on_tracking_paths_only() {
    let (fake, service) = fake_service();
    let track = "GET /events/track?event_type=a&external_user_id=u";
    let got = ask(&service, &format!("{track}&callback=my.cb"), &[], "").await;
    assert_eq!(got.body, "my.cb(0);");
    assert!(got.header("content-type").starts_with("text/javascript"));
    let got = ask(&service, &format!("{track}&callback=a(b"), &[], "").await;
    assert_eq!(got.refusal(), (400, "invalid_callback".into(), "callback".into()));
    assert_eq!(fake.events.lock().unwrap().len(), 1);
    assert!(fake.events.lock().unwrap()[0].properties.is_empty());
    let got = ask(&service, "GET /events/types?callback=cb", &[], "").await;
    assert!(got.body.starts_with('['));
    let got = ask(&service, "GET /events/track?callback=cb", &[], "").await;
    assert_eq!(got.refusal().0, 400);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let (fake, service) = fake_service();
    let check =
        async |line: &str, headers: &[&str], body: &[u8], status: u16, code: &str, param: &str| {
            let got = ask(&service, line, headers, body.to_vec()).await;
            assert_eq!(got.refusal(), (status, code.into(), param.into()), "{line}");
            got
        };
    let user = "external_user_id=u";
    check("GET /events/track", &[], b"", 400, "missing_parameter", "event_type").await;
    check("GET /events/track?event_type=a", &[], b"", 400, "missing_parameter", "external_user_id")
        .await;
    let line = format!("GET /events/track?event_type=a&{user}&date=20130230");
    check(&line, &[], b"", 400, "invalid_date", "date").await;
    let line = format!("GET /events/track?event_type=a&{user}&x=%FF");
    check(&line, &[], b"", 400, "invalid_encoding", "x").await;
    check("GET /events/batch_track?events=[{", &[], b"", 400, "invalid_json", "events").await;
    let line = "GET /events/batch_track?events=[{event_type:a}]";
    let got = check(line, &[], b"", 400, "invalid_event", "events").await;
    assert!(got.body.contains("events[0]: external_user_id: must not be empty"), "{}", got.body);
    check("GET /events/batch_track", &[], b"", 400, "missing_parameter", "events").await;
    check("GET /events/keys", &[], b"", 400, "missing_parameter", "event_type").await;
    check("GET /events/view?event_id=x", &[], b"", 400, "invalid_parameter", "event_id").await;
    check("GET /events/view?event_id=7", &[], b"", 404, "not_found", "event_id").await;
    check(
        "GET /users/timeline?external_user_id=u&offset=-1",
        &[],
        b"",
        400,
        "invalid_parameter",
        "offset",
    )
    .await;
    check("GET /users/find?ufk[]=a", &[], b"", 400, "invalid_parameter", "ufk[]").await;
    let line = format!("GET /users/find?{}", "ufk=a&ufv=b&".repeat(101));
    check(&line, &[], b"", 400, "too_many", "ufk[]").await;
    check("GET /nowhere", &[], b"", 404, "not_found", "").await;
    check("DELETE /nowhere", &[], b"", 404, "not_found", "").await;
    check("GET /events/track/", &[], b"", 404, "not_found", "").await;
    check("GET //events/track", &[], b"", 404, "not_found", "").await;
    let got = check("PUT /events/types", &[], b"", 405, "method_not_allowed", "").await;
    assert_eq!(got.header("allow"), "GET, HEAD, POST, OPTIONS");
    let got = check("HEAD /events/track", &[], b"", 405, "method_not_allowed", "").await;
    assert_eq!(got.header("allow"), "GET, POST, OPTIONS");
    let json = "content-type: application/json";
    check("POST /events/types", &[json], b"{}", 415, "unsupported_media_type", "").await;
    check("POST /events/types", &[FORM], &vec![b'a'; 1 << 21], 413, "too_large", "").await;
    check("POST /events/track", &[FORM], b"event_type=%zz", 400, "invalid_encoding", "event_type")
        .await;
    assert!(fake.events.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_beacon_is_a_form() {
    let (fake, service) = fake_service();
    let body = "event_type=a&external_user_id=u&x=1";
    let got =
        ask(&service, "POST /events/track", &["content-type: text/plain;charset=UTF-8"], body)
            .await;
    assert_eq!(got.body, "0\n");
    assert_eq!(fake.events.lock().unwrap()[0].properties.get("x"), Some("1"));
}

#[tokio::test]
async fn a_full_queue_is_503() {
    let full = service(Arc::new(Fake { is_full: true, ..Fake::default() }), open());
    let got = ask(&full, "GET /events/track?event_type=a&external_user_id=u", &[], "").await;
    assert_eq!(got.header("retry-after"), "1");
    assert_eq!(got.refusal(), (503, "queue_full".into(), String::new()));
}

#[tokio::test]
async fn without_a_password_only_local_names_are_answered() {
    let (_, service) = fake_service();
    for path in ["/events/types", "/health", "/events/track", "/"] {
        let got = ask(&service, &format!("GET {path}"), &["host: evil.example"], "").await;
        assert_eq!(got.refusal(), (403, "forbidden".into(), String::new()), "{path}");
    }
    assert_eq!(ask(&service, "GET /debug", &[], "").await.refusal().0, 403);
}

#[tokio::test]
async fn with_a_password_data_needs_it_and_tracking_does_not() {
    let sign_in = SignIn::with_password("admin".into(), "secret").unwrap();
    let access = Access { gate: Gate::SignIn(Box::new(sign_in)), ..open() };
    let service = service(Arc::new(Fake::default()), access);
    let right = "authorization: Basic YWRtaW46c2VjcmV0";
    let host = "host: hub.example";
    for path in ["/events/types", "/varz", "/debug", "/users/find", "/api/v1/event-types"] {
        let got = ask(&service, &format!("GET {path}"), &[host], "").await;
        assert_eq!(got.refusal(), (401, "unauthorized".into(), String::new()), "{path}");
        assert!(got.header("www-authenticate").starts_with("Basic "));
        let got = ask(&service, &format!("GET {path}"), &[host, right], "").await;
        assert_ne!(got.status, 401, "{path}");
        let cross = "sec-fetch-site: cross-site";
        let got = ask(&service, &format!("GET {path}"), &[host, right, cross], "").await;
        assert_eq!(got.status, 403, "{path}");
    }
    let got = ask(&service, "GET /debug", &[right], "").await;
    assert_eq!(got.body, "{\"request_logging\":false}\n");
    assert_eq!(ask(&service, "GET /health", &[host], "").await.status, 200);
    let track = "GET /events/track?event_type=a&external_user_id=u";
    assert_eq!(ask(&service, track, &[host, "sec-fetch-site: cross-site"], "").await.status, 200);
}

#[tokio::test]
async fn a_write_key_is_needed_on_tracking_paths() {
    let access = Access { write_key: Some("k1".into()), ..open() };
    let service = service(Arc::new(Fake::default()), access);
    let track = "GET /events/track?event_type=a&external_user_id=u";
    let got = ask(&service, track, &[], "").await;
    assert_eq!(got.refusal(), (401, "unauthorized".into(), "write_key".into()));
    assert_eq!(got.header("www-authenticate"), "");
    assert_eq!(ask(&service, &format!("{track}&write_key=k1"), &[], "").await.status, 200);
    assert_eq!(ask(&service, track, &["x-write-key: k1"], "").await.status, 200);
    assert_eq!(ask(&service, "GET /events/types", &[], "").await.status, 200);
}

#[tokio::test]
async fn browsers_may_ask_before_they_send() {
    let (_, service) = fake_service();
    let got = ask(&service, "OPTIONS /events/track", &["origin: https://a.example"], "").await;
    assert_eq!((got.status, got.body.as_str()), (204, ""));
    assert_eq!(got.header("access-control-allow-origin"), "*");
    assert_eq!(got.header("access-control-allow-methods"), "GET, POST");
    let got = ask(&service, "OPTIONS /events/types", &[], "").await;
    assert_eq!((got.status, got.header("access-control-allow-origin")), (204, ""));
}
