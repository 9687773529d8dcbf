//! Trends: events, persons and numbers by interval.

mod replicates;

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde::Serialize;

use super::ScanStats;
use super::calendar::time_text;
use super::exact_sum::ExactSum;
use super::gather::{Found, GATHERED_USERS, Gathered};
use super::groups::{Group, Grouping, Shown, UserGroups, shown};
use super::needs::Need;
use super::plan::{Function, Measure, TrendsQuery};
use super::quantile::quantile;
use super::scan::{Counts, Pieces, Routed, Scan, Sources, each_slice};
use super::source::Source;
use crate::part::{BLOCK_USERS, PartView};
use crate::persons::Persons;
use crate::{Error, UserId};

/// The answer to a question about trends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendsAnswer {
    /// When each interval begins.
    pub intervals: Vec<String>,
    /// Everyone's values.
    #[serde(flatten)]
    pub all: Series,
    /// The values of each group of the breakdown, those of the most events or persons first; empty without a
    /// breakdown.
    pub groups: Vec<TrendsGroup>,
}

/// Values by interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// One an interval; none where there is no number to make it of.
    pub values: Vec<Option<f64>>,
    /// The value of the whole range.
    pub total: Option<f64>,
}

/// The values of one value of the property by which an answer is broken down.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendsGroup {
    /// The value; none for those who have no value, and for the others.
    pub value: Option<String>,
    /// Whether it stands for all groups beyond the limit.
    pub other: bool,
    /// Its values.
    #[serde(flatten)]
    pub series: Series,
}

impl TrendsQuery {
    /// The events that are read.
    #[must_use]
    pub fn needs(&self) -> [Need<'_>; 1] {
        [Need::events(&self.events, (self.range.start_ms(), self.range.end_ms()))]
    }
}

/// Trends over opened parts.
pub struct TrendsScan<'a> {
    query: &'a TrendsQuery,
    sources: Sources<'a>,
    grouping: Grouping<'a>,
}

/// Tallies by group: one an interval, and one of the whole range.
#[derive(Debug, Clone)]
pub struct TrendsCounts {
    intervals: usize,
    groups: Vec<Vec<Tally>>,
    /// Of persons, those of all groups, who may be in several.
    all: Vec<Tally>,
}

/// What was counted in an interval.
#[derive(Debug, Clone, Default)]
struct Tally {
    count: u64,
    numbers: Numbers,
}

#[derive(Debug, Clone, Default)]
enum Numbers {
    #[default]
    None,
    Sum(Box<ExactSum>),
    Min(f64),
    Max(f64),
    All(Vec<f64>),
}

impl<'a> TrendsScan<'a> {
    /// Opens what the query needs; `parts` are those of [`TrendsQuery::needs`]. `users` are the groups of persons,
    /// when the answer is broken down by a property of theirs.
    ///
    /// # Errors
    /// When a part is damaged, or the property has too many values.
    pub fn open(
        query: &'a TrendsQuery,
        parts: &[PartView<'a>],
        persons: &'a Persons<'a>,
        users: Option<&'a UserGroups<'a>>,
    ) -> Result<Self, Error> {
        let mut stats = ScanStats::default();
        let mut grouping = Grouping::new(query.breakdown.as_ref(), users);
        let [need] = query.needs();
        let mut source = Source::open(parts, need.sets[0], need.times_ms, &mut stats)?;
        if let Some(property) = grouping.of_events {
            source.open_groups(parts, property, &mut grouping.values)?;
        }
        if let Measure::Property { property, .. } = &query.measure {
            source.open_numbers(parts, property)?;
        }
        let sources = Sources::new(vec![source], persons, stats);
        Ok(Self { query, sources, grouping })
    }

    /// The answer.
    #[must_use]
    pub fn finish(&self, counts: &TrendsCounts) -> TrendsAnswer {
        let query = self.query;
        let all = self.series(self.everyone(counts));
        let mut groups = Vec::new();
        for row in self.rows(counts) {
            let series = self.series(counts.joined(row.groups.iter().copied()));
            let value = row.value.map(ToString::to_string);
            groups.push(TrendsGroup { value, other: row.other, series });
        }
        let start = |number| time_text(query.calendar.start_ms(number), &query.time_zone);
        TrendsAnswer { intervals: (0..query.intervals).map(start).collect(), all, groups }
    }

    /// Everyone's tallies.
    fn everyone(&self, counts: &TrendsCounts) -> Vec<Tally> {
        match self.query.measure {
            Measure::Users => counts.all.clone(),
            _ => counts.joined((0..counts.groups.len()).map(|group| group as Group)),
        }
    }

    /// The groups of the breakdown that are shown.
    fn rows(&self, counts: &TrendsCounts) -> Vec<Shown<'_>> {
        let Some(by) = &self.query.breakdown else { return Vec::new() };
        let size = |tallies: &Vec<Tally>| tallies.last().map_or(0, |total| total.count);
        let sizes = (0..).zip(&counts.groups).map(|(group, tallies)| (group, size(tallies)));
        shown(sizes, &self.grouping.values, by.limit, None)
    }

    fn series(&self, tallies: Vec<Tally>) -> Series {
        let mut values: Vec<_> =
            tallies.into_iter().map(|tally| tally.value(&self.query.measure)).collect();
        let total = values.pop().flatten();
        Series { values, total }
    }

    fn group(&self, user: UserId, event: &Found) -> Group {
        self.grouping.of(user, || self.sources.group(0, user / BLOCK_USERS, event.place))
    }

    /// Counts the events of a person.
    fn count(
        &self,
        user: UserId,
        events: &[Found],
        seen: &mut Vec<(Group, usize)>,
        counts: &mut TrendsCounts,
    ) {
        let whole = self.query.intervals;
        seen.clear();
        for event in events {
            let Some(interval) = self.query.calendar.of(event.time_ms) else { continue };
            let group = self.group(user, event);
            match &self.query.measure {
                Measure::Users => seen.push((group, interval)),
                Measure::Events => {
                    let tallies = counts.of_group(group);
                    tallies[interval].count += 1;
                    tallies[whole].count += 1;
                }
                Measure::Property { function, .. } => {
                    let number = self.sources.number(0, user / BLOCK_USERS, event.place);
                    if let Some(number) = number {
                        let tallies = counts.of_group(group);
                        tallies[interval].add(*function, number);
                        tallies[whole].add(*function, number);
                    }
                }
            }
        }
        self.count_person(seen, counts);
    }

    /// Counts a person once in each interval, and once in all, of each of its groups.
    fn count_person(&self, seen: &mut [(Group, usize)], counts: &mut TrendsCounts) {
        if seen.is_empty() {
            return;
        }
        if !seen.is_sorted() {
            seen.sort_unstable();
        }
        let mut last = None;
        for (group, interval) in &*seen {
            if last == Some((*group, *interval)) {
                continue;
            }
            let tallies = counts.of_group(*group);
            tallies[*interval].count += 1;
            if last.is_none_or(|(last, _)| last != *group) {
                tallies[self.query.intervals].count += 1;
            }
            last = Some((*group, *interval));
        }
        seen.sort_unstable_by_key(|(_, interval)| *interval);
        let mut last = None;
        for (_, interval) in &*seen {
            if last != Some(*interval) {
                counts.all[*interval].count += 1;
            }
            last = Some(*interval);
        }
        counts.all[self.query.intervals].count += 1;
    }
}

impl Scan for TrendsScan<'_> {
    type Counts = TrendsCounts;

    fn sources(&self) -> &Sources<'_> {
        &self.sources
    }

    fn take_routed(&mut self, routed: Vec<Routed>) {
        self.sources.take_routed(routed);
    }

    fn run(&self, pieces: &mut impl Pieces<TrendsCounts>) -> TrendsCounts {
        let intervals = self.query.intervals;
        let all = vec![Tally::default(); intervals + 1];
        let mut counts = TrendsCounts { intervals, groups: Vec::new(), all };
        let (mut gathered, mut seen) = (Gathered::default(), Vec::new());
        each_slice(pieces, GATHERED_USERS, &mut counts, |users, counts| {
            gathered.gather(&self.sources, &users, &[], None);
            // The order of a person's events does not matter.
            gathered.each_unsorted(|user, events| self.count(user, events, &mut seen, counts));
        });
        counts
    }
}

impl Counts for TrendsCounts {
    fn merge(&mut self, other: Self) {
        for (group, tallies) in (0..).zip(&other.groups).filter(|(_, tallies)| !tallies.is_empty())
        {
            merge(self.of_group(group), tallies);
        }
        merge(&mut self.all, &other.all);
    }

    fn bytes(&self) -> usize {
        let bytes = |tallies: &Vec<Tally>| tallies.iter().map(Tally::bytes).sum::<usize>();
        self.groups.iter().map(bytes).sum()
    }
}

impl TrendsCounts {
    fn of_group(&mut self, group: Group) -> &mut Vec<Tally> {
        let group = group as usize;
        if self.groups.len() <= group {
            self.groups.resize(group + 1, Vec::new());
        }
        let tallies = &mut self.groups[group];
        if tallies.is_empty() {
            tallies.resize(self.intervals + 1, Tally::default());
        }
        tallies
    }

    fn joined(&self, groups: impl Iterator<Item = Group>) -> Vec<Tally> {
        let mut all = vec![Tally::default(); self.intervals + 1];
        for tallies in groups.filter_map(|group| self.groups.get(group as usize)) {
            merge(&mut all, tallies);
        }
        all
    }
}

fn merge(tallies: &mut [Tally], others: &[Tally]) {
    tallies.iter_mut().zip(others).for_each(|(tally, other)| tally.merge(other));
}

impl Tally {
    fn add(&mut self, function: Function, number: f64) {
        self.count += 1;
        match (&mut self.numbers, function) {
            (Numbers::Sum(sum), _) => sum.add(number),
            (Numbers::All(all), _) => all.push(number),
            (Numbers::Min(min), _) => *min = min.min(number),
            (Numbers::Max(max), _) => *max = max.max(number),
            (Numbers::None, Function::Sum | Function::Average) => {
                let mut sum = Box::<ExactSum>::default();
                sum.add(number);
                self.numbers = Numbers::Sum(sum);
            }
            (Numbers::None, Function::Min) => self.numbers = Numbers::Min(number),
            (Numbers::None, Function::Max) => self.numbers = Numbers::Max(number),
            (Numbers::None, Function::Quantile(_)) => self.numbers = Numbers::All(vec![number]),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        match (&mut self.numbers, &other.numbers) {
            (_, Numbers::None) => {}
            (numbers @ Numbers::None, others) => *numbers = others.clone(),
            (Numbers::Sum(sum), Numbers::Sum(other)) => sum.merge(other),
            (Numbers::All(all), Numbers::All(others)) => all.extend(others),
            (Numbers::Min(min), Numbers::Min(other)) => *min = min.min(*other),
            (Numbers::Max(max), Numbers::Max(other)) => *max = max.max(*other),
            _ => unreachable!("all tallies of a question are of one kind"),
        }
    }

    fn value(self, measure: &Measure) -> Option<f64> {
        let Measure::Property { function, .. } = measure else { return Some(self.count as f64) };
        match (self.numbers, function) {
            (Numbers::Sum(sum), Function::Average) => Some(sum.value() / self.count as f64),
            (Numbers::Sum(sum), _) => Some(sum.value()),
            (Numbers::Min(extreme) | Numbers::Max(extreme), _) => Some(extreme),
            (Numbers::All(all), Function::Quantile(share)) => quantile(&all, *share),
            (Numbers::None, Function::Sum) => Some(0.0),
            _ => None,
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.numbers {
                Numbers::None | Numbers::Min(_) | Numbers::Max(_) => 0,
                Numbers::Sum(_) => size_of::<ExactSum>(),
                Numbers::All(all) => all.len() * 8,
            }
    }
}
