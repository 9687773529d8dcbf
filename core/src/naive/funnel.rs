//! Funnels: every entry of every person is walked through, event by event.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{NaiveEvent, by_person, matches, quantile};
use crate::query::{Entry, FunnelAnswer, FunnelGroup, FunnelQuery, FunnelStep, Of, Order, Step};

/// How far a person came.
#[derive(Clone)]
struct Walk<'e> {
    reached: Vec<&'e NaiveEvent>,
    is_over: bool,
    limit_ms: i64,
}

/// How many persons of those that `counts` admits reached each step.
pub fn funnel(
    events: &[NaiveEvent],
    query: &FunnelQuery,
    counts: impl Fn(&str) -> bool,
) -> Vec<u64> {
    let answer = funnel_answer(events, query, i64::MAX, counts, |_| None);
    answer.steps.iter().map(|step| step.count).collect()
}

/// The whole answer at a time, for the persons that `counts` admits; `property` gives a person's value of the
/// property by which it is broken down.
pub fn funnel_answer(
    events: &[NaiveEvent],
    query: &FunnelQuery,
    now_ms: i64,
    counts: impl Fn(&str) -> bool,
    property: impl Fn(&str) -> Option<String>,
) -> FunnelAnswer {
    let mut walks: Vec<(Option<String>, Walk<'_>)> = Vec::new();
    for (person, events) in by_person(events, counts) {
        let Some(walk) = walk(&events, query, now_ms) else { continue };
        let value = query.breakdown().and_then(|by| match by.of {
            Of::User => property(person),
            Of::Event => {
                let event = walk.reached.get(by.step as usize)?;
                event.properties.get(&by.property).cloned()
            }
        });
        walks.push((value, walk));
    }
    let all: Vec<_> = walks.iter().map(|(_, walk)| walk).collect();
    let steps = answer_steps(query, &all);
    let mut groups = Vec::new();
    if let Some(by) = query.breakdown() {
        let mut by_value: BTreeMap<&Option<String>, Vec<&Walk<'_>>> = BTreeMap::new();
        walks.iter().for_each(|(value, walk)| by_value.entry(value).or_default().push(walk));
        let mut sorted: Vec<_> = by_value.into_iter().collect();
        sorted.sort_by_key(|(_, walks)| usize::MAX - walks.len());
        let others = sorted.split_off(by.limit.min(sorted.len()));
        for (value, walks) in sorted {
            let steps = answer_steps(query, &walks);
            groups.push(FunnelGroup { value: value.clone(), other: false, steps });
        }
        let others: Vec<_> = others.into_iter().flat_map(|(_, walks)| walks).collect();
        if !others.is_empty() {
            let steps = answer_steps(query, &others);
            groups.push(FunnelGroup { value: None, other: true, steps });
        }
    }
    FunnelAnswer { steps, groups, experiment: None }
}

/// The walk that counts: that of the first entry, or the one that gets furthest, the earliest among equals. It is
/// not over while any that got equally far may go on.
fn walk<'e>(events: &[&'e NaiveEvent], query: &FunnelQuery, now_ms: i64) -> Option<Walk<'e>> {
    let begins = |event: &NaiveEvent| match query.order() {
        Order::Any => query.steps().iter().any(|step| matches(event, step)),
        Order::Ordered | Order::Strict => matches(event, &query.steps()[0]),
    };
    let in_range = |event: &NaiveEvent| {
        (query.range().start_ms()..query.range().end_ms()).contains(&event.time_ms)
    };
    let entries = (0..events.len()).filter(|at| in_range(events[*at]) && begins(events[*at]));
    let mut walks: Vec<_> = entries.map(|entry| walk_from(&events[entry..], query)).collect();
    if query.entry() == Entry::First {
        walks.truncate(1);
    }
    let furthest = walks.iter().map(|walk| walk.reached.len()).max()?;
    walks.retain(|walk| walk.reached.len() == furthest);
    let goes_on = walks.iter().any(|walk| !walk.is_over && now_ms < walk.limit_ms);
    walks[0].is_over = furthest == query.steps().len() || !goes_on;
    walks.into_iter().next()
}

fn walk_from<'e>(events: &[&'e NaiveEvent], query: &FunnelQuery) -> Walk<'e> {
    let limit_ms = query.limit_ms(events[0].time_ms);
    let mut walk = Walk { reached: Vec::new(), is_over: false, limit_ms };
    // For funnels in any order: which sets of steps can have an event each.
    let mut sets = BTreeSet::from([0_u32]);
    for event in events.iter().filter(|event| event.time_ms < limit_ms) {
        let step = walk.reached.len();
        if step == query.steps().len() {
            break;
        }
        let is_next = match query.order() {
            Order::Ordered | Order::Strict => matches(event, &query.steps()[step]),
            Order::Any => {
                let matched: Vec<usize> = (0..query.steps().len())
                    .filter(|s| matches(event, &query.steps()[*s]))
                    .collect();
                for set in sets.clone() {
                    sets.extend(matched.iter().map(|step| set | 1 << step));
                }
                sets.iter().any(|set| set.count_ones() as usize > step)
            }
        };
        if is_next {
            walk.reached.push(event);
            continue;
        }
        let excluded = query.exclude().iter().any(|exclusion| {
            let between = exclusion.after_step as usize + 1..=exclusion.before_step as usize;
            between.contains(&step) && matches(event, &exclusion.event)
        });
        if excluded || query.order() == Order::Strict {
            walk.is_over = true;
            break;
        }
    }
    walk
}

fn answer_steps(query: &FunnelQuery, walks: &[&Walk<'_>]) -> Vec<FunnelStep> {
    let count = |step: usize| walks.iter().filter(|walk| walk.reached.len() > step).count() as u64;
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let answer = |(number, step): (usize, &Step)| {
        let stopped = walks.iter().filter(|walk| {
            walk.reached.len() == number + 1 && walk.reached.len() < query.steps().len()
        });
        let stopped: Vec<_> = stopped.collect();
        let pending = stopped.iter().filter(|walk| !walk.is_over).count() as u64;
        let mut took = vec![];
        for walk in walks.iter().filter(|walk| number > 0 && walk.reached.len() > number) {
            took.push((walk.reached[number].time_ms - walk.reached[number - 1].time_ms) as f64);
        }
        took.sort_by(f64::total_cmp);
        let seconds = |share| quantile(&took, share).map(|ms| ms / 1_000.0);
        FunnelStep {
            event: step.event_type.clone(),
            count: count(number),
            converted_from_previous: share(count(number), count(number.saturating_sub(1))),
            converted_from_first: share(count(number), count(0)),
            dropped: stopped.len() as u64 - pending,
            pending,
            median_seconds: seconds(0.5),
            p90_seconds: seconds(0.9),
        }
    };
    query.steps().iter().enumerate().map(answer).collect()
}
