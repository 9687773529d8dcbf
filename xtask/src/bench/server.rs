//! A server on loopback for as long as it is measured.

use crate::tools::server_binary;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use ureq::Agent;

/// How long sealing and merging may go on.
const SETTLE_MAX: Duration = Duration::from_secs(900);
/// For how long a server must do nothing to be taken for settled.
const QUIET: Duration = Duration::from_secs(1);
/// Ticks of a hundredth of a second that are nothing, over that time.
const QUIET_TICKS_MAX: u64 = 3;

/// A server on a free port; stopped when dropped.
pub(super) struct Server {
    child: Child,
    client: Client,
}

/// Connections to a server.
#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
    url: String,
}

impl Server {
    /// Starts a server on a data folder and waits until it listens.
    pub(super) fn start(data: &Path) -> Result<Self> {
        let mut child = Command::new(server_binary())
            .args(["--log", "warn", "serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let output = child.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(output).lines();
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let at = line.find("http://")?;
            Some(line[at..].split_whitespace().next()?.trim_end_matches('/').to_owned())
        });
        thread::spawn(move || lines.for_each(drop));
        match url {
            Some(url) => Ok(Self { child, client: Client::new(url) }),
            None => bail!("the server did not start: {}", child.wait()?),
        }
    }

    /// A client with connections of its own.
    pub(super) fn client(&self) -> Client {
        Client::new(self.client.url.clone())
    }

    /// The answer to a question.
    pub(super) fn get(&self, target: &str) -> Result<String> {
        self.client.get(target)
    }

    /// A figure of `/varz`.
    pub(super) fn figure(&self, name: &str) -> Result<u64> {
        let text = self.get("/varz")?;
        let line = text.lines().find_map(|line| line.trim_start().strip_prefix(name));
        let number = line.and_then(|rest| rest.trim_start_matches([':', ' ']).split(' ').next());
        let number = number.with_context(|| format!("/varz has no {name}"))?;
        Ok(number.replace(',', "").parse()?)
    }

    /// Waits until sealing and merging have come to rest.
    ///
    /// # Errors
    /// When they do not.
    pub(super) fn wait_until_settled(&self) -> Result<()> {
        let begin = Instant::now();
        let mut before = None;
        loop {
            let merges = self.figure("merges")?;
            let now = Some((self.figure("seals")?, merges, self.cpu_ticks()?));
            // A merge shows only when it is done, but it takes the processor all the while.
            if let (Some((seals, merges, ticks)), Some((seals_now, merges_now, ticks_now))) =
                (before, now)
                && (seals, merges) == (seals_now, merges_now)
                && ticks_now - ticks <= QUIET_TICKS_MAX
            {
                return Ok(());
            }
            ensure!(begin.elapsed() < SETTLE_MAX, "the server seals and merges without end");
            before = now;
            thread::sleep(QUIET);
        }
    }

    /// The processor time that the server has used, in ticks of a hundredth of a second.
    fn cpu_ticks(&self) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name of the program comes first, in parentheses, and may hold anything.
        let fields = text.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ');
        let times = fields.skip(11).take(2).map(str::parse::<u64>);
        Ok(times.sum::<Result<u64, _>>()?)
    }

    /// Memory that is the process's own: the data file is mapped and does not count.
    pub(super) fn anonymous_bytes(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kb = line.context("the kernel does not tell RssAnon")?.trim().trim_end_matches(" kB");
        Ok(kb.parse::<f64>()? * 1024.0)
    }
}

impl Client {
    fn new(url: String) -> Self {
        Self { agent: Agent::config_builder().proxy(None).build().into(), url }
    }

    /// The answer to a question.
    pub(super) fn get(&self, target: &str) -> Result<String> {
        let mut answer = self.agent.get(self.url.clone() + target).call()?;
        Ok(answer.body_mut().read_to_string()?)
    }

    /// Posts a form that must be taken.
    pub(super) fn post_form(&self, path: &str, body: &str) -> Result<()> {
        let request = self.agent.post(self.url.clone() + path);
        let request = request.content_type("application/x-www-form-urlencoded");
        request.send(body)?.body_mut().read_to_string()?;
        Ok(())
    }

    /// The answer to a question of the JSON API.
    pub(super) fn post_json(&self, path: &str, body: &str) -> Result<String> {
        let request = self.agent.post(self.url.clone() + path).content_type("application/json");
        Ok(request.send(body)?.body_mut().read_to_string()?)
    }

    /// Posts a batch of events; `false` when the server has too much waiting to take it now.
    pub(super) fn post_batch(&self, form: &[u8]) -> Result<bool> {
        let request = self.agent.post(self.url.clone() + "/events/batch_track");
        let request = request.content_type("application/x-www-form-urlencoded");
        match request.send(form) {
            Ok(mut answer) => answer.body_mut().read_to_string().map(|_| true).map_err(Into::into),
            Err(ureq::Error::StatusCode(503)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
