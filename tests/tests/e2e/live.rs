//! Exact counts while ingest, seal and merge go on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use eventhub_tests::{Client, Event, Server, batch_json};

const USERS_PER_BATCH: u64 = 20;
const DURATION: Duration = Duration::from_secs(4);
const START_MS: i64 = 1_356_998_400_000;
const HOUR_MS: i64 = 3_600_000;

/// Users whose batch was sent, and whose batch was acknowledged.
#[derive(Default)]
struct Progress {
    sent: AtomicU64,
    acknowledged: AtomicU64,
    done: AtomicBool,
}

/// New users who each visit and buy, and one event of a user who is always there; an hour of data a
/// batch, so that buckets of time fill.
fn batch(first_user: u64) -> String {
    let time = START_MS + i64::try_from(first_user / USERS_PER_BATCH).expect("few") * HOUR_MS;
    let mut events: Vec<Event> = (first_user..first_user + USERS_PER_BATCH)
        .flat_map(|n| {
            let user = format!("user_{n}");
            let even = if n % 2 == 0 { "yes" } else { "no" };
            let event = |kind, at| Event::new(kind, &user, at).property("even", even);
            [event("visit", time), event("buy", time + 60_000)]
        })
        .collect();
    events.push(Event::new("tick", "clock", time));
    batch_json(&events)
}

fn ingest(client: &Client, progress: &Progress) {
    let start = Instant::now();
    while start.elapsed() < DURATION {
        let first = progress.sent.fetch_add(USERS_PER_BATCH, Ordering::SeqCst);
        assert_eq!(client.batch(&batch(first)).len() as u64, 2 * USERS_PER_BATCH + 1);
        progress.acknowledged.fetch_add(USERS_PER_BATCH, Ordering::SeqCst);
    }
    progress.done.store(true, Ordering::SeqCst);
}

/// Asks until ingest is done: an answer counts what was acknowledged before it was asked, nothing
/// that was not sent, whole batches only, and never less than the answer before.
fn watch(progress: &Progress, ask: impl Fn() -> u64) -> u64 {
    let (mut last, mut asked) = (0, 0);
    while !progress.done.load(Ordering::SeqCst) {
        let least = progress.acknowledged.load(Ordering::SeqCst);
        let count = ask();
        let most = progress.sent.load(Ordering::SeqCst);
        assert!((least..=most).contains(&count), "{count} is not within {least} and {most}");
        assert!(count >= last, "{count} after {last}");
        assert_eq!(count % USERS_PER_BATCH, 0, "a batch is seen half");
        last = count;
        asked += 1;
    }
    assert_eq!(ask(), progress.sent.load(Ordering::SeqCst));
    asked
}

/// Both steps of the funnel, which must agree.
fn funnel(client: &Client, filter: &str) -> u64 {
    let target = format!(
        "/events/funnel?start_date=20130101&end_date=20200101&funnel_steps[]=visit&funnel_steps[]=buy&num_days_to_complete_funnel=2{filter}"
    );
    let [visit, buy] = client.get(&target).numbers()[..] else { panic!("a funnel of two steps") };
    assert_eq!(visit, buy, "a person is seen half");
    buy
}

fn cohort(client: &Client) -> u64 {
    let target = "/events/cohort?start_date=20130101&end_date=20130601&row_event_type=visit&column_event_type=buy&num_days_per_row=8&num_columns=1";
    let answer = client.get(target).json();
    let rows: Vec<[u64; 2]> = serde_json::from_value(answer).expect("rows of two numbers");
    rows.iter().for_each(|[size, came]| assert_eq!(size, came, "a person is seen half"));
    rows.iter().map(|[size, _]| size).sum()
}

/// Events of the user who is always there: unlike persons, they are not counted once whatever happens.
fn ticks(client: &Client) -> u64 {
    let target = "/users/timeline?external_user_id=clock&offset=0&num_records=1000000";
    client.get(target).json().as_array().map_or(0, |events| events.len() as u64)
}

fn while_it_seals(seal_events: &str) {
    let server = Server::with(&["--seal-events", seal_events]);
    let progress = Progress::default();
    thread::scope(|scope| {
        scope.spawn(|| ingest(&server.client(), &progress));
        let watchers = [
            scope.spawn(|| watch(&progress, || funnel(&server, ""))),
            scope.spawn(|| watch(&progress, || 2 * funnel(&server, "&efk[]=even&efv[]=yes"))),
            scope.spawn(|| watch(&progress, || cohort(&server))),
            scope.spawn(|| watch(&progress, || USERS_PER_BATCH * ticks(&server))),
        ];
        for watcher in watchers {
            let asked = watcher.join().expect("every answer was right");
            assert!(asked > 10, "asked only {asked} times");
        }
    });
    assert!(server.figure("seals") > 5, "{}", server.get("/varz").body);
    assert!(server.figure("merges") > 0, "{}", server.get("/varz").body);
}

#[test]
fn counts_are_exact_while_the_tail_is_sealed_all_the_time() {
    while_it_seals("30");
}

#[test]
fn counts_are_exact_while_the_tail_is_sealed_now_and_then() {
    while_it_seals("700");
}
