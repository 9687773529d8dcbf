//! Funnels of the JSON API against the naive model.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::case::Case;
use super::{in_pieces_of, run_cases, views, with_persons};
use eventhub_core::naive;
use eventhub_core::part::{EncodedPart, PartBuilder, PartView};
use eventhub_core::persons::Persons;
use eventhub_core::query::{
    ConversionScan, FunnelAnswer, FunnelInput, FunnelQuery, Need, OneByOne, UserGroups, Values,
};
use eventhub_core::{DAY_MS, TimeMs, UserId};

/// The day of a case as a date.
pub(crate) fn date(case: &Case, day: i64) -> String {
    let text = TimeMs::new((case.base_day + day) * DAY_MS).unwrap().date_text();
    format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..])
}

/// A question of a case with its range.
pub(crate) fn ranged(case: &Case, question: &Value) -> Value {
    let mut question = question.clone();
    let (from, length) = case.days;
    question["range"] = json!({ "start": date(case, from), "end": date(case, from + length) });
    question
}

pub(crate) fn question(case: &Case) -> Value {
    ranged(case, &case.funnel)
}

fn funnel_query(case: &Case) -> FunnelQuery {
    let input: FunnelInput = serde_json::from_value(question(case)).unwrap();
    input.check(&TimeZone::UTC).unwrap()
}

/// The parts that a need is about.
pub(crate) fn needed<'p>(need: &Need<'_>, parts: &'p [Vec<EncodedPart>]) -> Vec<PartView<'p>> {
    let types = super::case::TYPES.iter().zip(parts);
    let of_type = types.filter(|(name, _)| need.types.contain(name));
    of_type.flat_map(|(_, parts)| views(parts)).collect()
}

/// Persons have the property `team` by the number of their canonical user; some have none.
pub(crate) fn team(person: UserId) -> Option<String> {
    (person % 4 != 3).then(|| (person % 4).to_string())
}

/// The groups of all users by their teams.
pub(crate) fn teams() -> UserGroups<'static> {
    let mut values = Values::default();
    let mut of = Vec::new();
    for user in super::users() {
        of.resize(user as usize + 1, 0);
        if team(user).is_some() {
            of[user as usize] = values.group(["0", "1", "2"][user as usize % 4]).unwrap();
        }
    }
    UserGroups { values, of }
}

fn ask(case: &Case, query: &FunnelQuery, parts: &[Vec<EncodedPart>]) -> FunnelAnswer {
    let groups = teams();
    let by_user = query.breakdown().is_some_and(|by| by.property == "team");
    let mut answer = None;
    with_persons(case, |persons| {
        let needs = ConversionScan::needs(query);
        let parts: Vec<_> = needs.iter().map(|need| needed(need, parts)).collect();
        let users = by_user.then_some(&groups);
        let mut scan = ConversionScan::open(query, now_ms(case), &parts, persons, users).unwrap();
        let counts = in_pieces_of(&mut scan);
        answer = Some(scan.finish(counts, &OneByOne));
    });
    answer.unwrap()
}

pub(crate) fn now_ms(case: &Case) -> i64 {
    (case.base_day + case.now_day) * DAY_MS + DAY_MS / 3
}

fn expected(case: &Case, query: &FunnelQuery) -> FunnelAnswer {
    let admits = |person: &str| case.admits(person);
    let property = |person: &str| team(person.parse().unwrap());
    naive::funnel_answer(&case.naive_events(), query, now_ms(case), admits, property)
}

/// The answer, which the naive model gives too.
pub(crate) fn check(case: &Case, parts: &[Vec<EncodedPart>]) -> FunnelAnswer {
    let query = funnel_query(case);
    let expected = expected(case, &query);
    let answer = ask(case, &query, parts);
    assert_eq!(answer, expected, "{}", case.funnel);
    answer
}

#[test]
fn funnels_of_every_kind_equal_the_naive_model() {
    run_cases(|case, parts| {
        let answer = check(case, parts);
        answer.steps.len() > 1 && answer.steps[1].count > 0
    });
}

/// The event of some hour of the first of January 2013, with its number and a property.
fn part(event_type: u32, events: &[(i64, u64, &str)]) -> EncodedPart {
    const HOUR_MS: i64 = 3_600_000;
    let mut builder = PartBuilder::new(event_type);
    for (hours, id, value) in events {
        let time = TimeMs::new(15_706 * DAY_MS + hours * HOUR_MS).unwrap();
        builder.push(7, time, *id, [("key", *value)].into_iter());
    }
    builder.finish()
}

/// The answer of best entries with 12 hours to complete.
fn best(steps: &[&str], parts: &[&[&EncodedPart]]) -> FunnelAnswer {
    let steps: Vec<_> = steps.iter().map(|step| json!({ "event": step })).collect();
    let question = json!({
        "range": { "start": "2013-01-01", "end": "2013-01-03" },
        "steps": steps,
        "window": { "amount": 12, "unit": "hours" },
        "entry": "best",
        "breakdown": { "property": "key" },
    });
    let input: FunnelInput = serde_json::from_value(question).unwrap();
    let query = input.check(&TimeZone::UTC).unwrap();
    let persons = Persons::default();
    let mut views = Vec::new();
    for parts in parts {
        views.push(parts.iter().map(|part| part.view().unwrap()).collect());
    }
    let mut scan = ConversionScan::open(&query, i64::MAX, &views, &persons, None).unwrap();
    let counts = in_pieces_of(&mut scan);
    scan.finish(counts, &OneByOne)
}

/// The entry that gets furthest is one of two at the same time, in different parts: that with the lesser id counts.
#[test]
fn of_best_entries_at_one_time_the_first_tells_the_group() {
    let first = part(0, &[(1, 1, "too early")]);
    let [second, lesser] = [part(0, &[(10, 5, "second")]), part(0, &[(10, 4, "first")])];
    let next = part(1, &[(20, 9, "next")]);
    for [a, b] in [[&second, &lesser], [&lesser, &second]] {
        let answer = best(&["a", "b"], &[&[&first, a, b], &[&next]]);
        let [group] = &answer.groups[..] else { panic!("{answer:?}") };
        assert_eq!(group.value.as_deref(), Some("first"));
        assert_eq!(group.steps[1].count, 1);
        assert_eq!(group.steps[1].median_seconds, Some(36_000.0));
    }
}

/// The last entry is open when the third step matches, at the time of the second, and the first one is not.
#[test]
fn a_walk_from_the_last_entry_goes_on_at_one_time() {
    let entries = part(0, &[(0, 1, "first"), (10, 2, "last")]);
    let second = part(1, &[(20, 3, "second")]);
    let [third, later] = [part(2, &[(20, 4, "third")]), part(2, &[(21, 5, "later")])];
    for thirds in [&[&third][..], &[&third, &later], &[&later, &third]] {
        let answer = best(&["a", "b", "c"], &[&[&entries], &[&second], thirds]);
        let counts: Vec<_> = answer.steps.iter().map(|step| step.count).collect();
        assert_eq!(counts, [1, 1, 1]);
        assert_eq!(answer.steps[1].median_seconds, Some(36_000.0));
        assert_eq!(answer.steps[2].median_seconds, Some(0.0));
        assert_eq!(answer.groups[0].value.as_deref(), Some("last"));
    }
}
