//! The examples of `docs/semantics.md`: what it says happens is sent to a server, what it asks is asked, and every
//! answer that it shows is compared.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use eventhub_core::TimeMs;
use eventhub_tests::{Answer, Fenced, Server, fenced_blocks};
use serde_json::{Map, Value, json};

const DOCUMENT: &str = include_str!("../../../docs/semantics.md");
const DAY_MS: i64 = 86_400_000;
/// How far a number with a fraction may be from the one shown, which has four decimals.
const ROUNDING: f64 = 0.000_05;
/// The document has more answers than this; fewer would mean that its form is no longer understood.
const ANSWERS_MIN: usize = 120;

/// What stands in one example, in order; each example has a server of its own.
type Example = Vec<Part>;

#[derive(Debug)]
enum Part {
    /// Events, and changes of users, one a line.
    Happens(Fenced),
    /// A request, and what is expected of the answer.
    Asks { line: usize, request: String, expected: Value },
    /// Filters, each with the values of which it holds.
    Filters(Fenced),
}

#[test]
fn every_example_of_the_document_holds() {
    let examples = examples(DOCUMENT);
    let mut wrong = Vec::new();
    let mut answers = 0;
    for example in &examples {
        // What is relative to today is asked again when a day ended meanwhile.
        let (count, found) = loop {
            let before = now_ms();
            let outcome = run(example, before);
            if before / DAY_MS == now_ms() / DAY_MS {
                break outcome;
            }
        };
        answers += count;
        wrong.extend(found);
    }
    println!("{} examples, {answers} answers", examples.len());
    assert!(wrong.is_empty(), "docs/semantics.md:\n{}", wrong.join("\n"));
    assert!(answers >= ANSWERS_MIN, "only {answers} answers were found");
}

fn examples(markdown: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut asked: Option<Fenced> = None;
    for block in fenced_blocks(markdown) {
        let line = block.line;
        let part = match (block.info.as_str(), asked.take()) {
            ("events", None) => {
                examples.push(Vec::new());
                Part::Happens(block)
            }
            ("then", None) => Part::Happens(block),
            ("text", None) => continue,
            ("filters", None) => Part::Filters(block),
            ("http", None) => {
                asked = Some(block);
                continue;
            }
            ("json", Some(Fenced { line, text, .. })) => {
                let expected = serde_json::from_str(&block.text);
                let expected = expected.unwrap_or_else(|error| panic!("line {line}: {error}"));
                Part::Asks { line, request: text, expected }
            }
            (info, _) => panic!("line {line}: a block {info} has no meaning here"),
        };
        examples.last_mut().unwrap_or_else(|| panic!("line {line}: no events yet")).push(part);
    }
    assert!(asked.is_none(), "the last question has no answer");
    examples
}

/// How many answers were compared, and what is wrong with them.
fn run(example: &Example, now_ms: i64) -> (usize, Vec<String>) {
    let server = Server::start();
    let (mut count, mut wrong) = (0, Vec::new());
    for part in example {
        match part {
            Part::Happens(block) => happen(&server, block, now_ms),
            Part::Asks { line, request, expected } => {
                let answer = ask(&server, &dated(request, now_ms));
                let got = serde_json::from_str(&answer.body)
                    .unwrap_or_else(|error| panic!("line {line}: {error}: {}", answer.body));
                count += 1;
                wrong.extend(
                    difference(expected, &got, "").map(|what| format!("line {line}: {what}")),
                );
            }
            Part::Filters(block) => {
                let rows = (block.line + 1..).zip(block.text.lines());
                let checked = rows.map(|(line, row)| (line, check_filter(&server, row)));
                for (line, what) in checked {
                    count += 1;
                    wrong.extend(what.map(|what| format!("line {line}: {what}")));
                }
            }
        }
    }
    (count, wrong)
}

/// Sends events, those that follow one another as one batch, and changes users.
fn happen(server: &Server, block: &Fenced, now_ms: i64) {
    let mut events = Vec::new();
    for (line, text) in (block.line + 1..).zip(block.text.lines()) {
        let text = dated(text, now_ms);
        let words: Vec<&str> = text.split_whitespace().collect();
        let (method, target, body) = match words[..] {
            ["set", user, ref pairs @ ..] => {
                ("PATCH", format!("/api/v1/users/{user}"), json!({ "set": properties(pairs) }))
            }
            [verb @ ("alias" | "unalias"), from, to] => {
                let method = if verb == "alias" { "POST" } else { "DELETE" };
                let body = json!({ "from_external_user_id": from, "to_external_user_id": to });
                (method, "/api/v1/users/alias".to_owned(), body)
            }
            ["delete", user] => ("DELETE", format!("/api/v1/users/{user}"), Value::Null),
            [time, user, event_type, ref pairs @ ..] => {
                let mut event = properties(pairs);
                event.insert("timestamp".into(), time_of(time, now_ms));
                event.insert("external_user_id".into(), user.into());
                event.insert("event_type".into(), event_type.into());
                events.push(Value::Object(event));
                continue;
            }
            _ => panic!("line {line}: {text} is no event and no change"),
        };
        send_events(server, &mut events);
        must(&send(server, method, &target, &body), &text);
    }
    send_events(server, &mut events);
}

fn send_events(server: &Server, events: &mut Vec<Value>) {
    if !events.is_empty() {
        let batch = Value::Array(std::mem::take(events));
        must(&send(server, "POST", "/api/v1/events", &batch), "the events");
    }
}

fn send(server: &Server, method: &str, target: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.call(method, target, &[("content-type", "application/json")], body.as_bytes())
}

fn must(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 200, "{what}: {}", answer.body);
}

fn properties(pairs: &[&str]) -> Map<String, Value> {
    let pair = |pair: &&str| {
        let (key, value) = pair.split_once('=').unwrap_or_else(|| panic!("{pair} has no ="));
        (key.to_owned(), Value::from(value))
    };
    pairs.iter().map(pair).collect()
}

/// Asks what a block says: a line `METHOD target`, and the body after it.
fn ask(server: &Server, request: &str) -> Answer {
    let (first, body) = request.split_once('\n').expect("lines of a block end");
    let (method, target) = first.split_once(' ').expect("a request is a method and a target");
    server.call(method, target, &[("content-type", "application/json")], body.trim().as_bytes())
}

/// Checks a row `OPERATOR VALUE... | VALUE...` against events `view`, whose property is `v`.
fn check_filter(server: &Server, row: &str) -> Option<String> {
    let (filter, expected) = row.split_once('|').expect("a filter's row has a |");
    let mut words = filter.split_whitespace();
    let op = words.next().expect("a filter has an operator");
    let filter = json!({ "property": "v", "op": op, "values": words.collect::<Vec<_>>() });
    let question = json!({
        "range": { "start": "2024-03-01", "end": "2024-04-01" },
        "event": { "event": "view", "filters": [filter] },
        "breakdown": { "property": "v" },
    });
    let answer = send(server, "POST", "/api/v1/trends", &question).json();
    let shown = |group: &Value| match group["value"].as_str() {
        None => "none".to_owned(),
        Some("") => "\"\"".to_owned(),
        Some(value) => value.to_owned(),
    };
    let groups = answer["groups"].as_array().expect("an answer has groups");
    let got: BTreeSet<String> = groups.iter().map(shown).collect();
    let expected: BTreeSet<String> = expected.split_whitespace().map(str::to_owned).collect();
    (got != expected).then(|| format!("{op}: expected {expected:?}, got {got:?}"))
}

/// The first difference from what is expected: objects but `properties` may have fields more, and a number with a
/// fraction is rounded to four decimals.
fn difference(expected: &Value, got: &Value, at: &str) -> Option<String> {
    let differs = || Some(format!("{at}: expected {expected}, got {got}"));
    match (expected, got) {
        (Value::Object(fields), Value::Object(_)) => fields.iter().find_map(|(key, expected)| {
            let at = format!("{at}/{key}");
            match got.get(key) {
                Some(got) if key == "properties" && got != expected => {
                    Some(format!("{at}: expected {expected}, got {got}"))
                }
                Some(got) => difference(expected, got, &at),
                None => Some(format!("{at} is missing in {got}")),
            }
        }),
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            let mut pairs = (0..).zip(items.iter().zip(others));
            pairs.find_map(|(number, (a, b)): (usize, _)| {
                difference(a, b, &format!("{at}/{number}"))
            })
        }
        (Value::Number(a), Value::Number(b)) => {
            let near = if a.is_f64() { ROUNDING } else { 0.0 };
            let apart = a.as_f64().zip(b.as_f64()).map(|(a, b)| (a - b).abs());
            if apart.is_some_and(|apart| apart <= near) { None } else { differs() }
        }
        _ if expected == got => None,
        _ => differs(),
    }
}

/// The text with `today`, `today-1` and so on as dates.
fn dated(text: &str, now_ms: i64) -> String {
    let mut text = text.to_owned();
    for days in (-9..0).chain(1..=9).chain([0]) {
        let name = if days == 0 { "today".to_owned() } else { format!("today{days:+}") };
        let day = TimeMs::new(now_ms + days * DAY_MS).expect("now is a time").date_text();
        text = text.replace(&name, &format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]));
    }
    text
}

/// A time as events carry it: `now-2h` and the like in ms, any other as it stands.
fn time_of(text: &str, now_ms: i64) -> Value {
    let Some(ago) = text.strip_prefix("now-") else { return text.into() };
    let (number, unit) = ago.split_at(ago.len() - 1);
    let number: i64 = number.parse().unwrap_or_else(|_| panic!("{text} is no time"));
    let unit_ms = match unit {
        "h" => 3_600_000,
        "m" => 60_000,
        _ => panic!("{text} is no time"),
    };
    (now_ms - number * unit_ms).into()
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(since.as_millis()).expect("ms fit an i64")
}

#[test]
fn a_difference_is_found() {
    let check = |expected: Value, got: Value, same: bool| {
        assert_eq!(difference(&expected, &got, "").is_none(), same, "{expected} {got}");
    };
    check(json!({"a": 1}), json!({"a": 1.0, "b": 2}), true);
    check(json!({"a": null}), json!({}), false);
    check(json!([1, 2]), json!([1, 2, 3]), false);
    check(json!([]), json!([1]), false);
    check(json!(0.6667), json!(2.0 / 3.0), true);
    check(json!(0.6666), json!(2.0 / 3.0), false);
    check(json!(1), json!(1.00001), false);
    check(json!({"a": [{"b": "x"}]}), json!({"a": [{"b": "y"}]}), false);
    check(json!(null), json!(0), false);
    check(json!({"properties": {}}), json!({"properties": {"a": "b"}}), false);
}

#[test]
fn relative_times_are_told() {
    let now_ms = 1_709_251_200_000;
    assert_eq!(dated("today-1 today today+2", now_ms), "2024-02-29 2024-03-01 2024-03-03");
    assert_eq!(time_of("now-2h", now_ms), json!(now_ms - 7_200_000));
    assert_eq!(time_of("2024-03-01T00:00:00Z", now_ms), json!("2024-03-01T00:00:00Z"));
}
