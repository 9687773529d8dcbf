//! Previews: what a browser computes from a frame is what the server answers.

use std::collections::HashMap;

use eventhub_core::part::PackedPart;
use eventhub_core::persons::Persons;
use eventhub_core::query::{ConversionScan, FunnelInput, OneByOne, Types, count};
use serde_json::{Value, json};

use super::contract::Hub;
use super::*;

/// A frame, read as `docs/format.md` says.
struct Frame<'b> {
    parts: HashMap<&'b str, Vec<&'b [u8]>>,
    merged: Vec<(u32, &'b [u8])>,
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> &'b [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> usize {
        u32::from_le_bytes(self.take(4).try_into().unwrap()) as usize
    }
}

impl<'b> Frame<'b> {
    fn read(bytes: &'b [u8]) -> Self {
        let mut reader = Reader(bytes);
        assert_eq!(reader.take(8), b"EHPREV\x01\0");
        let (types, blocks) = (reader.number(), reader.number());
        let mut parts = HashMap::new();
        for _ in 0..types {
            let (length, files) = (reader.number(), reader.number());
            let name = std::str::from_utf8(reader.take(length)).unwrap();
            let file = |_| {
                let length = reader.number();
                reader.take(length)
            };
            parts.insert(name, (0..files).map(file).collect());
        }
        let block = |_| {
            let (block, length) = (reader.number() as u32, reader.number());
            (block, reader.take(length))
        };
        let merged = (0..blocks).map(block).collect();
        assert!(reader.0.is_empty());
        Self { parts, merged }
    }

    /// Users who reached each step.
    fn funnel(&self, query: &Value) -> Vec<u64> {
        let query: FunnelInput = serde_json::from_value(query.clone()).unwrap();
        let query = query.check(&TimeZone::UTC).unwrap();
        let persons = Persons::new(self.merged.clone()).unwrap();
        let needs = ConversionScan::needs(&query);
        let views = |types: &Types<'_>| {
            let asked = self.parts.iter().filter(|(name, _)| types.contain(name));
            let files = asked.flat_map(|(_, files)| files);
            files.map(|file| PackedPart::open(file).unwrap().view().unwrap()).collect::<Vec<_>>()
        };
        let parts: Vec<_> = needs.iter().map(|need| views(&need.types)).collect();
        let mut scan = ConversionScan::open(&query, 0, &parts, &persons, None).unwrap();
        let counts = count(&mut scan);
        scan.finish(counts, &OneByOne).steps.iter().map(|step| step.count).collect()
    }
}

const PREVIEW: &str = "GET /api/v1/preview?events=a,b,never&start=2024-03-01&end=2024-04-01";

#[tokio::test]
async fn a_browser_counts_what_the_server_counts() {
    let hub = Hub::start().await;
    let funnel = json!({
        "range": { "start": "2024-03-01", "end": "2024-04-01" },
        "steps": [{ "event": "a" }, { "event": "b" }],
    });
    let alias = json!({ "from_external_user_id": "u2", "to_external_user_id": "u3" });
    for (line, body) in [
        ("GET /api/v1/users/u1", Value::Null),
        ("POST /api/v1/users/alias", alias),
        ("DELETE /api/v1/users/u6", Value::Null),
    ] {
        hub.ok(line, &body).await;
        let answer = hub.ok("POST /api/v1/funnel", &funnel).await;
        let steps = answer["steps"].as_array().unwrap().iter();
        let expected: Vec<_> = steps.map(|step| step["count"].as_u64().unwrap()).collect();
        let got = hub.ask(PREVIEW, &Value::Null).await;
        assert_eq!((got.status, got.header("content-type")), (200, "application/octet-stream"));
        let frame = Frame::read(&got.bytes);
        assert_eq!(frame.funnel(&funnel), expected, "{line}");
        assert!(frame.parts["never"].is_empty());
        assert!(!frame.parts.contains_key("c"));
    }
    let got = hub.ask(&PREVIEW.replace("2024", "2023"), &Value::Null).await;
    assert!(Frame::read(&got.bytes).parts["a"].is_empty());
}

#[tokio::test]
async fn what_no_preview_is_of_is_refused() {
    let (_, service) = fake_service();
    let check = async |query: &str, code: &str, param: &str| {
        let got = ask(&service, &format!("GET /api/v1/preview?{query}"), &[], "").await;
        assert_eq!(got.refusal(), (400, code.into(), param.into()), "{query}");
    };
    check("start=2024-03-01&end=2024-03-02", "missing_parameter", "events").await;
    check("events=,&start=2024-03-01&end=2024-03-02", "invalid_parameter", "events").await;
    check("events=a&end=2024-03-02", "missing_parameter", "start").await;
    check("events=a&start=20240301&end=2024-03-02", "invalid_parameter", "start").await;
    check("events=a&start=2024-03-01&end=2024-02-30", "invalid_parameter", "end").await;
    check("events=a&start=2024-03-02&end=2024-03-01", "invalid_parameter", "end").await;
    let got = ask(&service, PREVIEW, &[], "").await;
    assert_eq!(got.refusal(), (413, "too_large".into(), String::new()));
    assert!(got.body.contains("67108864"), "{}", got.body);
}
