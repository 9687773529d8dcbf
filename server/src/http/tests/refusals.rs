//! The JSON API over the fake engine: what is refused and how, methods, packed bodies, keys.

use super::*;

const JSON: &str = "content-type: application/json";
const NDJSON: &str = "content-type: application/x-ndjson";
const RANGE: &str = r#""range": {"start": "2024-03-01", "end": "2024-04-01"}"#;
const EVENT: &str = r#"{"event_type": "a", "external_user_id": "u"}"#;

#[tokio::test]
async fn a_field_at_fault_is_told_by_its_pointer_and_one_code() {
    let (_, service) = fake_service();
    let check = async |line: &str, body: &str, code: &str, param: &str| {
        let body = body.replace("RANGE", RANGE);
        let got = ask(&service, line, &[JSON], body.clone()).await;
        assert_eq!(got.refusal(), (400, code.into(), param.into()), "{line} {body}: {}", got.body);
    };
    let field = async |line: &str, body: &str, param: &str| {
        check(&format!("POST /api/v1/{line}"), body, "invalid_field", param).await;
    };
    field("funnel", "{}", "/range").await;
    field("funnel", "{RANGE}", "/steps").await;
    field("funnel", r#"{RANGE, "steps": []}"#, "/steps").await;
    field("funnel", r#"{RANGE, "steps": [{"event": ""}]}"#, "/steps/0/event").await;
    let long = format!(r#"{{RANGE, "steps": [{{"event": "{}"}}]}}"#, "x".repeat(256));
    field("funnel", &long, "/steps/0/event").await;
    let date =
        r#"{"range": {"start": "2024-02-30", "end": "2024-04-01"}, "steps": [{"event": "a"}]}"#;
    field("funnel", date, "/range/start").await;
    field("funnel", &date.replace("2024-02-30", "1960-01-01"), "/range/start").await;
    field("funnel", r#"{RANGE, "steps": [{"event": "a"}], "time_zone": "Mars"}"#, "/time_zone")
        .await;
    let filter = r#"{RANGE, "steps": [{"event": "a", "filters": [{"property": "p", "op": "gt", "values": ["x"]}]}]}"#;
    field("funnel", filter, "/steps/0/filters/0/values/0").await;
    let who = r#"{"funnel": {RANGE, "steps": [{"event": "a"}], "window": {"amount": 0, "unit": "days"}}, "step": 0, "status": "reached"}"#;
    field("funnel/users", who, "/funnel/window/amount").await;
    let explain = r#"{"funnel": {RANGE, "steps": [{"event": "a"}]}, "external_user_id": ""}"#;
    field("funnel/explain", explain, "/external_user_id").await;
    let retention = r#"{RANGE, "start_event": "any", "return_event": "any", "columns": 60000}"#;
    field("retention", retention, "/columns").await;
    let trends = r#"{RANGE, "event": "any", "measure": {"function": "sum"}}"#;
    field("trends", trends, "/measure/property").await;
    field("users/find", r#"{"limit": 0}"#, "/limit").await;
    field(
        "users/find",
        r#"{"filters": [{"property": "", "op": "exists"}]}"#,
        "/filters/0/property",
    )
    .await;
    let alias = r#"{"from_external_user_id": "a", "to_external_user_id": ""}"#;
    field("users/alias", alias, "/to_external_user_id").await;
    check("POST /api/v1/trends", "{", "invalid_json", "").await;
    check("POST /api/v1/trends", "", "invalid_json", "").await;
    check("POST /api/v1/trends", r#"{"x": 1}"#, "unknown_field", "/x").await;
    let change = async |body: &str, param: &str| {
        check("PATCH /api/v1/users/u", body, "invalid_field", param).await;
    };
    change(r#"{"set": {"a/b": [1]}}"#, "/set/a~1b").await;
    change(r#"{"set": {"": 1}}"#, "/set/").await;
    change(r#"{"set": {"p": "x"}, "unset": ["p"]}"#, "/set/p").await;
    change(r#"{"set_once": {"p": "x"}, "add": {"p": 1}}"#, "/add/p").await;
    change(r#"{"add": {"p": "x"}}"#, "/add/p").await;
    change(r#"{"unset": ["p", ""]}"#, "/unset/1").await;
}

#[tokio::test]
async fn a_parameter_at_fault_is_told_by_its_name() {
    let (_, service) = fake_service();
    let check = async |target: &str, code: &str, param: &str| {
        let got = ask(&service, &format!("GET /api/v1/{target}"), &[], "").await;
        assert_eq!(got.refusal(), (400, code.into(), param.into()), "{target}: {}", got.body);
    };
    check("values?event=a", "missing_parameter", "property").await;
    check("values?property=p", "missing_parameter", "event").await;
    check("values?property=p&event=a&limit=1001", "invalid_parameter", "limit").await;
    check("properties?of=nobody", "invalid_parameter", "of").await;
    check("properties?of=user&event=a", "invalid_parameter", "event").await;
    check("event-types?prefx=a", "unknown_parameter", "prefx").await;
    check("users/u/timeline?limit=0", "invalid_parameter", "limit").await;
    check("users/u/timeline?offset=-1", "invalid_parameter", "offset").await;
    check("users/%zz", "invalid_encoding", "id").await;
    check("users/%ff/timeline", "invalid_encoding", "id").await;
    check(&format!("views/{}", "v".repeat(256)), "invalid_parameter", "name").await;
    let long = format!("PATCH /api/v1/users/{}", "u".repeat(401));
    let got = ask(&service, &long, &[JSON], "{}").await;
    assert_eq!(got.refusal(), (400, "invalid_parameter".into(), "id".into()));
}

#[tokio::test]
async fn paths_and_methods_that_there_are_not_are_refused() {
    let (_, service) = fake_service();
    let check = async |line: &str, headers: &[&str], body: &[u8], status: u16, code: &str| {
        let got = ask(&service, line, headers, body.to_vec()).await;
        assert_eq!(got.refusal(), (status, code.into(), String::new()), "{line}");
        got
    };
    for path in ["", "nothing", "users/", "users//timeline", "users/u/x", "events/", "views/"] {
        check(&format!("GET /api/v1/{path}"), &[], b"", 404, "not_found").await;
    }
    let got = check("GET /api/v1/funnel", &[], b"", 405, "method_not_allowed").await;
    assert_eq!(got.header("allow"), "POST, OPTIONS");
    let got = check("POST /api/v1/views/v", &[], b"", 405, "method_not_allowed").await;
    assert_eq!(got.header("allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
    let large = vec![b' '; (1 << 20) + 1];
    check("POST /api/v1/funnel", &[JSON], &large, 413, "too_large").await;
    let view = format!("{{\"a\": \"{}\"}}", "x".repeat(64 << 10));
    let got = check("PUT /api/v1/views/v", &[JSON], view.as_bytes(), 413, "too_large").await;
    assert!(got.body.contains("65536"), "{}", got.body);
    for headers in [&[][..], &["content-type: text/plain"], &[FORM], &[NDJSON]] {
        check("POST /api/v1/funnel", headers, b"{}", 415, "unsupported_media_type").await;
    }
    let packed = [JSON, "content-encoding: gzip"];
    check("POST /api/v1/funnel", &packed, b"{}", 415, "unsupported_media_type").await;
    let got = ask(&service, "OPTIONS /api/v1/users/u", &[], "").await;
    assert_eq!((got.status, got.header("allow")), (204, "GET, HEAD, PATCH, DELETE, OPTIONS"));
}

#[tokio::test]
async fn every_get_is_a_head() {
    let (_, service) = fake_service();
    for (path, resource) in v1::PATHS.into_iter().filter(|(_, of)| of.allow().starts_with("GET")) {
        let query = match resource {
            Resource::Properties => "?event=a",
            Resource::Values => "?event=a&property=p",
            Resource::Preview => "?start=2024-03-01&end=2024-03-02",
            // Its answer has no end.
            Resource::EventStream => continue,
            _ => "",
        };
        let target = format!("/api/v1/{path}{query}").replace("{id}", "u").replace("{name}", "v");
        let get = ask(&service, &format!("GET {target}"), &[], "").await;
        let head = ask(&service, &format!("HEAD {target}"), &[], "").await;
        assert_eq!(head.status, get.status, "{target}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{target}");
    }
}

#[tokio::test]
async fn an_id_in_a_path_is_any_text() {
    let (fake, service) = fake_service();
    let got = ask(&service, "GET /api/v1/users/a%2Fb%20c+d", &[], "").await;
    let shown: serde_json::Value = serde_json::from_str(&got.body).unwrap();
    // The fake answers with what it was asked for.
    assert_eq!(shown["properties"]["external_user_id"], "a/b c+d");
    ask(&service, "GET /api/v1/users/a%2Fb%20c/timeline", &[], "").await;
    ask(&service, "PATCH /api/v1/users/%C3%A9", &[JSON], r#"{"set": {"n": 1.50, "x": null}}"#)
        .await;
    let asked = ["timeline a/b c 0 100", "set \u{e9} n=1.50"];
    assert_eq!(*fake.asked.lock().unwrap(), asked);
}

#[tokio::test]
async fn what_a_question_may_take_is_limited() {
    let (_, service) = fake_service();
    let retention = format!(r#"{{{RANGE}, "start_event": "any", "return_event": "any"}}"#);
    let got = ask(&service, "POST /api/v1/retention", &[JSON], retention).await;
    assert_eq!(got.refusal(), (503, "query_too_slow".into(), String::new()));
    let trends = format!(r#"{{{RANGE}, "event": "any"}}"#);
    let got = ask(&service, "POST /api/v1/trends", &[JSON], trends).await;
    assert_eq!(got.refusal(), (503, "query_too_large".into(), String::new()));
}

#[tokio::test]
async fn events_come_as_an_array_or_as_lines_packed_or_not() {
    let (fake, service) = fake_service();
    let packed = gzip(format!("{EVENT}\n\n{EVENT}\n").as_bytes());
    let post = async |headers: &[&str], body: Vec<u8>| {
        ask(&service, "POST /api/v1/events", headers, body).await
    };
    let array = format!("[{EVENT}]").into_bytes();
    assert_eq!(post(&[JSON], array.clone()).await.body, "{\"ids\":[0]}\n");
    assert_eq!(post(&["content-type: text/plain"], array).await.body, "{\"ids\":[1]}\n");
    assert_eq!(post(&[NDJSON], EVENT.into()).await.body, "{\"ids\":[2]}\n");
    let headers = [NDJSON, "content-encoding: gzip"];
    assert_eq!(post(&headers, packed.clone()).await.body, "{\"ids\":[3,4]}\n");
    assert_eq!(post(&[JSON], b"[]".to_vec()).await.body, "{\"ids\":[]}\n");
    assert_eq!(post(&headers, packed[..20].to_vec()).await.refusal().1, "invalid_body");
    let check = async |headers: &[&str], body: &str, code: &str, param: &str| {
        let got = post(headers, body.into()).await;
        assert_eq!(got.refusal(), (400, code.into(), param.into()), "{body}: {}", got.body);
    };
    check(&[JSON], "[{", "invalid_json", "").await;
    check(&[JSON], "", "invalid_json", "").await;
    let bad = format!(r#"[{EVENT}, {{"event_type": "a"}}]"#);
    check(&[JSON], &bad, "invalid_event", "/1/external_user_id").await;
    check(&[NDJSON], &format!("{EVENT}\n7"), "invalid_event", "/1").await;
    check(&[JSON], &format!("[{}]", [EVENT; 2_001].join(",")), "too_many", "").await;
    assert_eq!(fake.events.lock().unwrap().len(), 5);
}

#[tokio::test]
async fn a_write_key_and_other_origins_are_for_events_alone() {
    let access = Access { write_key: Some("k1".into()), ..open() };
    let service = service(Arc::new(Fake::default()), access);
    let (line, body) = ("POST /api/v1/events", format!("[{EVENT}]"));
    let origin = "origin: https://shop.example";
    let got = ask(&service, line, &[JSON, origin], body.clone()).await;
    assert_eq!(got.refusal(), (401, "unauthorized".into(), "write_key".into()));
    assert_eq!(got.header("access-control-allow-origin"), "*");
    let keyed = [JSON, origin, "x-write-key: k1", "sec-fetch-site: cross-site"];
    assert_eq!(ask(&service, line, &keyed, body.clone()).await.status, 200);
    let keyed = format!("{line}?write_key=k1");
    assert_eq!(ask(&service, &keyed, &[JSON], body).await.status, 200);
    let got = ask(&service, "OPTIONS /api/v1/events", &[origin], "").await;
    assert_eq!(
        got.header("access-control-allow-headers"),
        "Content-Type, Content-Encoding, X-Write-Key"
    );
    for (path, _) in v1::PATHS.into_iter().filter(|(path, _)| *path != "events") {
        let got = ask(&service, &format!("OPTIONS /api/v1/{path}"), &[origin], "").await;
        assert_eq!(got.header("access-control-allow-origin"), "", "{path}");
    }
}
