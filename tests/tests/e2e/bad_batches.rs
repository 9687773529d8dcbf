//! Batches that are refused: whole, with the index of each bad event.

use eventhub_tests::{Answer, Server};

#[track_caller]
fn post(server: &Server, events: &str) -> Answer {
    server.post("/events/batch_track", &[("events", events)])
}

/// A batch that is refused, with what its message must name.
#[track_caller]
fn refused(server: &Server, events: &str, code: &str, named: &str) {
    println!("{events}");
    let answer = post(server, events);
    answer.assert_refused(400, code);
    assert!(answer.error("message").contains(named), "{answer:?}");
}

#[track_caller]
fn assert_nothing_stored(server: &Server) {
    assert_eq!(server.events(), 0);
    assert_eq!(server.get("/events/types").body, "[]\n");
    assert_eq!(server.get("/users/find").body, "[]\n");
}

#[test]
fn torn_json_is_no_batch() {
    let server = Server::start();
    let whole = "[{event_type: signup, external_user_id: 'foo bar', date: 20130101, n: \"1\"}]";
    for end in 1..whole.len() {
        refused(&server, &whole[..end], "invalid_json", "");
    }
    for events in [
        "{}",
        "1",
        "null",
        "[1]",
        "[[]]",
        "[null]",
        "[{}",
        "[{]}",
        "[{a}]",
        "[{a:}]",
        "[{a:1,}",
        "[{'a:1}]",
        "[{\"a\\u12\":1}]",
        "[{a:1}]]",
        "[{a:1}] x",
    ] {
        let answer = post(&server, events);
        assert_eq!(answer.status, 400, "{events}: {answer:?}");
        assert!(!answer.error("code").is_empty(), "{events}: {answer:?}");
    }
    server.post("/events/batch_track", &[]).assert_refused(400, "missing_parameter");
    assert_nothing_stored(&server);
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let server = Server::start();
    for open in ["[", "{a:", "[{a:"] {
        let answer = post(&server, &open.repeat(100_000));
        assert_eq!(answer.status, 400, "{open}");
    }
    assert_nothing_stored(&server);
}

#[test]
fn one_bad_event_refuses_its_batch() {
    let server = Server::start();
    let good = "{event_type: t, external_user_id: u, date: 20130101}";
    for (bad, code) in [
        ("{external_user_id: u}", "invalid_event"),
        ("{event_type: '', external_user_id: u}", "invalid_event"),
        ("{event_type: t}", "invalid_event"),
        ("{event_type: t, external_user_id: u, date: 20131345}", "invalid_event"),
        ("{event_type: t, external_user_id: u, k: {a: 1}}", "invalid_event"),
        ("{event_type: t, external_user_id: u, k: [1]}", "invalid_event"),
        ("{event_type: null, external_user_id: u}", "invalid_event"),
        ("{event_type: t, external_user_id: u, timestamp: 1e30}", "invalid_event"),
    ] {
        refused(&server, &format!("[{good},{good},{bad},{good}]"), code, "2");
    }
    assert_nothing_stored(&server);
}

#[test]
fn every_bad_event_is_named() {
    let server = Server::start();
    let good = "{event_type: t, external_user_id: u, date: 20130101}";
    let bad = "{event_type: t}";
    let answer = post(&server, &format!("[{bad},{good},{good},{bad}]"));
    assert_eq!(answer.status, 400);
    let message = answer.error("message");
    assert!(message.contains('0') && message.contains('3'), "{message}");
    assert_nothing_stored(&server);
}

#[test]
fn a_batch_has_a_limit() {
    let server = Server::start();
    let batch = |events: usize| {
        let event = "{event_type:t,external_user_id:u,date:20130101}";
        format!("[{}]", vec![event; events].join(","))
    };
    let answer = post(&server, &batch(2_001));
    answer.assert_refused(400, "too_many");
    assert!(answer.error("message").contains("2000"), "{answer:?}");
    assert_nothing_stored(&server);
    assert_eq!(server.batch(&batch(2_000)).len(), 2_000);
}
