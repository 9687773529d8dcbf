//! How a request can fail, and what LMDB's errors mean to a client.

use std::io;
use std::path::Path;

use heed::MdbError;

use crate::engine::EngineError;

/// The operating system's number of an input or output error.
const EIO: i32 = 5;

/// Why a request is not stored.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request itself cannot be met; it left nothing, and the rest of its group goes on.
    Refused(eventhub_core::Error),
    /// The transaction is lost, and with it the whole group.
    Lost(EngineError),
}

impl From<eventhub_core::Error> for Failure {
    fn from(error: eventhub_core::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Lost(error)
    }
}

impl From<heed::Error> for Failure {
    fn from(error: heed::Error) -> Self {
        Self::Lost(error.into())
    }
}

impl From<heed::Error> for EngineError {
    fn from(error: heed::Error) -> Self {
        match error {
            heed::Error::Mdb(MdbError::MapFull) => Self::Full,
            heed::Error::Mdb(MdbError::Other(code))
                if is_full(&io::Error::from_raw_os_error(code)) =>
            {
                Self::Full
            }
            heed::Error::Io(error) if is_full(&error) => Self::Full,
            heed::Error::Mdb(MdbError::ReadersFull) => Self::Busy,
            heed::Error::Mdb(MdbError::Corrupted | MdbError::PageNotFound) => {
                damaged("the data file's pages do not fit together")
            }
            heed::Error::Decoding(error) => Self::Corrupt(error.to_string()),
            other => Self::Storage(other.to_string()),
        }
    }
}

/// Bytes left on a disk below which a write that failed for no other reason failed for want of space.
const SPACE_BYTES_MIN: u64 = 1 << 20;

/// The error of a commit. LMDB tells a write that the disk took only in part as an IO error like any
/// other, so the space that is left must say what it was.
pub(crate) fn commit_failure(error: heed::Error, data_file: &Path) -> EngineError {
    let code = match &error {
        heed::Error::Io(error) => error.raw_os_error(),
        heed::Error::Mdb(MdbError::Other(code)) => Some(*code),
        _ => None,
    };
    let has_no_space = || {
        let folder = data_file.parent().unwrap_or(data_file);
        fs4::available_space(folder).is_ok_and(|bytes| bytes < SPACE_BYTES_MIN)
    };
    if code == Some(EIO) && has_no_space() { EngineError::Full } else { error.into() }
}

/// The error of bytes that do not follow their format.
pub(crate) fn damaged(what: &str) -> EngineError {
    EngineError::Corrupt(what.to_owned())
}

/// An error of `eventhub_core` about stored bytes, which no client is to blame for.
pub(crate) fn corrupt(error: eventhub_core::Error) -> EngineError {
    EngineError::Corrupt(error.to_string())
}

/// The same error for another request of its group.
pub(crate) fn repeat(error: &EngineError) -> EngineError {
    match error {
        EngineError::Invalid(error) => EngineError::Invalid(error.clone()),
        EngineError::Busy => EngineError::Busy,
        EngineError::Full => EngineError::Full,
        EngineError::Corrupt(message) => EngineError::Corrupt(message.clone()),
        EngineError::Slow(seconds) => EngineError::Slow(*seconds),
        EngineError::Large(bytes) => EngineError::Large(*bytes),
        EngineError::Stopping => EngineError::Stopping,
        EngineError::Storage(message) => EngineError::Storage(message.clone()),
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
