//! Random questions as the JSON API takes them.

use proptest::collection::vec as list;
use proptest::option::weighted;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// The names of time zones whose clocks change, and of some whose days begin oddly.
const ZONES: [&str; 5] =
    ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"];

pub(crate) fn zone() -> impl Strategy<Value = Option<&'static str>> {
    weighted(0.5, prop::sample::select(&ZONES[..]))
}

/// A funnel without its range.
pub(crate) fn funnel() -> impl Strategy<Value = Value> {
    let window = prop_oneof![
        (1..200_000_u32).prop_map(|amount| json!({ "amount": amount, "unit": "seconds" })),
        (1..100_u32).prop_map(|amount| json!({ "amount": amount, "unit": "hours" })),
        (1..5_u32).prop_map(|amount| json!({ "amount": amount, "unit": "days" })),
        (1..5_u32).prop_map(|amount| json!({ "amount": amount, "unit": "calendar_days" })),
    ];
    let order = prop::sample::select(&["ordered", "strict", "any"][..]);
    let entry = prop::sample::select(&["first", "best"][..]);
    let exclusion = (step(), 0..4_u64, 1..4_u64);
    (
        list(step(), 1..5),
        zone(),
        weighted(0.9, window),
        weighted(0.7, order),
        weighted(0.7, entry),
        prop_oneof![3 => Just(Vec::new()), 1 => list(exclusion, 1..3)],
        weighted(0.4, breakdown()),
    )
        .prop_map(|(steps, zone, window, order, entry, exclude, breakdown)| {
            let mut funnel = Map::new();
            let last = steps.len() as u64 - 1;
            let exclude = exclude.into_iter().filter(|_| last > 0);
            let exclude = exclude.map(|(mut exclusion, after, more)| {
                let after = after.min(last - 1);
                exclusion["after_step"] = after.into();
                exclusion["before_step"] = (after + more).min(last).into();
                exclusion
            });
            funnel.insert("exclude".into(), exclude.collect());
            if let Some(mut breakdown) = breakdown {
                if breakdown["of"] != "user" {
                    let step = breakdown["step"].as_u64().unwrap_or(0);
                    breakdown["step"] = step.min(last).into();
                }
                funnel.insert("breakdown".into(), breakdown);
            }
            funnel.insert("steps".into(), steps.into());
            let mut optional = |key: &str, value: Option<Value>| {
                value.and_then(|value| funnel.insert(key.into(), value));
            };
            optional("time_zone", zone.map(Value::from));
            optional("window", window);
            optional("order", order.map(Value::from));
            optional("entry", entry.map(Value::from));
            funnel.into()
        })
}

/// A retention table without its range.
pub(crate) fn retention() -> impl Strategy<Value = Value> {
    let period = prop::sample::select(&["hour", "day", "week", "month"][..]);
    (
        (period, 1..4_u32, prop::sample::select(&["monday", "sunday", "saturday"][..])),
        (events(), events()),
        (prop::sample::select(&["first_in_range", "recurring"][..]), any::<bool>(), any::<bool>()),
        1..6_u32,
        zone(),
        weighted(0.4, breakdown()),
    )
        .prop_map(
            |((period, every, week_start), events, options, columns, zone, breakdown)| {
                let (cohort_by, after, rolling) = options;
                let mut table = json!({
                    "period": period,
                    "every": every,
                    "start_event": events.0,
                    "return_event": events.1,
                    "cohort_by": cohort_by,
                    "return_on": if after { "on_or_after" } else { "on" },
                    "mode": if rolling { "rolling" } else { "calendar" },
                    "columns": columns,
                    "time_zone": zone,
                });
                if period == "week" {
                    table["week_start"] = week_start.into();
                }
                table["breakdown"] = breakdown.map_or(Value::Null, without_step);
                table
            },
        )
}

/// Trends without their range.
pub(crate) fn trends() -> impl Strategy<Value = Value> {
    let functions = ["sum", "average", "min", "max", "median", "percentile"];
    let of_property = prop::sample::select(functions.to_vec()).prop_map(|function| {
        let mut measure = json!({ "function": function, "property": "size" });
        if function == "percentile" {
            measure["percentile"] = 90.into();
        }
        measure
    });
    let measure = prop_oneof![Just(json!("events")), Just(json!("users")), of_property];
    let interval = prop::sample::select(&["hour", "day", "week", "month"][..]);
    (events(), measure, interval, 1..4_u32, zone(), weighted(0.4, breakdown())).prop_map(
        |(event, measure, interval, every, zone, breakdown)| {
            json!({
                "event": event,
                "measure": measure,
                "interval": interval,
                "every": every,
                "time_zone": zone,
                "breakdown": breakdown.map(without_step),
            })
        },
    )
}

fn without_step(mut breakdown: Value) -> Value {
    if let Some(fields) = breakdown.as_object_mut() {
        fields.remove("step");
    }
    breakdown
}

/// Events of one type or of any.
fn events() -> impl Strategy<Value = Value> {
    let of_any = list(filter(), 0..2).prop_map(|filters| json!({ "filters": filters }));
    prop_oneof![4 => step(), 1 => Just(json!("any")), 1 => of_any]
}

/// An event with filters.
pub(crate) fn step() -> impl Strategy<Value = Value> {
    let event = prop::sample::select(&["a", "b", "c"][..]);
    let filters = prop_oneof![2 => Just(Vec::new()), 1 => list(filter(), 1..3)];
    (event, filters).prop_map(|(event, filters)| json!({ "event": event, "filters": filters }))
}

fn filter() -> impl Strategy<Value = Value> {
    let property = prop::sample::select(&["dense", "rare", "size", "never"][..]);
    let value = prop_oneof![
        (0..4_u32).prop_map(|n| format!("v{n}")),
        (0..8_u32).prop_map(|n| format!("{}", f64::from(n) / 2.0)),
        Just(String::from("v")),
        Just(String::from(".5")),
    ];
    let texts = ["is", "is_not", "contains", "not_contains", "starts_with", "ends_with"];
    let of_texts = (prop::sample::select(texts.to_vec()), list(value, 1..4));
    let of_texts = of_texts.prop_map(|(op, values)| (op, json!(values)));
    let number = prop::sample::select(["gt", "gte", "lt", "lte"].to_vec());
    let number = (number, 0..8_u32).prop_map(|(op, n)| (op, json!([f64::from(n) / 2.0])));
    let pattern = prop::sample::select(["^v[12]$", "5", "^[0-9.]+$", ""].to_vec());
    let pattern = pattern.prop_map(|pattern| ("matches", json!([pattern])));
    let existence = prop::sample::select(["exists", "not_exists"].to_vec());
    let existence = existence.prop_map(|op| (op, json!([])));
    (property, prop_oneof![4 => of_texts, 2 => number, 1 => pattern, 1 => existence]).prop_map(
        |(property, (op, values))| json!({ "property": property, "op": op, "values": values }),
    )
}

fn breakdown() -> impl Strategy<Value = Value> {
    let property = prop::sample::select(&["dense", "rare", "size", "never"][..]);
    let event = (property, 0..4_u64, 1..6_u64).prop_map(|(property, step, limit)| {
        json!({ "property": property, "of": "event", "step": step, "limit": limit })
    });
    let user =
        (1..6_u64).prop_map(|limit| json!({ "property": "team", "of": "user", "limit": limit }));
    prop_oneof![3 => event, 1 => user]
}
