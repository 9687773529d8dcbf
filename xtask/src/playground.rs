//! `cargo xtask playground`: the dashboard as files that need no server of ours.

use crate::tools::{self, root};
use crate::web;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The page that the build leaves beside the dashboard's, and what it is called where it is alone.
const PAGE: &str = "playground.html";
const INDEX: &str = "index.html";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder to write, which is emptied first when it holds a playground; target/playground by default
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Builds the dashboard and writes the folder.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    web::require()?;
    web::build()?;
    let folder = args.folder.unwrap_or_else(default_folder);
    write(&folder)?;
    println!(
        "{} holds the playground: any server of static files will do, such as",
        folder.display()
    );
    println!("    python3 -m http.server --bind 127.0.0.1 --directory {}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Where it is written when nobody says otherwise.
pub(crate) fn default_folder() -> PathBuf {
    tools::target_dir().join("playground")
}

/// Writes what was built into a folder.
///
/// # Errors
/// When nothing was built, or the folder holds something else.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let built = root().join("www/dist");
    let page = built.join(PAGE);
    ensure!(page.is_file(), "{} is missing: run `cargo xtask playground`", page.display());
    if folder.exists() {
        let is_empty = fs::read_dir(folder).map(|mut entries| entries.next().is_none());
        let is_ours = fs::read_to_string(folder.join(INDEX))
            .is_ok_and(|text| text.contains("eventhub-playground"));
        ensure!(
            is_empty.unwrap_or(false) || is_ours,
            "{} holds something else than a playground: name another folder",
            folder.display()
        );
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    copy(&built, folder)?;
    fs::rename(folder.join(PAGE), folder.join(INDEX))?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}
