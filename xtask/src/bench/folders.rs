//! The data folders that questions are asked of, made once by the server under test and kept.

use super::data;
use super::questions::{PLAN, is_paid};
use super::random::Random;
use super::server::Server;
use super::sets::Set;
use crate::tools::{self, answer, server_binary};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Instant, UNIX_EPOCH};

/// Connections that set properties and join users, at a time.
const CONNECTIONS: usize = 64;
/// Of the users, how many in a hundred are merged.
const MERGED_PERCENT: u64 = 30;
/// Days of history in which the days of a set lie, and of these how many are before.
const HISTORY_DAYS: u64 = 1_000;
const HISTORY_DAYS_BEFORE: i64 = 500;

/// The folder of a set: its files, and its data folders.
pub(super) struct Folders {
    pub(super) set: Set,
    pub(super) root: PathBuf,
}

/// What was measured when a data folder was made.
pub(super) struct Made {
    pub(super) import_seconds: f64,
    /// Bytes that hold data, once all was sealed and merged.
    pub(super) disk_bytes: f64,
    /// Which build of the server it was, by the size and time of its file.
    build: String,
}

impl Folders {
    /// The folder of a set, with its files.
    ///
    /// # Errors
    /// When the files cannot be made.
    pub(super) fn of(set: Set) -> Result<Self> {
        Self::within(&tools::target_dir().join("bench"), set)
    }

    /// The same at another place.
    ///
    /// # Errors
    /// When the files cannot be made.
    pub(super) fn within(place: &Path, set: Set) -> Result<Self> {
        let root = place.join(set.name);
        data::generate(&root, &set)?;
        Ok(Self { set, root })
    }

    /// Forgets the data folders, so that they are made anew.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub(super) fn clear(&self) -> Result<()> {
        for name in ["data", "pairs", "chains", "history"] {
            remove(&self.root.join(name))?;
        }
        Ok(())
    }

    /// The data folder with the set's events, in which a tenth of the users have a property.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn plain(&self) -> Result<(PathBuf, Made)> {
        let data = self.root.join("data");
        if let Some(figures) = reusable(&data, self.set.events) {
            return Ok((data, Made::read(&figures)?));
        }
        let import_seconds = import(&data, &[data::csv_file(&self.root)])?;
        settle(&data)?;
        let made = Made::now(&data, import_seconds)?;
        let paid: Vec<_> = (1..=self.set.users as u32).filter(|user| is_paid(*user)).collect();
        change(&data, "/users/add_or_update", &paid, |user| {
            vec![format!("external_user_id=user_{user}&{}={}", PLAN.0, PLAN.1)]
        })?;
        keep(&data, &made)?;
        Ok((data, made))
    }

    /// A copy of the plain folder in which users were merged, in groups of `size`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn merged(&self, name: &str, size: usize) -> Result<PathBuf> {
        let (plain, made) = self.plain()?;
        let data = self.root.join(name);
        if reusable(&data, self.set.events).is_some() {
            return Ok(data);
        }
        copy(&plain, &data)?;
        change(&data, "/users/alias", &self.groups(size), |group| {
            let pairs = group.windows(2).map(|pair| {
                let [from, to] = [pair[0], pair[1]];
                format!("from_external_user_id=user_{from}&to_external_user_id=user_{to}")
            });
            pairs.collect()
        })?;
        keep(&data, &made)?;
        Ok(data)
    }

    /// Users drawn at random over all, in groups that are one person each.
    pub(super) fn groups(&self, size: usize) -> Vec<Vec<u32>> {
        let mut users: Vec<u32> = (1..=self.set.users as u32).collect();
        Random::new(5).shuffle(&mut users);
        let merged = (self.set.users * MERGED_PERCENT / 100) as usize / size * size;
        users[..merged].chunks(size).map(<[u32]>::to_vec).collect()
    }

    /// A data folder in which the days of the set lie within 1,000 days, the others having `percent` of
    /// its density.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn history(&self, percent: u64) -> Result<PathBuf> {
        let data = self.root.join("history");
        let days_after = (HISTORY_DAYS - self.set.days) as i64 - HISTORY_DAYS_BEFORE;
        let of_days = |days: u64| self.set.events * days * percent / (self.set.days * 100);
        let own = self.set.days as i64;
        let ranges = [-HISTORY_DAYS_BEFORE..0, own..own + days_after];
        let sizes = [of_days(HISTORY_DAYS_BEFORE as u64), of_days(days_after as u64)];
        if reusable(&data, self.set.events + sizes[0] + sizes[1]).is_some() {
            return Ok(data);
        }
        let files = ["before.csv", "after.csv"].map(|name| self.root.join(name));
        for ((file, days), events) in files.iter().zip(ranges).zip(sizes) {
            data::generate_days(file, &self.set, days, events)?;
        }
        let [before, after] = files;
        let files = [before, data::csv_file(&self.root), after];
        let import_seconds = import(&data, &files)?;
        settle(&data)?;
        keep(&data, &Made::now(&data, import_seconds)?)?;
        fs::remove_file(&files[0])?;
        fs::remove_file(&files[2])?;
        Ok(data)
    }
}

impl Made {
    /// What is measured of a folder that was just made.
    fn now(data: &Path, import_seconds: f64) -> Result<Self> {
        Ok(Self { import_seconds, disk_bytes: disk_bytes(data)?, build: build()? })
    }

    fn read(figures: &Value) -> Result<Self> {
        let figure = |name: &str| figures[name].as_f64().with_context(|| format!("no {name}"));
        let (import_seconds, disk_bytes) = (figure("import_seconds")?, figure("disk_bytes")?);
        let build = figures["build"].as_str().unwrap_or_default().to_owned();
        Ok(Self { import_seconds, disk_bytes, build })
    }

    /// Whether the build under test made the folder.
    ///
    /// # Errors
    /// When the server's file cannot be looked at.
    pub(super) fn is_by_this_build(&self) -> Result<bool> {
        Ok(self.build == build()?)
    }
}

fn build() -> Result<String> {
    let file = fs::metadata(server_binary())?;
    let since_1970 = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{}-{}", file.len(), since_1970.as_secs()))
}

/// Copies a data folder whose server has stopped.
///
/// # Errors
/// When a file cannot be copied.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    remove(to)?;
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        fs::copy(entry.path(), &copy)?;
        // What is not written yet would be written by the first commit to the file.
        File::open(copy)?.sync_all()?;
    }
    Ok(())
}

/// A folder of this name with nothing in it.
///
/// # Errors
/// When it cannot be made so.
pub(super) fn emptied(folder: &Path) -> Result<()> {
    remove(folder)?;
    Ok(fs::create_dir_all(folder)?)
}

fn remove(folder: &Path) -> Result<()> {
    let marker = marker(folder);
    if marker.exists() {
        fs::remove_file(marker)?;
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// What was measured when a folder was made, if it is whole and the server under test can read it.
fn reusable(data: &Path, events: u64) -> Option<Value> {
    let figures = serde_json::from_slice(&fs::read(marker(data)).ok()?).ok()?;
    let stats = stats(data).ok()?;
    (stats["events"] == events).then_some(figures)
}

fn keep(data: &Path, made: &Made) -> Result<()> {
    let figures = json!({"import_seconds": made.import_seconds, "disk_bytes": made.disk_bytes, "build": made.build});
    Ok(fs::write(marker(data), figures.to_string())?)
}

/// Stands beside a data folder that is whole.
fn marker(data: &Path) -> PathBuf {
    data.with_extension("made")
}

/// Imports files into a new folder; the seconds that it took.
pub(super) fn import(data: &Path, files: &[PathBuf]) -> Result<f64> {
    emptied(data)?;
    let begin = Instant::now();
    tools::run(Command::new(server_binary()).arg("import").args(files).arg("--data").arg(data))?;
    Ok(begin.elapsed().as_secs_f64())
}

fn settle(data: &Path) -> Result<()> {
    Server::start(data)?.wait_until_settled()
}

/// Bytes of the data file's pages that hold something.
fn disk_bytes(data: &Path) -> Result<f64> {
    let stats = stats(data)?;
    stats["disk_data_bytes"].as_f64().context("`eventhub stats` says nothing of the disk")
}

fn stats(data: &Path) -> Result<Value> {
    let mut command = Command::new(server_binary());
    let text = answer(command.args(["stats", "--json", "--data"]).arg(data));
    Ok(serde_json::from_str(&text.context("`eventhub stats` failed")?)?)
}

/// Posts forms over many connections; those of one thing come one after another.
fn change<T: Sync>(
    data: &Path,
    path: &str,
    things: &[T],
    forms: impl Fn(&T) -> Vec<String> + Sync,
) -> Result<()> {
    let server = Server::start(data)?;
    let (begin, chunk) = (Instant::now(), things.len().div_ceil(CONNECTIONS).max(1));
    let posted = thread::scope(|scope| -> Result<usize> {
        let post = |things: &[T]| -> Result<usize> {
            let client = server.client();
            let bodies = things.iter().flat_map(&forms);
            bodies
                .map(|body| client.post_form(path, &body))
                .try_fold(0, |n, sent| sent.map(|()| n + 1))
        };
        let senders: Vec<_> =
            things.chunks(chunk).map(|things| scope.spawn(move || post(things))).collect();
        senders.into_iter().map(|sender| sender.join().expect("a sender does not panic")).sum()
    })?;
    ensure!(posted >= things.len(), "{posted} requests were answered");
    println!("{posted} POST {path} in {:.1} s", begin.elapsed().as_secs_f64());
    server.wait_until_settled()
}

#[cfg(test)]
mod tests {
    use super::super::sets::SETS;
    use super::*;

    #[test]
    fn three_in_ten_users_are_merged_each_once() {
        let folders = Folders { set: SETS[0], root: PathBuf::new() };
        for (size, groups) in [(2, 300), (5, 120)] {
            let found = folders.groups(size);
            assert_eq!(found, folders.groups(size));
            assert_eq!(found.len(), groups);
            assert!(found.iter().all(|group| group.len() == size));
            let mut users = found.concat();
            users.sort_unstable();
            users.dedup();
            assert_eq!(users.len(), 600);
            assert!(users[0] >= 1 && users[599] <= 2_000);
            // Over all users, not the first ones.
            assert!(users[599] > 1_900, "{}", users[599]);
        }
    }
}
