//! `cargo xtask run`: from a clone to a server that answers, in one command.

use crate::tools::{self, command};
use crate::web;
use anyhow::{Context, Result};
use std::process::ExitCode;

/// Where the data lies and where the server listens, unless the caller says otherwise.
const DEFAULTS: [(&str, &str); 2] = [("--data", "./eventhub-data"), ("--listen", "127.0.0.1:8080")];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Arguments for `eventhub serve`, after `--`
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
    let mut server = command(tools::server_binary());
    server.arg("serve").args(with_defaults(args.serve));
    become_program(&mut server)
}

fn with_defaults(mut args: Vec<String>) -> Vec<String> {
    for (flag, value) in DEFAULTS {
        let is_given = args.iter().any(|arg| arg.split('=').next() == Some(flag));
        if !is_given {
            args.extend([flag.to_owned(), value.to_owned()]);
        }
    }
    args
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

    fn check(given: &[&str], expected: &[&str]) {
        let given = given.iter().map(|arg| (*arg).to_owned()).collect();
        assert_eq!(with_defaults(given), expected);
    }

    #[test]
    fn defaults_give_way_to_what_the_caller_says() {
        check(&[], &["--data", "./eventhub-data", "--listen", "127.0.0.1:8080"]);
        check(&["--data", "d"], &["--data", "d", "--listen", "127.0.0.1:8080"]);
        check(&["--listen=[::1]:9"], &["--listen=[::1]:9", "--data", "./eventhub-data"]);
    }
}
