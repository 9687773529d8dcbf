//! How the server is: for load balancers, for people, and the switch for request logging.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use jiff::tz::TimeZone;
use serde_json::json;

use super::answer::Answer;
use super::error::ApiError;
use crate::engine::Engine;

/// Figures about requests since the start, and whether they are logged.
#[derive(Debug)]
pub(super) struct Status {
    started: Instant,
    logs_requests: AtomicBool,
    requests: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

impl Status {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            logs_requests: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            refused: AtomicU64::new(0),
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
        let stats = engine.stats().await?;
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let lines = [
            ("events", stats.events),
            ("users", stats.users),
            ("event_types", stats.event_types),
            ("parts", stats.parts),
            ("tail_events", stats.tail_events),
            ("tail_runs", stats.tail_runs),
            ("filter_checks", stats.filter_checks),
            ("bloom_rejections", stats.bloom_rejections),
            ("commits", stats.commits),
            ("seals", stats.seals),
            ("merges", stats.merges),
            ("disk_used_bytes", stats.disk_used_bytes),
            ("disk_data_bytes", stats.disk_data_bytes),
            ("disk_max_bytes", stats.disk_max_bytes),
            ("memory_bytes", process_memory("RssAnon:")),
            ("memory_with_files_bytes", process_memory("VmRSS:")),
            ("uptime_seconds", self.started.elapsed().as_secs()),
            ("http_requests", load(&self.requests)),
            ("http_refused", load(&self.refused)),
            ("http_failed", load(&self.failed)),
        ];
        let mut text = format!("EventHub {}\n", env!("CARGO_PKG_VERSION"));
        for (name, value) in lines {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{name}: {value}");
        }
        let _ = writeln!(text, "time_zone: {}", time_zone.iana_name().unwrap_or_default());
        Ok(Answer::Text(text))
    }
}

/// `/health`: whether events can be taken.
pub(super) async fn health(engine: &dyn Engine) -> Result<Answer, ApiError> {
    engine.ready().await?;
    Ok(Answer::Text("ok".to_string()))
}

/// Bytes that the operating system counts for this process; 0 where it does not say.
fn process_memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
