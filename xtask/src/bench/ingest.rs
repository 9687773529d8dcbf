//! How fast events are taken in over HTTP, and what questions and acknowledgements suffer meanwhile.

use super::ask::milliseconds;
use super::feed::{BATCH_EVENTS, Feed, Ids};
use super::folders::{self, Folders};
use super::questions;
use super::report::{Table, shown};
use super::server::Server;
use super::sets::Set;
use crate::figures::grouped;
use crate::tools::target_dir;
use anyhow::{Result, ensure};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// Connections that post at a time.
const CONNECTIONS: u64 = 8;
/// How long events are posted as fast as they are taken.
const FULL_SPEED: Duration = Duration::from_secs(12);
/// How long questions are asked, with and without events coming in.
const ASKING: Duration = Duration::from_secs(20);
/// The rest between an answer and the next question.
const THINKING: Duration = Duration::from_millis(20);
/// The rest after a request that was refused because too much waits.
const REFUSED_REST: Duration = Duration::from_millis(5);

/// What came of posting.
struct Posted {
    events: u64,
    elapsed: Duration,
    /// The longest time from sending a batch to its acknowledgement.
    longest: Duration,
    /// Requests that were refused because too much waits, and sent again.
    refused: u64,
}

/// Measures on new data folders and on a copy of that of S10; the section's name and text.
///
/// # Errors
/// When something is refused or fails.
pub(super) fn section(machine: &str) -> Result<(String, String)> {
    let folder = target_dir().join("bench").join("ingest");
    let mut table = Table::new(&["measured", "figure"]);
    let mut row = |name: String, figure: String| table.row(&[name, figure]);
    let mut half = 0.0;
    for (ids, name) in [(Ids::Tracker, "the tracker's ids"), (Ids::Random, "random ids")] {
        folders::emptied(&folder)?;
        let server = Server::start(&folder)?;
        let posted = post(&server, ids, None, &lasting(FULL_SPEED))?;
        let stored = server.figure("events")?;
        ensure!(stored == posted.events, "{stored} of {} events are stored", posted.events);
        half = posted.rate() / 2.0;
        row(format!("batches of 1,000, {name}, {CONNECTIONS} connections"), posted.described());
    }
    let (plain, _) = Folders::of(Set::named("s10")?)?.plain()?;
    folders::copy(&plain, &folder)?;
    let server = Server::start(&folder)?;
    server.wait_until_settled()?;
    let idle = ask(&server, &lasting(ASKING))?;
    let done = AtomicBool::new(false);
    let (posted, busy) = thread::scope(|scope| -> Result<_> {
        let asking = scope.spawn(|| ask(&server, &|| done.load(Relaxed)));
        let posted = post(&server, Ids::Random, Some(half), &lasting(ASKING));
        done.store(true, Relaxed);
        Ok((posted?, asking.join().expect("asking does not panic")?))
    })?;
    server.wait_until_settled()?;
    let after = ask(&server, &lasting(ASKING / 2))?;
    drop(server);
    folders::emptied(&folder)?;
    let (median, p99) = (quantile(&idle, 0.5), quantile(&busy, 0.99));
    row("q1 at S10, idle, median".into(), format!("{} ms", shown(median)));
    row(
        format!(
            "q1 at S10, {} events/s coming in, p99 of {}",
            grouped(posted.rate() as u64),
            busy.len()
        ),
        format!("{} ms, {} times the idle median", shown(p99), shown(p99 / median)),
    );
    row("meanwhile, median".into(), format!("{} ms", shown(quantile(&busy, 0.5))));
    let events = grouped(posted.events);
    row(
        format!("q1 idle again, after {events} further events"),
        format!("{} ms median", shown(quantile(&after, 0.5))),
    );
    row(
        "meanwhile, the longest wait for an acknowledgement".into(),
        format!("{} ms", shown(milliseconds(posted.longest))),
    );
    let text = format!(
        "## Events coming in\n\n{machine}. Each event has three properties and an \
         insert id; random ids are 128 bits, and each event is of one of 500,000 users; with the tracker's ids each connection is one \
         client and one user. Client and server share the machine. The folder is empty at first, and all seals and \
         merges happen meanwhile. The questions come one after another, {} ms after the last answer.\n\n{}",
        THINKING.as_millis(),
        table.text()
    );
    Ok(("ingest".to_owned(), text))
}

impl Posted {
    fn rate(&self) -> f64 {
        self.events as f64 / self.elapsed.as_secs_f64()
    }

    fn described(&self) -> String {
        let longest = milliseconds(self.longest);
        format!(
            "{} events/s, longest wait {} ms, {} requests refused and sent again",
            shown(self.rate()),
            shown(longest),
            self.refused
        )
    }
}

/// Posts batches on all connections until it is over: as fast as they are taken, or so many events a
/// second.
fn post(
    server: &Server,
    ids: Ids,
    rate: Option<f64>,
    is_over: &(impl Fn() -> bool + Sync),
) -> Result<Posted> {
    let feeds: Vec<_> =
        (0..CONNECTIONS).map(|number| Feed::new(ids, number, CONNECTIONS)).collect();
    let begin = Instant::now();
    let sent = thread::scope(|scope| -> Result<Vec<Posted>> {
        let senders = feeds.into_iter().enumerate().map(|(number, feed)| {
            let interval = rate.map(|rate| BATCH_EVENTS as f64 * CONNECTIONS as f64 / rate);
            // Connections send one after another, not all at once.
            let offset =
                interval.map_or(0.0, |interval| interval * number as f64 / CONNECTIONS as f64);
            scope.spawn(move || {
                let due = |batch: u64| {
                    Some(begin + Duration::from_secs_f64(offset + interval? * batch as f64))
                };
                post_one(server, feed, due, is_over)
            })
        });
        let senders: Vec<_> = senders.collect();
        senders.into_iter().map(|sender| sender.join().expect("a sender does not panic")).collect()
    })?;
    Ok(Posted {
        events: sent.iter().map(|posted| posted.events).sum(),
        elapsed: begin.elapsed(),
        longest: sent.iter().map(|posted| posted.longest).max().unwrap_or_default(),
        refused: sent.iter().map(|posted| posted.refused).sum(),
    })
}

/// Posts the batches of one connection, each not before it is due.
fn post_one(
    server: &Server,
    mut feed: Feed,
    due: impl Fn(u64) -> Option<Instant>,
    is_over: impl Fn() -> bool,
) -> Result<Posted> {
    let client = server.client();
    let begin = Instant::now();
    let (mut batch, mut refused, mut longest) = (0, 0, Duration::ZERO);
    while !is_over() {
        if let Some(due) = due(batch) {
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        let form = feed.next();
        let sent = Instant::now();
        while !client.post_batch(form)? {
            refused += 1;
            thread::sleep(REFUSED_REST);
        }
        longest = longest.max(sent.elapsed());
        batch += 1;
    }
    Ok(Posted { events: batch * BATCH_EVENTS, elapsed: begin.elapsed(), longest, refused })
}

/// Asks Q1 of S10 until it is over; the times in milliseconds.
fn ask(server: &Server, is_over: &impl Fn() -> bool) -> Result<Vec<f64>> {
    let target = questions::common(&Set::named("s10")?)[0].target();
    let client = server.client();
    let mut times = Vec::new();
    while !is_over() {
        let begin = Instant::now();
        client.get(&target)?;
        times.push(milliseconds(begin.elapsed()));
        thread::sleep(THINKING);
    }
    Ok(times)
}

/// Whether so much time has passed since the call.
fn lasting(time: Duration) -> impl Fn() -> bool + Sync {
    let end = Instant::now() + time;
    move || Instant::now() >= end
}

/// The least time that a part of all are not above.
fn quantile(times: &[f64], part: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() as f64 * part).ceil() as usize;
    sorted[place.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_measured() {
        let times: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(quantile(&times, 0.5), 50.0);
        assert_eq!(quantile(&times, 0.99), 99.0);
        assert_eq!(quantile(&[7.0], 0.99), 7.0);
    }
}
