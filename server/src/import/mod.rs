//! `eventhub import`: files of events, straight into a data folder or to a running server.
//!
//! A file is read twice. The first pass ([`check`](source::check)) reads every row as an event, so that a
//! file with a bad row imports nothing, and takes the file's fingerprint: a hash of its rows and of what
//! its columns mean. The second pass hands the events over in batches ([`sink`]): to the store, which
//! keeps with each batch how many rows of the fingerprint are done, or to a server, under insert ids made
//! of fingerprint and row. Either way an import that was interrupted is simply run again.

mod error;

mod mapping;
mod source;

mod csv_rows;
mod ndjson_rows;

mod post;
mod sink;

mod progress;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use eventhub_core::NewEvent;
use indicatif::HumanCount;
use xxhash_rust::xxh3::xxh3_128;

use self::mapping::Mapping;
use self::progress::Progress;
use self::sink::Sink;
use self::source::Checked;
use crate::cli::ImportArgs;

pub use self::error::Error;

/// Events of one batch.
const BATCH_EVENTS_MAX: usize = 8_192;
/// Bytes of text in one batch, about.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// What an import did.
#[derive(Debug, Default)]
struct Summary {
    stored: u64,
    there_already: u64,
    users: HashSet<u128>,
}

/// Imports the files and prints one line about it.
///
/// # Errors
/// When a file cannot be read, a row is none (then nothing of any file is imported), or the store or the
/// server refuses.
pub fn run(args: &ImportArgs) -> Result<(), Error> {
    let begin = Instant::now();
    let mapping = Mapping::new(args);
    let checked = args
        .files
        .iter()
        .map(|path| source::check(path, args.format, &mapping))
        .collect::<Result<Vec<_>, _>>()?;
    let mut sink = sink::open(args)?;
    let mut summary = Summary::default();
    for (path, checked) in args.files.iter().zip(&checked) {
        import(path, checked, &mapping, sink.as_mut(), &mut summary)?;
    }
    sink.close()?;
    let seconds = begin.elapsed().as_secs_f64();
    println!("{}", summary.describe(seconds));
    Ok(())
}

fn import(
    path: &Path,
    checked: &Checked,
    mapping: &Mapping,
    sink: &mut dyn Sink,
    summary: &mut Summary,
) -> Result<(), Error> {
    let done = sink.begin(path, checked.fingerprint)?;
    summary.there_already += done;
    let progress = Progress::of_import(path, checked.rows);
    let mut batch = Batch::default();
    let mut row = 0;
    source::read(path, checked.form, mapping, |event| {
        row += 1;
        if row <= done {
            return Ok(());
        }
        summary.users.insert(xxh3_128(event.user.as_str().as_bytes()));
        batch.push(event);
        if batch.is_full() {
            progress.reach(row);
            sink.put(batch.take(), row)?;
        }
        Ok(())
    })?;
    if row != checked.rows {
        return Err(Error::Changed { path: path.to_owned() });
    }
    if !batch.events.is_empty() {
        progress.reach(row);
        sink.put(batch.take(), row)?;
    }
    sink.flush()?;
    summary.stored += row - done;
    progress.finish();
    Ok(())
}

/// Events that are handed over together.
#[derive(Default)]
struct Batch {
    events: Vec<NewEvent>,
    bytes: usize,
}

impl Batch {
    fn push(&mut self, event: NewEvent) {
        let properties = event.properties.iter().map(|(key, value)| key.len() + value.len());
        self.bytes += event.user.as_str().len() + properties.sum::<usize>();
        self.events.push(event);
    }

    fn is_full(&self) -> bool {
        self.events.len() >= BATCH_EVENTS_MAX || self.bytes >= BATCH_BYTES_MAX
    }

    fn take(&mut self) -> Vec<NewEvent> {
        self.bytes = 0;
        std::mem::take(&mut self.events)
    }
}

impl Summary {
    fn describe(&self, seconds: f64) -> String {
        let users = HumanCount(self.users.len() as u64);
        // A rate of events a second is a figure to look at, not to reckon with.
        let rate = HumanCount((self.stored as f64 / seconds.max(1e-9)) as u64);
        let stored = HumanCount(self.stored);
        let line = format!("{stored} events of {users} users in {seconds:.2} s ({rate} events/s)");
        match self.there_already {
            0 => line,
            there => format!("{line}; {} were there already", HumanCount(there)),
        }
    }
}
