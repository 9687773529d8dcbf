//! Runs of the tail that become parts before a question asks for them.
//!
//! While questions are asked, each run that no more is added to is made into parts of the event types that they look at, so
//! that the next question finds them. A store that nobody asks does no such work.

use std::collections::BTreeSet;
use std::mem::take;
use std::sync::Mutex;
use std::time::Duration;

use tracing::error;

use super::shared::{Shared, Signal, lock};
use crate::priority::Yielding;

/// Runs that are made ahead after a question that looked at the tail: a seal's worth.
const RUNS_AHEAD: u64 = super::shared::RUNS;
/// How long the thread waits when nothing happens.
const IDLE: Duration = Duration::from_secs(3_600);

/// What is to be made ahead.
#[derive(Default)]
pub(crate) struct Ahead {
    wanted: Mutex<Wanted>,
    frozen: Signal,
}

#[derive(Default)]
struct Wanted {
    /// So many further runs.
    runs: u64,
    /// Of these event types.
    types: BTreeSet<u32>,
}

impl Ahead {
    /// A question looks at event types in the tail; others are likely to follow.
    pub(crate) fn expect_questions(&self, types: &BTreeSet<u32>) {
        let mut wanted = lock(&self.wanted);
        wanted.runs = RUNS_AHEAD;
        wanted.types.extend(types);
    }

    /// Nothing more is added to so many further runs.
    pub(crate) fn freeze(&self, runs: u64) {
        let mut wanted = lock(&self.wanted);
        if runs == 0 || wanted.runs == 0 {
            return;
        }
        wanted.runs = wanted.runs.saturating_sub(runs);
        drop(wanted);
        self.frozen.wake();
    }

    /// The event types of which parts are made; once nobody asks any more, of none until somebody does.
    fn types(&self) -> BTreeSet<u32> {
        let mut wanted = lock(&self.wanted);
        if wanted.runs > 0 { wanted.types.clone() } else { take(&mut wanted.types) }
    }

    pub(crate) fn stop(&self) {
        self.frozen.stop();
    }
}

/// Makes parts of frozen runs until stopped.
pub(crate) fn run(shared: &Shared) {
    let work = Yielding::new(&shared.questions);
    while shared.ahead.frozen.wait(IDLE) {
        let types = shared.ahead.types();
        for run in shared.published().tail.frozen() {
            for event_type in types.iter().filter(|event_type| !run.is_made(**event_type)) {
                work.give_way();
                // Whoever asks meets the same and is told.
                if let Err(failure) = run.part(*event_type) {
                    error!("a run of the tail becomes no parts: {failure}");
                }
            }
        }
    }
}
