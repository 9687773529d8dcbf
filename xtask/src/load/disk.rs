//! What a durable write costs on the disk below a folder.

use anyhow::{Context, Result};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// A page of the store.
const PAGE: [u8; 4096] = [0x5a; 4096];
/// A slow disk ends the probe by time, a quick one by count.
const PROBES_MAX: usize = 500;
const TIME_MAX: Duration = Duration::from_secs(2);

/// The median time in seconds to write 4 KiB into a file that is there already and to sync it.
///
/// # Errors
/// When the folder cannot be written.
pub(super) fn sync_seconds(folder: &Path) -> Result<f64> {
    let path = folder.join("sync-probe");
    let file = File::create(&path).context("cannot write the probe of the disk")?;
    // The first write makes the file longer, which costs more than those after it.
    file.write_all_at(&PAGE, 0)?;
    file.sync_all()?;
    let begin = Instant::now();
    let mut times = Vec::with_capacity(PROBES_MAX);
    while times.len() < PROBES_MAX && (times.is_empty() || begin.elapsed() < TIME_MAX) {
        let probe = Instant::now();
        file.write_all_at(&PAGE, 0)?;
        file.sync_data()?;
        times.push(probe.elapsed().as_secs_f64());
    }
    fs::remove_file(&path)?;
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_takes_time_and_leaves_nothing() {
        let folder = std::env::temp_dir().join(format!("sync-probe-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let seconds = sync_seconds(&folder).unwrap();
        assert!(seconds > 0.0 && seconds < 2.0, "{seconds}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir(&folder).unwrap();
        assert!(sync_seconds(&folder).is_err());
    }
}
