//! The machine that is measured on.

use crate::figures::processor;
use std::hint::black_box;
use std::thread;
use std::time::Instant;

/// Bytes that are read to find out how fast memory is.
const PROBE_BYTES: usize = 1 << 30;
const PROBES: usize = 5;

/// The machine in a line of prose, its memory probed anew.
pub(super) fn described() -> String {
    let cores = thread::available_parallelism().map_or(1, |count| count.get());
    let words = vec![1_u64; PROBE_BYTES / 8];
    let [one, two] = [1, 2].map(|threads| bandwidth(&words, threads));
    format!(
        "{}, {cores} cores; memory is read at {one:.1} GB/s by one thread, {two:.1} GB/s by two",
        processor()
    )
}

/// The greatest rate of some probes, in GB a second, at which the threads together sum the words.
fn bandwidth(words: &[u64], threads: usize) -> f64 {
    let rates = (0..PROBES).map(|_| {
        let begin = Instant::now();
        thread::scope(|scope| {
            for part in words.chunks(words.len().div_ceil(threads)) {
                scope.spawn(|| {
                    black_box(part.iter().fold(0_u64, |sum, word| sum.wrapping_add(*word)))
                });
            }
        });
        size_of_val(words) as f64 / begin.elapsed().as_secs_f64() / 1e9
    });
    rates.fold(0.0, f64::max)
}
