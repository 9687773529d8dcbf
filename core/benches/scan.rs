//! Times the scans over one million generated events: `cargo bench -p eventhub-core`.
//!
//! Fixed seed and size; prints the least and the median time and events per second.

use std::hint::black_box;
use std::time::Instant;

use eventhub_core::part::{EncodedPart, PartBuilder, PartView};
use eventhub_core::persons::Persons;
use eventhub_core::query::{CohortQuery, CohortScan, Filter, FunnelQuery, FunnelScan, Range, Step};
use eventhub_core::{DAY_MS, Error, TimeMs, parse_date};

const EVENTS: u64 = 1_000_000;
const USERS: u64 = 10_000;
const DAYS: i64 = 10;
const TYPES: [&str; 5] =
    ["receive_email", "view_track_page", "start_track", "finish_course", "finish_track"];
const ROUNDS: usize = 31;

fn main() -> Result<(), Error> {
    let parts = parts()?;
    let views = |name: &str| -> Result<Vec<PartView<'_>>, Error> {
        let place = TYPES.iter().position(|known| *known == name).expect("a known type");
        Ok(vec![parts[place].view()?])
    };
    let persons = Persons::default();
    let filter = || vec![Filter { key: "event_property_1".into(), value: "1".into() }];
    let step = |name: &str, filters| Step { event_type: name.into(), filters };
    let (first, last) = (parse_date("start", "20130101")?, parse_date("end", "20130130")?);
    let range = Range::new(first, last)?;

    for (name, filters) in [("funnel", Vec::new()), ("funnel, filtered", filter())] {
        let steps = vec![
            step("receive_email", filters),
            step("view_track_page", Vec::new()),
            step("start_track", Vec::new()),
        ];
        let query = FunnelQuery::new(range, steps, 30, Vec::new())?;
        time(name, || {
            let parts = [views("receive_email")?, views("view_track_page")?, views("start_track")?];
            let scan = FunnelScan::open(&query, &parts, &persons)?;
            black_box(scan.run(scan.blocks()).finish());
            Ok(scan.stats().events)
        })?;
    }
    for (name, filters) in [("cohort", Vec::new()), ("cohort, filtered", filter())] {
        let events = (step("receive_email", filters), step("start_track", Vec::new()));
        let query = CohortQuery::new(first, last, 1, 7, events, Vec::new())?;
        time(name, || {
            let (row, column) = (views("receive_email")?, views("start_track")?);
            let scan = CohortScan::open(&query, &row, &column, &persons)?;
            black_box(scan.run(scan.blocks()).finish());
            Ok(scan.stats().events)
        })?;
    }
    Ok(())
}

fn parts() -> Result<Vec<EncodedPart>, Error> {
    let mut builders: Vec<PartBuilder> = (0..).map(PartBuilder::new).take(TYPES.len()).collect();
    let start = parse_date("start", "20130101")?.ms();
    let mut seed = 7_u64;
    let mut below = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    for id in 0..EVENTS {
        let time = TimeMs::new(start + (id as i64 * DAYS * DAY_MS) / EVENTS as i64);
        let values = [10, 100, 1000].map(|n| (1 + below(n)).to_string());
        let keys = ["event_property_1", "event_property_2", "event_property_3"];
        let builder = &mut builders[below(TYPES.len() as u64) as usize];
        let user = below(USERS) as u32;
        let time = time.expect("the year 2013 is a time taken");
        builder.push(user, time, id, keys.into_iter().zip(values.iter().map(String::as_str)));
    }
    Ok(builders.iter().map(PartBuilder::finish).collect())
}

fn time(name: &str, mut run: impl FnMut() -> Result<u64, Error>) -> Result<(), Error> {
    let mut events = 0;
    let mut seconds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        events = run()?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let (least, median) = (seconds[0], seconds[ROUNDS / 2]);
    let rate = events as f64 / least / 1e6;
    let (least, median) = (least * 1e3, median * 1e3);
    println!("{name:18} {least:7.3} ms min {median:7.3} ms median {rate:8.0} M events/s");
    Ok(())
}
