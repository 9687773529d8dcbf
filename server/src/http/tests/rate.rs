//! The limit of events per client over HTTP.

use eventhub_core::Command;

use super::*;
use crate::clock;

const TRACK: &str = "GET /events/track?event_type=a&external_user_id=u";
const POST: &str = "POST /api/v1/events";
const TEXT: &str = "content-type: text/plain";

/// A server that takes an event a second, so that a client may send ten at once, behind one proxy.
fn limited() -> (Arc<Fake>, Service) {
    let fake = Arc::new(Fake::default());
    let limit = Some(1);
    let settings = Settings { events_per_second_max: limit, proxies: 1, ..settings(open()) };
    (fake.clone(), Service::new(fake, settings, intake()))
}

#[track_caller]
fn check_refused(got: &Got) {
    assert_eq!(got.refusal(), (429, "too_many_requests".into(), String::new()));
    let seconds: u64 = got.header("retry-after").parse().unwrap();
    assert!((1..3_000).contains(&seconds), "{seconds}");
    assert_eq!(got.header("access-control-allow-origin"), "*");
    assert_eq!(got.header("access-control-expose-headers"), "Retry-After");
}

#[tokio::test]
async fn a_client_that_sends_too_much_is_told_to_wait() {
    let (fake, service) = limited();
    let client = "x-forwarded-for: 10.0.0.1";
    for _ in 0..10 {
        assert_eq!(ask(&service, TRACK, &[client], "").await.status, 200);
    }
    check_refused(&ask(&service, TRACK, &[client], "").await);
    check_refused(&ask(&service, POST, &[client, TEXT], "[]").await);
    assert_eq!(fake.events.lock().unwrap().len(), 10);
    // It may still ask whether it might, and other clients and questions are not concerned.
    assert_eq!(ask(&service, "OPTIONS /api/v1/events", &[client], "").await.status, 204);
    assert_eq!(ask(&service, "GET /events/types", &[client], "").await.status, 200);
    let other = "x-forwarded-for: 10.0.0.1, 10.0.0.2";
    assert_eq!(ask(&service, TRACK, &[other], "").await.status, 200);
    let varz = ask(&service, "GET /varz", &[], "").await.body;
    assert!(varz.contains("\nhttp_rate_limited: 2\n"), "{varz}");
    let metrics = ask(&service, "GET /metrics", &[], "").await.body;
    assert!(metrics.contains("\neventhub_http_rate_limited_total 2\n"), "{metrics}");
}

#[tokio::test]
async fn a_batch_counts_as_its_events() {
    let event = r#"{"event_type":"a","external_user_id":"u"}"#;
    let array = format!("[{}]", [event; 50].join(","));
    let binary = Command::event("a", "u", clock::now_ms(), None, [].into_iter()).into_bytes();
    let binary = Command::batch(clock::now_ms(), &[&binary[..]; 50]);
    let form = format!("events={array}");
    let ways: [(&str, &str, Vec<u8>); 3] = [
        (POST, TEXT, array.into_bytes()),
        (POST, TEXT, binary),
        ("POST /events/batch_track", FORM, form.into_bytes()),
    ];
    for (line, form, body) in ways {
        let (fake, service) = limited();
        assert_eq!(ask(&service, line, &[form], body.clone()).await.status, 200, "{line}");
        let got = ask(&service, line, &[form], body).await;
        check_refused(&got);
        let seconds: u64 = got.header("retry-after").parse().unwrap();
        assert!((40..=41).contains(&seconds), "{line} {seconds}");
        assert_eq!(fake.events.lock().unwrap().len(), 50);
    }
}

#[tokio::test]
async fn without_a_limit_there_is_none() {
    let (_, service) = fake_service();
    for _ in 0..1_000 {
        assert_eq!(ask(&service, TRACK, &[], "").await.status, 200);
    }
}
