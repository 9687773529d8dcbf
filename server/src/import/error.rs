//! What may go wrong with an import.

use std::io;
use std::path::PathBuf;

use eventhub_ingest::file::BadRow;

use crate::engine::EngineError;

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Rows of a file are no events; nothing was imported.
    #[error("{}: {}", path.display(), describe(rows, *count))]
    Rows {
        /// The file.
        path: PathBuf,
        /// The first of them.
        rows: Vec<BadRow>,
        /// How many there are.
        count: u64,
    },
    /// A file is not the same any more as when it was checked.
    #[error("{}: the file changed while it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The store refuses or fails.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The server refuses or cannot be reached.
    #[error(
        "{url}: {message}; what it acknowledged before is stored, and not doubled when the import is run again"
    )]
    Server {
        /// Where the batch was sent.
        url: String,
        /// The answer, or why there was none.
        message: String,
    },
}

fn describe(rows: &[BadRow], count: u64) -> String {
    let described: Vec<String> = rows.iter().map(ToString::to_string).collect();
    let further = count - rows.len() as u64;
    let more = if further == 0 { String::new() } else { format!("; and {further} more bad rows") };
    format!("{}{more}; nothing was imported", described.join("; "))
}
