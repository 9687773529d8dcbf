//! Every query against its naive model, over parts cut, merged and packed in every way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod case;
mod funnels;
mod many;
mod questions;
mod tables;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops;

use proptest::test_runner::{Config, TestRunner};

use self::case::{Case, case, users};
use eventhub_core::naive::{self, NaiveEvent};
use eventhub_core::part::{BLOCK_USERS, EncodedPart, PackedPart, PartBuilder, PartView, merge};
use eventhub_core::persons::{Persons, UserSet, encode_merged};
use eventhub_core::query::{
    CohortQuery, CohortScan, Counts, FunnelQuery, FunnelScan, Pieces, Range, Scan, Step,
};
use eventhub_core::{DAY_MS, TimeMs, UserId};

const CASES: u32 = 400;

fn funnel_query(case: &Case) -> FunnelQuery {
    let (from, length) = case.days;
    let day = |day: i64| TimeMs::new((case.base_day + day) * DAY_MS).unwrap();
    let range = Range::new(day(from), day(from + length)).unwrap();
    let steps = (0..).zip(&case.steps).map(|(n, event_type)| case.step(n, *event_type));
    FunnelQuery::new(range, steps.collect(), case.window_days, Vec::new()).unwrap()
}

fn cohort_query(case: &Case) -> CohortQuery {
    let (from, length) = case.days;
    let day = |day: i64| TimeMs::new((case.base_day + day) * DAY_MS).unwrap();
    let events = (case.step(0, case.steps[0]), case.step(1, *case.steps.last().unwrap()));
    let (first, last) = (day(from), day(from + length));
    CohortQuery::new(first, last, case.window_days.min(3), 4, events, Vec::new()).unwrap()
}

/// The blocks of a case with merged users, as persons take them.
fn merged_blocks(case: &Case) -> Vec<(u32, Vec<u8>)> {
    let mut blocks: BTreeMap<u32, Vec<(u16, UserId)>> = BTreeMap::new();
    for (user, canonical) in users().into_iter().zip(case.canonical()) {
        if user != canonical {
            let low = (user % BLOCK_USERS) as u16;
            blocks.entry(user / BLOCK_USERS).or_default().push((low, canonical));
        }
    }
    blocks.iter().map(|(block, entries)| (*block, encode_merged(entries))).collect()
}

/// Calls `ask` with the persons of a case.
fn with_persons(case: &Case, ask: impl FnOnce(&Persons<'_>)) {
    let canonical = case.canonical();
    let blocks = merged_blocks(case);
    let merged = blocks.iter().map(|(block, bytes)| (*block, bytes.as_slice())).collect();
    let mut persons = Persons::new(merged).unwrap();
    if let Some(places) = &case.allowed {
        let mut set = UserSet::default();
        places.iter().for_each(|place| set.insert(canonical[*place]));
        persons = persons.only(set);
    }
    ask(&persons);
}

/// The same parts as they are, merged into one a type, and packed.
fn shapes(parts: &[Vec<EncodedPart>]) -> [Vec<Vec<EncodedPart>>; 2] {
    let merged = parts.iter().map(|parts| {
        let views: Vec<_> = parts.iter().map(|part| part.view().unwrap()).collect();
        if views.is_empty() {
            return Vec::new();
        }
        vec![EncodedPart::collect(|sink| merge(&views, sink)).unwrap()]
    });
    [parts.to_vec(), merged.collect()]
}

fn views(parts: &[EncodedPart]) -> Vec<PartView<'_>> {
    parts.iter().map(|part| part.view().unwrap()).collect()
}

fn packed_views(parts: &[Vec<u8>]) -> Vec<PartView<'_>> {
    parts.iter().map(|bytes| PackedPart::open(bytes).unwrap().view().unwrap()).collect()
}

/// All pieces that are left.
struct Rest<I>(I);

impl<C, I: Iterator<Item = ops::Range<UserId>>> Pieces<C> for Rest<I> {
    fn next(&mut self, _: &C) -> Option<ops::Range<UserId>> {
        self.0.next()
    }
}

/// As threads do: some users each, merged.
fn in_pieces<S: Scan>(mut scan: S) -> S::Counts {
    in_pieces_of(&mut scan)
}

fn in_pieces_of<S: Scan>(scan: &mut S) -> S::Counts {
    let routed = scan.sources().pieces(3).into_iter().map(|users| scan.sources().route(users));
    let routed = routed.collect();
    scan.take_routed(routed);
    let mut pieces = scan.sources().pieces(7).into_iter().rev();
    // The first one does one piece, the other one the others.
    let mut counts = scan.run(&mut pieces.next());
    counts.merge(scan.run(&mut Rest(pieces)));
    counts
}

fn ask_funnel(case: &Case, parts: &[Vec<EncodedPart>]) -> Vec<u64> {
    let query = funnel_query(case);
    let mut answer = Vec::new();
    with_persons(case, |persons| {
        let parts: Vec<_> =
            case.steps.iter().map(|event_type| views(&parts[*event_type])).collect();
        answer = in_pieces(FunnelScan::open(&query, &parts, persons).unwrap()).finish();
    });
    answer
}

fn ask_cohort(case: &Case, parts: &[Vec<Vec<u8>>]) -> Vec<Vec<u64>> {
    let query = cohort_query(case);
    let mut answer = Vec::new();
    with_persons(case, |persons| {
        let (row, column) = (case.steps[0], *case.steps.last().unwrap());
        let (row, column) = (packed_views(&parts[row]), packed_views(&parts[column]));
        let scan = CohortScan::open(&query, &row, &column, persons).unwrap();
        answer = eventhub_core::query::answer(scan).finish();
    });
    answer
}

/// Runs the cases and demands that at least half of them are wide and that the rest of the ground is
/// covered too.
fn run_cases(check: impl Fn(&Case, &[Vec<EncodedPart>]) -> bool) {
    let (wide, merged, filtered, full) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |counter: &Cell<u32>, hit: bool| counter.set(counter.get() + u32::from(hit));
    let mut runner = TestRunner::new(Config { cases: CASES, ..Config::default() });
    let outcome = runner.run(&case(), |case| {
        let parts = case.parts();
        count(&wide, case.is_wide(&parts));
        count(&merged, !case.merges.is_empty());
        count(&filtered, case.filters.iter().any(|filters| !filters.is_empty()));
        for parts in shapes(&parts) {
            parts.iter().flatten().for_each(|part| part.view().unwrap().verify().unwrap());
            count(&full, check(&case, &parts));
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert!(wide.get() * 2 >= CASES, "only {} of {CASES} cases are wide", wide.get());
    assert!(merged.get() * 4 >= CASES, "only {} cases merge persons", merged.get());
    assert!(filtered.get() * 4 >= CASES, "only {} cases filter", filtered.get());
    assert!(full.get() * 4 >= CASES, "only {} answers are not all zeros", full.get());
}

#[test]
fn funnels_equal_the_naive_model() {
    run_cases(|case, parts| {
        let expected = naive::funnel(&case.naive_events(), &funnel_query(case), |p| case.admits(p));
        assert_eq!(ask_funnel(case, parts), expected);
        expected.len() > 1 && expected[1] > 0
    });
}

#[test]
fn cohorts_equal_the_naive_model() {
    run_cases(|case, parts| {
        let expected = naive::cohort(&case.naive_events(), &cohort_query(case), |p| case.admits(p));
        let packed: Vec<Vec<Vec<u8>>> =
            parts.iter().map(|parts| parts.iter().map(EncodedPart::to_bytes).collect()).collect();
        assert_eq!(ask_cohort(case, &packed), expected);
        expected.iter().any(|row| row.iter().skip(1).any(|cell| *cell > 0))
    });
}

#[test]
fn tables_of_many_periods_work_on_slices_of_a_block() {
    let day = |day: i64| TimeMs::new(day * DAY_MS).unwrap();
    let mut builder = PartBuilder::new(0);
    let mut events = Vec::new();
    for (id, user) in (0..).zip([0, 100, 200, 4_000, 8_191, 8_192]) {
        for (id, at) in [(2 * id, 3), (2 * id + 1, 9_000)] {
            builder.push(user, day(at), id, std::iter::empty());
            let (event_type, person) = ("a".into(), user.to_string());
            let properties = BTreeMap::new();
            events.push(NaiveEvent { id, event_type, person, time_ms: at * DAY_MS, properties });
        }
    }
    let part = builder.finish();
    let step = || Step { event_type: "a".into(), filters: Vec::new() };
    let query = CohortQuery::new(day(0), day(9_999), 1, 2, (step(), step()), Vec::new()).unwrap();
    let persons = Persons::default();
    let (row, column) = (vec![part.view().unwrap()], vec![part.view().unwrap()]);
    let scan = CohortScan::open(&query, &row, &column, &persons).unwrap();
    let answer = eventhub_core::query::answer(scan).finish();
    assert_eq!(answer, naive::cohort(&events, &query, |_| true));
    assert_eq!(answer[3], [6, 6, 0]);
}

#[test]
fn a_damaged_chunk_is_an_error_and_never_an_answer() {
    let mut builder = PartBuilder::new(0);
    (0..50).for_each(|id| {
        builder.push(id as u32, TimeMs::new(id as i64).unwrap(), id, [("k", "v")].into_iter());
    });
    let bytes = builder.finish().to_bytes();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x20;
        let opened = PackedPart::open(&damaged).and_then(PackedPart::view);
        assert!(opened.and_then(|part| part.verify()).is_err(), "byte {at} went unnoticed");
    }
    let cut = Box::from(&bytes[..bytes.len() - 1]);
    let cut: Box<[u8]> = cut;
    assert!(PackedPart::open(&cut).unwrap().view().unwrap().verify().is_err());
}
