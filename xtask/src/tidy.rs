//! `cargo xtask tidy`: the style of the house as a test.
//!
//! A rule looks at the files of the project and returns what it finds wrong. Each is a small
//! function beside a test that shows it can fail.

mod docs;
mod layers;
mod manifest;
mod source;
mod text;

use crate::tools::{cargo, command, root};
use anyhow::{Context, Result, bail, ensure};
use source::Source;
use std::fs;
use std::process::Command;

/// Checks every rule.
///
/// # Errors
/// When a rule is broken; all that is wrong is printed before.
pub(crate) fn check() -> Result<()> {
    let sources = read_sources()?;
    let core_features = output(&mut cargo([
        "tree",
        "--package=eventhub-core",
        "--edges=features,normal,no-proc-macro",
    ]))?;
    let findings = [
        text::long_files(&sources),
        text::foreign_characters(&sources),
        text::machine_paths(&sources),
        text::unfinished_code(&sources),
        layers::forbidden_imports(&sources),
        layers::unknown_server_folders(&sources),
        layers::unsafe_lmdb_flags(&sources),
        docs::missing_paths(&sources),
        manifest::dependencies_without_reason(&sources),
        manifest::wasm_bindgen_versions(&sources),
        manifest::std_features(&core_features),
    ]
    .concat();
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy found {} things to mend", findings.len());
    }
    Ok(())
}

/// The project's text files: what git tracks, and what it would track if it were added.
fn read_sources() -> Result<Vec<Source>> {
    let mut git = command("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let mut sources = Vec::new();
    for path in output(&mut git)?.split_terminator('\0') {
        let file = root().join(path);
        // A file that is deleted but still in the index, or a link to a folder.
        if !file.is_file() {
            continue;
        }
        let bytes = fs::read(&file).with_context(|| format!("cannot read {path}"))?;
        // What is not text (a golden part file, an image) has no style, but it has a path.
        let text = String::from_utf8(bytes).unwrap_or_default();
        sources.push(Source { path: path.to_owned(), text });
    }
    Ok(sources)
}

fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    ensure!(
        output.status.success(),
        "{name} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}
