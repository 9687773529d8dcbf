//! The lock on the data folder: one process writes, and whoever comes second learns which.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process;

use fs4::{FileExt, TryLockError};

use crate::engine::EngineError;

/// Name of the lock file in the data folder.
const LOCK_FILE: &str = "lock";

/// Holds the folder until it is dropped; the operating system lets go of it when the process dies.
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// When another process holds it; the message names its process id.
    pub(crate) fn take(folder: &Path) -> Result<Self, EngineError> {
        let path = folder.join(LOCK_FILE);
        let failed = |error: std::io::Error| {
            EngineError::Storage(format!("lock file {}: {error}", path.display()))
        };
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(folder, &mut file)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // The id is for people to read; only the lock itself keeps others out.
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        write!(file, "{}", process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn held(folder: &Path, file: &mut File) -> EngineError {
    let mut holder = String::new();
    let holder = match file.read_to_string(&mut holder) {
        Ok(_) if !holder.is_empty() => format!("process {holder}"),
        _ => "another process".to_owned(),
    };
    EngineError::Storage(format!("the data folder {} is in use by {holder}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_who_holds_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::take(folder.path()).unwrap();
        let Err(EngineError::Storage(message)) = FolderLock::take(folder.path()) else {
            panic!("the folder was locked twice");
        };
        assert!(message.contains(&format!("process {}", process::id())), "{message}");
        drop(lock);
        assert!(FolderLock::take(folder.path()).is_ok());
    }
}
