//! Quantiles of a list of numbers.

use alloc::vec;
use alloc::vec::Vec;

/// Buckets by which numbers are told apart before any are compared.
const BUCKETS_MAX: usize = 1 << 11;

/// The values below which shares of the numbers lie, of a value between two numbers by proportion (Hyndman and Fan,
/// "Sample Quantiles in Statistical Packages", 1996, definition 7); none of no numbers.
pub(super) fn quantiles<T: Number, const N: usize>(
    numbers: impl Iterator<Item = T> + Clone,
    shares: [f64; N],
) -> [Option<f64>; N] {
    let buckets = Buckets::of(numbers.clone());
    let Some(last) = buckets.count().checked_sub(1) else { return [None; N] };
    let at = shares.map(|share| last as f64 * share);
    // Of each share the numbers at two ranks, the same when it is the last.
    let ranks = at.map(|at| [at as usize, (at as usize + 1).min(last)]);
    let mut ranked = Ranked::new(numbers, buckets, ranks.as_flattened());
    core::array::from_fn(|share| {
        let [low, high] = ranks[share].map(|rank| T::of_key(ranked.key(rank)));
        Some(low + (high - low) * (at[share] - ranks[share][0] as f64))
    })
}

/// A number that lists are ordered by.
pub(super) trait Number: Copy {
    /// A number that is ordered as they are.
    fn key(self) -> u64;
    /// The number of a key.
    fn of_key(key: u64) -> f64;
}

impl Number for u64 {
    fn key(self) -> u64 {
        self
    }

    fn of_key(key: u64) -> f64 {
        key as f64
    }
}

impl Number for f64 {
    /// As `f64::total_cmp` orders them.
    fn key(self) -> u64 {
        let bits = self.to_bits();
        if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
    }

    fn of_key(key: u64) -> f64 {
        f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
    }
}

/// Numbers counted by the buckets in which they lie.
struct Buckets {
    least: u64,
    shift: u32,
    /// How many numbers lie in the buckets before, and at the end how many there are.
    before: Vec<usize>,
}

impl Buckets {
    fn of<T: Number>(numbers: impl Iterator<Item = T> + Clone) -> Self {
        let keys = || numbers.clone().map(Number::key);
        let (count, least, greatest) = keys()
            .fold((0, u64::MAX, 0), |(count, least, greatest), key| {
                (count + 1, key.min(least), key.max(greatest))
            });
        let buckets = BUCKETS_MAX.min(count).next_power_of_two();
        let span_bits = u64::BITS - greatest.saturating_sub(least).leading_zeros();
        let shift = span_bits.saturating_sub(buckets.ilog2());
        let mut buckets = Self { least, shift, before: vec![0; buckets + 1] };
        for key in keys() {
            let bucket = buckets.of_key(key);
            buckets.before[bucket + 1] += 1;
        }
        let mut all = 0;
        for count in &mut buckets.before {
            all += *count;
            *count = all;
        }
        buckets
    }

    fn count(&self) -> usize {
        self.before[self.before.len() - 1]
    }

    fn of_key(&self, key: u64) -> usize {
        ((key - self.least) >> self.shift) as usize
    }

    /// The bucket of the number at a rank.
    fn of_rank(&self, rank: usize) -> usize {
        self.before.partition_point(|before| *before <= rank) - 1
    }
}

/// The numbers of the buckets in which some ranks lie.
struct Ranked {
    buckets: Buckets,
    /// Of each bucket one more than the place of its numbers among the lists; 0 where nobody asks.
    place: Vec<u8>,
    lists: Vec<Vec<u64>>,
}

impl Ranked {
    fn new<T: Number>(numbers: impl Iterator<Item = T>, buckets: Buckets, ranks: &[usize]) -> Self {
        let mut place = vec![0; buckets.before.len()];
        let mut lists = Vec::new();
        for bucket in ranks.iter().map(|rank| buckets.of_rank(*rank)) {
            if place[bucket] == 0 {
                let size = buckets.before[bucket + 1] - buckets.before[bucket];
                lists.push(Vec::with_capacity(size));
                place[bucket] = lists.len() as u8;
            }
        }
        for key in numbers.map(Number::key) {
            if let Some(list) = usize::from(place[buckets.of_key(key)]).checked_sub(1) {
                lists[list].push(key);
            }
        }
        Self { buckets, place, lists }
    }

    /// The key of the number at a rank that was asked for.
    fn key(&mut self, rank: usize) -> u64 {
        let bucket = self.buckets.of_rank(rank);
        let list = &mut self.lists[usize::from(self.place[bucket]) - 1];
        *list.select_nth_unstable(rank - self.buckets.before[bucket]).1
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_lie_between_two_numbers_by_proportion() {
        let check = |numbers: &[f64], expected: [f64; 2]| {
            assert_eq!(
                quantiles(numbers.iter().copied(), [0.5, 0.9]),
                expected.map(Some),
                "{numbers:?}"
            );
        };
        check(&[7.0], [7.0, 7.0]);
        check(&[4.0, 1.0, 3.0, 2.0], [2.5, 3.7]);
        check(&[-10.0, 10.0], [0.0, 8.0]);
        check(&[11.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 1.0], [6.0, 10.0]);
        assert_eq!(quantiles::<u64, 1>(core::iter::empty(), [0.5]), [None]);
        assert_eq!(quantiles([3_u64, 1, 2].into_iter(), [0.5, 0.75]), [Some(2.0), Some(2.5)]);
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_list(
            numbers in list(prop_oneof![0..20_u64, 0..1_u64 << 44], 1..400),
            share in 0.0..=1.0,
        ) {
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            let at = (sorted.len() - 1) as f64 * share;
            let low = sorted[at as usize] as f64;
            let high = sorted[(at as usize + 1).min(sorted.len() - 1)] as f64;
            let expected = low + (high - low) * (at - (at as usize) as f64);
            prop_assert_eq!(quantiles(numbers.iter().copied(), [share]), [Some(expected)]);
            let floats: Vec<f64> = numbers.iter().map(|number| *number as f64 - 1e6).collect();
            let shifted = quantiles(floats.iter().copied(), [0.0, 1.0]);
            prop_assert_eq!(shifted, [Some(sorted[0] as f64 - 1e6), Some(sorted[sorted.len() - 1] as f64 - 1e6)]);
        }
    }
}
