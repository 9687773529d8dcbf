//! Previews: what a browser computes from a frame is what the server answers.

use eventhub_core::part::PackedPart;
use eventhub_core::persons::Persons;
use eventhub_core::preview::Frame;
use eventhub_core::query::{ConversionScan, FunnelInput, OneByOne, Types, count};
use serde_json::{Value, json};

use super::contract::Hub;
use super::*;

/// Users who reached each step.
fn funnel(frame: &Frame<'_>, query: &Value) -> Vec<u64> {
    let query: FunnelInput = serde_json::from_value(query.clone()).unwrap();
    let query = query.check(&TimeZone::UTC).unwrap();
    let persons = Persons::default();
    let needs = ConversionScan::needs(&query);
    let views = |types: &Types<'_>| {
        let asked = frame.parts.iter().filter(|(name, _)| types.contain(name));
        let parts = asked.filter_map(|(_, part)| *part);
        parts.map(|part| PackedPart::open(part).unwrap().view().unwrap()).collect::<Vec<_>>()
    };
    let parts: Vec<_> = needs.iter().map(|need| views(&need.types)).collect();
    let mut scan = ConversionScan::open(&query, 0, &parts, &persons, None).unwrap();
    let counts = count(&mut scan);
    scan.finish(counts, &OneByOne).steps.iter().map(|step| step.count).collect()
}

const PREVIEW: &str = "GET /api/v1/preview?events=a,b,never&start=2024-03-01&end=2024-04-01";

#[tokio::test]
async fn a_browser_counts_what_the_server_counts() {
    let hub = Hub::start().await;
    let question = json!({
        "range": { "start": "2024-03-01", "end": "2024-04-01" },
        "steps": [{ "event": "a" }, { "event": "b" }],
    });
    let alias = json!({ "from_external_user_id": "u2", "to_external_user_id": "u3" });
    for (line, body, persons) in [
        ("GET /api/v1/users/u1", Value::Null, 12),
        ("POST /api/v1/users/alias", alias, 11),
        ("DELETE /api/v1/users/u6", Value::Null, 10),
    ] {
        hub.ok(line, &body).await;
        let answer = hub.ok("POST /api/v1/funnel", &question).await;
        let steps = answer["steps"].as_array().unwrap().iter();
        let expected: Vec<_> = steps.map(|step| step["count"].as_u64().unwrap()).collect();
        let got = hub.ask(&format!("{PREVIEW}&user_properties=plan,none"), &Value::Null).await;
        assert_eq!((got.status, got.header("content-type")), (200, "application/octet-stream"));
        let frame = Frame::decode(&got.bytes).unwrap();
        assert_eq!(funnel(&frame, &question), expected, "{line}");
        assert!(frame.drawn.is_complete() && !frame.all_types);
        assert_eq!(frame.drawn.persons, persons);
        assert_eq!(frame.times_ms, (1_709_251_200_000, 1_711_929_600_000));
        let types: Vec<_> =
            frame.parts.iter().map(|(name, part)| (*name, part.is_some())).collect();
        assert_eq!(types, [("a", true), ("b", true), ("never", false)]);
        let [none, plan] = &frame.user_properties[..] else { panic!("two were asked for") };
        assert_eq!((none.key, none.values.len(), plan.key), ("none", 0, "plan"));
        let free = (0..persons).filter(|person| plan.value(*person) == Some("free"));
        assert_eq!((free.count(), &plan.values[..]), (1, &["free"][..]));
        // No name of anybody is in it.
        for name in [&b"u0"[..], b"u11"] {
            assert!(!got.bytes.windows(name.len()).any(|bytes| bytes == name));
        }
    }
    let got = hub.ask("GET /api/v1/preview?start=2024-03-01&end=2024-04-01", &Value::Null).await;
    let frame = Frame::decode(&got.bytes).unwrap();
    assert!(frame.all_types);
    assert_eq!(frame.parts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a", "b", "c"]);
    let got = hub.ask(&PREVIEW.replace("2024", "2023"), &Value::Null).await;
    let frame = Frame::decode(&got.bytes).unwrap();
    assert_eq!((frame.drawn.of_persons, frame.parts[0]), (0, ("a", None)));
}

#[tokio::test]
async fn a_preview_has_as_many_events_as_it_is_asked_for() {
    let hub = Hub::start().await;
    let events: Vec<Value> = (0..1_000)
        .map(|n| json!({ "event_type": "many", "external_user_id": format!("m{}", n / 4), "timestamp": 1_709_251_200_000_i64 + n }))
        .collect();
    hub.ok("POST /api/v1/events", &json!(events)).await;
    let preview = "GET /api/v1/preview?events=many&start=2024-03-01&end=2024-03-02&max_events=200";
    let got = hub.ask(preview, &Value::Null).await;
    let frame = Frame::decode(&got.bytes).unwrap();
    let part = PackedPart::open(frame.parts[0].1.unwrap()).unwrap().view().unwrap();
    assert_eq!((frame.drawn.of_persons, part.rows()), (250, frame.drawn.persons * 4));
    assert!((25..100).contains(&frame.drawn.persons), "{:?}", frame.drawn);
}

#[tokio::test]
async fn what_no_preview_is_of_is_refused() {
    let (fake, service) = fake_service();
    let check = async |query: &str, code: &str, param: &str| {
        let got = ask(&service, &format!("GET /api/v1/preview?{query}"), &[], "").await;
        assert_eq!(got.refusal(), (400, code.into(), param.into()), "{query}");
    };
    check("events=,&start=2024-03-01&end=2024-03-02", "invalid_parameter", "events").await;
    check("events=a&end=2024-03-02", "missing_parameter", "start").await;
    check("events=a&start=20240301&end=2024-03-02", "invalid_parameter", "start").await;
    check("events=a&start=2024-03-01&end=2024-02-30", "invalid_parameter", "end").await;
    check("events=a&start=2024-03-02&end=2024-03-01", "invalid_parameter", "end").await;
    let days = "start=2024-03-01&end=2024-03-02";
    check(&format!("{days}&max_events=0"), "invalid_parameter", "max_events").await;
    check(&format!("{days}&max_events=2000001"), "invalid_parameter", "max_events").await;
    let keys = (0..17).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    check(&format!("{days}&user_properties={keys}"), "invalid_parameter", "user_properties").await;
    assert!(fake.asked.lock().unwrap().is_empty());
    let got = ask(&service, &format!("GET /api/v1/preview?{days}&events=b,a,b"), &[], "").await;
    assert_eq!(got.status, 200);
    let asked = fake.asked.lock().unwrap()[0].clone();
    assert!(asked.contains(r#"event_types: Some(["a", "b"])"#), "{asked}");
    assert!(asked.contains("events_max: 250000, bytes_max: 67108864"), "{asked}");
}
