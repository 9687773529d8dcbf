//! Times the scans over generated events: `cargo bench -p eventhub-core -- [MILLIONS [USERS [DAYS]]] [zipf] [NAME...]`,
//! by default 10 million events of 500,000 users in 100 days, as the parts of a store hold them; with `zipf`, users and types
//! by a Zipf law.
//!
//! One thread, fixed seed; prints the least and the median time, and events of the opened parts per second.

use std::collections::BTreeMap;
use std::env;
use std::hint::black_box;
use std::time::Instant;

use eventhub_core::part::{EncodedPart, PartBuilder, PartView, bucket_of};
use eventhub_core::persons::{Persons, encode_merged};
use eventhub_core::query::{
    CohortQuery, CohortScan, ConversionScan, Filter, FunnelInput, FunnelQuery, FunnelScan, Need,
    OneByOne, Range, RetentionInput, RetentionScan, Scan, Step, TrendsInput, TrendsScan, answer,
    count,
};
use eventhub_core::{DAY_MS, Error, TimeMs, UserId, parse_date};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The steps of the funnels come first.
const TYPES: [&str; 5] =
    ["receive_email", "view_track_page", "start_track", "finish_course", "finish_track"];
const STEPS: usize = 3;
const ROUNDS: usize = 15;
/// Asks for a Zipf law.
const ZIPF: &str = "zipf";
/// When every window is over.
const NOW_MS: i64 = 1_767_225_600_000;

/// The parts of each type.
type Parts = Vec<Vec<EncodedPart>>;

fn main() -> Result<(), Error> {
    let mut sizes = env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let events = sizes.next().unwrap_or(10_u64) * 1_000_000;
    let users = sizes.next().unwrap_or(500_000_u64);
    let days = sizes.next().unwrap_or(100) as i64;
    let draw = if env::args().any(|arg| arg == ZIPF) { by_zipf } else { uniformly };
    let parts = parts(events, days, draw(users))?;
    println!("{events} events of {users} users in {days} days");

    let everyone = Persons::default();
    let date = |text: &str| parse_date("date", text);
    let start = date("20130101")?;
    let range = Range::new(start, date("20130130")?)?;
    let whole = Range::new(start, TimeMs::new(start.ms() + days * DAY_MS).expect("2013"))?;
    let filter = || vec![Filter::is("event_property_1", "1")];
    funnel("Q1 funnel", &parts, &everyone, &funnel_query(range, 30, Vec::new())?)?;
    funnel("Q2 filtered", &parts, &everyone, &funnel_query(range, 30, filter())?)?;
    cohort("Q3 cohort", &parts, &everyone, &cohort_query(start, Vec::new())?)?;
    cohort("Q4 filtered", &parts, &everyone, &cohort_query(start, filter())?)?;
    funnel("Q5 whole range", &parts, &everyone, &funnel_query(whole, 7, Vec::new())?)?;
    for (name, size) in [("Q7 merged pairs", 2), ("Q7c chains of five", 5)] {
        let blocks = merged(users as UserId, size);
        let merged = blocks.iter().map(|(block, bytes)| (*block, bytes.as_slice())).collect();
        let merged = Persons::new(merged)?;
        funnel(name, &parts, &merged, &funnel_query(range, 30, Vec::new())?)?;
    }
    questions(&parts, &everyone)
}

/// Questions of the JSON API about the same events, each beside Q1.
fn questions(parts: &Parts, persons: &Persons<'_>) -> Result<(), Error> {
    let range = json!({ "start": "2013-01-01", "end": "2013-01-30" });
    let whole = json!({ "start": "2013-01-01", "end": "2013-04-11" });
    let steps: Vec<Value> = TYPES[..STEPS].iter().map(|name| json!({ "event": name })).collect();
    let days = json!({ "amount": 30, "unit": "calendar_days" });
    let with = |more: &[(&str, Value)]| {
        let mut question = json!({ "range": range, "steps": steps, "window": days });
        more.iter().for_each(|(key, value)| question[*key] = value.clone());
        question
    };
    let seconds = json!({ "amount": 2_592_000, "unit": "seconds" });
    let breakdown = json!({ "property": "event_property_2" });
    journeys("first", parts, persons, with(&[]))?;
    journeys("seconds", parts, persons, with(&[("window", seconds)]))?;
    journeys("best", parts, persons, with(&[("entry", "best".into())]))?;
    journeys("strict", parts, persons, with(&[("order", "strict".into())]))?;
    journeys("any", parts, persons, with(&[("order", "any".into())]))?;
    journeys("breakdown", parts, persons, with(&[("breakdown", breakdown)]))?;
    let table = json!({ "range": whole, "period": "week", "start_event": { "event": TYPES[0] },
                        "return_event": { "event": TYPES[2] } });
    let table = input::<RetentionInput>(table).check(&TimeZone::UTC)?;
    time("retention by week", || {
        let parts = [views(&parts[0])?, views(&parts[2])?];
        let mut scan = RetentionScan::open(&table, &parts, persons, None)?;
        black_box(count(&mut scan));
        Ok(scan.sources().stats().events)
    })?;
    let users = json!({ "range": whole, "event": { "event": TYPES[0] }, "measure": "users" });
    let users = input::<TrendsInput>(users).check(&TimeZone::UTC)?;
    time("trends of users", || {
        let parts = views(&parts[0])?;
        let mut scan = TrendsScan::open(&users, &parts, persons, None)?;
        black_box(count(&mut scan));
        Ok(scan.sources().stats().events)
    })
}

fn journeys(
    name: &str,
    parts: &Parts,
    persons: &Persons<'_>,
    question: Value,
) -> Result<(), Error> {
    let query = input::<FunnelInput>(question).check(&TimeZone::UTC)?;
    time(name, || {
        let views = |need: &Need<'_>| {
            let types = TYPES.iter().zip(parts);
            let asked = types.filter(|(name, _)| need.types.contain(name));
            asked.flat_map(|(_, parts)| parts).map(EncodedPart::view).collect()
        };
        let views =
            ConversionScan::needs(&query).iter().map(views).collect::<Result<Vec<_>, _>>()?;
        let mut scan = ConversionScan::open(&query, NOW_MS, &views, persons, None)?;
        let counts = count(&mut scan);
        black_box(scan.finish(counts, &OneByOne));
        Ok(scan.sources().stats().events)
    })
}

fn input<T: DeserializeOwned>(question: Value) -> T {
    serde_json::from_value(question).expect("the question is well formed")
}

fn funnel_query(range: Range, days: u32, filters: Vec<Filter>) -> Result<FunnelQuery, Error> {
    let filters = [filters, Vec::new(), Vec::new()];
    let steps = TYPES[..STEPS].iter().zip(filters);
    let steps = steps.map(|(name, filters)| Step { event_type: (*name).into(), filters });
    FunnelQuery::new(range, steps.collect(), days, Vec::new())
}

fn cohort_query(start: TimeMs, filters: Vec<Filter>) -> Result<CohortQuery, Error> {
    let step = |name: &str, filters| Step { event_type: name.into(), filters };
    let events = (step(TYPES[0], filters), step(TYPES[2], Vec::new()));
    CohortQuery::new(start, parse_date("date", "20130130")?, 1, 7, events, Vec::new())
}

fn funnel(
    name: &str,
    parts: &Parts,
    persons: &Persons<'_>,
    query: &FunnelQuery,
) -> Result<(), Error> {
    time(name, || {
        let views =
            parts[..STEPS].iter().map(|parts| views(parts)).collect::<Result<Vec<_>, _>>()?;
        let scan = FunnelScan::open(query, &views, persons)?;
        let events = scan.sources().stats().events;
        black_box(answer(scan));
        Ok(events)
    })
}

fn cohort(
    name: &str,
    parts: &Parts,
    persons: &Persons<'_>,
    query: &CohortQuery,
) -> Result<(), Error> {
    time(name, || {
        let (row, column) = (views(&parts[0])?, views(&parts[2])?);
        let scan = CohortScan::open(query, &row, &column, persons)?;
        let events = scan.sources().stats().events;
        black_box(answer(scan));
        Ok(events)
    })
}

fn views(parts: &[EncodedPart]) -> Result<Vec<PartView<'_>>, Error> {
    parts.iter().map(EncodedPart::view).collect()
}

/// Draws the type and the user of an event.
type Draw = Box<dyn FnMut(&mut dyn FnMut(u64) -> u64) -> (usize, UserId)>;

fn uniformly(users: u64) -> Draw {
    Box::new(move |below| (below(TYPES.len() as u64) as usize, below(users) as UserId))
}

fn by_zipf(users: u64) -> Draw {
    let (kinds, users) = (zipf(TYPES.len() as u64), zipf(users));
    Box::new(move |below| (kinds(below) as usize, users(below) as UserId))
}

/// Draws numbers by a Zipf law: the first is 0, and the likeliest.
fn zipf(end: u64) -> impl Fn(&mut dyn FnMut(u64) -> u64) -> u64 {
    let mut total = 0;
    let upto: Vec<u64> = (1..=end)
        .map(|rank| {
            total += (1 << 26) / rank;
            total
        })
        .collect();
    move |below| {
        let drawn = below(total);
        upto.partition_point(|upto| *upto <= drawn) as u64
    }
}

fn parts(events: u64, days: i64, mut draw: Draw) -> Result<Parts, Error> {
    let mut builders: BTreeMap<(usize, u32), PartBuilder> = BTreeMap::new();
    let start = parse_date("start", "20130101")?.ms();
    let mut below = random();
    let values: Vec<String> = (1..=1_000).map(|value: u32| value.to_string()).collect();
    for id in 0..events {
        let time = TimeMs::new(start + (id as i64 * days * DAY_MS) / events as i64);
        let time = time.expect("the year 2013 is a time taken");
        let (place, user) = draw(&mut below);
        let drawn = [10, 100, 1_000].map(|count| values[below(count) as usize].as_str());
        let builder = builders.entry((place, bucket_of(time)));
        let builder = builder.or_insert_with(|| PartBuilder::new(place as u32));
        let keys = ["event_property_1", "event_property_2", "event_property_3"];
        builder.push(user, time, id, keys.into_iter().zip(drawn));
    }
    let mut parts = Parts::new();
    parts.resize_with(TYPES.len(), Vec::new);
    while let Some(((place, _), builder)) = builders.pop_first() {
        parts[place].push(builder.finish());
    }
    Ok(parts)
}

/// Three users of ten in groups drawn at random: by block, those who are merged into another.
fn merged(users: UserId, size: usize) -> Vec<(u32, Vec<u8>)> {
    const BLOCK_USERS: u32 = eventhub_core::part::BLOCK_USERS;
    let mut below = random();
    let mut order: Vec<UserId> = (0..users).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, below(at as u64 + 1) as usize);
    }
    let mut blocks: BTreeMap<u32, Vec<(u16, UserId)>> = BTreeMap::new();
    for group in order[..users as usize * 3 / 10].chunks_exact(size) {
        for user in &group[1..] {
            let entries = blocks.entry(user / BLOCK_USERS).or_default();
            entries.push(((user % BLOCK_USERS) as u16, group[0]));
        }
    }
    blocks.values_mut().for_each(|entries| entries.sort_unstable());
    blocks.into_iter().map(|(block, entries)| (block, encode_merged(&entries))).collect()
}

fn random() -> impl FnMut(u64) -> u64 {
    let mut seed = 7_u64;
    move |end| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % end
    }
}

fn time(name: &str, mut run: impl FnMut() -> Result<u64, Error>) -> Result<(), Error> {
    let mut asked = env::args()
        .skip(1)
        .filter(|arg| arg.parse::<u64>().is_err() && arg != "--bench" && arg != ZIPF)
        .peekable();
    if asked.peek().is_some() && !asked.any(|asked| name.starts_with(&asked)) {
        return Ok(());
    }
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
    println!("{name:18} {least:8.3} ms min {median:8.3} ms median {rate:6.0} M events/s");
    Ok(())
}
