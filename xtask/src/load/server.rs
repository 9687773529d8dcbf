//! The server of a run: one of its own on a fresh folder, or one that runs already.

use super::client::fetched;
use super::target::Target;
use crate::tools::server_binary;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often the server is asked whether it rests, and how long it may take.
const REST_STEP: Duration = Duration::from_millis(250);
const REST_MAX: Duration = Duration::from_secs(60);

/// A server of its own on a free port; stopped and its folder removed when dropped.
pub(super) struct Server {
    child: Child,
    /// Where it listens.
    pub(super) target: Target,
    /// Where its data lies.
    pub(super) folder: PathBuf,
}

impl Server {
    /// Starts a server on a folder that is emptied before.
    ///
    /// # Errors
    /// When the folder cannot be made or the server does not start.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let mut child = Command::new(server_binary())
            .args(["--log", "warn", "serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let output = child.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(output).lines();
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let at = line.find("http://")?;
            Some(line[at..].split_whitespace().next()?.to_owned())
        });
        thread::spawn(move || lines.for_each(drop));
        let Some(url) = url else { bail!("the server did not start: {}", child.wait()?) };
        let target = Target::reached(&url)?;
        Ok(Self { child, target, folder: folder.to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is all that is wanted; what lies in the folder is not
        // needed any more, and the next run empties it if need be.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Figures of `/varz` that a run looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    /// Events stored.
    pub(super) events: u64,
    /// Transactions committed.
    pub(super) commits: u64,
    seals: u64,
    merges: u64,
}

impl Counts {
    /// Asks the server.
    ///
    /// # Errors
    /// When it does not answer, or wants a password.
    pub(super) fn of(target: &Target) -> Result<Self> {
        let text = fetched(target, "/varz").context(
            "the server's figures cannot be read, as they can of one without a password",
        )?;
        Self::read(&text)
    }

    /// Waits until sealing and merging have come to rest, so that no measurement pays for the one
    /// before.
    ///
    /// # Errors
    /// When the server does not answer or never rests.
    pub(super) fn at_rest(target: &Target) -> Result<Self> {
        let begin = Instant::now();
        let mut before = Self::of(target)?;
        loop {
            thread::sleep(REST_STEP);
            let now = Self::of(target)?;
            if now == before {
                return Ok(now);
            }
            ensure!(begin.elapsed() < REST_MAX, "the server does not come to rest");
            before = now;
        }
    }

    fn read(varz: &str) -> Result<Self> {
        let figure = |name: &str| -> Result<u64> {
            let mut pairs = varz.lines().filter_map(|line| line.split_once(": "));
            let pair = pairs.find(|(key, _)| *key == name);
            let (_, number) = pair.with_context(|| format!("/varz has no {name}"))?;
            number.trim().parse().with_context(|| format!("{name} of /varz is {number}"))
        };
        Ok(Self {
            events: figure("events")?,
            commits: figure("commits")?,
            seals: figure("seals")?,
            merges: figure("merges")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_by_their_whole_name() {
        let varz = "EventHub 0.1.0\ntail_events: 9\nevents: 70\nevent_types: 5\ncommits: 3\nseals: 1\nmerges: 0\n";
        let counts = Counts { events: 70, commits: 3, seals: 1, merges: 0 };
        assert_eq!(Counts::read(varz).unwrap(), counts);
        let error = Counts::read("events: 70\n").expect_err("no commits").to_string();
        assert!(error.contains("/varz has no commits"), "{error}");
        assert!(Counts::read("events: many\ncommits: 3\nseals: 1\nmerges: 0\n").is_err());
    }
}
