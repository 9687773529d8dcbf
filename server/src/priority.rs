//! Who goes first when processors are short: questions, then what comes in, then merging.
//!
//! A person waits for an answer, a client for an acknowledgement that comes with the next commit anyway, and nobody
//! for a merge. So what can wait gives way to questions, for a while, before each piece of its work. On Linux threads
//! have priorities of their own, too, which a new thread takes over from the one that starts it; elsewhere all are alike.

use std::cell::Cell;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rayon::ThreadPoolBuilder;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

/// How long a piece of work waits for questions at most. What comes in must go on however many questions are asked.
const PATIENCE: Duration = Duration::from_millis(20);
/// What a thread that did not wait for long may wait in all, when it has next to nothing done in between.
const CREDIT_MAX: Duration = Duration::from_millis(100);

/// The server's threads, but for those of the store.
pub struct Threads {
    /// Reads requests and sends answers, which takes next to no time.
    pub requests: Runtime,
    /// Makes events of what comes in.
    pub intake: Runtime,
}

impl Threads {
    /// Starts them and those that scan. The threads of requests and of scans have the priority of the process; those of
    /// the intake come after them, and so does this thread, with those that it starts from now on.
    ///
    /// # Errors
    /// When the threads do not start, or were started before.
    pub fn start() -> io::Result<Self> {
        let cores = cores::available();
        ThreadPoolBuilder::new()
            .thread_name(|number| format!("scan-{number}"))
            .start_handler(move |number| cores::keep_to(&cores, number))
            .build_global()
            .map_err(io::Error::other)?;
        let requests = runtime("requests")?;
        step_back();
        Ok(Self { requests, intake: runtime("intake")? })
    }
}

/// Threads for tasks.
fn runtime(name: &str) -> io::Result<Runtime> {
    // Looks for answers and for what has come in after each task: some take a millisecond.
    Builder::new_multi_thread()
        .enable_all()
        .thread_name(name)
        .global_queue_interval(1)
        .event_interval(1)
        .build()
}

/// Which processors threads run on.
mod cores {
    /// The processors that the process may use, where it may use each of them whole.
    #[cfg(target_os = "linux")]
    pub(super) fn available() -> Vec<usize> {
        use rustix::thread::{CpuSet, sched_getaffinity};
        let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
        let cores: Vec<_> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if threads == cores.len() { cores } else { Vec::new() }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn available() -> Vec<usize> {
        Vec::new()
    }

    /// Keeps this thread to one of the processors. Left to itself, the system has two threads of a scan take turns on one
    /// processor for milliseconds while a thread of lower priority has another.
    pub(super) fn keep_to(cores: &[usize], number: usize) {
        #[cfg(target_os = "linux")]
        if let Some(core) = cores.get(number) {
            use rustix::thread::{CpuSet, sched_setaffinity};
            let mut only = CpuSet::new();
            only.set(*core);
            if let Err(error) = sched_setaffinity(None, &only) {
                tracing::debug!("a thread runs where the system has it run: {error}");
            }
        }
    }
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

/// The questions that are being answered.
#[derive(Default)]
pub(crate) struct Questions {
    count: Mutex<usize>,
    answered: Condvar,
    /// The same for tasks.
    told: Notify,
}

impl Questions {
    /// One more, until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Question {
        *self.lock() += 1;
        Question(Arc::clone(self))
    }

    /// Waits until all are answered, or as long as a piece of work waits.
    pub(crate) async fn give_way(&self) {
        let answered = async {
            loop {
                // Is told from here on, so that no answer is missed between the look and the wait.
                let told = self.told.notified();
                if *self.lock() == 0 {
                    return;
                }
                told.await;
            }
        };
        // Whether they were answered or its patience ended: the work goes on now.
        let _ = tokio::time::timeout(PATIENCE, answered).await;
    }

    /// Waits until all are answered, or for so long; whether there were any.
    fn wait(&self, at_most: Duration) -> bool {
        let count = self.lock();
        if *count == 0 {
            return false;
        }
        let waited = self.answered.wait_timeout_while(count, at_most, |count| *count > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        true
    }

    // A number cannot be left half changed, so a panic elsewhere does no harm.
    fn lock(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question that is being answered, as long as it lives.
pub(crate) struct Question(Arc<Questions>);

impl Drop for Question {
    fn drop(&mut self) {
        let mut count = self.0.lock();
        *count -= 1;
        if *count == 0 {
            drop(count);
            self.0.answered.notify_all();
            self.0.told.notify_waiters();
        }
    }
}

/// A thread's work that gives way to questions, at most half of the time.
pub(crate) struct Yielding {
    questions: Arc<Questions>,
    /// Since when it has not waited.
    since: Cell<Instant>,
    /// How long it may wait on the strength of what it did before then.
    credit: Cell<Duration>,
}

impl Yielding {
    pub(crate) fn new(questions: &Arc<Questions>) -> Self {
        let (since, credit) = (Cell::new(Instant::now()), Cell::default());
        Self { questions: Arc::clone(questions), since, credit }
    }

    /// Waits for questions, in all no longer than it went on without.
    pub(crate) fn give_way(&self) {
        let begin = Instant::now();
        let credit = CREDIT_MAX.min(self.credit.get() + (begin - self.since.get()));
        if self.questions.wait(PATIENCE.min(credit)) {
            let end = Instant::now();
            self.since.set(end);
            self.credit.set(credit.saturating_sub(end - begin));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn work_waits_for_the_last_answer_but_not_for_ever() {
        let questions = Arc::new(Questions::default());
        let begin = Instant::now();
        questions.give_way().await;
        assert!(begin.elapsed() < PATIENCE, "nobody asks");

        let (one, other) = (questions.begin(), questions.begin());
        drop(one);
        let begin = Instant::now();
        questions.give_way().await;
        assert!(begin.elapsed() >= PATIENCE, "the other is not answered");

        let mut waiting = pin!(questions.give_way());
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        drop(other);
        assert!(waiting.as_mut().poll(&mut context).is_ready(), "all are answered");
    }

    #[test]
    fn a_thread_waits_half_of_the_time_at_most() {
        let questions = Arc::new(Questions::default());
        let work = Yielding::new(&questions);
        let question = questions.begin();
        thread::sleep(PATIENCE * 3 / 2);
        let begin = Instant::now();
        work.give_way();
        assert!(begin.elapsed() >= PATIENCE);
        let begin = Instant::now();
        for _ in 0..10 {
            work.give_way();
        }
        assert!(begin.elapsed() >= PATIENCE / 4, "it may still wait");
        assert!(begin.elapsed() < PATIENCE * 2, "it did nothing in between");

        thread::sleep(PATIENCE);
        let answering = thread::spawn(move || {
            thread::sleep(PATIENCE / 10);
            drop(question);
        });
        work.give_way();
        assert_eq!(*questions.lock(), 0, "it went on with the answer");
        answering.join().unwrap();
    }
}
