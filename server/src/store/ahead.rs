//! Runs of the tail that become parts before a question asks for them.
//!
//! While questions are asked, each run that no more is added to is made into parts at once, so that the next question
//! finds them. A store that nobody asks does no such work.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tracing::error;

use super::shared::{Shared, Signal};
use crate::priority::Yielding;

/// Runs that are made ahead after a question that looked at the tail: a seal's worth.
const RUNS_AHEAD: u64 = super::shared::RUNS;
/// How long the thread waits when nothing happens.
const IDLE: Duration = Duration::from_secs(3_600);

/// What is to be made ahead.
#[derive(Default)]
pub(crate) struct Ahead {
    runs: AtomicU64,
    frozen: Signal,
}

impl Ahead {
    /// A question looks at the tail; others are likely to follow.
    pub(crate) fn expect_questions(&self) {
        self.runs.store(RUNS_AHEAD, Relaxed);
    }

    /// Nothing more is added to so many further runs.
    pub(crate) fn freeze(&self, runs: u64) {
        let rest = |left: u64| (left > 0).then(|| left.saturating_sub(runs));
        if runs > 0 && self.runs.fetch_update(Relaxed, Relaxed, rest).is_ok() {
            self.frozen.wake();
        }
    }

    pub(crate) fn stop(&self) {
        self.frozen.stop();
    }
}

/// Makes parts of frozen runs until stopped.
pub(crate) fn run(shared: &Shared) {
    let mut work = Yielding::new(&shared.questions);
    while shared.ahead.frozen.wait(IDLE) {
        for run in shared.published().tail.frozen().iter().filter(|run| !run.is_made()) {
            work.give_way();
            // Whoever asks meets the same and is told.
            if let Err(failure) = run.parts() {
                error!("a run of the tail becomes no parts: {failure}");
            }
        }
    }
}
