//! Trends of a sample: by how much its values vary is seen in groups of its persons.

use alloc::vec::Vec;

use super::{Series, Tally, TrendsAnswer, TrendsCounts, TrendsScan};
use crate::UserId;
use crate::preview::{Drawn, Estimate, Interval, REPLICATES, TrendsIntervals, spread_of};
use crate::query::plan::{Function, Measure};
use crate::query::scan::{Counts, Scan};

impl TrendsScan<'_> {
    /// The answer of everyone by that of a sample, whose persons are numbered at random. Nobody is merged.
    #[must_use]
    pub fn estimate(&self, drawn: Drawn) -> Estimate<TrendsAnswer, TrendsIntervals> {
        let persons = u64::from(drawn.persons);
        let cut = |at: usize| (persons * at as u64 / REPLICATES as u64) as UserId;
        let parts: Vec<TrendsCounts> =
            (0..REPLICATES).map(|at| self.run(&mut Some(cut(at)..cut(at + 1)))).collect();
        let mut counts = self.run(&mut None);
        parts.iter().for_each(|part| counts.merge(part.clone()));

        let of = |tallies: &dyn Fn(&TrendsCounts) -> Vec<Tally>, once| {
            let parts: Vec<_> = parts.iter().map(tallies).collect();
            self.intervals(&tallies(&counts), &parts, once, drawn)
        };
        let mut intervals = of(&|part| self.everyone(part), true);
        for row in self.rows(&counts) {
            // Of a property of events, persons may be in several of the other groups.
            let once = !row.other || self.grouping.of_events.is_none();
            let tallies = |part: &TrendsCounts| part.joined(row.groups.iter().copied());
            intervals.groups.push(of(&tallies, once));
        }
        let mut answer = self.finish(&counts);
        let groups = answer.groups.iter_mut().map(|group| &mut group.series);
        groups.chain([&mut answer.all]).for_each(|series| self.scale(series, drawn));
        Estimate { drawn, answer, intervals }
    }

    fn scale(&self, series: &mut Series, drawn: Drawn) {
        let scaled = |value: f64| match &self.query.measure {
            Measure::Users | Measure::Events => drawn.scaled(value as u64) as f64,
            Measure::Property { function: Function::Sum, .. } => drawn.scaled_sum(value),
            Measure::Property { .. } => value,
        };
        let values = series.values.iter_mut().chain([&mut series.total]);
        values.flatten().for_each(|value| *value = scaled(*value));
    }

    /// The intervals of tallies that are the sum of those of `parts`. `once` says that each person counts once.
    fn intervals(
        &self,
        all: &[Tally],
        parts: &[Vec<Tally>],
        once: bool,
        drawn: Drawn,
    ) -> TrendsIntervals {
        let counts = |at: usize| parts.iter().map(move |part| part[at].count as f64);
        let counts: Vec<Vec<f64>> = (0..all.len()).map(|at| counts(at).collect()).collect();
        let spread = spread_of(counts[..all.len() - 1].iter().map(Vec::as_slice));
        let interval = |((at, tally), counts): ((usize, &Tally), &Vec<f64>)| -> Option<Interval> {
            let sums = || -> Vec<f64> { parts.iter().map(|part| part[at].sum()).collect() };
            match &self.query.measure {
                Measure::Users if once => Some(drawn.count_interval(tally.count)),
                Measure::Users | Measure::Events => Some(drawn.events_interval(counts, spread)),
                Measure::Property { function: Function::Sum, .. } => {
                    drawn.sum_interval(&sums(), counts)
                }
                Measure::Property { function: Function::Average, .. } => {
                    drawn.mean_interval(&sums(), counts)
                }
                Measure::Property { .. } => None,
            }
        };
        let mut values: Vec<_> = all.iter().enumerate().zip(&counts).map(interval).collect();
        let total = values.pop().flatten();
        TrendsIntervals { values, total, groups: Vec::new() }
    }
}

impl Tally {
    /// The sum of its numbers; 0 where none is kept.
    fn sum(&self) -> f64 {
        match &self.numbers {
            super::Numbers::Sum(sum) => sum.value(),
            _ => 0.0,
        }
    }
}
