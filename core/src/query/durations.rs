//! How long steps took: times to convert of many persons, and their quantiles.

use alloc::vec;
use alloc::vec::Vec;

use super::USERS;
use super::groups::Group;
use super::quantile::{Between, Ranked};

/// How long a step took: the median and the time within which nine of ten came, in ms.
pub(super) type Took = [Option<f64>; 2];

const SHARES: [f64; 2] = [0.5, 0.9];

/// A time in ms and the group of the person who took it, as one number.
const fn packed(group: Group, ms: u64) -> u64 {
    (group as u64) << MS_BITS | ms
}

/// All times of a store take fewer bits, and all groups the others.
const MS_BITS: u32 = 44;
const MS_MASK: u64 = (1 << MS_BITS) - 1;

const fn ms_of(packed: u64) -> u64 {
    packed & MS_MASK
}

const fn group_of(packed: u64) -> usize {
    (packed >> MS_BITS) as usize
}

/// Times of a list, which is made at once, so that none is copied.
const LIST_TIMES: usize = 1 << 15;

/// Buckets of times, each an interval whose width is a sixty-fourth of a power of two.
const BUCKETS: usize = bucket_of(MS_MASK) + 1;

/// The upper bits of a number with a floating point, but for those that all have: few buckets tell short times apart as
/// well as long ones, without a look at the times before.
const fn bucket_of(ms: u64) -> usize {
    const ONE: u32 = (1.0_f32.to_bits() >> DROPPED_BITS) - 1;
    const DROPPED_BITS: u32 = f32::MANTISSA_DIGITS - 1 - 6;
    let upper = (ms as i64 as f32).to_bits() >> DROPPED_BITS;
    upper.saturating_sub(ONE) as usize
}

/// Buckets of a row at most, so that those of all rows fit the cache.
const ROW_BUCKETS_MAX: usize = 1 << 7;
/// Times that a bucket of a row has on average, or more.
const ROW_BUCKET_TIMES: usize = 1 << 4;

/// A list with room for some more times.
fn room_for(more: usize, lists: &mut Vec<Vec<u64>>) -> &mut Vec<u64> {
    let has_room = |list: &Vec<u64>| list.capacity() - list.len() >= more;
    if !lists.last().is_some_and(has_room) {
        lists.push(Vec::with_capacity(LIST_TIMES.max(more)));
    }
    lists.last_mut().expect("there is one with room")
}

/// How long a step took of many persons, each with its group.
#[derive(Debug, Clone, Default)]
pub(super) struct Durations {
    /// Lists of what [`packed`] makes.
    lists: Vec<Vec<u64>>,
    /// How many times lie in each bucket; empty as long as there is none.
    counts: Vec<u32>,
}

impl Durations {
    /// Adds a person's.
    pub(super) fn push(&mut self, group: Group, ms: u64) {
        room_for(1, &mut self.lists).push(packed(group, ms));
        self.count(1);
    }

    /// Adds those of some users of a block, a user at most once, of each the group and the time in ms; those hold of whom
    /// the last says so.
    pub(super) fn extend(&mut self, users: impl Iterator<Item = (Group, u64, bool)>) {
        let list = room_for(USERS, &mut self.lists);
        let room = &mut list.spare_capacity_mut()[..USERS];
        let mut end = 0;
        for (group, ms, counts) in users {
            // Written for everyone and counted where it counts, which is hard to foretell.
            room[end % USERS].write(packed(group, ms));
            end += usize::from(counts);
        }
        let end = end.min(USERS);
        // SAFETY: there is room for as many, and each place before the end was written.
        #[expect(unsafe_code, reason = "a list takes nothing uncounted but by its length")]
        unsafe {
            list.set_len(list.len() + end);
        }
        self.count(end);
    }

    /// Counts so many times that were added last.
    fn count(&mut self, added: usize) {
        let Some(list) = self.lists.last().filter(|_| added > 0) else { return };
        if self.counts.is_empty() {
            self.counts = vec![0; BUCKETS];
        }
        let added = &list[list.len() - added..];
        added.iter().for_each(|packed| self.counts[bucket_of(ms_of(*packed))] += 1);
    }

    /// Adds those of others.
    pub(super) fn merge(&mut self, other: Self) {
        if self.counts.is_empty() {
            *self = other;
            return;
        }
        self.lists.extend(other.lists);
        self.counts.iter_mut().zip(other.counts).for_each(|(count, other)| *count += other);
    }

    /// Bytes of memory that they take.
    pub(super) fn bytes(&self) -> usize {
        self.counts.len() * 4 + self.lists.iter().map(|times| times.len() * 8).sum::<usize>()
    }

    /// The quantiles of everyone's times, and those of each of so many rows, to one of which each group belongs.
    pub(super) fn quantiles(&self, row_of: &[usize], rows: usize) -> (Took, Vec<Took>) {
        let all = || self.lists.iter().flatten().copied();
        let at = between(&self.counts);
        let ranks = at.iter().flatten().flat_map(|at| at.ranks);
        let mut everyone = Ranked::new(self.counts.clone(), ranks);
        let mut of_rows = Vec::new();
        if rows == 0 {
            all().for_each(|packed| everyone.take(bucket_of(ms_of(packed)), ms_of(packed)));
        } else {
            let rows = Rows::new(&self.counts, row_of, rows);
            let mut counts = vec![0; rows.count * rows.buckets];
            for packed in all() {
                let bucket = bucket_of(ms_of(packed));
                everyone.take(bucket, ms_of(packed));
                counts[rows.bucket_of(packed, bucket)] += 1;
            }
            of_rows = rows.quantiles(counts, all());
        }
        (at.map(|at| at.map(|at| at.value(|rank| everyone.get(rank) as f64))), of_rows)
    }
}

/// Where the quantiles of the times of some buckets lie.
fn between(counts: &[u32]) -> [Option<Between>; 2] {
    let count = counts.iter().sum::<u32>() as usize;
    SHARES.map(|share| Between::new(count, share))
}

/// The buckets of rows, which lie one behind the other in the same order; each has a bucket for as many of everyone's
/// buckets as have about the same number of times, in the hope that its own are much like them.
struct Rows {
    count: usize,
    /// How many each has.
    buckets: usize,
    /// Which of them the times of each of everyone's buckets come into.
    part_of: Vec<usize>,
    /// The first bucket of the row of each group.
    first_of: Vec<usize>,
}

impl Rows {
    fn new(everyone: &[u32], row_of: &[usize], count: usize) -> Self {
        let times = everyone.iter().sum::<u32>() as usize;
        let buckets = (times / count / ROW_BUCKET_TIMES).clamp(1, ROW_BUCKETS_MAX);
        let mut before = 0;
        let part_of = |of_bucket: &u32| {
            let part = before * buckets / times.max(1);
            before += *of_bucket as usize;
            part
        };
        let part_of = everyone.iter().map(part_of).collect();
        let first_of = row_of.iter().map(|row| row * buckets).collect();
        Self { count, buckets, part_of, first_of }
    }

    /// The bucket of a time that lies in one of everyone's.
    #[inline(always)]
    fn bucket_of(&self, packed: u64, bucket: usize) -> usize {
        self.first_of[group_of(packed)] + self.part_of[bucket]
    }

    /// The quantiles of each row, of whose buckets it is known how many times each has.
    fn quantiles(&self, counts: Vec<u32>, all: impl Iterator<Item = u64>) -> Vec<Took> {
        let mut first = 0;
        let ranges = counts.chunks_exact(self.buckets).map(|counts| {
            let from = first;
            first += counts.iter().sum::<u32>() as usize;
            (from, between(counts))
        });
        let ranges: Vec<_> = ranges.collect();
        let ranks = ranges.iter().flat_map(|(first, at)| {
            at.iter().flatten().flat_map(move |at| at.ranks.map(|rank| first + rank))
        });
        let mut ranked = Ranked::new(counts, ranks);
        for packed in all {
            let bucket = self.bucket_of(packed, bucket_of(ms_of(packed)));
            ranked.take(bucket, ms_of(packed));
        }
        let row = |(first, at): &(usize, [Option<Between>; 2])| {
            at.map(|at| at.map(|at| at.value(|rank| ranked.get(first + rank) as f64)))
        };
        ranges.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::super::quantile::quantile;
    use super::*;

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_list_of_each_row(
            pieces in list(list((0..6_u32, 0..1_u64 << 33, any::<bool>()), 0..60), 0..4),
            row_of in list(0..4_usize, 6),
        ) {
            let mut all = Durations::default();
            for (number, piece) in pieces.iter().enumerate() {
                let mut durations = Durations::default();
                if number == 0 {
                    let counted = piece.iter().filter(|(_, _, counts)| *counts);
                    counted.for_each(|(group, ms, _)| durations.push(*group, *ms));
                } else {
                    durations.extend(piece.iter().copied());
                }
                all.merge(durations);
            }
            let times: Vec<_> = pieces.iter().flatten().filter(|(_, _, counts)| *counts).collect();
            prop_assert_eq!(all.bytes() > 0, !times.is_empty());
            let of = |wanted: &dyn Fn(Group) -> bool| {
                let some = times.iter().filter(|(group, ..)| wanted(*group));
                let some: Vec<f64> = some.map(|(_, ms, _)| *ms as f64).collect();
                SHARES.map(|share| quantile(&some, share))
            };
            let (everyone, of_rows) = all.quantiles(&row_of, 4);
            prop_assert_eq!(everyone, of(&|_| true));
            for (row, took) in of_rows.into_iter().enumerate() {
                prop_assert_eq!(took, of(&|group| row_of[group as usize] == row));
            }
            prop_assert_eq!(all.quantiles(&[], 0), (everyone, Vec::new()));
        }
    }
}
