//! The order of rows by (user, time, id), without comparing row with row where there are many.

use alloc::vec;
use alloc::vec::Vec;

use crate::{EventId, TimeMs, UserId};

/// Rows from which on counting digits beats comparing.
const RADIX_ROWS_MIN: usize = 2_048;
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// The places of rows in order of (user, time, id); the slices are of one length.
pub(super) fn sorted_places(users: &[UserId], times: &[TimeMs], ids: &[EventId]) -> Vec<u32> {
    let mut places: Vec<u32> = (0..users.len() as u32).collect();
    let span = time_span(times).filter(|_| users.len() >= RADIX_ROWS_MIN && ids.is_sorted());
    let Some((least, greatest)) = span else {
        places.sort_unstable_by_key(|&row| {
            let row = row as usize;
            (users[row], times[row], ids[row])
        });
        return places;
    };
    // Rows came in order of ids; two stable sorts keep that order among equals.
    if !times.is_sorted() {
        let offset = |row: u32| (times[row as usize].ms() - least) as u32;
        places = sorted_by(places, offset, (greatest - least) as u32);
    }
    let last_user = users.iter().copied().max().unwrap_or(0);
    sorted_by(places, |row| users[row as usize], last_user)
}

/// The least and the greatest time, unless they lie too far apart for 4 bytes.
fn time_span(times: &[TimeMs]) -> Option<(i64, i64)> {
    let (least, greatest) = (times.iter().min()?.ms(), times.iter().max()?.ms());
    u32::try_from(greatest - least).is_ok().then_some((least, greatest))
}

/// Sorts places by a key of at most `greatest`, stably: one pass for each 11 bits, the lowest first.
fn sorted_by(places: Vec<u32>, key: impl Fn(u32) -> u32, greatest: u32) -> Vec<u32> {
    // Key and place travel together, so that no pass but the first looks a key up.
    let mut from: Vec<u64> =
        places.iter().map(|&row| u64::from(key(row)) << 32 | u64::from(row)).collect();
    let mut to = vec![0_u64; from.len()];
    let bits = u32::BITS - greatest.leading_zeros();
    for shift in (32..32 + bits).step_by(DIGIT_BITS as usize) {
        let digit = |entry: u64| (entry >> shift) as usize % DIGITS;
        let mut next = [0_u32; DIGITS];
        from.iter().for_each(|entry| next[digit(*entry)] += 1);
        let mut before = 0;
        for count in &mut next {
            (*count, before) = (before, before + *count);
        }
        for entry in &from {
            let place = &mut next[digit(*entry)];
            to[*place as usize] = *entry;
            *place += 1;
        }
        core::mem::swap(&mut from, &mut to);
    }
    from.into_iter().map(|entry| entry as u32).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(rows: &[(UserId, i64)]) {
        let users: Vec<UserId> = rows.iter().map(|row| row.0).collect();
        let times: Vec<TimeMs> = rows.iter().map(|row| TimeMs::new(row.1).unwrap()).collect();
        let ids: Vec<EventId> = (7..).take(rows.len()).collect();
        let mut expected: Vec<u32> = (0..rows.len() as u32).collect();
        expected.sort_by_key(|&row| rows[row as usize]);
        assert_eq!(sorted_places(&users, &times, &ids), expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn many_rows_are_sorted_as_few_are(
            users in 1_u32..,
            span in 1_i64..6_000_000_000,
            in_order: bool,
            seed: u64,
        ) {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state >> 20
            };
            let row = |_| ((next() % u64::from(users)) as u32, next() as i64 % span);
            let mut rows: Vec<(UserId, i64)> = (0..RADIX_ROWS_MIN + 100).map(row).collect();
            if in_order {
                rows.sort_by_key(|row| row.1);
            }
            check(&rows);
            check(&rows[..50]);
        }
    }

    #[test]
    fn ids_out_of_order_are_sorted_too() {
        let count = RADIX_ROWS_MIN * 2;
        let times = vec![TimeMs::new(5).unwrap(); count];
        let ids: Vec<EventId> = (0..count as u64).rev().collect();
        let expected: Vec<u32> = (0..count as u32).rev().collect();
        assert_eq!(sorted_places(&vec![1; count], &times, &ids), expected);
    }
}
