//! The questions of the JSON API on S10, each beside q1 of the same server.

use super::ask::{self, Times, milliseconds};
use super::folders::Folders;
use super::questions;
use super::report::{Table, shown};
use super::server::Server;
use super::sets::Set;
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::time::Instant;

const STEPS: [&str; 3] = ["receive_email", "view_track_page", "start_track"];
/// Runs that warm up, and runs that are measured.
const WARM_UP_RUNS: usize = 3;
const RUNS: usize = 15;

/// A question: what it asks, its path and its body, none where it is got.
type Asked = (&'static str, &'static str, Option<Value>);

/// Measures on the data folder of S10; the section's name and text.
///
/// # Errors
/// When an answer does not follow from q1's, or something fails.
pub(super) fn section(machine: &str) -> Result<(String, String)> {
    let set = Set::named("s10")?;
    let (data, _) = Folders::of(set)?.plain()?;
    let server = Server::start(&data)?;
    let q1 = questions::common(&set).swap_remove(0).target();
    let answer = server.get(&q1)?;
    let counts: Vec<u64> = serde_json::from_str(&answer)?;
    let ask_q1 = || match server.get(&q1)? {
        again if again == answer => Ok(again),
        other => bail!("q1 is answered {other} after {answer}"),
    };
    let client = server.client();
    let mut table =
        Table::new(&["question", "median", "min", "q1 in turn: median", "min", "times q1"]);
    for (says, path, body) in asked() {
        let ask = || match &body {
            Some(body) => client.post_json(path, &body.to_string()),
            None => server.get(path),
        };
        let ([times, first], answer) = in_turn(ask, ask_q1)?;
        check(says, &answer, &counts).with_context(|| says)?;
        let figures = [times.median, times.least, first.median, first.least];
        let figures = figures.into_iter().chain([times.least / first.least]).map(shown);
        table.row(&[says.to_owned()].into_iter().chain(figures).collect::<Vec<_>>());
    }
    let text = format!("## The JSON API on S10\n\n{machine}.\n\n{}", table.text());
    Ok(("api".to_owned(), text))
}

/// How long a question takes and how long another, which are asked in turn, and the last answer to the first.
fn in_turn(
    ask: impl Fn() -> Result<String>,
    other: impl Fn() -> Result<String>,
) -> Result<([Times; 2], String)> {
    let mut times = [Vec::with_capacity(RUNS), Vec::with_capacity(RUNS)];
    let mut answer = String::new();
    for run in 0..WARM_UP_RUNS + RUNS {
        let begin = Instant::now();
        answer = ask()?;
        let middle = Instant::now();
        other()?;
        if run >= WARM_UP_RUNS {
            times[0].push(milliseconds(middle - begin));
            times[1].push(milliseconds(middle.elapsed()));
        }
    }
    Ok((times.map(|times| ask::of_runs(0.0, times)), answer))
}

fn asked() -> Vec<Asked> {
    let range = json!({ "start": "2013-01-01", "end": "2013-01-30" });
    let whole = json!({ "start": "2013-01-01", "end": "2013-04-11" });
    let steps: Vec<Value> = STEPS.iter().map(|name| json!({ "event": name })).collect();
    let funnel = |more: Value| {
        let mut funnel = json!({ "range": range, "steps": steps,
                                 "window": { "amount": 30, "unit": "calendar_days" } });
        for (key, value) in more.as_object().into_iter().flatten() {
            funnel[key] = value.clone();
        }
        funnel
    };
    let explained = json!({ "funnel": funnel(json!({})), "external_user_id": "user_1" });
    let events = |name: &str| json!({ "event": name });
    let table = json!({ "range": whole, "period": "week", "columns": 8,
                        "start_event": events(STEPS[0]), "return_event": events(STEPS[2]) });
    let users = |event: Value| json!({ "range": whole, "event": event, "measure": "users" });
    let seconds = json!({ "window": { "amount": 2_592_000, "unit": "seconds" } });
    let breakdown = json!({ "breakdown": { "property": "event_property_2", "limit": 100 } });
    let excluded = json!({ "exclude": [{ "event": "finish_track" }] });
    let path = "/api/v1/funnel";
    vec![
        ("funnel in full, as q1", path, Some(funnel(json!({})))),
        ("window in seconds", path, Some(funnel(seconds))),
        ("best entry", path, Some(funnel(json!({ "entry": "best" })))),
        ("strict order", path, Some(funnel(json!({ "order": "strict" })))),
        ("any order", path, Some(funnel(json!({ "order": "any" })))),
        ("an exclusion", path, Some(funnel(excluded))),
        ("breakdown by 100 values", path, Some(funnel(breakdown))),
        ("retention by week, 100 days", "/api/v1/retention", Some(table)),
        ("trends: users by day, 100 days", "/api/v1/trends", Some(users(events(STEPS[0])))),
        ("the same of any event", "/api/v1/trends", Some(users(json!("any")))),
        ("explain", "/api/v1/funnel/explain", Some(explained)),
        ("a page of a timeline", "/api/v1/users/user_1/timeline?limit=100", None),
    ]
}

/// That an answer is not empty, and that of a funnel what it must share with q1: everyone who enters, and of the first
/// two all who go on.
fn check(says: &str, answer: &str, counts: &[u64]) -> Result<()> {
    let answer: Value = serde_json::from_str(answer)?;
    let Some(steps) = answer["steps"].as_array() else {
        ensure!(answer.to_string().len() > 100, "the answer is {answer}");
        return Ok(());
    };
    let found: Vec<u64> = steps.iter().filter_map(|step| step["count"].as_u64()).collect();
    match says {
        "any order" => ensure!(found[0] >= counts[0], "{found:?} beside {counts:?}"),
        "funnel in full, as q1" | "breakdown by 100 values" => {
            ensure!(found == counts, "{found:?} is not {counts:?}");
        }
        _ => ensure!(found[0] == counts[0] && found[2] > 0, "{found:?} beside {counts:?}"),
    }
    Ok(())
}
