//! Quantiles of lists of numbers.

use alloc::vec;
use alloc::vec::Vec;

/// Buckets by which numbers are told apart before any are compared.
const BUCKETS_MAX: usize = 1 << 11;

/// The value below which a share of the numbers lies, of a value between two numbers by proportion (Hyndman and Fan,
/// "Sample Quantiles in Statistical Packages", 1996, definition 7); none of no numbers.
pub(super) fn quantile(numbers: &[f64], share: f64) -> Option<f64> {
    let keys = || numbers.iter().map(|number| key_of(*number));
    let (least, greatest) =
        keys().fold((u64::MAX, 0), |(least, greatest), key| (key.min(least), key.max(greatest)));
    let buckets = BUCKETS_MAX.min(numbers.len()).next_power_of_two();
    let span_bits = u64::BITS - greatest.saturating_sub(least).leading_zeros();
    let shift = span_bits.saturating_sub(buckets.ilog2());
    let bucket_of = |key: u64| ((key - least) >> shift) as usize;
    let mut counts = vec![0; buckets];
    keys().for_each(|key| counts[bucket_of(key)] += 1);
    let at = Between::new(numbers.len(), share)?;
    let mut ranked = Ranked::new(counts, at.ranks.into_iter());
    keys().for_each(|key| ranked.take(bucket_of(key), key));
    Some(at.value(|rank| number_of(ranked.get(rank))))
}

/// A number that is ordered as `f64::total_cmp` orders numbers.
fn key_of(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn number_of(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// Where a quantile lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between {
    /// The ranks of the numbers below and above it, the same where that is the last.
    pub(super) ranks: [usize; 2],
    /// Its share of the way from one to the other.
    proportion: f64,
}

impl Between {
    /// Of so many numbers, if there are any.
    pub(super) fn new(count: usize, share: f64) -> Option<Self> {
        let last = count.checked_sub(1)?;
        let at = last as f64 * share;
        let low = at as usize;
        Some(Self { ranks: [low, (low + 1).min(last)], proportion: at - low as f64 })
    }

    pub(super) fn value(&self, mut at_rank: impl FnMut(usize) -> f64) -> f64 {
        let [low, high] = self.ranks.map(&mut at_rank);
        low + (high - low) * self.proportion
    }
}

/// Numbers in order of their buckets, of which those are kept in whose buckets some ranks lie.
#[derive(Debug)]
pub(super) struct Ranked {
    /// How many numbers lie in the buckets before, and at the end how many there are.
    before: Vec<u32>,
    /// Of each bucket one more than where its next number goes; 0 where nobody asks.
    next: Vec<u32>,
    kept: Vec<u64>,
}

impl Ranked {
    /// Of so many numbers a bucket, for some ranks.
    pub(super) fn new(counts: Vec<u32>, ranks: impl Iterator<Item = usize>) -> Self {
        let mut before = counts;
        let mut all = 0;
        for count in &mut before {
            all += core::mem::replace(count, all);
        }
        before.push(all);
        let (next, kept) = (vec![0; before.len()], Vec::new());
        let mut ranked = Self { before, next, kept };
        let mut size = 0;
        for rank in ranks {
            let bucket = ranked.bucket_of(rank);
            if ranked.next[bucket] == 0 {
                ranked.next[bucket] = size + 1;
                size += ranked.before[bucket + 1] - ranked.before[bucket];
            }
        }
        ranked.kept.resize(size as usize, 0);
        ranked
    }

    /// Takes a number; each must be, once, before any is asked for.
    #[inline(always)]
    pub(super) fn take(&mut self, bucket: usize, number: u64) {
        let next = &mut self.next[bucket];
        if *next > 0 {
            self.kept[*next as usize - 1] = number;
            *next += 1;
        }
    }

    /// The number at a rank for which it was made.
    pub(super) fn get(&mut self, rank: usize) -> u64 {
        let bucket = self.bucket_of(rank);
        let before = self.before[bucket] as usize;
        let size = self.before[bucket + 1] as usize - before;
        let end = self.next[bucket] as usize - 1;
        *self.kept[end - size..end].select_nth_unstable(rank - before).1
    }

    fn bucket_of(&self, rank: usize) -> usize {
        self.before.partition_point(|before| *before as usize <= rank) - 1
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
            let quantiles = [0.5, 0.9].map(|share| quantile(numbers, share));
            assert_eq!(quantiles, expected.map(Some), "{numbers:?}");
        };
        check(&[7.0], [7.0, 7.0]);
        check(&[4.0, 1.0, 3.0, 2.0], [2.5, 3.7]);
        check(&[-10.0, 10.0], [0.0, 8.0]);
        check(&[11.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 1.0], [6.0, 10.0]);
        assert_eq!(quantile(&[], 0.5), None);
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_list(
            numbers in list(prop_oneof![(-20..20_i32).prop_map(f64::from), -1e6..1e15], 1..400),
            share in 0.0..=1.0,
        ) {
            let mut sorted = numbers.clone();
            sorted.sort_by(f64::total_cmp);
            let at = (sorted.len() - 1) as f64 * share;
            let low = sorted[at as usize];
            let high = sorted[(at as usize + 1).min(sorted.len() - 1)];
            let expected = low + (high - low) * (at - (at as usize) as f64);
            prop_assert_eq!(quantile(&numbers, share), Some(expected));
            prop_assert_eq!(quantile(&numbers, 0.0), Some(sorted[0]));
            prop_assert_eq!(quantile(&numbers, 1.0), sorted.last().copied());
        }
    }
}
