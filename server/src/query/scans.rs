//! Parts and persons for core's scans, which run on all cores within limits.

use std::collections::BTreeSet;
use std::mem;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use eventhub_core::UserId;
use eventhub_core::part::PartView;
use eventhub_core::query::{
    CohortQuery, CohortScan, Counts, FunnelQuery, FunnelScan, Need, Pieces, Scan, ScanStats, Types,
    Workers,
};
use rayon::prelude::*;

use super::people;
use crate::engine::EngineError;
use crate::store::Snapshot;

/// Pieces of work per thread: more than one, so that a thread that is done early takes another.
const PIECES_PER_THREAD: u64 = 16;
/// The same for routing, which costs less when a piece has more events for each block.
const ROUTED_PER_THREAD: u64 = 2;

/// How much a question may take.
#[derive(Debug, Clone, Copy)]
pub struct QueryLimits {
    /// How long.
    pub time: Duration,
    /// Bytes of memory for what is counted.
    pub memory_bytes: u64,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self { time: Duration::from_secs(60), memory_bytes: 1 << 30 }
    }
}

/// A question that is being answered.
#[derive(Clone, Copy)]
pub struct Asking<'s> {
    snapshot: &'s Snapshot,
    watch: Watch,
}

/// Sees to it that a question keeps within its limits, on any thread.
#[derive(Clone, Copy)]
pub(super) struct Watch {
    limits: QueryLimits,
    started: Instant,
}

impl Watch {
    /// Refuses to go on when the question takes too long, or when so many bytes are too much for it.
    pub(super) fn check(&self, bytes: u64) -> Result<(), EngineError> {
        let limits = self.limits;
        if self.started.elapsed() > limits.time {
            return Err(EngineError::Slow(limits.time.as_secs()));
        }
        if bytes > limits.memory_bytes {
            return Err(EngineError::Large(limits.memory_bytes));
        }
        Ok(())
    }
}

impl<'s> Asking<'s> {
    /// Of a snapshot, from now on.
    #[must_use]
    pub fn new(snapshot: &'s Snapshot, limits: QueryLimits) -> Self {
        Self { snapshot, watch: Watch { limits, started: Instant::now() } }
    }

    /// What is asked.
    pub(super) const fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }

    /// How much it may still take.
    pub(super) const fn watch(&self) -> Watch {
        self.watch
    }

    /// The parts of each of a question's needs.
    pub(super) fn parts(&self, needs: &[Need<'_>]) -> Result<Vec<Vec<PartView<'s>>>, EngineError> {
        let needs: Vec<_> = needs.iter().map(|need| (need.types.clone(), need.times_ms)).collect();
        self.parts_of_each(&needs)
    }

    /// The parts of each of some types that may hold events of its times. Those of the newest events are made for all of
    /// them at once, which takes less time than for one after another.
    pub(super) fn parts_of_each(
        &self,
        needs: &[(Types<'_>, (i64, i64))],
    ) -> Result<Vec<Vec<PartView<'s>>>, EngineError> {
        let (mut numbers, mut from_ms, mut before_ms) = (BTreeSet::new(), i64::MAX, i64::MIN);
        for (types, times_ms) in needs {
            if let Types::One(name) = types {
                numbers.extend(self.snapshot.type_number(name)?);
                from_ms = from_ms.min(times_ms.0);
                before_ms = before_ms.max(times_ms.1);
            }
        }
        self.snapshot.make_tail_parts(&numbers, (from_ms, before_ms))?;
        needs.iter().map(|(types, times_ms)| self.parts_of(types, *times_ms)).collect()
    }

    /// The parts of types that may hold events of these times.
    pub(super) fn parts_of(
        &self,
        types: &Types<'_>,
        (from_ms, before_ms): (i64, i64),
    ) -> Result<Vec<PartView<'s>>, EngineError> {
        match types {
            Types::One(name) => match self.snapshot.type_number(name)? {
                Some(number) => self.snapshot.parts(number, from_ms, before_ms),
                None => Ok(Vec::new()),
            },
            Types::AllBut(names) => {
                let mut others = Vec::new();
                for name in names {
                    others.extend(self.snapshot.type_number(name)?);
                }
                self.snapshot.parts_of_others(&others, from_ms, before_ms)
            }
        }
    }

    /// Computes a scan on all cores. The limits are looked at before each piece of it, and when a thread is done: what it
    /// counted last is seen only then.
    pub(super) fn compute<S: Scan + Send + Sync>(
        &self,
        scan: &mut S,
    ) -> Result<S::Counts, EngineError>
    where
        S::Counts: Send,
    {
        let threads = rayon::current_num_threads();
        let pieces = |scan: &S, per_thread| scan.sources().pieces(threads as u64 * per_thread);
        if scan.sources().must_route() {
            // Each is a task of its own, so that no thread is left with several while another has none.
            let all = pieces(scan, ROUTED_PER_THREAD).into_par_iter().with_max_len(1);
            let routed = all.map(|users| scan.sources().route(users)).collect();
            scan.take_routed(routed);
        }
        let left = Left {
            pieces: pieces(scan, PIECES_PER_THREAD),
            next: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            watch: self.watch,
        };
        let run = |_| {
            let mut taken = Taken { left: &left, bytes: 0, refused: Ok(()) };
            let counts = scan.run(&mut taken);
            taken.look_at(&counts);
            taken.refused.map(|()| counts)
        };
        let threads = threads.min(left.pieces.len());
        let counts = (0..threads).into_par_iter().with_max_len(1).map(run);
        let counts = counts.try_reduce_with(|mut counts, others| {
            counts.merge(others);
            Ok(counts)
        });
        counts.expect("there is at least one piece")
    }
}

/// The pieces of a question, which threads take one after another: so each has its tables once, and none is left with
/// several pieces while another has none.
struct Left {
    pieces: Vec<Range<UserId>>,
    /// The number of the next one.
    next: AtomicUsize,
    /// What all threads have counted takes so many bytes.
    bytes: AtomicUsize,
    watch: Watch,
}

/// The pieces that a thread takes, as long as the question keeps within its limits.
struct Taken<'l> {
    left: &'l Left,
    /// What this thread has counted takes so many bytes.
    bytes: usize,
    refused: Result<(), EngineError>,
}

impl Taken<'_> {
    /// Looks at the limits, with what this thread has counted so far.
    fn look_at(&mut self, counts: &impl Counts) {
        let bytes = counts.bytes();
        let more = bytes.saturating_sub(mem::replace(&mut self.bytes, bytes));
        let all = self.left.bytes.fetch_add(more, Relaxed) + more;
        if self.refused.is_ok() {
            self.refused = self.left.watch.check(all as u64);
        }
    }
}

impl<C: Counts> Pieces<C> for Taken<'_> {
    fn next(&mut self, counts: &C) -> Option<Range<UserId>> {
        self.look_at(counts);
        let pieces = &self.left.pieces;
        let number = self.left.next.fetch_add(1, Relaxed);
        // Nobody else goes on either when the question is refused.
        if self.refused.is_err() {
            self.left.next.store(pieces.len(), Relaxed);
            return None;
        }
        pieces.get(number).cloned()
    }
}

/// All cores.
pub(super) struct AllCores;

impl Workers for AllCores {
    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
        (0..count).into_par_iter().with_max_len(1).map(work).collect()
    }
}

/// How many persons reached each step of a funnel of the established API.
///
/// # Errors
/// When stored data is damaged or cannot be read, or a limit is met.
pub fn funnel_counts(
    asking: &Asking<'_>,
    query: &FunnelQuery,
) -> Result<(Vec<u64>, ScanStats), EngineError> {
    let persons = people::persons(asking.snapshot, query.user_filters())?;
    let steps = query.steps().iter().enumerate();
    let needs =
        steps.map(|(number, step)| (Types::One(&step.event_type), query.step_times(number)));
    let parts = asking.parts_of_each(&needs.collect::<Vec<_>>())?;
    let mut scan = FunnelScan::open(query, &parts, &persons)?;
    Ok((asking.compute(&mut scan)?.finish(), scan.sources().stats()))
}

/// The rows of a cohort table, each `[size, column 0, ...]`.
///
/// # Errors
/// When stored data is damaged or cannot be read, or a limit is met.
pub fn cohort(
    asking: &Asking<'_>,
    query: &CohortQuery,
) -> Result<(Vec<Vec<u64>>, ScanStats), EngineError> {
    let persons = people::persons(asking.snapshot, query.user_filters())?;
    let (row, column) = (&query.row().event_type, &query.column().event_type);
    let needs = [
        (Types::One(row), query.times(query.rows())),
        (Types::One(column), query.times(query.column_periods())),
    ];
    let parts = asking.parts_of_each(&needs)?;
    let mut scan = CohortScan::open(query, &parts[0], &parts[1], &persons)?;
    Ok((asking.compute(&mut scan)?.finish(), scan.sources().stats()))
}
