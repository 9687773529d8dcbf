//! The real engine's answers against the OpenAPI document: what it says is taken, and what is answered is as it says.

use std::sync::LazyLock;

use proptest::collection::vec as list;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::bodies::{Choices, closed_objects, full};
use super::document::{Operation, operation, operations};
use super::*;
use crate::embedded::Embedded;
use crate::query::QueryLimits;
use crate::store::StoreOptions;

const JSON: &str = "content-type: application/json";

/// A server over a data folder of its own, with some events and persons.
pub(super) struct Hub {
    pub(super) service: Service,
    _folder: TempDir,
}

impl Hub {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions { map_size_bytes: 1 << 30, ..StoreOptions::default() };
        let limits = QueryLimits { time: Duration::from_secs(60), memory_bytes: 1 << 30 };
        let engine = Arc::new(Embedded::open(folder.path(), options, limits).unwrap());
        let hub = Self { service: service(engine, open()), _folder: folder };
        let event = |user: usize, name: &str, hour: i64| {
            json!({
                "event_type": name,
                "external_user_id": format!("u{user}"),
                "timestamp": 1_709_251_200_000 + hour * 3_600_000,
                "plan": if user.is_multiple_of(2) { "free" } else { "paid" },
                "price": hour,
            })
        };
        let users = 0..12;
        let all = users.flat_map(|user| {
            let bought = (user % 3 == 0).then(|| event(user, "b", 30 + user as i64));
            [event(user, "a", user as i64)].into_iter().chain(bought)
        });
        let all: Vec<_> = all.chain([event(1, "c", 2)]).collect();
        hub.ok("POST /api/v1/events", &json!(all)).await;
        let alias = json!({ "from_external_user_id": "u1", "to_external_user_id": "a" });
        hub.ok("POST /api/v1/users/alias", &alias).await;
        hub.ok("PATCH /api/v1/users/u2", &json!({ "set": { "plan": "free" } })).await;
        hub
    }

    /// Asks, and holds the answer against the document.
    pub(super) async fn ask(&self, line: &str, body: &Value) -> Got {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.send(line, text.into_bytes()).await
    }

    /// The same with a body that need not be JSON.
    async fn send(&self, line: &str, body: Vec<u8>) -> Got {
        let headers: &[&str] = if body.is_empty() { &[] } else { &[JSON] };
        let got = ask(&self.service, line, headers, body).await;
        operation(line).check(&got);
        got
    }

    pub(super) async fn ok(&self, line: &str, body: &Value) -> Value {
        let got = self.ask(line, body).await;
        assert_eq!(got.status, 200, "{line} {body}: {}", got.body);
        serde_json::from_str(&got.body).unwrap_or(Value::Null)
    }
}

fn target(operation: &Operation) -> String {
    let path = operation.path.replace("{id}", "u1").replace("{name}", "v");
    format!("{} {path}", operation.method)
}

#[tokio::test]
async fn every_field_is_taken_and_no_other() {
    let hub = Hub::start().await;
    for operation in operations() {
        let Some(schema) = operation.body() else { continue };
        let (line, body) = (target(&operation), full(schema));
        let got = hub.ask(&line, &body).await;
        let is_taken = got.status < 300 || (got.status == 404 && operation.method == "DELETE");
        assert!(is_taken, "{line} {body:#}: {}", got.body);
        for pointer in closed_objects(schema, &body) {
            let mut body = body.clone();
            body.pointer_mut(&pointer).unwrap()["surely/not"] = json!(1);
            let got = hub.ask(&line, &body).await;
            let param = format!("{pointer}/surely~1not");
            assert_eq!(got.refusal(), (400, "unknown_field".into(), param), "{line}");
        }
        let got = hub.ask(&format!("{line}?surely=1"), &body).await;
        assert_eq!(got.refusal(), (400, "unknown_parameter".into(), "surely".into()), "{line}");
    }
}

#[tokio::test]
async fn questions_are_answered_as_described() {
    let hub = Hub::start().await;
    let range = json!({ "start": "2024-03-01", "end": "2024-03-08" });
    let funnel = json!({
        "range": range,
        "steps": [{ "event": "a" }, { "event": "b" }],
        "breakdown": { "property": "plan" },
        "experiment": { "control": "free" },
    });
    let answer = hub.ok("POST /api/v1/funnel", &funnel).await;
    assert_eq!(answer["steps"][1]["count"], 4);
    assert_eq!(answer["groups"].as_array().unwrap().len(), 2);
    assert_eq!(answer["experiment"]["variants"].as_array().unwrap().len(), 2);
    let who = json!({ "funnel": funnel, "step": 0, "status": "dropped", "limit": 3 });
    let answer = hub.ok("POST /api/v1/funnel/users", &who).await;
    assert_eq!((answer["total"].as_u64(), answer["users"].as_array().unwrap().len()), (Some(8), 3));
    let exclude = json!([{ "event": "c" }]);
    let mut excluding = funnel.clone();
    excluding["exclude"] = exclude;
    for (user, funnel, reason) in [
        ("u0", &funnel, "converted"),
        ("u2", &funnel, "window_closed"),
        ("u1", &excluding, "excluded"),
    ] {
        let explain = json!({ "funnel": funnel, "external_user_id": user });
        let answer = hub.ok("POST /api/v1/funnel/explain", &explain).await;
        assert_eq!(answer["ended"]["reason"], reason, "{answer:#}");
        assert!(answer["window_ends_ms"].is_i64());
    }
    let unknown = json!({ "funnel": funnel, "external_user_id": "nobody" });
    assert_eq!(hub.ask("POST /api/v1/funnel/explain", &unknown).await.refusal().0, 404);
    let retention = json!({
        "range": range, "start_event": { "event": "a" }, "return_event": "any",
        "columns": 3, "breakdown": { "property": "plan", "of": "user" },
    });
    let answer = hub.ok("POST /api/v1/retention", &retention).await;
    assert_eq!(answer["rows"][0]["size"], 12);
    for measure in [json!("users"), json!({ "function": "median", "property": "price" })] {
        let trends = json!({ "range": range, "event": { "event": "a" }, "measure": measure,
            "breakdown": { "property": "plan" } });
        let answer = hub.ok("POST /api/v1/trends", &trends).await;
        assert_eq!(answer["intervals"].as_array().unwrap().len(), 7);
    }
}

#[tokio::test]
async fn everything_else_is_answered_as_described() {
    let hub = Hub::start().await;
    let none = Value::Null;
    assert_eq!(
        hub.ok("GET /api/v1/event-types?prefix=A", &none).await["event_types"][0]["events"],
        12
    );
    let keys = hub.ok("GET /api/v1/properties?event=a", &none).await;
    assert_eq!(keys["properties"][1], json!({ "key": "price", "count": 12, "kind": "number" }));
    hub.ok("GET /api/v1/properties?of=user", &none).await;
    let values = hub.ok("GET /api/v1/values?event=a&property=plan", &none).await;
    assert_eq!(values["values"][0], json!({ "value": "free", "count": 6 }));
    let find = json!({ "filters": [{ "property": "plan", "op": "is", "values": ["free"] }] });
    assert_eq!(hub.ok("POST /api/v1/users/find", &find).await["total"], 1);
    let person = hub.ok("GET /api/v1/users/u1", &none).await;
    assert_eq!(person["external_user_id"], "a");
    assert_eq!(person["ids"], json!(["a", "u1"]));
    assert_eq!(hub.ok("GET /api/v1/users/a", &none).await, person);
    let timeline = hub.ok("GET /api/v1/users/a/timeline?limit=1&offset=1", &none).await;
    assert_eq!(timeline["events"][0]["event_type"], "c");
    let alias = json!({ "from_external_user_id": "u1", "to_external_user_id": "a" });
    hub.ok("DELETE /api/v1/users/alias", &alias).await;
    assert_eq!(hub.ask("DELETE /api/v1/users/alias", &alias).await.refusal().0, 404);
    hub.ok("DELETE /api/v1/users/u1", &none).await;
    assert_eq!(hub.ask("DELETE /api/v1/users/u1", &none).await.refusal().0, 404);
    assert_eq!(hub.ask("GET /api/v1/users/u1", &none).await.refusal().0, 404);
    let exported = hub.ask("GET /api/v1/export", &none).await;
    assert_eq!(exported.body.lines().count(), 15);
    let exported = hub.ask("GET /api/v1/export?external_user_id=u0", &none).await;
    assert_eq!(exported.body.lines().count(), 2);
    hub.ok("PUT /api/v1/views/weekly%20%2F%20a", &json!({ "steps": [1.50, "x"] })).await;
    let views = hub.ok("GET /api/v1/views", &none).await;
    assert_eq!(views, json!({ "views": [{ "name": "weekly / a" }] }));
    let view = hub.ask("GET /api/v1/views/weekly%20%2f%20a", &none).await;
    assert_eq!(view.body, "{\"steps\":[1.5,\"x\"]}\n");
    hub.ok("DELETE /api/v1/views/weekly%20%2F%20a", &none).await;
    assert_eq!(hub.ask("GET /api/v1/views/weekly%20%2F%20a", &none).await.refusal().0, 404);
    let sign_in = json!({ "username": "a", "password": "b" });
    assert_eq!(hub.ask("POST /api/v1/session", &sign_in).await.header("set-cookie"), "");
    hub.ask("DELETE /api/v1/session", &none).await;
    hub.ok("GET /api/v1/openapi.json", &none).await;
    let metrics = hub.ask("GET /metrics", &none).await;
    assert!(
        metrics.body.contains("# TYPE eventhub_commits_total counter\neventhub_commits_total ")
    );
}

#[tokio::test]
async fn bodies_that_are_made_up_are_often_right() {
    let hub = Hub::start().await;
    let mut seed = 1_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u32
    };
    for line in ["funnel", "funnel/users", "retention", "trends", "users/find"] {
        let line = format!("POST /api/v1/{line}");
        let schema = operation(&line).body().unwrap();
        let mut taken = 0;
        for _ in 0..200 {
            let choices: Vec<u32> = (0..160).map(|_| next()).collect();
            let body = Choices::new(&choices).body(schema);
            taken += usize::from(hub.ask(&line, &body).await.status == 200);
        }
        assert!((5..195).contains(&taken), "{line}: {taken} of 200");
    }
}

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static SHARED: LazyLock<Hub> = LazyLock::new(|| RUNTIME.block_on(Hub::start()));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_a_client_sends_is_a_failure(choices in list(any::<u32>(), 0..160)) {
        let mut choices = Choices::new(&choices);
        let mut operations = operations();
        // That answer has no end.
        operations.retain(|operation| !operation.path.ends_with("/stream"));
        let operation = &operations[choices.below(operations.len())];
        let mut line = target(operation);
        let parameters = operation.parameters();
        let given = choices.below(1 + parameters.len());
        for (at, name) in parameters.into_iter().take(given).enumerate() {
            let mark = if at == 0 { '?' } else { '&' };
            let value: String = choices.text().bytes().map(|b| format!("%{b:02x}")).collect();
            line.push_str(&format!("{mark}{name}={value}"));
        }
        let body = operation.body().map(|schema| choices.body(schema).to_string());
        let mut body = body.unwrap_or_default().into_bytes();
        if !body.is_empty() && choices.once_in(8) {
            choices.damage(&mut body);
        }
        let got = RUNTIME.block_on(SHARED.send(&line, body.clone()));
        let sent = String::from_utf8_lossy(&body);
        prop_assert!(got.status < 500, "{line} {sent}: {}", got.body);
        if got.status == 400 {
            let (_, code, param) = got.refusal();
            prop_assert!(!code.contains("parameter") || !param.starts_with('/'), "{}", got.body);
        }
    }
}
