//! `eventhub demo`: what is said to be in the data is found by asking the questions that come with it.

use std::fs;
use std::path::Path;
use std::process::Output;

use eventhub_tests::{Server, run};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The demo in a folder's data, with further options.
fn demo(folder: &Path, options: &[&str]) -> Output {
    let data = folder.join("data");
    let mut arguments = vec!["demo", "--data", data.to_str().expect("text")];
    arguments.extend(options);
    run(&arguments)
}

#[track_caller]
fn served(options: &[&str]) -> Server {
    let folder = TempDir::new().expect("a folder can be made");
    let made = demo(folder.path(), options);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Server::on(folder, &[])
}

/// The screen of a saved view and its question.
#[track_caller]
fn saved(server: &Server, name: &str) -> (String, Value) {
    let view = server.get(&format!("/api/v1/views/{}", name.replace(' ', "%20"))).json();
    let question = view["parameters"]["q"].as_str().expect("a view has a question");
    let screen = view["screen"].as_str().expect("a view has a screen");
    (screen.to_owned(), serde_json::from_str(question).expect("a question is JSON"))
}

/// The answer to a question of the JSON API.
#[track_caller]
fn ask(server: &Server, path: &str, question: &Value) -> Value {
    let headers = [("content-type", "application/json")];
    let body = question.to_string();
    server.call("POST", &format!("/api/v1/{path}"), &headers, body.as_bytes()).json()
}

fn counts(group: &Value) -> Vec<f64> {
    let steps = group["steps"].as_array().expect("a funnel has steps");
    steps.iter().map(|step| step["count"].as_f64().expect("a count")).collect()
}

/// The group of a value.
fn group<'a>(answer: &'a Value, value: &str) -> &'a Value {
    let groups = answer["groups"].as_array().expect("groups");
    groups.iter().find(|group| group["value"] == value).expect("the value has a group")
}

#[test]
fn the_funnel_loses_those_who_sign_up_on_a_phone() {
    let server = served(&["--last-day", "2026-06-17"]);
    let (screen, question) = saved(&server, "Conversion");
    assert_eq!(screen, "funnel");
    let all = counts(&ask(&server, "funnel", &question));
    assert_eq!(all[0], 12_000.0);
    assert!(all.windows(2).all(|pair| pair[1] > pair[0] / 10.0 && pair[1] < pair[0]), "{all:?}");

    let (_, question) = saved(&server, "First project by platform");
    let answer = ask(&server, "funnel", &question);
    let share = |value: &str| {
        let counts = counts(group(&answer, value));
        counts[1] / counts[0]
    };
    assert!(share("desktop") > 0.8 && share("mobile") < 0.45, "{answer}");
}

#[test]
fn cohorts_after_the_change_come_back_more_often() {
    let server = served(&["--last-day", "2026-06-17"]);
    let (_, question) = saved(&server, "Retention");
    let answer = ask(&server, "retention", &question);
    let rows = answer["rows"].as_array().expect("rows");
    // Weeks that are over, before and after the change of 2026-05-03.
    let mean = |weeks: std::ops::Range<usize>, column: usize| {
        let rate = |row: &Value| row["cells"][column]["rate"].as_f64().expect("a rate");
        let count = weeks.len() as f64;
        rows[weeks].iter().map(rate).sum::<f64>() / count
    };
    assert!(mean(7..10, 3) > mean(1..7, 3) * 1.4, "{answer}");
    assert!(mean(7..10, 1) > mean(1..7, 1), "{answer}");
}

#[test]
fn of_the_variants_one_wins_and_one_needs_more_users() {
    for options in [["--seed", "1"], ["--seed", "2"]] {
        let server = served(&options);
        let (screen, question) = saved(&server, "Pricing experiment");
        assert_eq!(screen, "experiment");
        let answer = ask(&server, "funnel", &question);
        let variants = answer["experiment"]["variants"].as_array().expect("variants");
        let compared = |value: &str, figure: &str| {
            let variant = variants.iter().find(|variant| variant["value"] == value);
            let comparison = &variant.expect("the variant is there")["comparison"];
            comparison[figure].as_f64().expect("a figure")
        };
        assert!(compared("annual_first", "probability_to_beat_control") > 0.95, "{answer}");
        let chance = compared("compact", "probability_to_beat_control");
        assert!((0.05..0.95).contains(&chance), "{answer}");
        assert!(compared("compact", "users_needed") > 500.0, "{answer}");
    }
}

#[test]
fn days_grow_and_weekends_are_calm() {
    let server = served(&["--last-day", "2026-06-17"]);
    let (_, question) = saved(&server, "Active users");
    let answer = ask(&server, "trends", &question);
    let of_day: Vec<f64> =
        answer["values"].as_array().expect("values").iter().filter_map(Value::as_f64).collect();
    assert_eq!(of_day.len(), 90);
    // The last day is a Wednesday.
    assert!(of_day[89 - 4] < of_day[89 - 6] * 0.7, "{of_day:?}");
    assert!(of_day[89] > of_day[89 - 70] * 3.0, "{of_day:?}");
    let (_, question) = saved(&server, "Revenue by plan");
    let revenue = ask(&server, "trends", &question);
    assert_eq!(revenue["groups"].as_array().map(Vec::len), Some(3), "{revenue}");
}

#[test]
fn people_have_names_several_ids_and_a_plan() {
    // Of a day that is not over, whoever comes later is not there yet.
    let server = served(&["--users", "500", "--last-day", "2026-06-17"]);
    let found = ask(&server, "users/find", &json!({ "limit": 10_000 }));
    let people = found["users"].as_array().expect("users");
    assert_eq!(people.len(), 500);
    let named = people.iter().filter(|person| person["properties"]["name"].is_string());
    let named: Vec<_> = named.collect();
    assert!(named.len() > 100, "{} of 500 signed up", named.len());
    let id = named[0]["external_user_id"].as_str().expect("an id");
    let person = server.get(&format!("/api/v1/users/{id}")).json();
    assert!(person["ids"].as_array().expect("ids").len() >= 2, "{person}");
    assert!(id.ends_with("@example.com"), "{id}");
}

#[test]
fn a_folder_that_has_events_is_left_alone() {
    let folder = TempDir::new().expect("a folder can be made");
    let made = demo(folder.path(), &["--users", "50", "--days", "10"]);
    assert!(made.status.success());
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(said.contains("eventhub serve --data") && said.contains("/?view=Conversion"), "{said}");
    let file = folder.path().join("data/eventhub.mdb");
    let before = fs::metadata(&file).expect("there is data").len();
    let refused = demo(folder.path(), &[]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("events already"), "{said}");
    assert_eq!(fs::metadata(&file).expect("there is data").len(), before);
    for options in [["--users", "0"], ["--last-day", "2026-02-30"], ["--days", "x"]] {
        let refused = demo(folder.path(), &options);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains(options[0]), "{said}");
    }
}
