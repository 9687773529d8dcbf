//! The figures, as a table on the terminal and a page of the documentation.

use super::client::{Outcome, Plan};
use super::requests::Load;
use crate::figures::{grouped, processor};
use std::thread;
use std::time::Duration;

/// Percentiles of the table.
const PERCENTILES: [f64; 4] = [50.0, 95.0, 99.0, 99.9];
/// A group that forms while another is committed waits for half of that commit on average, and for its own.
const COMMITS_WAITED: f64 = 1.5;

/// What was measured, and with what result.
pub(super) struct Report {
    /// In the order of measurement.
    pub(super) points: Vec<Point>,
    pub(super) commit: CommitTime,
    /// Events that the server acknowledged in the whole run.
    pub(super) acknowledged: u64,
    /// Events by which its store grew.
    pub(super) stored: u64,
    /// The time of each measurement.
    pub(super) measured: Duration,
    /// Whether the server was started for the run.
    pub(super) is_own_server: bool,
}

/// One measurement.
pub(super) struct Point {
    pub(super) plan: Plan,
    pub(super) outcome: Outcome,
    /// Commits of the server while it was measured, warm-up included.
    pub(super) commits: u64,
    /// Events stored in the same time.
    pub(super) stored: u64,
}

/// What it takes to make something durable, alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommitTime {
    /// The median request with one event, on one connection.
    pub(super) request_seconds: f64,
    /// To write and sync 4 KiB in the data folder; unknown of a server that ran before.
    pub(super) sync_seconds: Option<f64>,
}

impl CommitTime {
    /// The lesser of each: the disk of a shared machine is not always equally quick.
    pub(super) fn least(self, other: Self) -> Self {
        let syncs = self.sync_seconds.into_iter().chain(other.sync_seconds);
        Self {
            request_seconds: self.request_seconds.min(other.request_seconds),
            sync_seconds: syncs.reduce(f64::min),
        }
    }
}

/// Single events held against what the machine allows.
#[derive(Debug)]
struct Share {
    connections: usize,
    single: f64,
    nothing: f64,
    commits: f64,
}

impl Share {
    fn part(&self) -> f64 {
        self.single / self.nothing.min(self.commits)
    }
}

impl Point {
    /// Answers a second.
    pub(super) fn requests_per_second(&self) -> f64 {
        self.outcome.answers as f64 / self.outcome.elapsed.as_secs_f64()
    }

    /// Events stored a second; for the load that stores nothing, requests.
    pub(super) fn rate(&self) -> f64 {
        self.requests_per_second() * self.plan.load.events().max(1) as f64
    }

    /// A percentile of the latency in milliseconds.
    pub(super) fn latency_ms(&self, percentile: f64) -> f64 {
        self.outcome.latency_us.value_at_percentile(percentile) as f64 / 1e3
    }

    /// What is shown while the run goes on.
    pub(super) fn line(&self) -> String {
        format!(
            "{:>4} connections, {:<17} {:>9}/s, median {} ms",
            self.plan.connections,
            format!("{}:", self.plan.load.name()),
            grouped(self.rate() as u64),
            digits(self.latency_ms(50.0))
        )
    }

    fn row(&self) -> String {
        let load = self.plan.load;
        let dash = || "-".to_owned();
        let events = if load.events() == 0 { dash() } else { grouped(self.rate() as u64) };
        let per_commit = match self.commits {
            _ if load.events() == 0 => dash(),
            0 => dash(),
            commits => grouped((self.stored as f64 / commits as f64).round() as u64),
        };
        let latencies = PERCENTILES.map(|percentile| digits(self.latency_ms(percentile)));
        format!(
            "| {} | {} | {} | {events} | {} | {} | {per_commit} | {} |\n",
            load.name(),
            self.plan.connections,
            grouped(self.requests_per_second() as u64),
            latencies.join(" | "),
            digits(self.outcome.latency_us.max() as f64 / 1e3),
            grouped(self.outcome.refused),
        )
    }
}

impl Report {
    /// The measurements of one load, by rising numbers of connections.
    pub(super) fn of(&self, load: Load) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(move |point| point.plan.load == load)
    }

    /// A table in Markdown.
    pub(super) fn table(&self) -> String {
        let loads = [Load::Nothing, Load::Single, Load::Batch];
        let rows = loads.into_iter().flat_map(|load| self.of(load)).map(Point::row);
        format!(
            "| load | connections | requests/s | events/s | p50 ms | p95 ms | p99 ms | p99.9 ms | max ms | events a commit | refused |\n\
             | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n{}",
            rows.collect::<String>()
        )
    }

    /// How single events at the most connections stand to what the machine allows, in a sentence or two.
    pub(super) fn verdict(&self) -> String {
        let Some(share) = self.share() else { return String::new() };
        let Share { connections, single, nothing, commits } = &share;
        format!(
            "Single events at {connections} connections: {}/s, {:.0} % of the lesser of {}/s (the same server when it\n\
             stores nothing) and {}/s ({connections} events in {COMMITS_WAITED} commit times of {} ms).",
            grouped(*single as u64),
            share.part() * 100.0,
            grouped(*nothing as u64),
            grouped(*commits as u64),
            digits(self.commit.request_seconds * 1e3),
        )
    }

    fn share(&self) -> Option<Share> {
        let single = self.of(Load::Single).last()?;
        let connections = single.plan.connections;
        let nothing = self.of(Load::Nothing).find(|point| point.plan.connections == connections)?;
        Some(Share {
            connections,
            single: single.rate(),
            nothing: nothing.rate(),
            commits: connections as f64 / (COMMITS_WAITED * self.commit.request_seconds),
        })
    }

    /// Where it was measured.
    pub(super) fn machine(&self) -> String {
        let cores = thread::available_parallelism().map_or(1, |count| count.get());
        format!("{}, {cores} cores", processor())
    }

    /// The page of the documentation.
    pub(super) fn page(&self) -> String {
        let server = match self.is_own_server {
            true => "a server of its own on an empty folder",
            false => "a server that ran already",
        };
        let sync = self.commit.sync_seconds.map_or_else(String::new, |seconds| {
            format!("; to write 4 KiB there and sync them takes {} ms", digits(seconds * 1e3))
        });
        format!(
            "# Load\n\n\
             `cargo xtask load` drives {server} over HTTP on loopback, {} s at each number of\n\
             connections after a warm-up, and writes this page and its chart. A connection sends its next request when the\n\
             answer to the last has come. Client and server share the machine; the client is one thread.\n\n\
             - \"single events\" are forms posted to `/events/track`, \"batches\" are JSON of 1,000 events posted to\n  \
             `/events/batch_track`. Each event has a type, a user, a timestamp and three properties, and no insert id; it is\n  \
             durable when it is acknowledged.\n\
             - \"nothing stored\" is `/health`: what connections and HTTP alone allow.\n\
             - \"refused\" are requests that were answered 503, since too many waited to be written. They were sent again as\n  \
             `Retry-After` says, and their latency counts from when they were first sent.\n\
             - p99.9 of fewer than 1,000 requests is the slowest of them.\n\n\
             Machine: {}.\n\n\
             ![Throughput and latency over connections](load.svg)\n\n\
             {}\n\
             {}\n\n\
             The commit time is the median of single events on one connection, the lesser of before and after{sync}.\n\n\
             {} events were acknowledged in the run, each by an id of its own, and the store grew by {}.\n",
            self.measured.as_secs(),
            self.machine(),
            self.table(),
            self.verdict(),
            grouped(self.acknowledged),
            grouped(self.stored),
        )
    }
}

/// Three digits that say something.
fn digits(number: f64) -> String {
    match number {
        _ if number >= 100.0 => grouped(number.round() as u64),
        _ if number >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use hdrhistogram::Histogram;

    /// A measurement of 1,000 answers a second that took 1, 2, 3, ... hundredths of a millisecond.
    fn point(load: Load, connections: usize) -> Point {
        let measured = Duration::from_secs(2);
        let mut latency_us = Histogram::new_with_max(300_000_000, 3).unwrap();
        for hundredths in 1..=2_000 {
            latency_us.record(hundredths * 10).unwrap();
        }
        Point {
            plan: Plan { load, connections, measured },
            outcome: Outcome { answers: 2_000, elapsed: measured, refused: 7, latency_us },
            commits: 500,
            stored: 2_500 * load.events(),
        }
    }

    /// A run at 1 and 256 connections.
    pub(in super::super) fn report() -> Report {
        let loads = [Load::Nothing, Load::Single, Load::Batch];
        let points = loads.iter().flat_map(|&load| [1, 256].map(|count| point(load, count)));
        Report {
            points: points.collect(),
            commit: CommitTime { request_seconds: 0.001, sync_seconds: Some(0.0004) },
            acknowledged: 5_005_000,
            stored: 5_005_000,
            measured: Duration::from_secs(2),
            is_own_server: true,
        }
    }

    #[test]
    fn percentiles_are_those_of_the_answers() {
        let point = point(Load::Single, 1);
        let check = |percentile, expected: f64| {
            let found = point.latency_ms(percentile);
            // Kept to three digits.
            assert!((found / expected - 1.0).abs() < 0.001, "{percentile}: {found}");
        };
        check(50.0, 10.0);
        check(95.0, 19.0);
        check(99.0, 19.8);
        check(99.9, 19.98);
    }

    #[test]
    fn the_table_has_a_row_for_each_measurement_by_load() {
        let table = report().table();
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows[0],
            "| nothing stored | 1 | 1,000 | - | 10.0 | 19.0 | 19.8 | 20.0 | 20.0 | - | 7 |"
        );
        assert!(
            rows[3].starts_with("| single events | 256 | 1,000 | 1,000 | 10.0 |"),
            "{}",
            rows[3]
        );
        assert!(rows[3].ends_with(" | 5 | 7 |"), "{}", rows[3]);
        assert!(rows[4].starts_with("| batches of 1,000 | 1 | 1,000 | 1,000,000 |"), "{}", rows[4]);
        assert!(rows[4].ends_with(" | 5,000 | 7 |"), "{}", rows[4]);
        assert_eq!(rows.len(), 6);
        let bars = table.lines().map(|line| line.matches('|').count());
        assert!(bars.into_iter().all(|count| count == 12), "{table}");
    }

    #[test]
    fn single_events_are_held_against_the_lesser_bound() {
        let mut report = report();
        // 256 / 1.5 ms is more than the 1,000 a second of the load that stores nothing.
        let verdict = report.verdict();
        assert!(verdict.contains("256 connections: 1,000/s, 100 % of"), "{verdict}");
        assert!(
            verdict.contains("170,666/s (256 events in 1.5 commit times of 1.00 ms)."),
            "{verdict}"
        );
        report.commit.request_seconds = 0.3;
        let verdict = report.verdict();
        // 256 / 0.45 s = 569 a second.
        assert!(verdict.contains("1,000/s, 176 % of the lesser of 1,000/s"), "{verdict}");
    }

    #[test]
    fn the_least_of_two_probes_is_kept() {
        let probe = |request_seconds, sync_seconds| CommitTime { request_seconds, sync_seconds };
        let least = probe(0.3, Some(0.1)).least(probe(0.2, Some(0.2)));
        assert_eq!((least.request_seconds, least.sync_seconds), (0.2, Some(0.1)));
        let least = probe(0.3, None).least(probe(0.4, None));
        assert_eq!((least.request_seconds, least.sync_seconds), (0.3, None));
    }

    #[test]
    fn the_page_says_where_and_what() {
        let page = report().page();
        assert!(page.contains("a server of its own"), "{page}");
        assert!(page.contains(" cores.\n"), "{page}");
        assert!(page.contains("sync them takes 0.40 ms."), "{page}");
        assert!(page.contains("5,005,000 events were acknowledged"), "{page}");
        assert!(page.contains("](load.svg)"), "{page}");
        let mut foreign = report();
        foreign.commit.sync_seconds = None;
        foreign.is_own_server = false;
        assert!(foreign.page().contains("before and after.\n"), "{}", foreign.page());
        assert!(foreign.page().contains("a server that ran already"));
    }

    #[test]
    fn numbers_are_shown_with_the_digits_that_count() {
        assert_eq!(digits(0.1234), "0.12");
        assert_eq!(digits(12.34), "12.3");
        assert_eq!(digits(1234.5), "1,235");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(100), "100");
    }
}
