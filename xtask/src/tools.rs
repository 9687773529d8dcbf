//! The programs that the automation calls, and what it says when one of them is missing.

use anyhow::{Context, Result, bail, ensure};
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::ScopedJoinHandle;

/// The oldest Node that the web builds run on, major and minor.
const NODE_MIN: (u32, u32) = (20, 19);

/// The browser's target, and the one on which no standard library exists.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";
pub(crate) const NO_STD_TARGET: &str = "wasm32v1-none";

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The server as `release_build` leaves it.
pub(crate) fn server_binary() -> PathBuf {
    target_dir().join("release").join("eventhub").with_extension(env::consts::EXE_EXTENSION)
}

/// A command that runs in the folder of the workspace.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// `cargo ARGS`, with the same cargo that started this program.
pub(crate) fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}

/// All that there is to check and to test.
pub(crate) const ALL_FEATURES: &str = "--features=eventhub-client/playground,eventhub-client/preview,eventhub-client/tracker,eventhub-core/naive";

/// `cargo test ARGS` among all packages but this one. Whichever of them is wanted, all are named, and with all features: what they
/// depend on has the features that somebody asks for, and would be built again for each choice of packages.
pub(crate) fn cargo_test<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = cargo(["test", "--workspace", "--exclude=xtask", ALL_FEATURES]);
    command.args(args);
    command
}

/// A program of the npm packages, by the name under which they install it.
pub(crate) fn npm_bin(name: &str) -> Command {
    command(root().join("node_modules/.bin").join(name))
}

/// Runs to the end, its output going to the terminal.
///
/// # Errors
/// When the program cannot be started or exits with anything but 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    ensure!(status.success(), "`{}` failed ({status})", shown(command));
    Ok(())
}

/// Runs to the end, showing its standard output and returning it, with whether it exited with 0.
///
/// # Errors
/// When the program cannot be started.
pub(crate) fn run_and_read(command: &mut Command) -> Result<(String, bool)> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let mut output = String::new();
    let pipe = child.stdout.take().expect("stdout was piped above");
    for line in BufReader::new(pipe).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        output.push_str(&line);
        output.push('\n');
    }
    Ok((output, child.wait()?.success()))
}

/// What a thread made; its panic goes on in this one.
///
/// # Errors
/// What the thread returned.
pub(crate) fn joined<T>(thread: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The standard output of a program that says something short, or `None` where it does not run.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Builds the server, with the dashboard inside when it was built before.
///
/// # Errors
/// When there is no C compiler, or the build fails.
pub(crate) fn release_build() -> Result<()> {
    require_c_compiler()?;
    run(&mut cargo(["build", "--release", "--package", "eventhub-server"]))
}

fn require_c_compiler() -> Result<()> {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    ensure!(
        answer(command(compiler).arg("--version")).is_some(),
        "a C compiler is needed to build LMDB and none was found: install gcc or clang, or name one in CC"
    );
    Ok(())
}

/// # Errors
/// When Node or npm is missing or too old, in one sentence that says what to install.
pub(crate) fn require_node() -> Result<()> {
    let (major, minor) = NODE_MIN;
    let Some(version) = answer(command("node").arg("--version")) else {
        bail!("Node {major}.{minor} or newer was not found: install it");
    };
    ensure!(
        node_version(&version).is_some_and(|version| version >= NODE_MIN),
        "Node {major}.{minor} or newer is needed and {version} was found"
    );
    ensure!(is_there("npm"), "npm was not found: install it beside Node to build the dashboard");
    Ok(())
}

fn node_version(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Adds the wasm target when the toolchain has not got it.
///
/// # Errors
/// When the target is missing and cannot be added, in one sentence that says what to install.
pub(crate) fn require_target(target: &str) -> Result<()> {
    let sysroot = answer(command("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    if Path::new(&sysroot).join("lib/rustlib").join(target).join("lib").is_dir() {
        return Ok(());
    }
    ensure!(
        is_there("rustup"),
        "Rust's target {target} is missing and there is no rustup to add it: install rustup, or the target by the means Rust was installed"
    );
    run(command("rustup").args(["target", "add", target]))
}

/// A Chromium for the tests in a browser: `CHROME_BIN`, or one on the path, or Debian's package.
///
/// # Errors
/// When there is none and it cannot be installed, in one sentence that says what to do.
pub(crate) fn require_chromium() -> Result<OsString> {
    if let Some(named) = env::var_os("CHROME_BIN") {
        return Ok(named);
    }
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    apt_install("chromium").context(
        "Chromium was not found and could not be installed: install it or name one in CHROME_BIN",
    )?;
    find_chromium().context("apt-get installed Chromium, yet it is not on the path")
}

fn find_chromium() -> Option<OsString> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().find(|name| is_there(name)).map(|name| name.into())
}

/// A program that the tests call: on the path, or Debian's package of that name.
///
/// # Errors
/// When it is missing and cannot be installed, in one sentence that says what to do.
pub(crate) fn require_program(name: &str) -> Result<()> {
    if is_there(name) {
        return Ok(());
    }
    apt_install(name)
        .with_context(|| format!("{name} was not found and could not be installed: install it"))?;
    ensure!(is_there(name), "apt-get installed {name}, yet it is not on the path");
    Ok(())
}

fn is_there(program: &str) -> bool {
    answer(command(program).arg("--version")).is_some()
}

fn apt_install(package: &str) -> Result<()> {
    let is_root = answer(command("id").arg("--user")).as_deref() == Some("0");
    let apt_get = || {
        if is_root {
            return command("apt-get");
        }
        let mut sudo = command("sudo");
        // Without a terminal to ask for a password it must fail rather than wait.
        sudo.args(["--non-interactive", "apt-get"]);
        sudo
    };
    run(apt_get().arg("update"))?;
    run(apt_get().args(["install", "--yes", "--no-install-recommends", package]))
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_node() {
        assert_eq!(node_version("v20.19.2"), Some((20, 19)));
        assert_eq!(node_version("v9.0.0"), Some((9, 0)));
        assert_eq!(node_version("20.19.2"), None);
        assert_eq!(node_version("v20"), None);
    }

    #[test]
    fn shows_a_command_without_its_folder() {
        let mut command = Command::new("some/folder/cargo");
        command.args(["fmt", "--check"]);
        assert_eq!(shown(&command), "cargo fmt --check");
    }

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = run(command("false").arg("it")).expect_err("false fails");
        assert!(error.to_string().contains("`false it` failed"), "{error}");
        assert!(run(&mut command("no-such-program-anywhere")).is_err());
    }

    #[test]
    fn output_is_read_and_the_status_kept() {
        let (output, success) =
            run_and_read(command("sh").args(["-c", "echo one; echo two; exit 3"])).expect("sh");
        assert_eq!((output.as_str(), success), ("one\ntwo\n", false));
    }
}
