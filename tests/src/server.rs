//! The real binary as a child process: started, killed, started again.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Client;

/// How long a start, a stop or a condition may take before a test fails rather than hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on a port of its own; killed when dropped.
///
/// Calls are made directly on it: it dereferences to a [`Client`].
#[derive(Debug)]
pub struct Server {
    child: Child,
    client: Client,
    options: Vec<String>,
    folder: Arc<TempDir>,
}

impl Server {
    /// A server without further options, on a new folder.
    #[must_use]
    #[track_caller]
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// A server with further options, on a new folder.
    #[must_use]
    #[track_caller]
    pub fn with(options: &[&str]) -> Self {
        Self::on(tempfile::tempdir().expect("a temporary folder can be made"), options)
    }

    /// A server on the data in this folder.
    #[must_use]
    #[track_caller]
    pub fn on(folder: TempDir, options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        Self::spawn(serve(folder.path(), &options), Arc::new(folder), options)
    }

    /// A server started by a command that ends in starting it, such as `strace`.
    #[must_use]
    #[track_caller]
    pub fn under(wrapper: &[&str], folder: TempDir, options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let inner = serve(folder.path(), &options);
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(inner.get_program()).args(inner.get_args());
        Self::spawn(command, Arc::new(folder), options)
    }

    #[track_caller]
    fn spawn(mut command: Command, folder: Arc<TempDir>, options: Vec<String>) -> Self {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.path().join("log"))
            .expect("the log can be opened");
        let mut child = clean(&mut command)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the server's binary can be started: build it or name it in EVENTHUB_BIN");
        let Some(address) = printed_address(&mut child) else {
            let status = child.wait().expect("a child can be waited for");
            let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            panic!("the server did not start ({status}): {log}");
        };
        Self { child, client: Client::new(address), options, folder }
    }

    /// SIGKILL: the process is gone when this returns.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
        self.child.wait().expect("a child can be waited for");
    }

    /// SIGTERM, and how the process ended.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        let mut status = None;
        wait_until("the server stops", || {
            status = self.child.try_wait().expect("a child can be waited for");
            status.is_some()
        });
        status.expect("the loop above ends with a status")
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &line]).status().expect("sh runs");
        assert!(status.success(), "{line}");
    }

    /// Starts a server on the same folder after this one ended.
    #[track_caller]
    pub fn start_again(&mut self) {
        let options = self.options.clone();
        *self = Self::spawn(serve(self.folder(), &options), Arc::clone(&self.folder), options);
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        data_in(self.folder())
    }

    /// The folder in which the data folder and whatever else a test writes lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A client with connections of its own.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// A figure of `/varz`, by its name.
    #[must_use]
    #[track_caller]
    pub fn figure(&self, name: &str) -> u64 {
        let text = self.get("/varz").body;
        let line = text.lines().find_map(|line| line.trim_start().strip_prefix(name));
        line.and_then(|rest| rest.trim_start_matches([':', ' ', '\t']).split(' ').next())
            .and_then(|number| number.trim().replace(',', "").parse().ok())
            .unwrap_or_else(|| panic!("no figure {name} in {text}"))
    }

    /// How many events are stored.
    #[must_use]
    #[track_caller]
    pub fn events(&self) -> u64 {
        self.figure("events")
    }
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary under test: `EVENTHUB_BIN`, or the workspace's release build.
#[must_use]
pub fn binary() -> PathBuf {
    env::var_os("EVENTHUB_BIN").map_or_else(
        || {
            let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
            Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(target).join("release/eventhub")
        },
        PathBuf::from,
    )
}

/// Runs the binary with these arguments to its end.
#[must_use]
#[track_caller]
pub fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    clean(&mut command).args(arguments).output().expect("the server's binary can be started")
}

/// Waits for a condition, and fails when it does not come about.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn data_in(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn serve(folder: &Path, options: &[String]) -> Command {
    let mut command = Command::new(binary());
    command.arg("serve").arg("--data").arg(data_in(folder));
    if !options.iter().any(|option| option == "--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.args(options);
    command
}

/// Takes away what the environment would tell the server.
fn clean(command: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os() {
        if name == "PORT" || name.to_string_lossy().starts_with("EVENTHUB_") {
            command.env_remove(name);
        }
    }
    command
}

/// Reads the child's output until it names its address, and goes on reading so that it never blocks.
fn printed_address(child: &mut Child) -> Option<SocketAddr> {
    let mut lines = BufReader::new(child.stdout.take()?).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (_, rest) = line.split_once("http://")?;
        let end = rest.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(rest.len());
        rest[..end].parse::<SocketAddr>().ok()
    });
    thread::spawn(move || lines.for_each(drop));
    address.map(|address| {
        let port = address.port();
        if address.ip().is_unspecified() { ([127, 0, 0, 1], port).into() } else { address }
    })
}
