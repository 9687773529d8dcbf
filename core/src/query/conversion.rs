//! What a funnel answers: how many persons reached each step, what became of the others, and how long it took.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use serde::Serialize;

use super::groups::{Group, Values};
use super::journeys::Journeys;
use super::plan::FunnelQuery;
use super::quantile::quantile;
use super::scan::{Counts, Routed, Scan, Sources};
use crate::UserId;

/// A funnel's answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunnelAnswer {
    /// Everyone's steps.
    pub steps: Vec<FunnelStep>,
    /// The steps of each group of the breakdown, those of the most persons first; empty without a breakdown.
    pub groups: Vec<FunnelGroup>,
}

/// One step of an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunnelStep {
    /// The event type.
    pub event: String,
    /// Persons who reached the step.
    pub count: u64,
    /// The share of those who reached the step before, 1 for the first step; none when nobody did.
    pub converted_from_previous: Option<f64>,
    /// The share of those who reached the first step; none when nobody did.
    pub converted_from_first: Option<f64>,
    /// Of those who reached this step, how many will not reach the next one.
    pub dropped: u64,
    /// Of those who reached this step, how many still may reach the next one.
    pub pending: u64,
    /// Seconds from the step before, at the median; none for the first step, or when nobody came so far.
    pub median_seconds: Option<f64>,
    /// Seconds from the step before within which nine of ten came.
    pub p90_seconds: Option<f64>,
}

/// The steps of the persons of one value of the property by which an answer is broken down.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunnelGroup {
    /// The value; none for those who have no value, and for the others.
    pub value: Option<String>,
    /// Whether it stands for all groups beyond the limit.
    pub other: bool,
    /// Its steps.
    pub steps: Vec<FunnelStep>,
}

/// The walks of all persons, counted.
pub struct ConversionScan<'a> {
    journeys: Journeys<'a>,
}

/// Counts of some persons.
#[derive(Debug, Clone)]
pub struct ConversionCounts {
    steps: usize,
    /// By group and step: those who reached the step, and of them those who may still get further.
    reached: Vec<[u64; 2]>,
    /// Per step after the first one the times from the step before: the group and ms.
    took: Vec<Vec<(Group, u64)>>,
}

impl<'a> ConversionScan<'a> {
    /// For opened walks.
    #[must_use]
    pub const fn new(journeys: Journeys<'a>) -> Self {
        Self { journeys }
    }

    /// The answer.
    #[must_use]
    pub fn finish(&self, counts: ConversionCounts) -> FunnelAnswer {
        counts.finish(self.journeys.query, self.journeys.values())
    }
}

impl Scan for ConversionScan<'_> {
    type Counts = ConversionCounts;

    fn sources(&self) -> &Sources<'_> {
        self.journeys.sources()
    }

    fn take_routed(&mut self, routed: Vec<Routed>) {
        self.journeys.take_routed(routed);
    }

    fn run(&self, users: Range<UserId>) -> ConversionCounts {
        let steps = self.journeys.query.steps().len();
        let mut counts =
            ConversionCounts { steps, reached: Vec::new(), took: vec![Vec::new(); steps] };
        self.journeys.each(users, |journey| {
            let of_group = counts.of_group(journey.group);
            of_group[..=journey.step()].iter_mut().for_each(|[count, _]| *count += 1);
            of_group[journey.step()][1] += u64::from(journey.is_pending);
            for step in 1..=journey.step() {
                let took = journey.time_ms(step).abs_diff(journey.time_ms(step - 1));
                counts.took[step].push((journey.group, took));
            }
        });
        counts
    }
}

impl Counts for ConversionCounts {
    fn merge(&mut self, other: &Self) {
        if self.reached.len() < other.reached.len() {
            self.reached.resize(other.reached.len(), [0; 2]);
        }
        for (of_step, others) in self.reached.iter_mut().zip(&other.reached) {
            of_step.iter_mut().zip(others).for_each(|(count, other)| *count += other);
        }
        self.took.iter_mut().zip(&other.took).for_each(|(took, other)| took.extend(other));
    }

    fn bytes(&self) -> usize {
        self.reached.len() * 16 + self.took.iter().map(|took| took.len() * 16).sum::<usize>()
    }
}

impl ConversionCounts {
    fn of_group(&mut self, group: Group) -> &mut [[u64; 2]] {
        let from = group as usize * self.steps;
        if self.reached.len() < from + self.steps {
            self.reached.resize(from + self.steps, [0; 2]);
        }
        &mut self.reached[from..from + self.steps]
    }

    fn finish(self, query: &FunnelQuery, values: &Values<'_>) -> FunnelAnswer {
        let mut everyone = vec![[0; 2]; self.steps];
        for of_group in self.reached.chunks_exact(self.steps) {
            add(&mut everyone, of_group);
        }
        let mut of_all = Vec::new();
        let mut by_group: Vec<BTreeMap<usize, Vec<u64>>> = Vec::new();
        let shown = query.breakdown().map(|by| shown(&self.reached, self.steps, values, by.limit));
        for took in self.took {
            let mut of_group = BTreeMap::new();
            if let Some((places, _)) = &shown {
                for (group, ms) in &took {
                    of_group.entry(places[*group as usize]).or_insert_with(Vec::new).push(*ms);
                }
            }
            by_group.push(of_group);
            of_all.push(took.into_iter().map(|(_, ms)| ms).collect::<Vec<_>>());
        }
        let steps = steps_of(query, &everyone, of_all);
        let groups = shown.map_or_else(Vec::new, |(_, rows)| {
            let group = |(place, row): (usize, Row)| {
                let took = by_group.iter_mut().map(|of_step| of_step.remove(&place).unwrap_or_default());
                let steps = steps_of(query, &row.counts, took.collect());
                FunnelGroup { value: row.value, other: row.other, steps }
            };
            rows.into_iter().enumerate().map(group).collect()
        });
        FunnelAnswer { steps, groups }
    }
}

/// A group that is shown.
struct Row {
    value: Option<String>,
    other: bool,
    counts: Vec<[u64; 2]>,
}

/// The groups that are shown, and at which place among them each group is counted. Those of the most persons at the
/// first step come first, of equals in order of their values; no value comes before any.
fn shown(
    reached: &[[u64; 2]],
    steps: usize,
    values: &Values<'_>,
    limit: usize,
) -> (Vec<usize>, Vec<Row>) {
    let mut order: Vec<usize> =
        (0..reached.len() / steps).filter(|group| reached[group * steps][0] > 0).collect();
    order.sort_by_key(|group| (u64::MAX - reached[group * steps][0], values.value(*group as Group)));
    let mut places = vec![0; reached.len() / steps];
    let mut rows: Vec<Row> = Vec::new();
    for (place, group) in order.into_iter().enumerate() {
        let counts = &reached[group * steps..(group + 1) * steps];
        places[group] = place.min(limit);
        if place > limit {
            add(&mut rows[limit].counts, counts);
            continue;
        }
        let other = place == limit;
        let value = values.value(group as Group).filter(|_| !other).map(ToString::to_string);
        rows.push(Row { value, other, counts: counts.to_vec() });
    }
    (places, rows)
}

fn add(counts: &mut [[u64; 2]], others: &[[u64; 2]]) {
    for (of_step, others) in counts.iter_mut().zip(others) {
        of_step.iter_mut().zip(others).for_each(|(count, other)| *count += other);
    }
}

fn steps_of(query: &FunnelQuery, counts: &[[u64; 2]], took: Vec<Vec<u64>>) -> Vec<FunnelStep> {
    let share = |count: u64, of: u64| (of > 0).then(|| count as f64 / of as f64);
    let [first, _] = counts[0];
    let mut previous = first;
    let mut took = took.into_iter();
    let step = |(number, step): (usize, &super::Step)| {
        let [count, pending] = counts[number];
        let next = counts.get(number + 1).map_or(count, |[next, _]| *next);
        let mut took = took.next().unwrap_or_default();
        let seconds = |quantile: Option<f64>| quantile.map(|ms| ms / 1_000.0);
        let answer = FunnelStep {
            event: step.event_type.clone(),
            count,
            converted_from_previous: share(count, previous),
            converted_from_first: share(count, first),
            dropped: count - next - pending,
            pending,
            median_seconds: seconds(quantile(&mut took, 0.5)),
            p90_seconds: seconds(quantile(&mut took, 0.9)),
        };
        previous = count;
        answer
    };
    query.steps().iter().enumerate().map(step).collect()
}
