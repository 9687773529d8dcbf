//! The way to the server: one batch at a time under the lock, and all at once when the page may end.
//!
//! What is under way is always the head of the queue, so an acknowledgement takes commands from the head alone:
//! when of several batches the first fails, it and all behind it are sent again, in order.

use alloc::vec::Vec;

use eventhub_core::Command;

use super::{Host, Machine};

/// Bytes of a batch's commands, so that the next one fits beside it into what browsers let outlive a page (64 KiB).
const BATCH_BYTES_MAX: usize = 48 << 10;
/// Bytes under way when the page may end.
const KEEPALIVE_BYTES_MAX: usize = 60 << 10;
/// The first wait after a failure is at most this, and doubles.
const BACKOFF_MS: f64 = 1_000.0;
const BACKOFF_MS_MAX: f64 = 300_000.0;
/// What other pages left is looked for no more often, unless the visitor comes back to this one.
const LOOK_MS: i64 = 60_000;

#[derive(Debug)]
pub(super) struct Flusher {
    /// Batches under way, in the order of the queue.
    flights: Vec<Flight>,
    /// How many of them, from the first on, were taken and are out of the queue.
    taken: usize,
    next_flight: u32,
    lock: Lock,
    /// Commands of the next batch at most; less than the configured number after a refusal.
    limit: usize,
    failures: i32,
    /// The server asked for nothing before.
    not_before: i64,
    looked_at: i64,
}

#[derive(Debug, Clone, Copy)]
struct Flight {
    id: u32,
    commands: usize,
    bytes: usize,
    answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Awaited,
    Taken,
    /// The batch itself is at fault.
    Refused,
    /// Nothing is known of what the server did.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    Free,
    Asked,
    Held,
}

impl Default for Flusher {
    fn default() -> Self {
        Self {
            flights: Vec::new(),
            taken: 0,
            next_flight: 0,
            lock: Lock::Free,
            limit: usize::MAX,
            failures: 0,
            not_before: i64::MIN,
            looked_at: i64::MIN,
        }
    }
}

impl<H: Host> Machine<H> {
    /// The timer went off.
    pub fn timer(&mut self) {
        self.begin_flush();
    }

    /// Sends what waits, now, unless the server asked for time; [`Host::flushed`] says when that is over.
    pub fn flush(&mut self, now: i64) {
        if now < self.flusher.not_before {
            self.host.flushed(false);
        } else {
            self.begin_flush();
        }
    }

    /// The network is back, or the visitor is, perhaps from a page that is closed now: its commands are looked for.
    pub fn wake(&mut self, now: i64) {
        self.flusher.looked_at = i64::MIN;
        if now >= self.flusher.not_before {
            self.begin_flush();
        }
    }

    /// The lock is this page's.
    pub fn granted(&mut self, now: i64) {
        self.flusher.lock = Lock::Held;
        if !self.heed() {
            self.stop();
        } else if self.flusher.lock == Lock::Held && self.flusher.flights.is_empty() {
            if now.saturating_sub(self.flusher.looked_at) >= LOOK_MS {
                self.flusher.looked_at = now;
                self.queue.adopt(&mut self.host, &self.client);
                self.keep_within_caps();
            }
            self.send_next(now);
        }
    }

    /// The page may end: what is not under way is sent so that it outlives the page, as far as browsers allow.
    /// Another page may be sending the same, so be it.
    pub fn hide(&mut self, now: i64) {
        self.heed();
        self.queue.store(&mut self.host, false);
        if now < self.flusher.not_before {
            return;
        }
        let mut room = KEEPALIVE_BYTES_MAX;
        for flight in self.flights() {
            room = room.saturating_sub(flight.bytes);
        }
        while self.send(now, room.min(BATCH_BYTES_MAX), KEEPALIVE_BYTES_MAX) {
            let sent = self.flusher.flights.last().map_or(0, |flight| flight.bytes);
            room = room.saturating_sub(sent);
        }
    }

    /// What came of a batch. `status` is 0 where there was no answer; `random` lies in [0, 1).
    pub fn answered(
        &mut self,
        flight: u32,
        status: u16,
        retry_after_ms: f64,
        now: i64,
        random: f64,
    ) {
        self.heed();
        let answer = match status {
            200..=299 => Answer::Taken,
            400 | 413 => Answer::Refused,
            _ => Answer::Failed,
        };
        let flights = &mut self.flusher.flights;
        let Some(flight) = flights.iter_mut().find(|other| other.id == flight) else { return };
        flight.answer = answer;
        if retry_after_ms > 0.0 {
            self.flusher.not_before = now.saturating_add(retry_after_ms as i64);
        }
        while let Some(&Flight { answer: Answer::Taken, commands, .. }) = self.first_flight() {
            self.flusher.taken += 1;
            self.queue.remove(&mut self.host, 0, commands);
            self.stats.sent += commands as u32;
            self.flusher.failures = 0;
            self.flusher.limit = self.flusher.limit.saturating_mul(2);
        }
        if self.flusher.flights.iter().any(|flight| flight.answer == Answer::Awaited) {
            return;
        }
        let first = self.first_flight().copied();
        self.land();
        match first {
            Some(Flight { answer: Answer::Failed, .. }) => return self.back_off(now, random),
            Some(Flight { commands, .. }) => self.narrow(commands),
            // A clock that was put back must not make what the server asked for last longer.
            None => self.flusher.not_before = i64::MIN,
        }
        if self.flusher.lock == Lock::Held {
            self.send_next(now);
        } else if self.queue.len() > 0 {
            self.begin_flush();
        } else {
            self.host.flushed(true);
        }
    }

    /// Commands under way, which are the first of the queue.
    pub(super) fn in_flight(&self) -> usize {
        self.flights().iter().map(|flight| flight.commands).sum()
    }

    /// A command was queued: the first sets the timer, and a batch's worth does not wait for it.
    pub(super) fn pushed(&mut self) {
        let waiting = self.queue.len() - self.in_flight().min(self.queue.len());
        if self.flusher.failures > 0 || self.flusher.lock != Lock::Free {
            return;
        }
        if waiting == 1 {
            self.host.set_timer(self.config.flush_interval_ms);
        } else if waiting == self.config.batch_events {
            self.begin_flush();
        }
    }

    /// Forgets what is under way, and gives the lock back.
    pub(super) fn stop(&mut self) {
        self.land();
        self.finish(true);
    }

    fn begin_flush(&mut self) {
        if !self.enabled {
            self.host.flushed(true);
        } else if self.flusher.lock == Lock::Free {
            self.flusher.lock = Lock::Asked;
            self.host.lock();
        }
    }

    fn finish(&mut self, all: bool) {
        if all {
            // No timer is set for what may come.
            self.flusher.failures = 0;
        }
        if self.flusher.lock == Lock::Held {
            self.flusher.lock = Lock::Free;
            self.host.unlock();
        }
        self.host.flushed(all);
    }

    /// Batches whose commands are in the queue.
    fn flights(&self) -> &[Flight] {
        self.flusher.flights.get(self.flusher.taken..).unwrap_or_default()
    }

    fn first_flight(&self) -> Option<&Flight> {
        self.flights().first()
    }

    fn land(&mut self) {
        self.flusher.flights.clear();
        self.flusher.taken = 0;
    }

    /// Sends the next batch under the lock, or gives it back when nothing waits.
    fn send_next(&mut self, now: i64) {
        self.mend_storage();
        self.leave_out_delivered();
        // Where the site itself uses up what browsers let outlive a page, such a request fails, and one like others does not.
        let keepalive_max = if self.flusher.failures > 0 { 0 } else { KEEPALIVE_BYTES_MAX };
        if !self.send(now, BATCH_BYTES_MAX, keepalive_max) {
            self.finish(true);
        }
    }

    /// What is no longer in storage was delivered by another page, or dropped and counted there.
    fn leave_out_delivered(&mut self) {
        let mut looked = 0;
        while looked < self.config.batch_events {
            let Some(entry) = self.queue.get(looked) else { return };
            if entry.stored && self.host.get(&entry.key).is_empty() {
                self.queue.remove(&mut self.host, looked, 1);
                self.stats.sent += 1;
            } else {
                looked += 1;
            }
        }
    }

    /// Sends the next commands that are not under way: events up to the limits, or one command of another kind. False when
    /// there are none, or the first has more than `room` bytes and something is under way. With up to `keepalive_max` bytes the request outlives
    /// the page.
    fn send(&mut self, now: i64, room: usize, keepalive_max: usize) -> bool {
        let in_flight = self.in_flight();
        let limit = self.flusher.limit.min(self.config.batch_events).max(1);
        let mut commands: Vec<&[u8]> = Vec::new();
        let mut bytes = 0;
        for entry in self.queue.from(in_flight).iter().take(limit) {
            let alone = !entry.is_event();
            let full = bytes + entry.bytes.len() > room;
            if (full || alone) && !commands.is_empty() || full && in_flight > 0 {
                break;
            }
            bytes += entry.bytes.len();
            commands.push(&entry.bytes);
            if alone {
                break;
            }
        }
        if commands.is_empty() {
            return false;
        }
        let id = self.flusher.next_flight;
        let flight = Flight { id, commands: commands.len(), bytes, answer: Answer::Awaited };
        let batch = Command::batch(now, &commands);
        self.flusher.next_flight += 1;
        self.flusher.flights.push(flight);
        self.host.send(id, &batch, bytes <= keepalive_max);
        true
    }

    /// A refused batch is halved until the command at fault is alone, and that one is dropped.
    fn narrow(&mut self, commands: usize) {
        self.flusher.limit = commands / 2;
        if commands <= 1 {
            self.flusher.limit = usize::MAX;
            self.queue.remove(&mut self.host, 0, 1);
            self.stats.rejected += 1;
            self.host.log("dropped: refused");
        }
    }

    fn back_off(&mut self, now: i64, random: f64) {
        let mut most = BACKOFF_MS;
        for _ in 0..self.flusher.failures {
            most = (most * 2.0).min(BACKOFF_MS_MAX);
        }
        self.flusher.failures = (self.flusher.failures + 1).min(16);
        let asked = self.flusher.not_before.saturating_sub(now).max(0) as f64;
        self.host.set_timer((random * most).max(asked));
        self.host.log("will be sent again");
        self.finish(false);
    }
}
