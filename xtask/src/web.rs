//! What the browser gets: the WebAssembly client, the npm package around it, and the dashboard.

use crate::tools::{self, WASM_TARGET, cargo, command, npm_bin, root, run};
use anyhow::{Context, Result, anyhow};
use std::fs;
use std::path::{Path, PathBuf};
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
    build_module(&PREVIEW)?;
    build_tracker()?;
    run(npm_bin("tsc").args(["--project", "npm"]))?;
    bundle()?;
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

/// A module of `client-wasm`, by the feature that makes it.
struct Module {
    feature: &'static str,
    /// wasm-opt's flags: what it optimizes for.
    optimize: &'static [&'static str],
    /// Whether the glue loads the module, or the package's own code does.
    loads_itself: bool,
}

const PREVIEW: Module = Module { feature: "preview", optimize: &["-Os"], loads_itself: true };
const TRACKER: Module =
    Module { feature: "tracker", optimize: &["-Oz", "--converge"], loads_itself: false };

/// Compiles a module for the browser and makes its glue, in `npm/dist/wasm`.
fn build_module(module: &Module) -> Result<PathBuf> {
    run(cargo(["build", "--package=eventhub-client", "--profile=wasm", "--target", WASM_TARGET])
        .args(["--features", module.feature]))?;
    let compiled = tools::target_dir().join(WASM_TARGET).join("wasm/eventhub_client.wasm");
    let out = root().join("npm/dist/wasm");
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name(module.feature).typescript(module.loads_itself);
    let bindgen = if module.loads_itself {
        bindgen.omit_default_module_path(false).web(true)
    } else {
        bindgen.remove_producers_section(true).bundler(true)
    };
    bindgen.and_then(|bindgen| bindgen.generate(&out)).map_err(|error| {
        anyhow!("cannot make the glue of the {} module: {error:#}", module.feature)
    })?;
    let optimized = out.join(format!("{}_bg.wasm", module.feature));
    run(npm_bin("wasm-opt")
        .args(module.optimize)
        .args(WASM_OPT_FEATURES)
        .arg(&optimized)
        .arg("-o")
        .arg(&optimized))?;
    Ok(optimized)
}

/// The tracker's module goes into its code.
fn build_tracker() -> Result<()> {
    let module = build_module(&TRACKER)?;
    let code = module.with_file_name("tracker_module.js");
    run(command("node").arg("npm/module.mjs").arg(module).arg(code))
}

/// The one-file forms of what tsc made: the script tag, the snippet and the package's entry.
fn bundle() -> Result<()> {
    for (entry, output, format) in [
        ("tag.js", "eventhub.js", "iife"),
        ("snippet.js", "eventhub-snippet.js", "iife"),
        ("index.js", "eventhub-tracker.js", "esm"),
    ] {
        let dist = root().join("npm/dist");
        run(npm_bin("rolldown")
            .arg(dist.join(entry))
            .arg("--file")
            .arg(dist.join(output))
            .args(["--format", format, "--minify", "--log-level", "warn"]))?;
    }
    Ok(())
}
