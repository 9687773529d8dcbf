//! Quantiles of a list of numbers.

use alloc::vec;
use alloc::vec::Vec;

/// Buckets by which numbers are told apart before any are compared.
const BUCKETS_MAX: usize = 1 << 11;

/// The values below which shares of the numbers lie, of a value between two numbers by proportion (Hyndman and Fan,
/// "Sample Quantiles in Statistical Packages", 1996, definition 7); none of no numbers.
pub(super) fn quantiles<T: Number, const N: usize>(
    numbers: &[T],
    shares: [f64; N],
) -> [Option<f64>; N] {
    let Some(last) = numbers.len().checked_sub(1) else { return [None; N] };
    let ranked = Ranked::new(numbers);
    shares.map(|share| {
        let at = last as f64 * share;
        let below = at as usize;
        let [low, high] = ranked.pair(below);
        Some(low + (high - low) * (at - below as f64))
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
struct Ranked<'n, T> {
    numbers: &'n [T],
    least: u64,
    shift: u32,
    /// How many numbers lie in the buckets before.
    before: Vec<usize>,
}

impl<'n, T: Number> Ranked<'n, T> {
    fn new(numbers: &'n [T]) -> Self {
        let keys = || numbers.iter().map(|number| number.key());
        let (least, greatest) = keys()
            .fold((u64::MAX, 0), |(least, greatest), key| (least.min(key), greatest.max(key)));
        let buckets = BUCKETS_MAX.min(numbers.len()).next_power_of_two();
        let span_bits = u64::BITS - (greatest - least).leading_zeros();
        let shift = span_bits.saturating_sub(buckets.ilog2());
        let mut before = vec![0; buckets + 1];
        keys().for_each(|key| before[((key - least) >> shift) as usize + 1] += 1);
        let mut all = 0;
        for count in &mut before {
            all += *count;
            *count = all;
        }
        Self { numbers, least, shift, before }
    }

    /// The number of a rank, from 0, and the one that follows it, the same when it is the last.
    fn pair(&self, rank: usize) -> [f64; 2] {
        let bucket = self.before.partition_point(|before| *before <= rank) - 1;
        let mut keys = self.keys_in(bucket);
        let (_, low, above) = keys.select_nth_unstable(rank - self.before[bucket]);
        let low = *low;
        let high = above.iter().min().copied().or_else(|| {
            let next = self.before.partition_point(|before| *before <= rank + 1) - 1;
            (rank + 1 < self.numbers.len()).then(|| self.keys_in(next).into_iter().min())?
        });
        [T::of_key(low), T::of_key(high.unwrap_or(low))]
    }

    fn keys_in(&self, bucket: usize) -> Vec<u64> {
        let mut keys = Vec::with_capacity(self.before[bucket + 1] - self.before[bucket]);
        let all = self.numbers.iter().map(|number| number.key());
        keys.extend(all.filter(|key| ((key - self.least) >> self.shift) as usize == bucket));
        keys
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
            assert_eq!(quantiles(numbers, [0.5, 0.9]), expected.map(Some), "{numbers:?}");
        };
        check(&[7.0], [7.0, 7.0]);
        check(&[4.0, 1.0, 3.0, 2.0], [2.5, 3.7]);
        check(&[-10.0, 10.0], [0.0, 8.0]);
        check(&[11.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 1.0], [6.0, 10.0]);
        assert_eq!(quantiles::<u64, 1>(&[], [0.5]), [None]);
        assert_eq!(quantiles(&[3_u64, 1, 2], [0.5, 0.75]), [Some(2.0), Some(2.5)]);
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
            prop_assert_eq!(quantiles(&numbers, [share]), [Some(expected)]);
            let floats: Vec<f64> = numbers.iter().map(|number| *number as f64 - 1e6).collect();
            let shifted = quantiles(&floats, [0.0, 1.0]);
            prop_assert_eq!(shifted, [Some(sorted[0] as f64 - 1e6), Some(sorted[sorted.len() - 1] as f64 - 1e6)]);
        }
    }
}
