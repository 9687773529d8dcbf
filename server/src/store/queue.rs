//! The bounded queue in front of the writer thread.
//!
//! Requests of clients are refused when the queue is full; jobs of the store's own maintenance are never
//! refused, since each of its threads waits for one job at a time. The writer takes all waiting requests
//! as one group, and between two groups one job, so that no acknowledgement waits for more than one.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::job::Job;
use super::request::Request;
use crate::engine::EngineError;

/// Bytes of requests that make one group, so that a transaction stays small.
const GROUP_BYTES_MAX: usize = 16 << 20;

/// Bytes of requests that take a millisecond to store, about.
const GROUP_BYTES_LONG: usize = 64 << 10;

/// What the writer does next.
pub(crate) struct Work {
    /// Requests for one transaction.
    pub(crate) group: Vec<Request>,
    /// A job for a transaction of its own.
    pub(crate) job: Option<Job>,
}

impl Work {
    /// Whether it takes long to store the requests.
    pub(crate) fn is_long(&self) -> bool {
        self.group.iter().map(Request::bytes).sum::<usize>() > GROUP_BYTES_LONG
    }
}

/// Requests and jobs that wait for the writer.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    taken: Condvar,
    requests_max: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct Waiting {
    requests: VecDeque<Request>,
    request_bytes: usize,
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(requests_max: usize, bytes_max: usize) -> Self {
        let waiting = Mutex::new(Waiting::default());
        let (arrived, taken) = (Condvar::new(), Condvar::new());
        Self { waiting, arrived, taken, requests_max, bytes_max }
    }

    /// Puts a request behind the others.
    ///
    /// # Errors
    /// When the queue is full or closed. A request of any size is taken by an empty queue.
    pub(crate) fn push(&self, request: Request) -> Result<(), EngineError> {
        let waiting = self.lock();
        if !waiting.closed && !self.has_room(&waiting, &request) {
            return Err(EngineError::Busy);
        }
        self.add(waiting, request)
    }

    /// Waits until there is room, then puts a request behind the others.
    ///
    /// # Errors
    /// When the queue is closed.
    pub(crate) fn push_when_room(&self, request: Request) -> Result<(), EngineError> {
        let mut waiting = self.lock();
        while !waiting.closed && !self.has_room(&waiting, &request) {
            waiting = self.taken.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        self.add(waiting, request)
    }

    /// Puts a job behind the others.
    ///
    /// # Errors
    /// When the queue is closed.
    pub(crate) fn push_job(&self, job: Job) -> Result<(), EngineError> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(EngineError::Stopping);
        }
        waiting.jobs.push_back(job);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for work; `None` once the queue is closed and empty.
    pub(crate) fn take(&self) -> Option<Work> {
        let mut waiting = self.lock();
        while waiting.requests.is_empty() && waiting.jobs.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let group = waiting.take_group();
        self.taken.notify_all();
        Some(Work { group, job: waiting.jobs.pop_front() })
    }

    /// Takes nothing more in; what waits is still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
        self.taken.notify_all();
    }

    /// Whether nothing more is taken in.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn has_room(&self, waiting: &Waiting, request: &Request) -> bool {
        let bytes = waiting.request_bytes + request.bytes();
        waiting.requests.is_empty()
            || (waiting.requests.len() < self.requests_max && bytes <= self.bytes_max)
    }

    fn add(
        &self,
        mut waiting: MutexGuard<'_, Waiting>,
        request: Request,
    ) -> Result<(), EngineError> {
        if waiting.closed {
            return Err(EngineError::Stopping);
        }
        waiting.request_bytes += request.bytes();
        waiting.requests.push_back(request);
        self.arrived.notify_one();
        Ok(())
    }

    // Nothing that holds the lock can leave the lists half changed, so a panic elsewhere does no harm.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take_group(&mut self) -> Vec<Request> {
        let mut group = Vec::new();
        let mut bytes = 0;
        while let Some(request) = self.requests.front() {
            if !group.is_empty() && bytes + request.bytes() > GROUP_BYTES_MAX {
                break;
            }
            bytes += request.bytes();
            group.extend(self.requests.pop_front());
        }
        self.request_bytes -= bytes;
        group
    }
}
