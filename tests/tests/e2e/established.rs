//! The established API, call by call: the dialogues in `tests/established`.

use eventhub_tests::{Answer, Call, Server, parse_dialogue};
use serde_json::Value;

macro_rules! dialogues {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let server = Server::start();
            converse(&server, include_str!(concat!("../../established/", stringify!($name), ".txt")));
        }
    )*};
}

dialogues! { script lenient jsonp tag persons funnels cohorts forms times insert_ids users }

/// Makes every call of a dialogue and compares the answers.
#[track_caller]
pub(crate) fn converse(server: &Server, dialogue: &str) {
    for call in parse_dialogue(dialogue) {
        let form = call.form.as_deref().map(str::as_bytes);
        let answer = match (call.method.as_str(), form) {
            ("POST", Some(form)) => server.post_form(&call.target, form),
            (method, _) => server.call(method, &call.target, &[], b""),
        };
        compare(&call, &answer);
    }
}

fn compare(call: &Call, answer: &Answer) {
    let at = format!("line {}: {} {}", call.line, call.method, call.target);
    println!("{at}");
    if call.status >= 400 {
        let (code, param) = call.body.split_once(' ').unwrap_or((&call.body, ""));
        answer.assert_refused(call.status, code);
        assert_eq!(answer.error("param"), param, "{at}");
        return;
    }
    assert_eq!(answer.status, call.status, "{at}: {}", answer.body);
    let media_type = answer.header("content-type").unwrap_or_default();
    assert_eq!(media_type.split(';').next(), Some(call.media_type.as_str()), "{at}");
    if call.media_type != "application/json" {
        assert_eq!(answer.body, call.body, "{at}");
        return;
    }
    let body = answer.body.strip_suffix('\n').unwrap_or_else(|| panic!("{at}: no newline"));
    // The order of an object's keys says nothing, so JSON is compared as values.
    let expected = serde_json::from_str(&call.body).unwrap_or_else(|e| panic!("{at}: {e}"));
    let got = serde_json::from_str(body).unwrap_or_else(|e| panic!("{at}: {e}: {body}"));
    assert!(matches(&expected, &got), "{at}:\nexpected {expected}\ngot      {got}");
}

/// Whether values are equal; the text `<digits>` stands for any text of digits.
fn matches(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::String(wild), Value::String(text)) if wild == "<digits>" => {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| matches(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|got| matches(value, got)))
        }
        _ => expected == got,
    }
}

#[test]
fn a_wild_text_stands_for_digits_alone() {
    let check = |expected: Value, got: Value, equal: bool| {
        assert_eq!(matches(&expected, &got), equal, "{expected} {got}");
    };
    check("<digits>".into(), "20".into(), true);
    check("<digits>".into(), "".into(), false);
    check("<digits>".into(), "2a".into(), false);
    check(vec!["<digits>", "x"].into(), vec!["1", "x"].into(), true);
    check(vec!["<digits>"].into(), vec!["1", "x"].into(), false);
}
