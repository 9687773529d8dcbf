//! How the server is: for load balancers, for people, and the switch for request logging.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use jiff::tz::TimeZone;
use serde_json::json;

use super::answer::Answer;
use super::error::ApiError;
use crate::engine::{Engine, Stats};

/// Figures about requests since the start, and whether they are logged.
#[derive(Debug)]
pub(super) struct Status {
    started: Instant,
    logs_requests: AtomicBool,
    requests: AtomicU64,
    refused: AtomicU64,
    limited: AtomicU64,
    failed: AtomicU64,
}

impl Status {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            logs_requests: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            limited: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// Counts an answer.
    pub(super) fn count(&self, status: http::StatusCode) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if status.is_client_error() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        } else if status.is_server_error() {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a request that came when its client had sent too much.
    pub(super) fn count_limited(&self) {
        self.limited.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether requests are logged.
    pub(super) fn logs_requests(&self) -> bool {
        self.logs_requests.load(Ordering::Relaxed)
    }

    /// `/debug`: turns request logging on or off.
    pub(super) fn toggle_logging(&self) -> Answer {
        let was_on = self.logs_requests.fetch_xor(true, Ordering::Relaxed);
        tracing::info!(on = !was_on, "request logging");
        Answer::json(&json!({ "request_logging": !was_on }))
    }

    /// `/varz`: figures, one a line, and the server's time zone.
    pub(super) async fn varz(
        &self,
        engine: &dyn Engine,
        time_zone: &TimeZone,
    ) -> Result<Answer, ApiError> {
        let mut text = format!("EventHub {}\n", env!("CARGO_PKG_VERSION"));
        for Figure { name, value, .. } in self.figures(engine).await? {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{name}: {value}");
        }
        let _ = writeln!(text, "time_zone: {}", time_zone.iana_name().unwrap_or_default());
        Ok(Answer::Text(text))
    }

    /// `/metrics`: the same figures in the text format of Prometheus.
    pub(super) async fn metrics(&self, engine: &dyn Engine) -> Result<Answer, ApiError> {
        let mut text = String::new();
        for Figure { name, kind, help, value } in self.figures(engine).await? {
            let (kind, end) = match kind {
                Kind::Gauge => ("gauge", ""),
                Kind::Counter => ("counter", "_total"),
            };
            let name = format!("eventhub_{name}{end}");
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        }
        let version = env!("CARGO_PKG_VERSION");
        let _ = writeln!(
            text,
            "# HELP eventhub_build_info The version of the program.\n\
             # TYPE eventhub_build_info gauge\n\
             eventhub_build_info{{version=\"{version}\"}} 1"
        );
        Ok(Answer::Metrics(text))
    }

    async fn figures(&self, engine: &dyn Engine) -> Result<Vec<Figure>, ApiError> {
        let mut figures = of_engine(&engine.stats().await?);
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let uptime = self.started.elapsed().as_secs();
        figures.extend([
            gauge("memory_bytes", "Bytes that the process has allocated.", memory("RssAnon:")),
            gauge(
                "memory_with_files_bytes",
                "Bytes of memory, pages of the data file with them.",
                memory("VmRSS:"),
            ),
            gauge("uptime_seconds", "Seconds since the start.", uptime),
            counter("http_requests", "Requests answered.", load(&self.requests)),
            counter("http_refused", "Requests answered with a status of 4xx.", load(&self.refused)),
            counter(
                "http_rate_limited",
                "Of these, answered 429 because of --rate-limit.",
                load(&self.limited),
            ),
            counter("http_failed", "Requests answered with a status of 5xx.", load(&self.failed)),
        ]);
        Ok(figures)
    }
}

/// A number for operators.
struct Figure {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    value: u64,
}

/// Whether a number may fall.
enum Kind {
    /// It may.
    Gauge,
    /// It grows until the program ends.
    Counter,
}

const fn gauge(name: &'static str, help: &'static str, value: u64) -> Figure {
    Figure { name, kind: Kind::Gauge, help, value }
}

const fn counter(name: &'static str, help: &'static str, value: u64) -> Figure {
    Figure { name, kind: Kind::Counter, help, value }
}

fn of_engine(stats: &Stats) -> Vec<Figure> {
    vec![
        gauge("events", "Events stored.", stats.events),
        gauge("users", "External user ids known.", stats.users),
        gauge("event_types", "Event types known.", stats.event_types),
        gauge("parts", "Parts that questions read.", stats.parts),
        gauge("tail_events", "Newest events, not yet in parts.", stats.tail_events),
        gauge("tail_runs", "Runs in memory that the newest events are in.", stats.tail_runs),
        counter("filter_checks", "Dictionaries asked for a filter's value.", stats.filter_checks),
        counter(
            "bloom_rejections",
            "Of these, answered by a Bloom filter.",
            stats.bloom_rejections,
        ),
        counter("commits", "Commits.", stats.commits),
        counter("seals", "Parts made of newest events.", stats.seals),
        counter("merges", "Merges of parts.", stats.merges),
        gauge("disk_used_bytes", "Bytes of the data file in use or free.", stats.disk_used_bytes),
        gauge("disk_data_bytes", "Bytes of pages that hold something.", stats.disk_data_bytes),
        gauge("disk_max_bytes", "Bytes that the data file may grow to.", stats.disk_max_bytes),
    ]
}

/// `/health`: whether events can be taken.
pub(super) async fn health(engine: &dyn Engine) -> Result<Answer, ApiError> {
    engine.ready().await?;
    Ok(Answer::Text("ok".to_string()))
}

/// Bytes that the operating system counts for this process; 0 where it does not say.
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
