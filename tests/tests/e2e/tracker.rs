//! The tracker's binary batches: sent again in any order and in other pieces, after a restart and after SIGKILL,
//! each event is stored once and answers the id it got first.

use std::collections::BTreeMap;
use std::ops::Range;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eventhub_core::Command;
use eventhub_tests::{Answer, Client, Random, Server, run};
use serde_json::Value;

const PAGES: u64 = 4;
const USERS: u64 = 3;
const TEXT: (&str, &str) = ("content-type", "text/plain;charset=UTF-8");

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(since.as_millis()).expect("it is before the year 292 million")
}

/// Events of a page, by their counters.
fn batch(page: u64, counters: &Range<u64>) -> Vec<u8> {
    let commands: Vec<_> = counters
        .clone()
        .map(|counter| {
            let (user, number) = (format!("user_{}", page % USERS), format!("{page}.{counter}"));
            let insert_id = format!("~page-load-{page}.{counter}");
            let pairs = [("n", &*number)];
            Command::event("view", &user, now_ms(), Some(&insert_id), pairs.into_iter())
        })
        .collect();
    Command::batch(now_ms(), &commands.iter().map(Command::as_bytes).collect::<Vec<_>>())
}

fn post(client: &Client, body: &[u8]) -> Answer {
    client.call("POST", "/api/v1/events", &[TEXT], body)
}

fn ids(answer: &Answer) -> Vec<u64> {
    let ids = answer.json()["ids"].clone();
    serde_json::from_value(ids).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

/// The id that each event got first, by page and counter.
#[derive(Default)]
struct Known(BTreeMap<(u64, u64), u64>);

impl Known {
    #[track_caller]
    fn send(&mut self, client: &Client, page: u64, counters: &Range<u64>) {
        let answer = post(client, &batch(page, counters));
        self.hold(page, counters, &ids(&answer));
    }

    /// Holds an answer against those before it.
    #[track_caller]
    fn hold(&mut self, page: u64, counters: &Range<u64>, ids: &[u64]) {
        assert_eq!(ids.len() as u64, counters.end - counters.start);
        for (counter, id) in counters.clone().zip(ids) {
            let first = *self.0.entry((page, counter)).or_insert(*id);
            assert_eq!(first, *id, "event {counter} of page {page}");
        }
    }

    /// Holds what is stored against what was answered.
    #[track_caller]
    fn verify(&self, server: &Server) {
        let export = server.get("/api/v1/export").body;
        let mut stored: Vec<(String, u64)> = export.lines().map(numbered).collect();
        stored.sort_unstable();
        let mut expected: Vec<_> =
            self.0.iter().map(|((page, n), id)| (format!("{page}.{n}"), *id)).collect();
        expected.sort_unstable();
        assert_eq!(stored, expected);
        assert_eq!(server.events(), expected.len() as u64, "ids are consecutive");
    }
}

fn numbered(line: &str) -> (String, u64) {
    let event: Value = serde_json::from_str(line).expect("a line of an export is JSON");
    let number = event["properties"]["n"].as_str().expect("every event has its number");
    (number.to_owned(), event["id"].as_u64().expect("every event has an id"))
}

#[track_caller]
fn check_folder(server: &mut Server) {
    assert!(server.stop().success());
    let output = run(&["check", "--data", server.data().to_str().expect("the path is text")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_batch_sent_again_in_any_order_and_cut_is_stored_once() {
    let mut server = Server::with(&["--seal-events", "40", "--insert-id-days", "1"]);
    let (mut random, mut known) = (Random::new(7), Known::default());
    for round in 0..8 {
        for _ in 0..25 {
            let first = random.below(200);
            let counters = first..first + 1 + random.below(60);
            known.send(&server, random.below(PAGES), &counters);
        }
        // A clean end, a kill, or none.
        match round % 3 {
            0 => assert!(server.stop().success()),
            1 => server.kill(),
            _ => continue,
        }
        server.start_again();
    }
    for page in (0..PAGES).rev() {
        let counters: Vec<u64> =
            known.0.keys().filter(|(of, _)| *of == page).map(|(_, counter)| *counter).collect();
        for counter in counters.into_iter().rev() {
            known.send(&server, page, &(counter..counter + 1));
        }
    }
    known.verify(&server);
    check_folder(&mut server);
}

#[test]
fn what_was_on_its_way_at_a_kill_is_sent_again() {
    let mut server = Server::with(&["--seal-events", "100"]);
    let (mut random, mut known) = (Random::new(11), Known::default());
    let mut next = 0;
    for _ in 0..8 {
        let client = server.client();
        let life = Duration::from_millis(random.below(300));
        let mut lengths = random.clone();
        let (answered, open) = thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let (mut answered, mut first) = (Vec::new(), next);
                loop {
                    let counters = first..first + 1 + lengths.below(50);
                    let body = batch(0, &counters);
                    let sent = client.try_call("POST", "/api/v1/events", &[TEXT], &body);
                    let Ok(answer) = sent else { return (answered, counters) };
                    first = counters.end;
                    answered.push((counters, answer));
                }
            });
            thread::sleep(life);
            server.kill();
            sending.join().expect("the sender does not panic")
        });
        for (counters, answer) in &answered {
            known.hold(0, counters, &ids(answer));
        }
        server.start_again();
        // The batch without an answer, in halves, the second first; and what was before it.
        let middle = open.start.midpoint(open.end);
        known.send(&server, 0, &(middle..open.end));
        known.send(&server, 0, &(open.start..middle));
        known.send(&server, 0, &(open.start.saturating_sub(70)..open.end));
        next = open.end;
        known.verify(&server);
    }
    check_folder(&mut server);
}

#[test]
fn an_alias_and_properties_come_the_same_way() {
    let mut server = Server::start();
    let command = |command: Command| Command::batch(now_ms(), &[command.as_bytes()]);
    Known::default().send(&server, 0, &(0..3));
    let alias = command(Command::alias("ada", "user_0"));
    let user = command(Command::user("ada", [("plan", "free")].into_iter()));
    for body in [&alias, &user, &alias, &user] {
        assert_eq!(post(&server, body).body, "{\"ids\":[]}\n");
    }
    server.kill();
    server.start_again();
    let person = server.get("/api/v1/users/ada").json();
    assert_eq!(person["external_user_id"], "user_0");
    assert_eq!(person["properties"]["plan"], "free");
    let timeline = server.get("/api/v1/users/ada/timeline").json();
    assert_eq!(timeline["events"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_client_that_sends_too_much_waits() {
    let server = Server::with(&["--rate-limit", "10"]);
    let mut known = Known::default();
    known.send(&server, 0, &(0..150));
    let refused = post(&server, &batch(0, &(0..150)));
    refused.assert_refused(429, "too_many_requests");
    assert_eq!(server.figure("http_rate_limited"), 1);
    let seconds = refused.header("retry-after").and_then(|seconds| seconds.parse().ok());
    thread::sleep(Duration::from_secs(seconds.expect("it says how long to wait")));
    known.send(&server, 0, &(0..150));
    known.verify(&server);
}
