//! What the browser gets: the WebAssembly client, the npm package around it, and the dashboard.

use crate::tools::{self, WASM_TARGET, cargo, command, npm_bin, root, run};
use anyhow::{Context, Result, anyhow};
use std::fs;
use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

/// What Rust's target enables by itself, so that wasm-opt reads the module and adds nothing newer.
const WASM_OPT_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// # Errors
/// When something that [`build`] needs is missing, in one sentence that says what to install.
pub(crate) fn require() -> Result<()> {
    tools::require_node()?;
    tools::require_target(WASM_TARGET)
}

/// Builds all of it, in the order in which one needs the other.
///
/// # Errors
/// When a build fails.
pub(crate) fn build() -> Result<()> {
    install_packages(".")?;
    build_preview()?;
    run(npm_bin("tsc").args(["--project", "npm"]))?;
    run(npm_bin("vite").args(["build", "www", "--logLevel", "warn"]))
}

/// Brings a folder's `node_modules` to what its package-lock.json says, unless it is there already.
///
/// # Errors
/// When npm fails.
pub(crate) fn install_packages(folder: &str) -> Result<()> {
    let folder = root().join(folder);
    // npm leaves this file as its last act, so an interrupted install is begun anew.
    let installed = folder.join("node_modules/.package-lock.json");
    let wanted = folder.join("package-lock.json");
    if installed.exists() && modified(&installed)? >= modified(&wanted)? {
        return Ok(());
    }
    run(command("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

fn modified(path: &Path) -> Result<std::time::SystemTime> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(metadata.modified()?)
}

/// Compiles the query engine for the browser and makes its glue, in `npm/dist/wasm`.
fn build_preview() -> Result<()> {
    run(&mut cargo([
        "build",
        "--package=eventhub-client",
        "--features=preview",
        "--profile=wasm",
        "--target",
        WASM_TARGET,
    ]))?;
    let module = tools::target_dir().join(WASM_TARGET).join("wasm/eventhub_client.wasm");
    let out = root().join("npm/dist/wasm");
    Bindgen::new()
        .input_path(module)
        .out_name("preview")
        .typescript(true)
        .omit_default_module_path(false)
        .web(true)
        .and_then(|bindgen| bindgen.generate(&out))
        .map_err(|error| anyhow!("cannot make the glue of the preview module: {error:#}"))?;
    let optimized = out.join("preview_bg.wasm");
    run(npm_bin("wasm-opt")
        .arg("-Os")
        .args(WASM_OPT_FEATURES)
        .arg(&optimized)
        .arg("-o")
        .arg(&optimized))
}
