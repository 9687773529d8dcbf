//! The playground answers from a file what the server answers that imported the same file.

use std::fs::File;
use std::io::BufReader;

use eventhub_client::playground::{Data, load};
use eventhub_ingest::file::{Form, Names};
use eventhub_tests::{Random, Server, run, sample};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

const QUESTIONS: usize = 300;
const EVENTS: [&str; 5] = ["home", "product_view", "add_to_cart", "purchase", "never_seen"];
const COLUMNS: [&str; 6] =
    ["--event-column", "event", "--user-column", "user_id", "--time-column", "timestamp"];

struct Both {
    server: Server,
    data: Data,
}

impl Both {
    /// Asks both the same, and gives what they both answered.
    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = [("content-type", "application/json")];
        let target = format!("/api/v1/{path}");
        let answer = self.server.call(method, &target, &headers, body.as_bytes());
        let clock = || 1_750_000_000_000.0;
        let own = self.data.ask(method, target.trim_start_matches('/'), &body, &clock);
        let read = |text: &str| {
            let mut value: Value = serde_json::from_str(text).expect("an answer is JSON");
            if let Some(fields) = value.as_object_mut() {
                // How long it took, and how many parts there are, is each one's own.
                fields.remove("elapsed_ms");
                fields.remove("events_scanned");
            }
            value
        };
        let (expected, found) = (read(&answer.body), read(&own.body));
        assert_eq!((own.status, &found), (answer.status, &expected), "{method} {path} {body}");
        found
    }
}

fn both() -> Both {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = sample(folder.path());
    let data = folder.path().join("data");
    let files = ["import", file.to_str().expect("text"), "--data", data.to_str().expect("text")];
    let output = run(&[&files[..], &COLUMNS].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = Names {
        event_type: "event".into(),
        user: "user_id".into(),
        time: "timestamp".into(),
        insert_id: None,
        left_out: Vec::new(),
    };
    let text = BufReader::new(GzDecoder::new(File::open(file).expect("the file can be opened")));
    let loaded = load(text, Form::Csv, names, &mut |_| {}, &|| false);
    let (data, summary) = loaded.expect("the file is loaded");
    assert_eq!(summary.bad_rows, 0);
    Both { server: Server::on(folder, &[]), data }
}

#[test]
fn what_there_is_to_ask_about_is_the_same() {
    let both = both();
    let types = both.ask("GET", "event-types", &Value::Null);
    let mut kinds = 0;
    for event in types["event_types"].as_array().expect("a list") {
        let name = event["name"].as_str().expect("a name");
        let of = both.ask("GET", &format!("properties?event={name}"), &Value::Null);
        for property in of["properties"].as_array().expect("a list") {
            kinds += usize::from(!property["kind"].is_null());
            let key = property["key"].as_str().expect("a key");
            for rest in ["", "&prefix=m", "&limit=3"] {
                let path = format!("values?event={name}&property={key}{rest}");
                both.ask("GET", &path, &Value::Null);
            }
        }
    }
    assert!(kinds > 5, "{types}");
    both.ask("GET", "properties?event=never_seen", &Value::Null);
    both.ask("GET", "properties?of=user", &Value::Null);
    both.ask("GET", "values?of=user&property=plan", &Value::Null);
    for id in ["user_0000", "user_0599", "nobody"] {
        both.ask("GET", &format!("users/{id}"), &Value::Null);
        for page in ["", "?offset=3&limit=7", "?offset=100000"] {
            both.ask("GET", &format!("users/{id}/timeline{page}"), &Value::Null);
        }
    }
    both.ask("POST", "users/find", &json!({}));
    for (op, values) in [
        ("starts_with", "user_00"),
        ("is_not", "user_0001"),
        ("is", "user_0001"),
        ("matches", "[5-7]$"),
    ] {
        for property in ["external_user_id", "plan"] {
            let filter = json!({ "property": property, "op": op, "values": [values] });
            let find = json!({ "filters": [filter], "offset": 2, "limit": 5 });
            both.ask("POST", "users/find", &find);
        }
    }
}

#[test]
fn questions_are_answered_the_same() {
    let both = both();
    let random = &mut Random::new(6);
    let (mut counted, mut explained) = (0, 0);
    for _ in 0..QUESTIONS {
        let funnel = funnel(random);
        let answer = both.ask("POST", "funnel", &funnel);
        counted += answer["steps"][1]["count"].as_u64().unwrap_or_default();
        let status = random.pick(&["converted", "dropped", "pending"]);
        let who = json!({ "funnel": funnel, "step": 1, "status": status, "limit": 5 });
        both.ask("POST", "funnel/users", &who);
        let user = format!("user_{:04}", random.below(610));
        let explain = json!({ "funnel": funnel, "external_user_id": user });
        let explanation = both.ask("POST", "funnel/explain", &explain);
        explained += usize::from(explanation["steps_reached"].as_u64() > Some(1));
        both.ask("POST", "retention", &retention(random));
        both.ask("POST", "trends", &trends(random));
    }
    assert!(counted > 1_000 && explained > 10, "{counted} {explained}");
}

#[test]
fn refusals_are_the_same() {
    let both = both();
    for (path, body) in [
        ("funnel", json!({})),
        ("funnel", json!({ "range": range(&mut Random::new(1)), "steps": [] })),
        (
            "funnel",
            json!({ "range": { "start": "2024-02-30", "end": "x" }, "steps": [{ "event": "a" }] }),
        ),
        ("retention", json!({ "range": 7 })),
        (
            "trends",
            json!({ "range": { "start": "2024-01-01", "end": "2024-02-01" }, "measure": "x" }),
        ),
        ("funnel/users", json!({ "x": 1 })),
        ("users/find", json!({ "limit": 0 })),
        (
            "users/find",
            json!({ "filters": [{ "property": "p", "op": "matches", "values": ["("] }] }),
        ),
    ] {
        let refusal = both.ask("POST", path, &body);
        assert!(refusal["error"]["code"].is_string(), "{refusal}");
    }
    both.ask("GET", "values?event=home", &Value::Null);
    both.ask("GET", "properties", &Value::Null);
}

fn range(random: &mut Random) -> Value {
    let start = 1 + random.below(4);
    json!({ "start": format!("2024-0{start}-01"), "end": format!("2024-0{}-15", start + 1 + random.below(3)) })
}

fn filters(random: &mut Random) -> Value {
    let property = random.pick(&["platform", "acquisition_channel", "nothing"]);
    match random.below(4) {
        0 => json!([{ "property": property, "op": "is", "values": ["mobile", "email"] }]),
        1 => json!([{ "property": property, "op": "contains", "values": ["o"] }]),
        _ => json!([]),
    }
}

fn user_filters(random: &mut Random) -> Value {
    match random.below(4) {
        0 => json!([{ "property": "external_user_id", "op": "contains", "values": ["3"] }]),
        1 => json!([{ "property": "plan", "op": "not_exists" }]),
        _ => json!([]),
    }
}

fn breakdown(random: &mut Random) -> Value {
    match random.below(3) {
        0 => json!({ "property": "platform", "of": "event", "limit": 2 }),
        1 => json!({ "property": "plan", "of": "user" }),
        _ => Value::Null,
    }
}

fn counted(random: &mut Random) -> Value {
    match random.below(4) {
        0 => json!("any"),
        _ => json!({ "event": random.pick(&EVENTS), "filters": filters(random) }),
    }
}

/// An object without the fields that are null.
fn question(mut fields: Value) -> Value {
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    fields
}

fn funnel(random: &mut Random) -> Value {
    let steps = 2 + random.below(3);
    let step =
        |random: &mut Random| json!({ "event": random.pick(&EVENTS), "filters": filters(random) });
    let steps: Vec<Value> = (0..steps).map(|_| step(random)).collect();
    let order = *random.pick(&["ordered", "strict", "any"]);
    let exclude = match (order, random.below(3)) {
        ("ordered", 0) => json!([{ "event": "search", "after_step": 0, "before_step": 1 }]),
        _ => Value::Null,
    };
    question(json!({
        "range": range(random),
        "time_zone": random.pick(&["UTC", "Europe/Paris", "America/New_York"]),
        "steps": steps,
        "window": { "amount": 1 + random.below(20), "unit": random.pick(&["hours", "days", "calendar_days"]) },
        "order": order,
        "entry": random.pick(&["first", "best"]),
        "exclude": exclude,
        "user_filters": user_filters(random),
        "breakdown": breakdown(random),
    }))
}

fn retention(random: &mut Random) -> Value {
    question(json!({
        "range": range(random),
        "period": random.pick(&["day", "week", "month"]),
        "start_event": counted(random),
        "return_event": counted(random),
        "cohort_by": random.pick(&["first_in_range", "recurring"]),
        "return_on": random.pick(&["on", "on_or_after"]),
        "columns": 1 + random.below(8),
        "user_filters": user_filters(random),
        "breakdown": breakdown(random),
    }))
}

fn trends(random: &mut Random) -> Value {
    question(json!({
        "range": range(random),
        "interval": random.pick(&["day", "week", "month"]),
        "event": counted(random),
        "measure": random.pick(&["events", "users"]),
        "user_filters": user_filters(random),
        "breakdown": breakdown(random),
    }))
}
