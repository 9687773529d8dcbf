//! `cargo xtask run`: from a clone to a server that answers, in one command.

use crate::tools::{self, command};
use crate::web;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::ExitCode;

/// Where the data lies and where the server listens, unless the caller says otherwise.
const DEFAULTS: [(&str, &str); 2] = [("--data", "./eventhub-data"), ("--listen", "127.0.0.1:8080")];
/// Where the data of the demo lies.
const DEMO_DATA: (&str, &str) = ("--data", "./eventhub-demo");
/// What a data folder has once something was stored in it.
const DATA_FILE: &str = "eventhub.mdb";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Arguments for `eventhub serve`, after `--`; `--demo` among them serves generated data
    #[arg(last = true)]
    serve: Vec<String>,
}

/// Builds the dashboard and the server and becomes the server.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    match web::require() {
        Ok(()) => web::build()?,
        Err(missing) => eprintln!("Going on without the dashboard: {missing:#}."),
    }
    tools::release_build()?;
    let (args, is_demo) = without_demo(args.serve);
    let args = if is_demo { with_defaults(args, &[DEMO_DATA]) } else { args };
    let args = with_defaults(args, &DEFAULTS);
    if is_demo {
        fill(value_of(&args, "--data").context("--data has no value")?)?;
        let address = value_of(&args, "--listen").context("--listen has no value")?;
        println!("The demo opens at http://{address}/?view=Conversion");
    }
    let mut server = command(tools::server_binary());
    server.arg("serve").args(args);
    become_program(&mut server)
}

/// Makes the demo's data, unless the folder has data already.
fn fill(folder: &str) -> Result<()> {
    if Path::new(folder).join(DATA_FILE).exists() {
        return Ok(());
    }
    tools::run(command(tools::server_binary()).args(["demo", "--data", folder]))
}

/// The arguments of the server, and whether the demo is asked for.
fn without_demo(mut args: Vec<String>) -> (Vec<String>, bool) {
    let given = args.len();
    args.retain(|arg| arg != "--demo");
    let is_demo = args.len() < given;
    (args, is_demo)
}

fn with_defaults(mut args: Vec<String>, defaults: &[(&str, &str)]) -> Vec<String> {
    for (flag, value) in defaults {
        if value_of(&args, flag).is_none() {
            args.extend([(*flag).to_owned(), (*value).to_owned()]);
        }
    }
    args
}

/// The value of a flag, which follows it or stands behind an equals sign.
fn value_of<'a>(args: &'a [String], flag: &str) -> Option<&'a str> {
    args.iter().enumerate().find_map(|(at, arg)| match arg.strip_prefix(flag)? {
        "" => args.get(at + 1).map(String::as_str),
        value => value.strip_prefix('='),
    })
}

/// Replaces this process, so that signals reach the server itself.
#[cfg(unix)]
fn become_program(server: &mut std::process::Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(server.exec()).with_context(|| format!("cannot start {}", tools::server_binary().display()))
}

#[cfg(not(unix))]
fn become_program(server: &mut std::process::Command) -> Result<ExitCode> {
    let status = server
        .status()
        .with_context(|| format!("cannot start {}", tools::server_binary().display()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn defaults_give_way_to_what_the_caller_says() {
        let check = |given: &[&str], expected: &[&str]| {
            assert_eq!(with_defaults(texts(given), &DEFAULTS), expected);
        };
        check(&[], &["--data", "./eventhub-data", "--listen", "127.0.0.1:8080"]);
        check(&["--data", "d"], &["--data", "d", "--listen", "127.0.0.1:8080"]);
        check(&["--listen=[::1]:9"], &["--listen=[::1]:9", "--data", "./eventhub-data"]);
    }

    #[test]
    fn a_demo_is_asked_for_by_a_word() {
        let (args, is_demo) = without_demo(texts(&["--demo", "--data=d"]));
        assert!(is_demo);
        assert_eq!(value_of(&args, "--data"), Some("d"));
        assert_eq!(with_defaults(args, &[DEMO_DATA]), ["--data=d"]);
        let (args, is_demo) = without_demo(texts(&["--log", "debug"]));
        assert!(!is_demo);
        assert_eq!(value_of(&args, "--log"), Some("debug"));
    }
}
