//! Trends, interval by interval.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use super::{NaiveEvent, is_one_of};
use crate::number_of;
use crate::query::{Function, Measure, Of, TrendsQuery};

/// The values of the intervals and of the whole range, by value of the breakdown, of the persons that `counts`
/// admits. `property` gives a person's value, where it is broken down by the person's.
pub fn trends(
    events: &[NaiveEvent],
    query: &TrendsQuery,
    counts: impl Fn(&str) -> bool,
    property: impl Fn(&str) -> Option<String>,
) -> BTreeMap<Option<String>, Vec<Option<f64>>> {
    let mut by_value: BTreeMap<Option<String>, Vec<&NaiveEvent>> = BTreeMap::new();
    for event in events {
        let in_range = query.range.contains(event.time_ms);
        if in_range && counts(&event.person) && is_one_of(event, &query.events) {
            let value = query.breakdown.as_ref().and_then(|by| match by.of {
                Of::Event => event.properties.get(&by.property).cloned(),
                Of::User => property(&event.person),
            });
            by_value.entry(value).or_default().push(event);
        }
    }
    let measure = |events: &[&NaiveEvent]| {
        let mut values = Vec::new();
        for interval in 0..query.intervals {
            let (from, until) =
                (query.calendar.start_ms(interval), query.calendar.start_ms(interval + 1));
            let within = events.iter().filter(|event| (from..until).contains(&event.time_ms));
            values.push(value(&within.copied().collect::<Vec<_>>(), &query.measure));
        }
        values.push(value(events, &query.measure));
        values
    };
    by_value.into_iter().map(|(value, events)| (value, measure(&events))).collect()
}

fn value(events: &[&NaiveEvent], measure: &Measure) -> Option<f64> {
    let (property, function) = match measure {
        Measure::Events => return Some(events.len() as f64),
        Measure::Users => {
            let persons: BTreeSet<_> = events.iter().map(|event| &event.person).collect();
            return Some(persons.len() as f64);
        }
        Measure::Property { property, function } => (property, function),
    };
    let numbers = events.iter().filter_map(|event| number_of(event.properties.get(property)?));
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    let sum: f64 = numbers.iter().sum();
    match function {
        // Numbers of tests are halves, whose sums are exact.
        Function::Sum => Some(sum),
        Function::Average => (!numbers.is_empty()).then(|| sum / numbers.len() as f64),
        Function::Min => numbers.first().copied(),
        Function::Max => numbers.last().copied(),
        Function::Quantile(share) => super::quantile(&numbers, *share),
    }
}
