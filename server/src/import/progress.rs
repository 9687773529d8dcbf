//! How far a load of events has come: a bar on a terminal, else a line now and then.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

const LINE_EVERY: Duration = Duration::from_secs(5);
const TEMPLATE: &str = "{msg} {wide_bar} {human_pos}/{human_len} events, {per_sec}, {eta} left";

const CHECK_TEMPLATE: &str = "{msg} {spinner} {human_pos} events checked, {per_sec}";

/// The progress of one pass over events.
pub(crate) struct Progress {
    name: String,
    /// How many events there are, once they were counted.
    total: Option<u64>,
    said: Cell<Instant>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Of a first pass over a file, whose end nobody knows.
    pub(crate) fn of_check(path: &Path) -> Self {
        Self::new(path, None, CHECK_TEMPLATE)
    }

    /// Of so many events on their way.
    pub(crate) fn of_load(path: &Path, total: u64) -> Self {
        Self::new(path, Some(total), TEMPLATE)
    }

    fn new(path: &Path, total: Option<u64>, template: &str) -> Self {
        let name = path.display().to_string();
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(template);
            let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
            let bar = bar.with_message(name.clone());
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { name, total, said: Cell::new(Instant::now()), bar }
    }

    /// So many events are done.
    pub(crate) fn reach(&self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        } else if self.said.get().elapsed() >= LINE_EVERY {
            self.said.set(Instant::now());
            let done = HumanCount(done);
            match self.total {
                Some(total) => eprintln!("{}: {done} of {} events", self.name, HumanCount(total)),
                None => eprintln!("{}: {done} events checked", self.name),
            }
        }
    }

    /// All are done.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
