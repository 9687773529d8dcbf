//! The tracker's binary batches over HTTP: how they come, what is answered, what is refused.

use eventhub_core::Command;
use proptest::collection::vec as list;
use proptest::prelude::*;
use serde_json::json;
use tokio::runtime::Runtime;

use super::contract::Hub;
use super::*;
use crate::clock::now_ms;

const POST: &str = "POST /api/v1/events";
const TEXT: &str = "content-type: text/plain;charset=UTF-8";
const BYTES: &str = "content-type: application/octet-stream";
const GZIP: &str = "content-encoding: gzip";
const DAY_MS: i64 = 86_400_000;

fn event(user: &str, time_ms: i64, insert_id: Option<&str>) -> Vec<u8> {
    Command::event("view", user, time_ms, insert_id, [("page", "home")].into_iter()).into_bytes()
}

fn batch(sent_ms: i64, commands: &[Vec<u8>]) -> Vec<u8> {
    Command::batch(sent_ms, &commands.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_batch_comes_as_text_or_bytes_packed_or_not() {
    let (fake, service) = fake_service();
    let now = now_ms();
    let body = batch(now, &[event("u", now, None), event("v", now - 7, Some("~abcdefgh.0"))]);
    let ways: [(&[&str], Vec<u8>); 4] = [
        (&[TEXT], body.clone()),
        (&[BYTES], body.clone()),
        (&[TEXT, GZIP], gzip(&body)),
        (&[BYTES, GZIP], gzip(&body)),
    ];
    for (number, (headers, body)) in ways.into_iter().enumerate() {
        let got = ask(&service, POST, headers, body).await;
        let first = number * 2;
        assert_eq!(got.body, format!("{{\"ids\":[{first},{}]}}\n", first + 1));
        assert_eq!(got.header("access-control-allow-origin"), "*");
        assert_eq!(got.header("access-control-expose-headers"), "Retry-After");
    }
    let events = fake.events.lock().unwrap();
    assert_eq!(events[1].insert_id.as_ref().map(|id| id.as_str()), Some("~abcdefgh.0"));
    assert_eq!((events[1].time.ms(), events[1].properties.get("page")), (now - 7, Some("home")));
}

#[tokio::test]
async fn a_batch_may_be_an_alias_or_a_user() {
    let (fake, service) = fake_service();
    let alias = Command::alias("a", "b").into_bytes();
    let user = Command::user("b", [("plan", "free")].into_iter()).into_bytes();
    for commands in [[].as_slice(), &[alias], &[user]] {
        let got = ask(&service, POST, &[TEXT], batch(now_ms(), commands)).await;
        assert_eq!((got.status, got.body.as_str()), (200, "{\"ids\":[]}\n"));
    }
    assert_eq!(*fake.asked.lock().unwrap(), ["alias a b", "set b plan=free"]);
    assert!(fake.events.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_times_of_a_clock_that_is_wrong_by_a_day_are_corrected() {
    let (fake, service) = fake_service();
    let before = now_ms();
    for wrong_ms in [-DAY_MS, DAY_MS, 0, 90 * DAY_MS] {
        let clock = now_ms() + wrong_ms;
        let body = batch(clock, &[event("u", clock - 10_000, None)]);
        assert_eq!(ask(&service, POST, &[TEXT], body).await.status, 200);
    }
    let after = now_ms();
    for event in fake.events.lock().unwrap().iter() {
        let ms = event.time.ms();
        assert!((before - 12_000..=after - 8_000).contains(&ms), "{ms} {before} {after}");
    }
    // What no clock explains is as if it had happened when it came.
    for time_ms in [now_ms() + 2 * DAY_MS, -1] {
        let body = batch(now_ms(), &[event("u", time_ms, None)]);
        assert_eq!(ask(&service, POST, &[TEXT], body).await.status, 200);
        let ms = fake.events.lock().unwrap().last().unwrap().time.ms();
        assert!((before..=now_ms()).contains(&ms), "{ms}");
    }
    // The times of JSON are what the sender says.
    let json = json!([{"event_type": "a", "external_user_id": "u", "timestamp": 7}]).to_string();
    assert_eq!(ask(&service, POST, &[TEXT], json).await.status, 200);
    assert_eq!(fake.events.lock().unwrap().last().unwrap().time.ms(), 7);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_stored() {
    let (fake, service) = fake_service();
    let check = async |body: Vec<u8>, headers: &[&str], code: &str, param: &str| {
        let got = ask(&service, POST, headers, body).await;
        assert_eq!(got.refusal(), (400, code.into(), param.into()), "{}", got.body);
        got.body
    };
    let now = now_ms();
    let good = event("u", now, None);
    let events = [good.clone(), event("", now, None), good.clone(), event("", -1, None)];
    let said = check(batch(now, &events), &[TEXT], "invalid_event", "/1/external_user_id").await;
    assert!(said.contains("events[1]: external_user_id") && said.contains("events[3]"), "{said}");
    let long = "i".repeat(129);
    let named = [event("u", now, Some(&long))];
    check(batch(now, &named), &[TEXT], "invalid_event", "/0/insert_id").await;
    check(batch(now, &vec![good; 2_001]), &[TEXT], "too_many", "").await;
    let alias = Command::alias("", "b").into_bytes();
    check(batch(now, &[alias]), &[TEXT], "invalid_field", "/external_user_id").await;
    let value = "x".repeat(8_193);
    let user = Command::user("u", [("bio", &*value)].into_iter()).into_bytes();
    check(batch(now, &[user]), &[TEXT], "invalid_field", "/bio").await;
    check(b"EB".to_vec(), &[TEXT], "invalid_body", "").await;
    check(b"EB\x01\x00\x00".to_vec(), &[TEXT], "invalid_body", "").await;
    check(b"[]".to_vec(), &[BYTES], "invalid_body", "").await;
    check(batch(now, &[]), &["content-type: application/json"], "invalid_json", "").await;
    assert!(fake.events.lock().unwrap().is_empty() && fake.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_named_path_takes_what_the_other_takes() {
    let access = Access { write_key: Some("k".into()), ..open() };
    let names = named();
    let service =
        Service::new(Arc::new(Fake::default()), Settings { names, ..settings(access) }, intake());
    let body = || batch(now_ms(), &[event("u", now_ms(), None)]);
    for (number, path) in ["/s/in", "/api/v1/events"].into_iter().enumerate() {
        let got = ask(&service, &format!("POST {path}"), &[TEXT], body()).await;
        assert_eq!(got.refusal(), (401, "unauthorized".into(), "write_key".into()));
        let line = format!("POST {path}?write_key=k");
        let cross = ["sec-fetch-site: cross-site", "origin: https://a.example", TEXT];
        let got = ask(&service, &line, &cross, body()).await;
        assert_eq!(got.body, format!("{{\"ids\":[{number}]}}\n"));
        assert_eq!(got.header("access-control-allow-origin"), "*");
        let got = ask(&service, &format!("OPTIONS {path}"), &cross[..2], "").await;
        assert_eq!((got.status, got.header("access-control-allow-methods")), (204, "GET, POST"));
        let got = ask(&service, &format!("GET {path}"), &[], "").await;
        assert_eq!((got.status, got.header("allow")), (405, "POST, OPTIONS"));
    }
    let got = ask(&service, "POST /s/in?write_key=k", &[TEXT], "[]").await;
    assert_eq!((got.status, got.body.as_str()), (200, "{\"ids\":[]}\n"));
}

/// Everything that there is: events, and persons with their properties.
async fn state(service: &Service) -> String {
    let events = ask(service, "GET /api/v1/export", &[], "").await.body;
    events + &ask(service, "GET /users/find", &[], "").await.body
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn damaged_batches_never_fail_the_server_and_leave_nothing_half_stored(
        damages in list((0..4_u8, any::<u16>(), any::<u8>(), 0..3_u8), 1..12),
        kind in 0..3_u8,
    ) {
        Runtime::new().unwrap().block_on(async {
            let Hub { service, .. } = &Hub::start().await;
            let commands = match kind {
                0 => (0..5).map(|n| event("u", now_ms(), Some(&format!("~abcdefgh.{n}")))).collect(),
                1 => vec![Command::alias("x", "y").into_bytes()],
                _ => vec![Command::user("x", [("plan", "free")].into_iter()).into_bytes()],
            };
            for (damage, at, byte, way) in damages {
                let body = batch(now_ms(), &commands);
                let damaged = |mut body: Vec<u8>| {
                    let at = usize::from(at) % body.len();
                    match damage {
                        0 => body.truncate(at),
                        1 => body[at] = byte,
                        2 => body.insert(at, byte),
                        _ => drop(body.remove(at)),
                    }
                    body
                };
                let before = state(service).await;
                let (headers, body): (&[&str], _) = match way {
                    0 => (&[TEXT], damaged(body)),
                    1 => (&[BYTES, GZIP], gzip(&damaged(body))),
                    _ => (&[TEXT, GZIP], damaged(gzip(&body))),
                };
                let got = ask(service, POST, headers, body).await;
                if got.status != 200 {
                    assert_eq!(got.refusal().0, 400, "{}", got.body);
                    assert_eq!(state(service).await, before);
                }
            }
        });
    }
}
