//! What a funnel answers: how many persons reached each step, what became of the others, and how long it took.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde::Serialize;

use super::durations::Durations;
use super::groups::{Group, Shown, UserGroups, Values, shown};
use super::journeys::{Journey, Journeys};
use super::needs::Need;
use super::plan::FunnelQuery;
use super::scan::{Counts, Pieces, Routed, Scan, Sources, Workers};
use super::touch::Touch;
use crate::Error;
use crate::experiment::{Arm, Figures};
use crate::part::PartView;
use crate::persons::Persons;

/// A funnel's answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunnelAnswer {
    /// Everyone's steps.
    pub steps: Vec<FunnelStep>,
    /// The steps of each group of the breakdown, those of the most persons first; empty without a breakdown.
    pub groups: Vec<FunnelGroup>,
    /// The groups read as the variants of an experiment; none when it is not one.
    pub experiment: Option<Experiment>,
}

/// A breakdown read as an experiment: each value is a variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Experiment {
    /// The variant that the others are compared with.
    pub control: String,
    /// All variants that are told apart, the control first; it may have nobody in it.
    pub variants: Vec<Variant>,
}

/// A variant: the persons who reached the first step, and of them those who reached the last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variant {
    /// The value.
    pub value: String,
    /// Its figures, compared with the control's.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Experiment {
    fn of(control: &str, groups: &[FunnelGroup]) -> Self {
        let variants = groups.iter().filter_map(|group| Some((group.value.as_deref()?, group)));
        let arms = variants.filter_map(|(value, group)| {
            let (first, last) = (group.steps.first()?, group.steps.last()?);
            Some((value, Arm::new(first.count, last.count).ok()?))
        });
        let (controls, others): (Vec<_>, Vec<_>) = arms.partition(|(value, _)| *value == control);
        let arm = controls.first().map_or_else(Arm::default, |(_, arm)| *arm);
        let variant = |value: &str, figures| Variant { value: value.to_string(), figures };
        let mut variants = vec![variant(control, arm.figures())];
        variants
            .extend(others.iter().map(|(value, other)| variant(value, other.figures_against(arm))));
        Self { control: control.to_string(), variants }
    }
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
    query: &'a FunnelQuery,
    walks: Walks<'a>,
}

enum Walks<'a> {
    Touch(Touch<'a>),
    Journeys(Journeys<'a>),
}

/// Counts of some persons.
#[derive(Debug, Clone)]
pub struct ConversionCounts {
    steps: usize,
    /// By group and step: those who reached the step, and of them those who may still get further.
    reached: Vec<[u64; 2]>,
    /// Per step how long it took, nothing for the first one.
    pub(super) took: Vec<Durations>,
}

impl<'a> ConversionScan<'a> {
    /// What a funnel reads.
    #[must_use]
    pub fn needs(query: &FunnelQuery) -> Vec<Need<'_>> {
        if query.is_touch() { query.needs_of_steps() } else { query.needs() }
    }

    /// Opens what the query needs; `parts` has one list of parts for each of [`Self::needs`]. `users` are the groups
    /// of persons, when the answer is broken down by a property of theirs.
    ///
    /// # Errors
    /// When a part is damaged, or the property has too many values.
    pub fn open(
        query: &'a FunnelQuery,
        now_ms: i64,
        parts: &[Vec<PartView<'a>>],
        persons: &'a Persons<'a>,
        users: Option<&'a UserGroups<'a>>,
    ) -> Result<Self, Error> {
        let walks = if query.is_touch() {
            Walks::Touch(Touch::open(query, now_ms, parts, persons, users)?)
        } else {
            Walks::Journeys(Journeys::open(query, now_ms, parts, persons, users)?)
        };
        Ok(Self { query, walks })
    }

    /// The answer.
    pub fn finish(&self, counts: ConversionCounts, workers: &impl Workers) -> FunnelAnswer {
        let values = match &self.walks {
            Walks::Touch(touch) => &touch.grouping.values,
            Walks::Journeys(journeys) => journeys.values(),
        };
        counts.finish(self.query, values, workers)
    }
}

impl Scan for ConversionScan<'_> {
    type Counts = ConversionCounts;

    fn sources(&self) -> &Sources<'_> {
        match &self.walks {
            Walks::Touch(touch) => &touch.funnel.sources,
            Walks::Journeys(journeys) => journeys.sources(),
        }
    }

    fn take_routed(&mut self, routed: Vec<Routed>) {
        match &mut self.walks {
            Walks::Touch(touch) => touch.funnel.sources.take_routed(routed),
            Walks::Journeys(journeys) => journeys.take_routed(routed),
        }
    }

    fn run(&self, pieces: &mut impl Pieces<ConversionCounts>) -> ConversionCounts {
        let steps = self.query.steps().len();
        let mut counts = ConversionCounts {
            steps,
            reached: Vec::new(),
            took: vec![Durations::default(); steps],
        };
        match &self.walks {
            Walks::Touch(touch) => touch.count(pieces, &mut counts),
            Walks::Journeys(journeys) => {
                journeys.each(pieces, &mut counts, |journey, counts| counts.add(journey));
            }
        }
        counts
    }
}

impl Counts for ConversionCounts {
    fn merge(&mut self, other: Self) {
        if self.reached.len() < other.reached.len() {
            self.reached.resize(other.reached.len(), [0; 2]);
        }
        add(&mut self.reached, &other.reached);
        self.took.iter_mut().zip(other.took).for_each(|(took, other)| took.merge(other));
    }

    fn bytes(&self) -> usize {
        self.reached.len() * 16 + self.took.iter().map(Durations::bytes).sum::<usize>()
    }
}

impl ConversionCounts {
    pub(super) fn of_group(&mut self, group: Group) -> &mut [[u64; 2]] {
        let from = group as usize * self.steps;
        if self.reached.len() < from + self.steps {
            self.reached.resize(from + self.steps, [0; 2]);
        }
        &mut self.reached[from..from + self.steps]
    }

    fn add(&mut self, journey: &Journey<'_>) {
        let of_group = self.of_group(journey.group);
        of_group[..=journey.step()].iter_mut().for_each(|[count, _]| *count += 1);
        of_group[journey.step()][1] += u64::from(journey.is_pending);
        for step in 1..=journey.step() {
            let took = journey.time_ms(step).abs_diff(journey.time_ms(step - 1));
            self.took[step].push(journey.group, took);
        }
    }

    fn finish(
        self,
        query: &FunnelQuery,
        values: &Values<'_>,
        workers: &impl Workers,
    ) -> FunnelAnswer {
        let mut everyone = vec![[0; 2]; self.steps];
        for of_group in self.reached.chunks_exact(self.steps) {
            add(&mut everyone, of_group);
        }
        let rows = query.breakdown().map_or_else(Vec::new, |by| {
            let size = |group: usize| self.reached[group * self.steps][0];
            let sizes =
                (0..self.reached.len() / self.steps).map(|group| (group as Group, size(group)));
            shown(sizes, values, by.limit, query.control())
        });
        let mut row_of = vec![0; self.reached.len() / self.steps];
        for (number, row) in rows.iter().enumerate() {
            row.groups.iter().for_each(|group| row_of[*group as usize] = number);
        }
        let took = workers.map(self.steps, |step| self.took[step].quantiles(&row_of, rows.len()));
        let group = |(number, row): (usize, &Shown<'_>)| {
            let mut counts = vec![[0; 2]; self.steps];
            for group in &row.groups {
                add(&mut counts, &self.reached[*group as usize * self.steps..][..self.steps]);
            }
            let steps = steps_of(query, &counts, |step| took[step].1[number]);
            FunnelGroup { value: row.value.map(ToString::to_string), other: row.other, steps }
        };
        let groups: Vec<_> = rows.iter().enumerate().map(group).collect();
        let steps = steps_of(query, &everyone, |step| took[step].0);
        let experiment = query.control().map(|control| Experiment::of(control, &groups));
        FunnelAnswer { steps, groups, experiment }
    }
}

fn add(counts: &mut [[u64; 2]], others: &[[u64; 2]]) {
    for (of_step, others) in counts.iter_mut().zip(others) {
        of_step.iter_mut().zip(others).for_each(|(count, other)| *count += other);
    }
}

fn steps_of(
    query: &FunnelQuery,
    counts: &[[u64; 2]],
    took: impl Fn(usize) -> [Option<f64>; 2],
) -> Vec<FunnelStep> {
    let share = |count: u64, of: u64| (of > 0).then(|| count as f64 / of as f64);
    let [first, _] = counts[0];
    let mut previous = first;
    let step = |(number, step): (usize, &super::Step)| {
        let [count, pending] = counts[number];
        let next = counts.get(number + 1).map_or(count, |[next, _]| *next);
        let [median, p90] = took(number);
        let seconds = |quantile: Option<f64>| quantile.map(|ms| ms / 1_000.0);
        let answer = FunnelStep {
            event: step.event_type.clone(),
            count,
            converted_from_previous: share(count, previous),
            converted_from_first: share(count, first),
            dropped: count - next - pending,
            pending,
            median_seconds: seconds(median),
            p90_seconds: seconds(p90),
        };
        previous = count;
        answer
    };
    query.steps().iter().enumerate().map(step).collect()
}
