//! SIGKILL at any moment of ingest, seal and merge: what was acknowledged is there once, and nothing is
//! there half.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use eventhub_tests::{Client, Event, Random, Server, batch_json, run};
use serde_json::Value;

const USERS: u64 = 7;
const WRITERS: u64 = 3;
/// Numbers of one writer lie below those of the next.
const WRITER_STEP: u64 = 1_000_000;

/// One client that sends numbered events in batches, and what it knows of their fate.
struct Writer {
    random: Random,
    next: u64,
    /// Number of each acknowledged event, and the id it was given.
    acknowledged: BTreeMap<u64, u64>,
    /// The batch whose answer never came.
    unanswered: Vec<u64>,
}

impl Writer {
    fn new(number: u64) -> Self {
        Self {
            random: Random::new(number),
            next: number * WRITER_STEP,
            acknowledged: BTreeMap::new(),
            unanswered: Vec::new(),
        }
    }

    /// Sends batches until the server is gone.
    fn write(&mut self, client: &Client) {
        loop {
            let end = self.next + 1 + self.random.below(60);
            let numbers: Vec<u64> = (self.next..end).collect();
            self.next = end;
            let Some(answer) = client.try_batch(&batch_of(&numbers)) else {
                self.unanswered = numbers;
                return;
            };
            self.acknowledge(&numbers, &answer.numbers());
        }
    }

    /// Sends the batch that was not answered again, as a client that keeps its events does.
    fn retry(&mut self, client: &Client) {
        let numbers = std::mem::take(&mut self.unanswered);
        let ids = client.batch(&batch_of(&numbers));
        self.acknowledge(&numbers, &ids);
    }

    fn acknowledge(&mut self, numbers: &[u64], ids: &[u64]) {
        assert_eq!(numbers.len(), ids.len());
        assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a batch in pieces: {ids:?}");
        self.acknowledged.extend(numbers.iter().copied().zip(ids.iter().copied()));
    }
}

/// Events of several types and users, in several buckets of time, some of them late.
fn batch_of(numbers: &[u64]) -> String {
    const START_MS: i64 = 1_356_998_400_000;
    const SPAN_MS: u64 = 100 * 86_400_000;
    let event = |&n: &u64| {
        let time = START_MS + i64::try_from(n * 7_919_003 % SPAN_MS).expect("a span of days");
        Event::new(["visit", "cart", "buy"][(n % 3) as usize], &user(n), time)
            .property("n", &n.to_string())
            .insert_id(format!("id-{n}"))
    };
    batch_json(&numbers.iter().map(event).collect::<Vec<_>>())
}

fn user(n: u64) -> String {
    format!("user_{}", n % USERS)
}

/// The numbers that are stored, over the timelines of all users.
fn stored(server: &Server) -> Vec<u64> {
    let mut numbers = Vec::new();
    for n in 0..USERS {
        let pairs =
            [("external_user_id", &*user(n)), ("offset", "0"), ("num_records", "1000000000")];
        let timeline = server.ask("/users/timeline", &pairs).json();
        let events = timeline.as_array().expect("a timeline is a list");
        numbers.extend(events.iter().map(number_of));
    }
    numbers.sort_unstable();
    numbers
}

fn number_of(event: &Value) -> u64 {
    event["n"].as_str().and_then(|n| n.parse().ok()).expect("every event has its number")
}

/// What must hold after a start: acknowledged events are there, an unanswered batch is there whole or
/// not at all, and nothing is there twice.
#[track_caller]
fn verify(server: &Server, writers: &[Writer]) {
    let stored = stored(server);
    assert!(stored.windows(2).all(|pair| pair[0] < pair[1]), "an event is there twice");
    let mut expected: Vec<u64> = Vec::new();
    for writer in writers {
        expected.extend(writer.acknowledged.keys());
        let there = writer.unanswered.iter().filter(|n| stored.binary_search(n).is_ok()).count();
        assert!(there == 0 || there == writer.unanswered.len(), "a batch is there half");
        expected.extend(writer.unanswered.iter().take(there));
    }
    expected.sort_unstable();
    assert_eq!(stored, expected);
    assert_eq!(server.events(), stored.len() as u64, "ids are consecutive");
}

/// Each acknowledged event of the last batches stands under the id it was given, and no id beyond.
fn verify_ids(server: &Server, writers: &[Writer]) {
    for writer in writers {
        for (n, id) in writer.acknowledged.iter().rev().take(40) {
            let event = server.get(&format!("/events/view?event_id={id}")).json();
            assert_eq!(number_of(&event), *n, "event {id}");
        }
    }
    let end = server.events();
    assert_eq!(server.get(&format!("/events/view?event_id={end}")).status, 404);
    let mut ids: Vec<u64> = writers.iter().flat_map(|w| w.acknowledged.values().copied()).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "an id was given twice");
}

/// Rounds of ingest, SIGKILL and start on one folder; a kill comes up to `life_ms` after a start.
fn rounds(seal_events: &str, rounds: u64, life_ms: u64) {
    let mut server = Server::with(&["--seal-events", seal_events]);
    let mut writers: Vec<Writer> = (0..WRITERS).map(Writer::new).collect();
    let mut random = Random::new(seal_events.len() as u64);
    for _ in 0..rounds {
        let client = server.client();
        let life = Duration::from_millis(random.below(life_ms));
        thread::scope(|scope| {
            for writer in &mut writers {
                let client = client.clone();
                scope.spawn(move || writer.write(&client));
            }
            thread::sleep(life);
            server.kill();
        });
        server.start_again();
        verify(&server, &writers);
        for writer in &mut writers {
            writer.retry(&server);
        }
        verify(&server, &writers);
        verify_ids(&server, &writers);
    }
    assert!(server.stop().success());
    let data = server.data();
    let output = run(&["check", "--data", data.to_str().expect("the path is text")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_event_its_own_seal() {
    rounds("1", 6, 400);
}

#[test]
fn small_seals() {
    rounds("20", 8, 500);
}

#[test]
fn larger_seals() {
    rounds("500", 8, 800);
}

#[test]
fn a_kill_while_it_starts() {
    let mut server = Server::with(&["--seal-events", "50"]);
    let mut writer = Writer::new(0);
    let gone = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            writer.write(&server.client());
            gone.store(true, Ordering::Relaxed);
        });
        thread::sleep(Duration::from_millis(300));
        server.signal("KILL");
    });
    assert!(gone.load(Ordering::Relaxed));
    server.kill();
    for _ in 0..4 {
        server.start_again();
        server.kill();
    }
    server.start_again();
    verify(&server, std::slice::from_ref(&writer));
    writer.retry(&server);
    verify(&server, &[writer]);
}
