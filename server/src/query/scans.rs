//! Funnels and cohorts: parts and persons for core's scans, which run on all cores.

use std::ops::Range;

use eventhub_core::part::PartView;
use eventhub_core::query::{
    CohortCounts, CohortQuery, CohortScan, FunnelCounts, FunnelQuery, FunnelScan, ScanStats, Step,
};
use rayon::prelude::*;

use super::people;
use crate::engine::EngineError;
use crate::store::Snapshot;

/// Pieces of work per thread: more than one, so that a thread that is done early takes another.
const PIECES_PER_THREAD: u32 = 8;

/// How many persons reached each step.
///
/// # Errors
/// When stored data is damaged or cannot be read.
pub fn funnel(
    snapshot: &Snapshot,
    query: &FunnelQuery,
) -> Result<(Vec<u64>, ScanStats), EngineError> {
    let persons = people::persons(snapshot, query.user_filters())?;
    let mut parts = Vec::with_capacity(query.steps().len());
    for (number, step) in query.steps().iter().enumerate() {
        parts.push(parts_of(snapshot, step, query.step_times(number))?);
    }
    let scan = FunnelScan::open(query, &parts, &persons)?;
    let counts = in_parallel(scan.blocks(), |blocks| scan.run(blocks), FunnelCounts::merge);
    let counts = counts.map_or_else(|| vec![0; query.steps().len()], |counts| counts.finish());
    Ok((counts, scan.stats()))
}

/// The rows of a cohort table, each `[size, column 0, ...]`.
///
/// # Errors
/// When stored data is damaged or cannot be read.
pub fn cohort(
    snapshot: &Snapshot,
    query: &CohortQuery,
) -> Result<(Vec<Vec<u64>>, ScanStats), EngineError> {
    let persons = people::persons(snapshot, query.user_filters())?;
    let row = parts_of(snapshot, query.row(), query.times(query.rows()))?;
    let column = parts_of(snapshot, query.column(), query.times(query.column_periods()))?;
    let scan = CohortScan::open(query, &row, &column, &persons)?;
    let counts = in_parallel(scan.blocks(), |blocks| scan.run(blocks), CohortCounts::merge);
    let zeros = || vec![vec![0; query.columns() as usize + 1]; query.rows() as usize];
    Ok((counts.map_or_else(zeros, |counts| counts.finish()), scan.stats()))
}

fn parts_of<'s>(
    snapshot: &'s Snapshot,
    step: &Step,
    (from_ms, before_ms): (i64, i64),
) -> Result<Vec<PartView<'s>>, EngineError> {
    match snapshot.type_number(&step.event_type)? {
        Some(number) => snapshot.parts(number, from_ms, before_ms),
        None => Ok(Vec::new()),
    }
}

/// Runs a scan over all blocks on all cores and merges the counts; `None` when there are no blocks.
fn in_parallel<C: Send>(
    blocks: Range<u32>,
    run: impl Fn(Range<u32>) -> C + Send + Sync,
    merge: impl Fn(&mut C, &C) + Send + Sync,
) -> Option<C> {
    pieces(blocks).into_par_iter().map(run).reduce_with(|mut counts, others| {
        merge(&mut counts, &others);
        counts
    })
}

/// Cuts the blocks into ranges of about equal length.
fn pieces(blocks: Range<u32>) -> Vec<Range<u32>> {
    let threads = u32::try_from(rayon::current_num_threads()).unwrap_or(1);
    let length = blocks.end.div_ceil(threads * PIECES_PER_THREAD).max(1);
    let starts = blocks.clone().step_by(length as usize);
    starts.map(|start| start..(start + length).min(blocks.end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_all_blocks_once() {
        for end in [0, 1, 2, 15, 16, 17, 293, 10_000] {
            let covered: Vec<u32> = pieces(0..end).into_iter().flatten().collect();
            assert_eq!(covered, (0..end).collect::<Vec<_>>());
        }
    }
}
