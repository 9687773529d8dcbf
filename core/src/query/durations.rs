//! How long steps took: times to convert of many persons, and their quantiles.

use alloc::vec;
use alloc::vec::Vec;

use super::USERS;
use super::groups::Group;
use super::quantile::{Between, Ranked};

/// How long a step took: the median and the time within which nine of ten came, in ms.
pub(super) type Took = [Option<f64>; 2];

const SHARES: [f64; 2] = [0.5, 0.9];

/// A time in ms and the group of the person who took it, as one number that is ordered by both.
pub(super) const fn packed(group: Group, ms: u64) -> u64 {
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

/// Times of a step for which there is room from the beginning, so that they are seldom copied.
const TIMES_ROOM: usize = 1 << 15;

/// Gathers the times of some users of a block, a user at most once, of each the group and the time in ms; those hold of
/// whom the last says so.
pub(super) fn add_times(
    times: &mut Vec<u64>,
    room: &mut [u64; USERS],
    users: impl Iterator<Item = (Group, u64, bool)>,
) {
    let mut end = 0;
    for (group, ms, counts) in users {
        // Written for everyone and counted where it counts, which is hard to foretell.
        room[end % USERS] = packed(group, ms);
        end += usize::from(counts);
    }
    if times.capacity() == 0 {
        times.reserve(TIMES_ROOM);
    }
    times.extend_from_slice(&room[..end]);
}

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

/// The quantiles of everyone's times of a step, which are lists of what [`packed`] makes, and those of each of so many
/// rows, to one of which each group belongs.
pub(super) fn quantiles_of(times: &[Vec<u64>], row_of: &[usize], rows: usize) -> (Took, Vec<Took>) {
    let all = || times.iter().flatten().copied();
    let mut counts = vec![0; BUCKETS];
    all().for_each(|packed| counts[bucket_of(ms_of(packed))] += 1);
    let count = counts.iter().sum::<u32>() as usize;
    let of_rows = if rows > 0 { of_rows(all(), &counts, row_of, rows) } else { Vec::new() };
    let at = SHARES.map(|share| Between::new(count, share));
    let mut ranked = Ranked::new(counts, at.iter().flatten().flat_map(|at| at.ranks));
    all().for_each(|packed| ranked.take(bucket_of(ms_of(packed)), ms_of(packed)));
    (at.map(|at| at.map(|at| at.value(|rank| ranked.get(rank) as f64))), of_rows)
}

/// The rows lie one behind the other in the same order; each has a bucket for as many of everyone's buckets as have about
/// the same number of times, in the hope that its own are much like them.
fn of_rows(
    all: impl Iterator<Item = u64> + Clone,
    everyone: &[u32],
    row_of: &[usize],
    rows: usize,
) -> Vec<Took> {
    let count = everyone.iter().sum::<u32>() as usize;
    let of_row = (count / rows / ROW_BUCKET_TIMES).clamp(1, ROW_BUCKETS_MAX);
    let mut before = 0;
    let part_of = |of_bucket: &u32| {
        let part = before * of_row / count.max(1);
        before += *of_bucket as usize;
        part
    };
    let part_of: Vec<usize> = everyone.iter().map(part_of).collect();
    let first_of: Vec<usize> = row_of.iter().map(|row| row * of_row).collect();
    let place_of = |packed: u64| first_of[group_of(packed)] + part_of[bucket_of(ms_of(packed))];
    let mut counts = vec![0; rows * of_row];
    all.clone().for_each(|packed| counts[place_of(packed)] += 1);
    let mut first = 0;
    let ranges = counts.chunks_exact(of_row).map(|counts| {
        let count = counts.iter().sum::<u32>() as usize;
        first += count;
        (first - count, SHARES.map(|share| Between::new(count, share)))
    });
    let ranges: Vec<_> = ranges.collect();
    let ranks = ranges.iter().flat_map(|(first, at)| {
        at.iter().flatten().flat_map(move |at| at.ranks.map(|rank| first + rank))
    });
    let mut ranked = Ranked::new(counts, ranks);
    all.for_each(|packed| ranked.take(place_of(packed), ms_of(packed)));
    let row = |(first, at): &(usize, [Option<Between>; 2])| {
        at.map(|at| at.map(|at| at.value(|rank| ranked.get(first + rank) as f64)))
    };
    ranges.iter().map(row).collect()
}
