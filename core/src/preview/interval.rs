//! How far what a sample says may lie from what everyone says.

use serde::Serialize;

use crate::experiment::score_interval;

/// The lower and the upper end of a 95 % interval.
pub type Interval = [f64; 2];

/// Persons drawn of all, each with the same probability and without regard to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Drawn {
    /// How many were drawn.
    pub persons: u32,
    /// Of how many.
    pub of_persons: u32,
}

/// Into so many groups the persons of a sample are cut to see by how much their sums vary.
pub const REPLICATES: usize = 32;
/// The deviate of Student's distribution with 31 degrees of freedom that 2.5 % lie above.
const T_CONFIDENCE: f64 = 2.039_513_446_396_4;

impl Drawn {
    /// Whether everyone was drawn: there is no error then.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        self.persons == self.of_persons
    }

    /// The share that was drawn, 0 to 1; 1 when there was nobody to draw.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.of_persons == 0 {
            return 1.0;
        }
        f64::from(self.persons) / f64::from(self.of_persons)
    }

    /// How many of all persons something is true of when it is true of `count` of those drawn.
    #[must_use]
    pub fn scaled(self, count: u64) -> u64 {
        libm::round(self.scaled_sum(count as f64)) as u64
    }

    /// The sum over all persons of what comes to `sum` for those drawn; 0 when nobody was drawn.
    #[must_use]
    pub fn scaled_sum(self, sum: f64) -> f64 {
        if self.persons == 0 || self.is_complete() { sum } else { sum / self.share() }
    }

    /// The interval of [`Self::scaled`], by that of the share. It ends at whole persons, and holds no number that what
    /// was seen rules out.
    #[must_use]
    pub fn count_interval(self, count: u64) -> Interval {
        let (count, all) = (count as f64, f64::from(self.of_persons));
        if self.is_complete() {
            return [count, count];
        }
        let Some([low, high]) = self.share_interval(count, f64::from(self.persons)) else {
            return [0.0, all];
        };
        let others = f64::from(self.persons) - count;
        [libm::floor(low * all).max(count), libm::ceil(high * all).min(all - others)]
    }

    /// The interval of the share of `count` in `of`, where both were counted among those drawn, 0 to 1; none of nobody.
    ///
    /// It is Wilson's score interval of a sample that is larger by as much as drawing without replacement makes its variance
    /// smaller: n / (1 - f), where f is the share that was drawn (W. G. Cochran, "Sampling Techniques", 3rd edition, 1977,
    /// sections 3.2 and 3.12).
    #[must_use]
    pub fn rate_interval(self, count: u64, of: u64) -> Option<Interval> {
        self.share_interval(count as f64, of as f64)
    }

    fn share_interval(self, count: f64, of: f64) -> Option<Interval> {
        if of == 0.0 {
            return None;
        }
        if self.is_complete() {
            return Some([count / of, count / of]);
        }
        let by = 1.0 / (1.0 - self.share());
        // Of who is counted once in each of several groups there may be more than were drawn.
        Some(score_interval(of * by, count.min(of) * by))
    }

    /// The interval of [`Self::scaled`] for events, of which a person may have many; `parts` are their numbers in the groups of
    /// [`Self::sum_interval`]. It is the score interval of a Poisson mean, for events of which few or none were seen, too,
    /// as of so many times fewer events as their number varies more than that of events which do not depend on one another.
    /// That is at least `spread` times: see [`spread_of`].
    #[must_use]
    pub fn events_interval(self, parts: &[f64], spread: f64) -> Interval {
        let sum: f64 = parts.iter().sum();
        if self.is_complete() {
            return [sum, sum];
        }
        if self.persons == 0 {
            return [0.0, f64::MAX];
        }
        let spread = spread_of([parts].into_iter()).max(spread).max(1.0);
        let unit = spread * (1.0 - self.share());
        let (mean, t2) = (sum / unit, T_CONFIDENCE * T_CONFIDENCE);
        let upper = mean + t2 / 2.0 + T_CONFIDENCE * libm::sqrt(mean + t2 / 4.0);
        let lower = mean * mean / upper;
        let scaled = |end: f64| self.scaled_sum(end * unit);
        [libm::floor(scaled(lower)).max(sum), libm::ceil(scaled(upper))]
    }

    /// The interval of [`Self::scaled_sum`], where `parts` are the sums of [`REPLICATES`] groups of about as many persons each, put
    /// together at random; by Student's distribution, for the groups' number is small (Cochran, section 11.20). `counts` says of how
    /// many numbers each is the sum. None when so many groups have none that sums need not be about normal.
    #[must_use]
    pub fn sum_interval(self, parts: &[f64], counts: &[f64]) -> Option<Interval> {
        let sum = self.scaled_sum(parts.iter().sum());
        if self.is_complete() {
            return Some([sum, sum]);
        }
        let reach = self.scaled_sum(self.reach(parts));
        are_enough(counts).then_some([sum - reach, sum + reach])
    }

    /// The interval of a mean: of what `sums` come to by what `counts` come to, each of the same groups; none of nothing or little. By the
    /// residuals of the sums (Cochran, section 6.4).
    #[must_use]
    pub fn mean_interval(self, sums: &[f64], counts: &[f64]) -> Option<Interval> {
        let count: f64 = counts.iter().sum();
        if count == 0.0 {
            return None;
        }
        let mean = sums.iter().sum::<f64>() / count;
        if self.is_complete() {
            return Some([mean, mean]);
        }
        let mut residuals = [0.0; REPLICATES];
        for (residual, (sum, count)) in residuals.iter_mut().zip(sums.iter().zip(counts)) {
            *residual = sum - mean * count;
        }
        let reach = self.reach(&residuals) / count;
        are_enough(counts).then_some([mean - reach, mean + reach])
    }

    /// How far the sum of the groups may lie from what it is on average.
    fn reach(self, parts: &[f64]) -> f64 {
        T_CONFIDENCE * libm::sqrt((1.0 - self.share()) * variance_of(parts))
    }
}

/// Whether most groups have something.
fn are_enough(counts: &[f64]) -> bool {
    counts.iter().filter(|count| **count > 0.0).count() >= REPLICATES * 3 / 4
}

/// By how many times the number of events varies more than it would if they did not depend on one another, by their numbers
/// in the groups, over several intervals of time; 0 of none.
#[must_use]
pub fn spread_of<'p>(intervals: impl Iterator<Item = &'p [f64]>) -> f64 {
    let (mut variance, mut events) = (0.0, 0.0);
    for parts in intervals {
        variance += variance_of(parts);
        events += parts.iter().sum::<f64>();
    }
    if events > 0.0 { variance / events } else { 0.0 }
}

/// The variance of the sum of groups, by how they differ.
fn variance_of(parts: &[f64]) -> f64 {
    let groups = parts.len() as f64;
    let mean = parts.iter().sum::<f64>() / groups;
    let squares: f64 = parts.iter().map(|part| (part - mean) * (part - mean)).sum();
    squares * groups / (groups - 1.0)
}
