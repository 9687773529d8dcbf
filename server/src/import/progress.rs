//! How far an import has come: a bar on a terminal, else a line now and then.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

const LINE_EVERY: Duration = Duration::from_secs(5);
const TEMPLATE: &str = "{msg} {wide_bar} {human_pos}/{human_len} events, {per_sec}, {eta} left";

/// The progress of one file.
pub(super) struct Progress {
    name: String,
    total: u64,
    done: Cell<u64>,
    said: Cell<Instant>,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new(path: &Path, total: u64) -> Self {
        let name = path.display().to_string();
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(TEMPLATE);
            let bar = ProgressBar::new(total).with_message(name.clone());
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { name, total, done: Cell::new(0), said: Cell::new(Instant::now()), bar }
    }

    /// So many more events were handed over.
    pub(super) fn advance(&self, events: usize) {
        self.done.set(self.done.get() + events as u64);
        if let Some(bar) = &self.bar {
            bar.set_position(self.done.get());
        } else if self.said.get().elapsed() >= LINE_EVERY {
            self.said.set(Instant::now());
            let (done, total) = (HumanCount(self.done.get()), HumanCount(self.total));
            eprintln!("{}: {done} of {total} events", self.name);
        }
    }

    /// The file is done.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
