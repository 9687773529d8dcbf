//! `cargo xtask screenshots`: pictures of the dashboard for its documents, of the demo's data in Chromium.

use crate::tools::{self, command, root, run};
use crate::web;
use anyhow::Result;
use std::process::ExitCode;

/// Where the pictures go.
const FOLDER: &str = "docs/screenshots";

/// Builds everything and takes them all.
///
/// # Errors
/// When something to build or to show with is missing, or a picture is larger than it may be.
pub(crate) fn take() -> Result<ExitCode> {
    web::require()?;
    let chromium = tools::require_chromium()?;
    web::build()?;
    tools::release_build()?;
    let mut program = command("node");
    program.arg("tests/screenshots/take.mjs").arg(root().join(FOLDER));
    run(program.env("CHROME_BIN", chromium).env("EVENTHUB_BIN", tools::server_binary()))?;
    Ok(ExitCode::SUCCESS)
}
