//! Both forms of a batch, alone and held against one another.

use eventhub_core::TimeMs;
use proptest::prelude::*;

use super::*;
use crate::Value;

fn clock() -> Clock {
    Clock::live(TimeMs::new(1_709_640_000_000).unwrap())
}

fn properties(text: &str) -> Vec<(String, String)> {
    let events = read_events(text, &clock()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(events.len(), 1, "{text}");
    assert_eq!(events[0].event_type.as_str(), "signup");
    events[0].properties.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

/// The value of `x` in a batch whose one event has `x` written as given.
fn value_of(written: &str) -> Option<String> {
    let text = format!(r#"[{{"event_type": "signup", "external_user_id": "u", "x": {written}}}]"#);
    let strict = properties(&text);
    let lenient = properties(&text.replace(r#""signup""#, "signup"));
    assert_eq!(strict, lenient, "{text}");
    strict.into_iter().next().map(|(_, value)| value)
}

#[test]
fn values_keep_their_text() {
    let check = |written: &str, expected: Option<&str>| {
        assert_eq!(value_of(written).as_deref(), expected, "{written}");
    };
    for number in ["1", "2.5", "1.10", "1e3", "-0", "0.0", "1E+2", "123456789012345678901234567890"]
    {
        check(number, Some(number));
    }
    check("true", Some("true"));
    check("false", Some("false"));
    check("null", None);
    check(r#""null""#, Some("null"));
    check(r#""""#, Some(""));
    check(r#""a, }]b:""#, Some("a, }]b:"));
    check(r#""tab\tquote\" \u00e9 \ud83d\ude00 \/""#, Some("tab\tquote\" \u{e9} \u{1f600} /"));
}

#[test]
fn the_lenient_form_is_read() {
    let check = |text: &str, expected: &[(&str, &str)]| {
        let found = properties(text);
        let found: Vec<_> = found.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("[{event_type: signup, external_user_id: foobar, date: 20130101}]", &[]);
    check(
        "[{event_type:signup,external_user_id:foobar,a:1.10,b:true,c:null}]",
        &[("a", "1.10"), ("b", "true")],
    );
    check(
        r#" [ { 'event_type' : 'signup' , "external_user_id" : foobar, 'a b' : 'it\'s "so"' } ] "#,
        &[("a b", "it's \"so\"")],
    );
    check(
        "[{event_type:signup\n,external_user_id:u,url:http://x/?a=b,name:O'Brien}]",
        &[("name", "O'Brien"), ("url", "http://x/?a=b")],
    );
    check(
        r"[{event_type: signup, external_user_id: u, a: '\u00e9\ud83d\ude00'}]",
        &[("a", "\u{e9}\u{1f600}")],
    );
    check(
        "[{event_type: \u{e9}, external_user_id: u, event_type: signup, a: \u{e9}}]",
        &[("a", "\u{e9}")],
    );
    assert_eq!(read_events(" [ ] ", &clock()), Ok(vec![]));
}

#[test]
fn torn_input_is_refused_with_its_position() {
    let check = |text: &str, expected: usize| match read_events(text, &clock()) {
        Err(Error::Syntax { position, .. }) => assert_eq!(position, expected, "{text}"),
        other => panic!("{text}: {other:?}"),
    };
    check("", 0);
    check("  ", 2);
    check("null", 0);
    check("{event_type: a}", 0);
    check("[", 1);
    check("[{", 2);
    check("[{}", 3);
    check("[{},]", 4);
    check("[{},{]", 5);
    check("[signup]", 1);
    check("[{event_type}]", 12);
    check("[{event_type:}]", 13);
    check("[{event_type: a", 15);
    check("[{event_type: a]", 15);
    check("[{event_type: a b}]", 16);
    check("[{event_type: a,}]", 16);
    check("[{event_type: 'a}]", 14);
    check(r#"[{"event_type": "a}]"#, 16);
    check(r#"[{"event_type": "a" "b": 1}]"#, 20);
    check("[{event_type: a}] x", 18);
    check(r"[{a: '\q'}]", 7);
    check(r"[{a: '\u12g4'}]", 7);
    check(r"[{a: '\ud800'}]", 12);
    check(r"[{a: '\ud800\u0041'}]", 18);
    check(r#"[{"a": "\ud800"}]"#, 14);
}

#[test]
fn bad_events_are_named_by_index() {
    let check = |text: &str, expected: &[(usize, &str)]| match read_events(text, &clock()) {
        Err(Error::Batch(bad)) => {
            let found: Vec<_> = bad.iter().map(|b| (b.index, b.error.param().unwrap())).collect();
            assert_eq!(found, expected, "{text}");
        }
        other => panic!("{text}: {other:?}"),
    };
    let good = r#"{"event_type":"a","external_user_id":"u"}"#;
    check(
        &format!(r#"[{good},{{}},{good},{{"event_type":"a"}}]"#),
        &[(1, "event_type"), (3, "external_user_id")],
    );
    check(
        &format!("[{good}, 1, null, [], \"x\", true, -1, 1.5]"),
        &[
            (1, "events"),
            (2, "events"),
            (3, "events"),
            (4, "events"),
            (5, "events"),
            (6, "events"),
            (7, "events"),
        ],
    );
    check(r#"[{"event_type":"a","external_user_id":"u","x":{"y":1}}]"#, &[(0, "x")]);
    check("[{event_type:a,external_user_id:u},{x: [1]}]", &[(1, "x")]);
    check("[{event_type:a,external_user_id:u,date:20130230}]", &[(0, "date")]);
}

#[test]
fn a_batch_has_a_limit() {
    let of = |n: usize| {
        let event = "{event_type:a,external_user_id:u}";
        format!("[{}]", vec![event; n].join(","))
    };
    assert_eq!(read_events(&of(2000), &clock()).unwrap().len(), 2000);
    let refused = read_events(&of(2001), &clock()).unwrap_err();
    assert_eq!(refused, CoreError::TooMany { field: "events", limit: 2000, actual: 2001 }.into());
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = format!("[{}", "[".repeat(500_000));
    assert!(matches!(read_events(&deep, &clock()), Err(Error::Syntax { position: 1, .. })));
    let deep = format!("[{{a:{}", "{a:".repeat(200_000));
    assert!(matches!(read_events(&deep, &clock()), Err(Error::Batch(_))));
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value as Json;
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_filter("JSON has no NaN", |n| n.is_finite()).prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ]
}

proptest! {
    #[test]
    fn strict_json_reads_the_same_in_both_forms(
        events in prop::collection::vec(
            prop::collection::vec((any::<String>(), json_value()), 0..6), 0..6),
        pretty in any::<bool>(),
    ) {
        let objects: Vec<serde_json::Map<_, _>> =
            events.into_iter().map(|pairs| pairs.into_iter().collect()).collect();
        let text = if pretty {
            serde_json::to_string_pretty(&objects).unwrap()
        } else {
            serde_json::to_string(&objects).unwrap()
        };
        let strict: Vec<Pairs<'_>> = json::parse(&text).unwrap().into_iter().map(|element| {
            match element { Element::Object(pairs) => pairs, Element::Other => panic!("{text}") }
        }).collect();
        let texts = objects.iter().flatten().filter(|(_, value)| !value.is_null()).count();
        let found = strict.iter().flatten().filter(|(_, value)| *value != Value::Absent).count();
        prop_assert_eq!(texts, found);
        prop_assert_eq!(lenient::parse("events", &text).unwrap(), strict);
    }

    #[test]
    fn no_text_breaks_a_parser(text in "[\\[\\]{}:,'\"\\\\a-cu0-9 \n\u{e9}]{0,60}") {
        let _ = read_events(&text, &clock());
    }

    #[test]
    fn a_truncated_batch_is_refused(at in 0.0..1.0f64) {
        let whole = r#"[{"event_type":"a","external_user_id":'b', "c": "d\u00e9"}, {event_type: x, external_user_id: y}]"#;
        prop_assert!(read_events(whole, &clock()).is_ok());
        let at = (whole.len() as f64 * at) as usize;
        prop_assert!(read_events(&whole[..at], &clock()).is_err());
    }
}
