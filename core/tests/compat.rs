//! The golden files of every released format version are read, and answer as they always did.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use eventhub_core::part::{PackedPart, PartView};
use eventhub_core::persons::Persons;
use eventhub_core::query::{FunnelInput, FunnelQuery, FunnelScan, answer};
use jiff::tz::TimeZone;
use serde::Deserialize as _;
use serde_json::Value;

fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/compat").join(version)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}

fn query(value: &Value) -> FunnelQuery {
    FunnelInput::deserialize(value).unwrap().check(&TimeZone::UTC).unwrap()
}

#[test]
fn version_1_is_read_and_answers_as_it_always_did() {
    check("v1");
}

#[test]
fn version_2_is_read_and_answers_as_it_always_did() {
    check("v2");
}

#[test]
fn version_3_is_read_and_answers_as_it_always_did() {
    check("v3");
}

fn check(version: &str) {
    let folder = folder(version);
    let golden = fs::read_to_string(folder.join("funnel.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    let persons = Persons::default();
    for case in list(&golden["cases"]) {
        let query = query(&case["query"]);
        let files: Vec<Vec<Vec<u8>>> = query
            .steps()
            .iter()
            .map(|step| {
                let names = list(&golden["parts"][&step.event_type]);
                names.map(|name| fs::read(folder.join(text(name))).unwrap()).collect()
            })
            .collect();
        let parts: Vec<Vec<PartView<'_>>> = files
            .iter()
            .map(|files| {
                files.iter().map(|bytes| PackedPart::open(bytes).unwrap().view().unwrap()).collect()
            })
            .collect();
        parts.iter().flatten().for_each(|part| part.verify().unwrap());
        let answer = answer(FunnelScan::open(&query, &parts, &persons).unwrap()).finish();
        let expected: Vec<u64> =
            list(&case["answer"]).map(|count| count.as_u64().unwrap()).collect();
        assert!(expected[0] > 0);
        assert_eq!(answer, expected, "{}", case["query"]);
    }
}
