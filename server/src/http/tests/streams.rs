//! New events as they are stored.

use eventhub_core::limits::STREAM_CLIENTS_MAX;

use super::*;

/// An answer that goes on.
struct Stream {
    body: warp::reply::Response,
    text: String,
}

impl Stream {
    async fn open(service: &Service) -> Self {
        let request = Request::builder().uri("/api/v1/events/stream").header("host", "localhost");
        let body = service.respond(request.body(Full::new(Bytes::new())).unwrap(), PEER).await;
        Self { body, text: String::new() }
    }

    /// Reads until the text holds this, or the answer ends.
    async fn until(&mut self, wanted: &str) -> bool {
        while !self.text.contains(wanted) {
            let frame = tokio::time::timeout(Duration::from_secs(20), self.body.frame());
            let Some(frame) = frame.await.unwrap() else { return false };
            self.text += std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap();
        }
        true
    }
}

async fn append(service: &Service, count: usize) {
    let event = r#"{"event_type":"a","external_user_id":"u","timestamp":7,"p":"line\nend"}"#;
    let body = format!("[{}]", vec![event; count].join(","));
    let headers = ["content-type: application/json"];
    assert_eq!(ask(service, "POST /api/v1/events", &headers, body).await.status, 200);
}

#[tokio::test]
async fn whoever_follows_hears_of_each_event_once() {
    let (_, service) = fake_service();
    append(&service, 2).await;
    let (mut first, mut second) = (Stream::open(&service).await, Stream::open(&service).await);
    assert_eq!(first.body.headers()["content-type"], "text/event-stream");
    append(&service, 1).await;
    append(&service, 1).await;
    for stream in [&mut first, &mut second] {
        assert!(stream.until("id: 3\n").await && stream.until("}}\n\n").await);
        let event = r#"data: {"id":2,"event_type":"a","external_user_id":"u","timestamp":7,"properties":{"p":"line\nend"}}"#;
        assert!(stream.text.starts_with(&format!("retry: 2000\n\nid: 2\n{event}\n\nid: 3\n")));
    }
    drop((first, second));
    // The task ends with those who followed, and begins anew.
    tokio::time::sleep(Duration::from_millis(600)).await;
    append(&service, 1).await;
    let mut third = Stream::open(&service).await;
    append(&service, 1).await;
    assert!(third.until("id: 5\n").await);
    assert!(!third.text.contains("id: 4\n"));
}

#[tokio::test]
async fn more_than_can_be_followed_is_left_out_and_counted() {
    let (_, service) = fake_service();
    let mut stream = Stream::open(&service).await;
    append(&service, 1_500).await;
    assert!(stream.until("id: 1499\n").await);
    assert!(stream.text.contains("\n\n: lagged 500\n\nid: 500\n"), "{}", stream.text);
}

#[tokio::test]
async fn a_slow_client_is_told_what_it_missed() {
    let (_, service) = fake_service();
    let mut stream = Stream::open(&service).await;
    for _ in 0..4 {
        append(&service, 1_000).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    assert!(stream.until("id: 3999\n").await);
    assert!(stream.text.contains("\n\n: lagged "), "{}", stream.text.len());
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_is_kept_alive() {
    let (_, service) = fake_service();
    let mut stream = Stream::open(&service).await;
    let started = tokio::time::Instant::now();
    assert!(stream.until(": heartbeat\n\n: heartbeat\n\n").await);
    assert_eq!(started.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn there_is_a_limit_and_a_stop() {
    let (_, service) = fake_service();
    let mut streams = Vec::new();
    for _ in 0..STREAM_CLIENTS_MAX {
        streams.push(Stream::open(&service).await);
    }
    let got = ask(&service, "GET /api/v1/events/stream", &[], "").await;
    assert_eq!(got.refusal(), (503, "too_many_streams".into(), String::new()));
    assert_eq!(got.header("retry-after"), "10");
    let got = ask(&service, "HEAD /api/v1/events/stream", &[], "").await;
    assert_eq!((got.status, got.header("content-type")), (200, "text/event-stream"));
    service.stop();
    for stream in &mut streams {
        assert!(!stream.until("never").await);
    }
    let got = ask(&service, "GET /api/v1/events/stream", &[], "").await;
    assert_eq!(got.refusal().1, "stopping");
}
