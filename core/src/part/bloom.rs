//! A Bloom filter over a property's values, so that an exact-match filter skips parts without touching
//! their dictionaries.
//!
//! Double hashing after Kirsch and Mitzenmacher, "Less Hashing, Same Performance" (2006).

use alloc::vec;
use alloc::vec::Vec;

use xxhash_rust::xxh3;

use super::layout::CHUNK_BYTES_MAX;

const BITS_PER_VALUE: usize = 10;
const HASHES: u64 = 7;

/// The filter's bytes for these values.
pub(super) fn build<'a>(values: impl ExactSizeIterator<Item = &'a str>) -> Vec<u8> {
    let bytes = (values.len() * BITS_PER_VALUE).div_ceil(8).clamp(1, CHUNK_BYTES_MAX);
    let mut filter = vec![0_u8; bytes];
    for value in values {
        for bit in bits(value, bytes) {
            filter[bit / 8] |= 1 << (bit % 8);
        }
    }
    filter
}

/// Whether the value may be among those the filter was built of; `false` is certain.
pub(super) fn may_contain(filter: &[u8], value: &str) -> bool {
    !filter.is_empty()
        && bits(value, filter.len()).all(|bit| filter[bit / 8] & (1 << (bit % 8)) != 0)
}

fn bits(value: &str, bytes: usize) -> impl Iterator<Item = usize> {
    let hash = xxh3::xxh3_128(value.as_bytes());
    let (a, b) = (hash as u64, (hash >> 64) as u64 | 1);
    let count = bytes as u64 * 8;
    (0..HASHES).map(move |i| (a.wrapping_add(i.wrapping_mul(b)) % count) as usize)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn it_holds_what_was_put_in_and_little_else() {
        let texts = |from: u32| -> Vec<String> {
            (from..from + 5_000).map(|i| alloc::format!("value {i}")).collect()
        };
        let (inside, outside) = (texts(0), texts(10_000));
        let filter = build(inside.iter().map(String::as_str));
        assert!(inside.iter().all(|value| may_contain(&filter, value)));
        let wrong = outside.iter().filter(|value| may_contain(&filter, value)).count();
        assert!(wrong < 100, "{wrong} of 5000 are false positives; 10 bits a value give 1 %");
    }
}
