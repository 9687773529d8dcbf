//! What the browser gets: the WebAssembly client, the npm package around it, and the dashboard.

use crate::tools::{self, WASM_TARGET, cargo, command, npm_bin, root, run};
use anyhow::{Context, Result, anyhow};
use std::env;
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
    build_engine("preview", "wasm", "-Os")?;
    build_engine("playground", "engine", "-O3")?;
    build_tracker()?;
    run(npm_bin("tsc").args(["--project", "npm"]))?;
    bundle()?;
    // The dashboard's types of the API, from its OpenAPI document.
    run(command("npm").args(["run", "types", "--workspace", "www", "--silent"]))?;
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

/// Compiles the query engine for the browser, for one of its uses, and makes the glue around it, in `npm/dist/wasm`;
/// optimizing takes a minute, and is left out when what was made is of this very module.
fn build_engine(feature: &str, profile: &str, optimize: &str) -> Result<()> {
    let compiled = compile(feature, profile)?;
    let (name, dist) = (format!("{feature}_bg.wasm"), dist());
    let made = dist.join(&name);
    // This program says how it is made.
    let since = modified(&compiled)?.max(modified(&env::current_exe()?)?);
    if made.exists() && modified(&made)? >= since {
        return Ok(());
    }
    let glued = tools::target_dir().join("glue").join(feature);
    glue(feature, &compiled, &glued, |bindgen| {
        bindgen.typescript(true).omit_default_module_path(false).web(true)
    })?;
    let optimized = glued.join("optimized.wasm");
    run(npm_bin("wasm-opt")
        .arg(optimize)
        .args(WASM_OPT_FEATURES)
        .arg(glued.join(&name))
        .arg("-o")
        .arg(&optimized))?;
    fs::create_dir_all(&dist)?;
    for name in ["js", "d.ts"].map(|kind| format!("{feature}.{kind}")) {
        fs::copy(glued.join(&name), dist.join(&name))?;
    }
    // Last and at once, so that an interrupted build is begun anew.
    Ok(fs::rename(optimized, made)?)
}

/// Compiles the tracker and puts it, beside its glue, into a file of JavaScript.
fn build_tracker() -> Result<()> {
    let dist = dist();
    glue("tracker", &compile("tracker", "tag")?, &dist, |bindgen| {
        bindgen.typescript(false).remove_producers_section(true).bundler(true)
    })?;
    run(command("node").arg("npm/module.mjs").arg(dist))
}

fn dist() -> PathBuf {
    root().join("npm/dist/wasm")
}

/// Compiles a feature of `client-wasm`.
fn compile(feature: &str, profile: &str) -> Result<PathBuf> {
    run(cargo(["build", "--package=eventhub-client", "--target", WASM_TARGET]).args([
        "--features",
        feature,
        "--profile",
        profile,
    ]))?;
    Ok(tools::target_dir().join(WASM_TARGET).join(profile).join("eventhub_client.wasm"))
}

/// Makes the glue around a compiled feature, in a folder.
fn glue(
    feature: &str,
    compiled: &Path,
    out: &Path,
    configure: fn(&mut Bindgen) -> Result<&mut Bindgen, anyhow::Error>,
) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name(feature);
    configure(&mut bindgen)
        .and_then(|bindgen| bindgen.generate(out))
        .map_err(|error| anyhow!("cannot make the glue of the {feature} module: {error:#}"))
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
            .args(["--format", format, "--minify", "--log-level", "silent"]))?;
    }
    Ok(())
}
