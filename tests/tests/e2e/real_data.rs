//! The clickstream of a shop: what the server answers over the file equals the naive model.

use std::time::{Duration, Instant};

use eventhub_core::naive::{self, NaiveEvent};
use eventhub_core::query::{CohortQuery, Filter, FunnelQuery, Range, Step};
use eventhub_core::{TimeMs, parse_date, parse_file_time};
use eventhub_tests::{Server, csv_rows, run, sample};

const EVENTS: usize = 31_106;
const USERS: usize = 600;
const COLUMNS: [&str; 6] =
    ["--event-column", "event", "--user-column", "user_id", "--time-column", "timestamp"];
const SHOP: [&str; 4] = ["home", "product_view", "add_to_cart", "purchase"];

fn date(text: &str) -> TimeMs {
    parse_date("date", text).expect("a date")
}

fn step(event_type: &str, filters: &[(&str, &str)]) -> Step {
    let filter = |(key, value): &(&str, &str)| Filter::is(*key, *value);
    Step { event_type: event_type.to_owned(), filters: filters.iter().map(filter).collect() }
}

fn event(id: u64, row: Vec<(String, String)>) -> NaiveEvent {
    let mut cells: std::collections::BTreeMap<String, String> = row.into_iter().collect();
    let mut take = |column: &str| cells.remove(column).expect("the file has this column");
    let (event_type, person) = (take("event"), take("user_id"));
    let time = parse_file_time("timestamp", &take("timestamp")).expect("the file has times");
    cells.retain(|_, value| !value.is_empty());
    NaiveEvent { id, event_type, person, time_ms: time.ms(), properties: cells }
}

fn funnel(filters: &[(&str, &str)], days: u32) -> FunnelQuery {
    let range = Range::new(date("20240101"), date("20240701")).expect("a range");
    let steps = SHOP.iter().map(|name| step(name, filters)).collect();
    FunnelQuery::new(range, steps, days, vec![]).expect("a funnel")
}

fn ask_funnel(server: &Server, filters: &[(&str, &str)], days: u32) -> Vec<u64> {
    let days = days.to_string();
    let mut pairs = vec![("start_date", "20240101"), ("end_date", "20240701")];
    pairs.extend(SHOP.map(|name| ("funnel_steps[]", name)));
    pairs.push(("num_days_to_complete_funnel", &days));
    pairs.extend(filters.iter().flat_map(|(key, value)| [("efk[]", *key), ("efv[]", *value)]));
    server.post("/events/funnel", &pairs).numbers()
}

#[test]
fn the_sample_is_imported_and_answers_equal_the_naive_model() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = sample(folder.path());
    let data = folder.path().join("data");
    let begin = Instant::now();
    let files = ["import", file.to_str().expect("text"), "--data", data.to_str().expect("text")];
    let output = run(&[&files[..], &COLUMNS].concat());
    let took = begin.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("31,106 events of 600 users"), "{said}");
    assert!(took < Duration::from_secs(2), "the import took {took:?}");

    let server = Server::on(folder, &[]);
    assert_eq!(server.events(), EVENTS as u64);
    assert_eq!(server.get("/users/find").json().as_array().map(Vec::len), Some(USERS));
    let events: Vec<NaiveEvent> =
        (0..).zip(csv_rows(&file)).map(|(id, row)| event(id, row)).collect();
    assert_eq!(events.len(), EVENTS);
    compare_funnels(&server, &events);
    compare_cohorts(&server, &events);
    compare_events(&server, &events);
}

fn compare_funnels(server: &Server, events: &[NaiveEvent]) {
    for days in [1, 7, 30, 200] {
        for filters in [
            &[][..],
            &[("platform", "mobile")],
            &[("platform", "desktop"), ("acquisition_channel", "email")],
        ] {
            let expected = naive::funnel(events, &funnel(filters, days), |_| true);
            assert_eq!(ask_funnel(server, filters, days), expected, "{days} days, {filters:?}");
        }
    }
    let all = ask_funnel(server, &[], 30);
    assert!(all.windows(2).all(|pair| pair[0] > pair[1]) && all[3] > 0, "{all:?} says little");
}

fn compare_cohorts(server: &Server, events: &[NaiveEvent]) {
    for (row, column) in [("home", "purchase"), ("product_view", "product_view")] {
        let query = CohortQuery::new(
            date("20240101"),
            date("20240630"),
            7,
            8,
            (step(row, &[]), step(column, &[])),
            vec![],
        );
        let query = query.expect("a cohort");
        let expected = naive::cohort(events, &query, |_| true);
        let target = format!(
            "/events/cohort?start_date=20240101&end_date=20240630&row_event_type={row}&column_event_type={column}&num_days_per_row=7&num_columns=8"
        );
        let answer = server.get(&target).json();
        let got: Vec<Vec<u64>> = serde_json::from_value(answer).expect("rows of numbers");
        assert_eq!(got, expected, "{row} and {column}");
        assert!(got.iter().any(|row| row[2] > 0), "{got:?} says little");
    }
}

/// Ids follow the file's order, and an event shows what its row says.
fn compare_events(server: &Server, events: &[NaiveEvent]) {
    for expected in events.iter().step_by(1_999) {
        let shown = server.get(&format!("/events/view?event_id={}", expected.id)).json();
        let mut cells = expected.properties.clone();
        cells.insert("event_type".into(), expected.event_type.clone());
        cells.insert("external_user_id".into(), expected.person.clone());
        cells.insert("timestamp".into(), expected.time_ms.to_string());
        let day = TimeMs::new(expected.time_ms).expect("a time").date_text();
        cells.insert("date".into(), day);
        assert_eq!(shown, serde_json::json!(cells), "event {}", expected.id);
    }
}
