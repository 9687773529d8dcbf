//! `eventhub import`: files of events, straight into a data folder or to a running server.
//!
//! A file is read twice. The first pass ([`check`](source::check)) reads every row as an event, so that a
//! file with a bad row imports nothing, and takes the file's fingerprint: a hash of its rows and of what
//! its columns mean. The second pass hands the events over ([`sink`]): to the store, which keeps with each of
//! its commits how many rows of the fingerprint are done, or to a server, under insert ids made of
//! fingerprint and row. Either way an import that was interrupted is simply run again.
//!
//! What rows mean is told by `eventhub_ingest::file`.

mod error;

mod source;

mod batch;

mod post;
mod sink;

pub(crate) mod progress;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Instant;

use eventhub_core::TimeMs;
use eventhub_ingest::Clock;
use eventhub_ingest::file::{Mapping, Names};
use indicatif::HumanCount;

use self::progress::Progress;
use self::sink::{Sink, Taken};
use self::source::Checked;
use crate::cli::ImportArgs;
use crate::clock;

pub use self::error::Error;

/// Events between two reports of progress.
const PROGRESS_EVENTS: u64 = 8_192;

/// What an import did.
#[derive(Debug, Default)]
struct Summary {
    rows: u64,
    there_already: u64,
    taken: Taken,
}

/// Imports the files and prints one line about it.
///
/// # Errors
/// When a file cannot be read, a row is none (then nothing of any file is imported), or the store or the
/// server refuses.
pub fn run(args: &ImportArgs) -> Result<(), Error> {
    let begin = Instant::now();
    let mapping = mapping(args);
    let checked = args
        .files
        .iter()
        .map(|path| source::check(path, args.format, &mapping))
        .collect::<Result<Vec<_>, _>>()?;
    let mut sink = sink::open(args, &checked)?;
    let mut summary = Summary::default();
    for (path, checked) in args.files.iter().zip(&checked) {
        import(path, checked, &mapping, sink.as_mut(), &mut summary)?;
    }
    summary.taken = sink.close()?;
    let seconds = begin.elapsed().as_secs_f64();
    println!("{}", summary.describe(seconds));
    Ok(())
}

/// What the columns of the files mean.
fn mapping(args: &ImportArgs) -> Mapping {
    let names = Names {
        event_type: args.event_column.clone(),
        user: args.user_column.clone(),
        time: args.time_column.clone(),
        insert_id: args.insert_id_column.clone(),
        left_out: Vec::new(),
    };
    // A server takes events as they happen, and what it would refuse is better refused before the first batch.
    let clock = match args.url {
        Some(_) => Clock::live(clock::now()),
        None => Clock::import(TimeMs::MAX),
    };
    Mapping::new(names, clock)
}

fn import(
    path: &Path,
    checked: &Checked,
    mapping: &Mapping,
    sink: &mut dyn Sink,
    summary: &mut Summary,
) -> Result<(), Error> {
    let done = sink.begin(path, checked)?;
    summary.there_already += done;
    if done == checked.rows {
        return Ok(());
    }
    let progress = Progress::of_load(path, checked.rows);
    let mut rows = source::open(path, checked.form, mapping, done)?;
    sink.set_columns(rows.columns().map_err(|error| source::changed(path, error))?);
    let mut row = done;
    while let Some(event) = rows.next() {
        row += 1;
        sink.put(event.map_err(|error| source::changed(path, error))?, row)?;
        if row % PROGRESS_EVENTS == 0 {
            progress.reach(row);
        }
    }
    if row != checked.rows {
        return Err(Error::Changed { path: path.to_owned() });
    }
    sink.end(row)?;
    summary.rows += row - done;
    progress.finish();
    Ok(())
}

impl Summary {
    fn describe(&self, seconds: f64) -> String {
        let events = self.taken.stored.unwrap_or(self.rows);
        // A rate of events a second is a figure to look at, not to reckon with.
        let rate = HumanCount((self.rows as f64 / seconds.max(1e-9)) as u64);
        let sent = if self.taken.stored.is_some() { "" } else { " sent" };
        let (events, users) = (HumanCount(events), HumanCount(self.taken.users));
        let line =
            format!("{events} events of {users} users{sent} in {seconds:.2} s ({rate} events/s)");
        let doubles = self.taken.stored.map_or(0, |stored| self.rows - stored);
        match self.there_already + doubles {
            0 => line,
            there => format!("{line}; {} were there already", HumanCount(there)),
        }
    }
}
