//! Who goes first when processors are short: questions, then what comes in, then merging.
//!
//! A person waits for an answer, a client for an acknowledgement that comes with the next commit anyway, and nobody
//! for a merge. On Linux threads have priorities of their own, which a new thread takes over from the one that
//! starts it; elsewhere all are alike.

use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};

/// Starts the threads that scan, with the priority of the process, and has this thread come after them, with those that
/// it starts from now on.
///
/// # Errors
/// When the threads do not start, or were started before.
pub fn questions_first() -> Result<(), ThreadPoolBuildError> {
    ThreadPoolBuilder::new().thread_name(|number| format!("scan-{number}")).build_global()?;
    step_back();
    Ok(())
}

/// Has this thread come after those that had its priority.
pub(crate) fn step_back() {
    #[cfg(target_os = "linux")]
    {
        /// Nice levels: where both want a processor, a thread gets a third of what one this much ahead gets.
        const STEP: i32 = 5;
        if let Err(error) = rustix::process::nice(STEP) {
            tracing::debug!("the priority of a thread stays as it is: {error}");
        }
    }
}
