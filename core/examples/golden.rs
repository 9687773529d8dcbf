//! Writes the golden files of the current format version into a new folder, once for each version:
//!
//! `cargo run -p eventhub-core --example golden --features naive -- tests/compat/v3`
//!
//! It refuses to touch a folder that exists: golden files are never rewritten.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::{env, fs};

use eventhub_core::naive::{self, NaiveEvent};
use eventhub_core::part::{EncodedPart, PartBuilder, merge};
use eventhub_core::query::FunnelInput;
use eventhub_core::{DAY_MS, TimeMs};
use jiff::tz::TimeZone;
use serde::Deserialize as _;
use serde_json::{Value, json};

const TYPES: [&str; 3] = ["product_view", "add_to_cart", "purchase"];
const EVENTS: u64 = 12_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("name the folder to make")?;
    let folder = Path::new(&folder);
    fs::create_dir(folder)?;
    let events = events();
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (number, name) in (0_u32..).zip(TYPES) {
        for (place, part) in parts_of(number, &events)?.iter().enumerate() {
            let file = format!("{name}-{place}.part");
            fs::write(folder.join(&file), part.to_bytes())?;
            names.entry(name).or_default().push(file);
        }
    }
    let cases =
        queries().iter().map(|query| case(query, &events)).collect::<Result<Vec<_>, _>>()?;
    let text = serde_json::to_string_pretty(&json!({ "parts": names, "cases": cases }))?;
    fs::write(folder.join("funnel.json"), text + "\n")?;
    Ok(())
}

/// Events of 700 users in four blocks, in March 2024; some to the day, some to the millisecond in order of
/// their ids, as events come in, but for a few that come late.
fn events() -> Vec<(u32, NaiveEvent)> {
    let start = 1_709_251_200_000;
    let mut seed = 1_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut event = |id: u64| {
        let user = (next(4) * 8_192 + next(175)) as u32;
        let after_ms = if id.is_multiple_of(3) {
            let late_ms = if next(50) == 0 { next(5 * DAY_MS as u64) } else { next(1_000) };
            let in_order_ms = (id + 1) * 31 * DAY_MS as u64 / (EVENTS + 1);
            in_order_ms.saturating_sub(late_ms).max(1) as i64
        } else {
            next(31) as i64 * DAY_MS
        };
        let time_ms = start + after_ms;
        let mut properties = BTreeMap::new();
        properties.insert("platform".into(), ["web", "ios", "android"][next(3) as usize].into());
        properties.insert("page".into(), format!("/p/{}", next(900)));
        if next(40) == 0 {
            properties.insert("coupon".into(), format!("spring-{}", next(3)));
        }
        let event_type = TYPES[[0, 0, 0, 1, 1, 2][next(6) as usize]].to_string();
        (user, NaiveEvent { id, event_type, person: user.to_string(), time_ms, properties })
    };
    (0..EVENTS).map(&mut event).collect()
}

/// Three parts: events to the day, the first half of the others, and the rest merged of two.
fn parts_of(number: u32, events: &[(u32, NaiveEvent)]) -> Result<Vec<EncodedPart>, Box<dyn Error>> {
    let part = |keep: &dyn Fn(&NaiveEvent) -> bool| {
        let mut builder = PartBuilder::new(number);
        let name = TYPES[number as usize];
        for (user, event) in events.iter().filter(|(_, e)| e.event_type == name && keep(e)) {
            let time = TimeMs::new(event.time_ms).expect("March 2024 is a time taken");
            let properties = event.properties.iter().map(|(k, v)| (k.as_str(), v.as_str()));
            builder.push(*user, time, event.id, properties);
        }
        builder.finish()
    };
    let exact = |event: &NaiveEvent| event.time_ms % DAY_MS != 0;
    let to_merge = [
        part(&|event| exact(event) && event.id % 2 == 1 && event.id < EVENTS * 2 / 3),
        part(&|event| exact(event) && event.id % 2 == 1 && event.id >= EVENTS * 2 / 3),
    ];
    let views = to_merge.iter().map(EncodedPart::view).collect::<Result<Vec<_>, _>>()?;
    let merged = EncodedPart::collect(|sink| merge(&views, sink))?;
    Ok(vec![part(&|event| !exact(event)), part(&|event| exact(event) && event.id % 2 == 0), merged])
}

/// Queries as the JSON API takes them.
fn queries() -> Vec<Value> {
    let step = |name: &str| json!({ "event": name, "filters": [] });
    let with = |name: &str, property: &str, value: &str| {
        let filter = json!({ "property": property, "op": "is", "values": [value] });
        json!({ "event": name, "filters": [filter] })
    };
    let query = |range: [&str; 2], steps: &[Value], days: u32| {
        json!({
            "range": { "start": range[0], "end": range[1] },
            "steps": steps,
            "window": { "amount": days, "unit": "calendar_days" },
        })
    };
    let all = TYPES.map(step);
    let web = with("product_view", "platform", "web");
    let coupon = with("purchase", "coupon", "spring-1");
    let page = with("product_view", "page", "/p/17");
    let (march, week) = (["2024-03-01", "2024-04-01"], ["2024-03-08", "2024-03-15"]);
    vec![
        query(march, &all, 30),
        query(week, &all, 2),
        query(march, &[web, step("product_view"), coupon], 31),
        query(march, &[page, step("add_to_cart")], 31),
    ]
}

/// A query with its answer by the naive model.
fn case(query: &Value, events: &[(u32, NaiveEvent)]) -> Result<Value, Box<dyn Error>> {
    let plain: Vec<NaiveEvent> = events.iter().map(|(_, event)| event.clone()).collect();
    let funnel = FunnelInput::deserialize(query)?.check(&TimeZone::UTC)?;
    Ok(json!({ "query": query, "answer": naive::funnel(&plain, &funnel, |_| true) }))
}
