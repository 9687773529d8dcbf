//! Answers of a sample, told of everyone.

use alloc::vec::Vec;

use serde::Serialize;

use super::interval::{Drawn, Interval};
use crate::experiment::Figures;
use crate::query::{FunnelAnswer, FunnelStep, RetentionAnswer, RetentionTable};

/// What everyone's answer is about, with the 95 % intervals of its numbers. Each interval stands where its number does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate<A, I> {
    /// The sample that it is made from.
    pub drawn: Drawn,
    /// The answer. Counts and sums are those of the sample, scaled; shares, means and times are the sample's own. Variants of an
    /// experiment are not compared.
    pub answer: A,
    /// The intervals.
    pub intervals: I,
}

/// The intervals of a funnel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunnelIntervals {
    /// Those of everyone's steps.
    pub steps: Vec<StepIntervals>,
    /// Those of each group's steps.
    pub groups: Vec<Vec<StepIntervals>>,
}

/// The intervals of a step. Times to convert have none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepIntervals {
    /// Of those who reached it.
    pub count: Interval,
    /// Of those who dropped out after it.
    pub dropped: Interval,
    /// Of those still in their window.
    pub pending: Interval,
    /// Of the share of the step before; none when nobody reached that.
    pub converted_from_previous: Option<Interval>,
    /// Of the share of the first step.
    pub converted_from_first: Option<Interval>,
}

/// The intervals of a retention table. The mean has none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetentionIntervals {
    /// Those of everyone's rows.
    pub rows: Vec<RowIntervals>,
    /// Those of each group's rows.
    pub groups: Vec<Vec<RowIntervals>>,
}

/// The intervals of a row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowIntervals {
    /// Of its size.
    pub size: Interval,
    /// Those of its cells.
    pub cells: Vec<CellIntervals>,
}

/// The intervals of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellIntervals {
    /// Of those who returned.
    pub count: Interval,
    /// Of their share of the row; none of a row with nobody in it.
    pub rate: Option<Interval>,
}

/// The intervals of trends. The least, the greatest, the median and percentiles have none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendsIntervals {
    /// One an interval of time.
    pub values: Vec<Option<Interval>>,
    /// Of the whole range.
    pub total: Option<Interval>,
    /// Those of each group.
    pub groups: Vec<TrendsIntervals>,
}

impl Drawn {
    /// A funnel of everyone by that of the sample.
    #[must_use]
    pub fn funnel(self, mut answer: FunnelAnswer) -> Estimate<FunnelAnswer, FunnelIntervals> {
        let steps = self.steps(&mut answer.steps);
        let groups = answer.groups.iter_mut().map(|group| self.steps(&mut group.steps)).collect();
        if let Some(experiment) = answer.experiment.as_mut().filter(|_| !self.is_complete()) {
            experiment.variants.iter_mut().for_each(|variant| self.figures(&mut variant.figures));
        }
        Estimate { drawn: self, answer, intervals: FunnelIntervals { steps, groups } }
    }

    /// A retention table of everyone by that of the sample.
    #[must_use]
    pub fn retention(
        self,
        mut answer: RetentionAnswer,
    ) -> Estimate<RetentionAnswer, RetentionIntervals> {
        let rows = self.rows(&mut answer.table);
        let groups = answer.groups.iter_mut().map(|group| self.rows(&mut group.table)).collect();
        Estimate { drawn: self, answer, intervals: RetentionIntervals { rows, groups } }
    }

    /// The interval of a variant's rate is that of the estimate. Nothing is compared: a difference that the sample shows says
    /// little of that which everyone shows.
    fn figures(self, figures: &mut Figures) {
        let (users, converted) = (u64::from(figures.users), u64::from(figures.converted));
        figures.rate_interval = self.rate_interval(converted, users);
        figures.comparison = None;
        let scaled = |count| u32::try_from(self.scaled(count)).unwrap_or(u32::MAX);
        (figures.users, figures.converted) = (scaled(users), scaled(converted));
    }

    fn steps(self, steps: &mut [FunnelStep]) -> Vec<StepIntervals> {
        let first = steps.first().map_or(0, |step| step.count);
        let mut previous = first;
        let mut intervals = Vec::with_capacity(steps.len());
        for (number, step) in steps.iter_mut().enumerate() {
            // The share of the first step is 1 by what it is.
            let rate = |of: u64| match number {
                0 => (of > 0).then_some([1.0, 1.0]),
                _ => self.rate_interval(step.count, of),
            };
            intervals.push(StepIntervals {
                count: self.count_interval(step.count),
                dropped: self.count_interval(step.dropped),
                pending: self.count_interval(step.pending),
                converted_from_previous: rate(previous),
                converted_from_first: rate(first),
            });
            previous = step.count;
            for count in [&mut step.count, &mut step.dropped, &mut step.pending] {
                *count = self.scaled(*count);
            }
        }
        intervals
    }

    fn rows(self, table: &mut RetentionTable) -> Vec<RowIntervals> {
        let mut intervals = Vec::with_capacity(table.rows.len());
        for row in &mut table.rows {
            let mut cells = Vec::with_capacity(row.cells.len());
            for cell in &mut row.cells {
                let count = self.count_interval(cell.count);
                cells.push(CellIntervals { count, rate: self.rate_interval(cell.count, row.size) });
                cell.count = self.scaled(cell.count);
            }
            intervals.push(RowIntervals { size: self.count_interval(row.size), cells });
            row.size = self.scaled(row.size);
        }
        intervals
    }
}
