//! What the store's handle, its snapshots and its threads have in common.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use eventhub_core::part::ChunkKey;

use super::StoreOptions;
use super::ahead::Ahead;
use super::failure::repeat;
use super::job::{Job, Progress, Task};
use super::memory::Published;
use super::prepared::SeenNames;
use super::queue::Queue;
use super::request::{Answer, Pending};
use super::tables::{PartKey, StoreEnv, Tables};
use crate::engine::EngineError;
use crate::priority::Questions;

/// Events of a run in memory at least; the open run is sorted anew after every commit.
const RUN_EVENTS_MIN: u64 = 1_024;
/// Runs that a tail about to be sealed consists of.
pub(crate) const RUNS: u64 = 16;

/// Common state.
pub(crate) struct Shared {
    pub(crate) env: StoreEnv,
    pub(crate) tables: Tables,
    pub(crate) options: StoreOptions,
    /// Seed of the hashes of users and insert ids.
    pub(crate) seed: u64,
    pub(crate) seen: SeenNames,
    pub(crate) queue: Queue,
    pub(crate) published: ArcSwap<Published>,
    pub(crate) verified: Verified,
    pub(crate) counters: Counters,
    /// The next number of a part or of a run of insert ids.
    pub(crate) next_number: AtomicU64,
    /// Whether a filter of insert ids is to be made.
    pub(crate) filter_wanted: AtomicBool,
    /// Those that are being answered, to which storing gives way.
    pub(crate) questions: Arc<Questions>,
    pub(crate) ahead: Ahead,
    pub(crate) seal: Signal,
    /// Whether the tail is sealed however short it is.
    pub(crate) seal_all: AtomicBool,
    /// The same for what it holds now.
    pub(crate) seal_once: AtomicBool,
    pub(crate) merge: Signal,
    /// Held by whoever merges parts, so that none is merged twice.
    merging: Mutex<()>,
    failure: Mutex<Option<EngineError>>,
}

/// Figures counted since the start.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) seals: AtomicU64,
    pub(crate) merges: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        env: StoreEnv,
        tables: Tables,
        options: StoreOptions,
        published: Published,
        (next_number, seed): (u64, u64),
    ) -> Self {
        Self {
            env,
            tables,
            seed,
            seen: SeenNames::new(),
            queue: Queue::new(options.queue_requests_max, options.queue_bytes_max),
            options,
            published: ArcSwap::from_pointee(published),
            verified: Verified::default(),
            counters: Counters::default(),
            next_number: AtomicU64::new(next_number),
            filter_wanted: AtomicBool::new(false),
            questions: Arc::default(),
            ahead: Ahead::default(),
            seal: Signal::default(),
            seal_all: AtomicBool::new(false),
            seal_once: AtomicBool::new(false),
            merging: Mutex::new(()),
            merge: Signal::default(),
            failure: Mutex::new(None),
        }
    }

    pub(crate) fn published(&self) -> Arc<Published> {
        self.published.load_full()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        (self.options.now_ms)()
    }

    /// Events at which a run of the tail is frozen.
    pub(crate) fn run_events(&self) -> u64 {
        (u64::from(self.options.seal_events) / RUNS).max(RUN_EVENTS_MIN)
    }

    /// Has the writer do a task and waits for it.
    pub(crate) fn perform(&self, task: Task) -> Result<Progress, EngineError> {
        self.begin(task)?.wait()
    }

    /// Has the writer do a task.
    pub(crate) fn begin(&self, task: Task) -> Result<Pending<Progress>, EngineError> {
        let (answer, pending) = Answer::new();
        self.queue.push_job(Job { task, answer })?;
        Ok(pending)
    }

    /// Keeps others from merging parts as long as the guard lives.
    pub(crate) fn merging(&self) -> MutexGuard<'_, ()> {
        lock(&self.merging)
    }

    /// Why the last group of requests was lost, if it was.
    pub(crate) fn failure(&self) -> Option<EngineError> {
        lock(&self.failure).as_ref().map(repeat)
    }

    pub(crate) fn set_failure(&self, failure: Option<EngineError>) {
        *lock(&self.failure) = failure;
    }
}

/// Wakes a thread that waits for something to do.
#[derive(Default)]
pub(crate) struct Signal {
    state: Mutex<SignalState>,
    changed: Condvar,
}

#[derive(Default)]
struct SignalState {
    woken: bool,
    stopped: bool,
}

impl Signal {
    pub(crate) fn wake(&self) {
        lock(&self.state).woken = true;
        self.changed.notify_all();
    }

    /// Ends every wait, now and later.
    pub(crate) fn stop(&self) {
        lock(&self.state).stopped = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        lock(&self.state).stopped
    }

    /// Waits until woken, or for so long at most; `false` once stopped.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        let idle = |state: &mut SignalState| !state.woken && !state.stopped;
        let waited = self.changed.wait_timeout_while(lock(&self.state), at_most, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.woken = false;
        !state.stopped
    }

    /// Waits for so long, unless stopped; `false` once stopped.
    pub(crate) fn pause(&self, duration: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(lock(&self.state), duration, |s| !s.stopped);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.stopped
    }
}

/// The chunks whose checksums were verified since the start: chunks never change.
#[derive(Default)]
pub(crate) struct Verified {
    parts: RwLock<HashMap<u64, HashSet<ChunkKey>>>,
}

impl Verified {
    pub(crate) fn contains(&self, part: u64, key: ChunkKey) -> bool {
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner);
        parts.get(&part).is_some_and(|chunks| chunks.contains(&key))
    }

    pub(crate) fn insert(&self, part: u64, key: ChunkKey) {
        let mut parts = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        parts.entry(part).or_default().insert(key);
    }

    /// The parts are gone.
    pub(crate) fn forget(&self, gone: &[PartKey]) {
        let mut parts = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        for key in gone {
            parts.remove(&key.part);
        }
    }
}

// No holder of these locks can leave their state half changed, so a panic elsewhere does no harm.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
