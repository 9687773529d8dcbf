//! Funnels and cohorts: parts and persons for core's scans, which run on all cores.

use eventhub_core::part::PartView;
use eventhub_core::query::{
    CohortQuery, CohortScan, Counts, FunnelQuery, FunnelScan, Scan, ScanStats, Step,
};
use rayon::prelude::*;

use super::people;
use crate::engine::EngineError;
use crate::store::Snapshot;

/// Pieces of work per thread: more than one, so that a thread that is done early takes another.
const PIECES_PER_THREAD: u64 = 8;
/// The same for routing, which costs less when a piece has more events for each block.
const ROUTED_PER_THREAD: u64 = 2;

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
    let (counts, stats) = compute(FunnelScan::open(query, &parts, &persons)?);
    Ok((counts.finish(), stats))
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
    let (counts, stats) = compute(CohortScan::open(query, &row, &column, &persons)?);
    Ok((counts.finish(), stats))
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

/// Computes a scan on all cores.
fn compute<S: Scan + Send + Sync>(mut scan: S) -> (S::Counts, ScanStats)
where
    S::Counts: Send,
{
    let pieces = |scan: &S, per_thread| {
        scan.sources().pieces(rayon::current_num_threads() as u64 * per_thread)
    };
    if scan.sources().must_route() {
        let all = pieces(&scan, ROUTED_PER_THREAD).into_par_iter();
        let routed = all.map(|users| scan.sources().route(users)).collect();
        scan.take_routed(routed);
    }
    let counts = pieces(&scan, PIECES_PER_THREAD).into_par_iter().map(|users| scan.run(users));
    let counts = counts.reduce_with(|mut counts, others| {
        counts.merge(&others);
        counts
    });
    (counts.expect("there is at least one piece"), scan.sources().stats())
}
