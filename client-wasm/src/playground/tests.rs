//! Files that are guessed at, loaded and asked about.

use std::io::BufReader;

use eventhub_core::TimeMs;
use eventhub_ingest::file::{Form, Names};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::guess::Role;
use super::{Data, LoadError, Summary, demo, guess, load};

const CSV: &str = "user_id,event,timestamp,plan\n\
    ada,view,2024-03-01 10:00:00,free\n\
    bob,view,2024-03-01 11:00:00,\n\
    ada,buy,2024-03-02 10:00:00,pro\n";

fn names() -> Names {
    Names {
        event_type: "event".into(),
        user: "user_id".into(),
        time: "timestamp".into(),
        insert_id: None,
        left_out: Vec::new(),
    }
}

fn loaded(text: &str, form: Form, names: Names) -> Result<(Data, Summary), LoadError> {
    load(BufReader::new(text.as_bytes()), form, names, &mut |_| {}, &|| false)
}

fn ask(data: &Data, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = data.ask(method, &format!("api/v1/{path}"), &body, &|| 1_750_000_000_000.0);
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

#[track_caller]
fn check_roles(name: &str, text: &str, expected: &str) {
    let guess = guess(name, text.as_bytes(), true);
    let short = |role| match role {
        Role::Event => "event",
        Role::User => "user",
        Role::Time => "time",
        Role::InsertId => "insert_id",
        Role::Property => "property",
        Role::LeftOut => "left out",
    };
    let roles: Vec<_> =
        guess.columns.iter().map(|c| format!("{}: {}", c.name, short(c.role))).collect();
    assert_eq!(roles.join(", "), expected, "{text}");
    assert_eq!(guess.problem, None, "{text}");
}

#[test]
fn columns_are_guessed_by_names_and_rows() {
    check_roles("a.csv", CSV, "user_id: user, event: event, timestamp: time, plan: property");
    check_roles(
        "a.csv",
        "When,Who Id,What\n1709287200,7,view\n1709287201,8,view\n1709287202,7,buy\n",
        "When: time, Who Id: user, What: event",
    );
    check_roles(
        "a.csv",
        "createdAt,customerId,Action,date,insert_id\n2024-03-01T10:00:00Z,c1,view,20240301,i1\n",
        "createdAt: time, customerId: user, Action: event, date: left out, insert_id: insert_id",
    );
    // A small number is no time, whatever the column is called.
    check_roles(
        "a.csv",
        "time,at,user,event\n12,2024-03-01 10:00:00,u,view\n",
        "time: property, at: time, user: user, event: event",
    );
    check_roles(
        "a.ndjson",
        "{\"event\":\"view\",\"distinct_id\":\"u\",\"ts\":1709287200123}\n\n{\"event\":\"buy\",\"plan\":null,\"price\":7}\n",
        "event: event, distinct_id: user, ts: time, price: property",
    );
}

#[test]
fn what_cannot_be_loaded_is_said_in_a_sentence() {
    let check = |text: &str, expected: &str| {
        let problem = guess("a.csv", text.as_bytes(), true).problem.unwrap_or_default();
        assert!(problem.contains(expected), "{text}: {problem}");
    };
    check("", "empty");
    check("ada,view,2024-03-01 10:00:00\nbob,view,2024-03-01 10:00:00\n", "first line holds data");
    check("1,2\n3,4\n", "first line holds data");
    check("user;event;time\nada;view;1\n", "separated by ';'");
    check("user\tevent\ttime\nada\tview\t1\n", "separated by tabs");
    check("user,,time\na,b,c\n", "Column 2 has no name");
    check("user,user\na,b\n", "Two columns are named user");
    check("user,event,time\n", "no row");
    let lines = guess("a.ndjson", b"[1]\n", true).problem.unwrap_or_default();
    assert!(lines.starts_with("line 1: "), "{lines}");
}

#[test]
fn a_line_that_is_cut_off_is_not_looked_at() {
    let guess = guess("a.csv", &CSV.as_bytes()[..CSV.len() - 6], false);
    assert_eq!(guess.rows.len(), 2);
    assert_eq!(guess.rows[1], ["bob", "view", "2024-03-01 11:00:00", ""]);
}

#[test]
fn a_file_is_asked_about() {
    let (data, summary) = loaded(CSV, Form::Csv, names()).unwrap();
    assert_eq!((summary.events, summary.users, summary.bad_rows), (3, 2, 0));
    let (status, types) = ask(&data, "GET", "event-types", &Value::Null);
    let expected = json!([{ "name": "buy", "events": 1 }, { "name": "view", "events": 2 }]);
    assert_eq!((status, &types["event_types"]), (200, &expected));
    let query = json!({
        "range": { "start": "2024-03-01", "end": "2024-04-01" },
        "steps": [{ "event": "view" }, { "event": "buy" }],
        "window": { "amount": 7, "unit": "days" },
    });
    let (_, funnel) = ask(&data, "POST", "funnel", &query);
    assert_eq!(
        (&funnel["steps"][0]["count"], &funnel["steps"][1]["count"]),
        (&json!(2), &json!(1))
    );
    let (_, shown) = ask(&data, "GET", "users/ada/timeline?limit=1&offset=1", &Value::Null);
    let event = json!({
        "id": 2, "event_type": "buy", "external_user_id": "ada",
        "timestamp": 1_709_373_600_000_i64, "properties": { "plan": "pro" },
    });
    assert_eq!(shown["events"], json!([event]));
    let (_, latest) = ask(&data, "GET", "events/latest?limit=2", &Value::Null);
    assert_eq!((&latest["events"][0]["id"], &latest["events"][1]["id"]), (&json!(2), &json!(1)));
}

#[test]
fn refusals_are_those_of_the_server() {
    let (data, _) = loaded(CSV, Form::Csv, names()).unwrap();
    let check = |method: &str, path: &str, body: Value, status: u16, code: &str, param: Value| {
        let (found, answer) = ask(&data, method, path, &body);
        let error = &answer["error"];
        assert_eq!(
            (found, &error["code"], &error["param"]),
            (status, &json!(code), &param),
            "{path}"
        );
    };
    check("POST", "funnel", json!({}), 400, "invalid_field", json!("/range"));
    check("POST", "funnel", json!({ "x": 1 }), 400, "unknown_field", json!("/x"));
    check("POST", "funnel", Value::Null, 400, "invalid_json", Value::Null);
    check("POST", "users/find", json!({ "limit": 0 }), 400, "invalid_field", json!("/limit"));
    check("GET", "values?event=view", Value::Null, 400, "missing_parameter", json!("property"));
    check("GET", "properties", Value::Null, 400, "missing_parameter", json!("event"));
    check("GET", "users/nobody", Value::Null, 404, "not_found", Value::Null);
    check("GET", "nothing", Value::Null, 404, "not_found", Value::Null);
    check("DELETE", "users/ada", Value::Null, 404, "not_found", Value::Null);
}

#[test]
fn bad_rows_are_counted_and_the_first_are_described() {
    let bad = "ada,view,yesterday,\nada,view\n".repeat(20);
    let (data, summary) = loaded(&format!("{CSV}{bad}"), Form::Csv, names()).unwrap();
    assert_eq!((summary.events, summary.bad_rows, summary.bad.len()), (3, 40, 10));
    let first = serde_json::to_value(&summary.bad[..2]).unwrap();
    assert_eq!((&first[0]["line"], &first[1]["line"]), (&json!(5), &json!(6)));
    assert_eq!(first[1]["message"], "2 cells, there are 4 columns");
    assert_eq!(data.events, 3);
}

#[test]
fn what_stops_a_load_is_said() {
    let check = |text: &str, names: Names, expected: &str| match loaded(text, Form::Csv, names) {
        Ok(_) => panic!("{text} is loaded"),
        Err(error) => assert!(error.to_string().contains(expected), "{text}: {error}"),
    };
    check("user_id,event,timestamp\n", names(), "no events");
    check("user_id,event,timestamp\na,b,c\n", names(), "no row of the file is an event; line 2");
    check("a,b\nc,d\n", names(), "line 1: there is no column event");
    let many: String = (0..10_001).map(|n| format!("u,e{n},2024-01-01 00:00:00\n")).collect();
    let many = format!("user_id,event,timestamp\n{many}");
    check(&many, names(), "the column event has more than 10000 different values");
    let rows = format!("{CSV}{}", "ada,view,2024-03-01 10:00:00,free\n".repeat(10_000));
    let full = load(rows.as_bytes(), Form::Csv, names(), &mut |_| {}, &|| true);
    assert!(matches!(full, Err(LoadError::TooLarge(8_191))));
}

#[test]
fn columns_left_out_and_repeated_insert_ids_are_passed_over() {
    let text = "user_id,event,timestamp,insert_id,date,note\n\
        ada,view,2024-03-01 10:00:00,a,x,secret\nada,view,2024-03-01 10:00:01,a,x,secret\n";
    let left_out = vec!["date".to_owned(), "note".to_owned()];
    let (data, summary) =
        loaded(text, Form::Csv, Names { left_out: left_out.clone(), ..names() }).unwrap();
    assert_eq!((summary.events, summary.repeated), (1, 1));
    let (_, properties) = ask(&data, "GET", "properties?event=view", &Value::Null);
    assert_eq!(properties["properties"], json!([]));
    let line =
        json!({ "user_id": "ada", "event": "view", "timestamp": 1_709_287_200, "note": 1, "n": 7 });
    let (data, _) = loaded(&line.to_string(), Form::Ndjson, Names { left_out, ..names() }).unwrap();
    let (_, properties) = ask(&data, "GET", "properties?event=view", &Value::Null);
    assert_eq!(properties["properties"], json!([{ "key": "n", "count": 1, "kind": "number" }]));
}

#[test]
fn the_demo_has_persons_of_several_ids() {
    let (data, summary) = demo(TimeMs::new(1_750_000_000_000).unwrap()).unwrap();
    assert!(summary.events > 100_000 && !summary.views.is_empty(), "{summary:?}");
    let (_, by_plan) = ask(&data, "GET", "values?of=user&property=plan", &Value::Null);
    let value = by_plan["values"][0]["value"].clone();
    let filter = json!({ "property": "plan", "op": "is", "values": [value] });
    let (_, found) = ask(&data, "POST", "users/find", &json!({ "filters": [filter] }));
    assert_eq!(found["total"], by_plan["values"][0]["count"]);
    let name = found["users"][0]["external_user_id"].as_str().unwrap();
    let (_, person) = ask(&data, "GET", &format!("users/{name}"), &Value::Null);
    assert!(person["ids"].as_array().unwrap().len() > 1, "{person}");
    let visitor = person["ids"][1].as_str().unwrap();
    let (_, same) = ask(&data, "GET", &format!("users/{visitor}"), &Value::Null);
    assert_eq!(same, person);
    for view in &summary.views {
        let view: Value = serde_json::from_str(&view.view).unwrap();
        let question = view["parameters"]["q"].as_str().unwrap();
        let path = match view["screen"].as_str().unwrap() {
            "experiment" => "funnel",
            other => other,
        };
        let (status, answer) = ask(&data, "POST", path, &serde_json::from_str(question).unwrap());
        assert_eq!(status, 200, "{answer}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_guess_or_a_load_panic(text in "[a-c,;\"\r\n\t{}:0-9\\-]{0,200}", whole: bool) {
        for name in ["a.csv", "a.ndjson", "a.csv.gz", "a"] {
            let guessed = guess(name, text.as_bytes(), whole);
            let Some(first) = guessed.columns.first() else { continue };
            let names = Names { event_type: first.name.clone(), ..names() };
            let _ = loaded(&text, Form::Csv, names.clone());
            let _ = loaded(&text, Form::Ndjson, names);
        }
    }
}
