//! What the browser gets: the WebAssembly client, the npm package around it, and the dashboard.

use crate::tools::{self, WASM_TARGET, cargo, command, npm_bin, root, run};
use anyhow::{Context, Result, anyhow};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
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

/// A use of `client-wasm`: its feature, and the profile of Cargo.toml by which it is compiled.
struct Module {
    feature: &'static str,
    profile: &'static str,
}

const PREVIEW: Module = Module { feature: "preview", profile: "wasm" };
const PLAYGROUND: Module = Module { feature: "playground", profile: "engine" };
const TRACKER: Module = Module { feature: "tracker", profile: "tag" };

/// Builds all of it, in the order in which one needs the other. What takes longest in making a module keeps one core busy,
/// so they are made side by side, and the packages come meanwhile.
///
/// # Errors
/// When a build fails.
pub(crate) fn build() -> Result<()> {
    thread::scope(|scope| {
        let [playground, preview, tracker] =
            [PLAYGROUND, PREVIEW, TRACKER].map(|module| scope.spawn(move || module.compile()));
        install_packages(".")?;
        let made = [
            scope.spawn(|| PLAYGROUND.build_engine(&tools::joined(playground)?, "-O3")),
            scope.spawn(|| PREVIEW.build_engine(&tools::joined(preview)?, "-Os")),
            scope.spawn(|| build_tracker(&tools::joined(tracker)?)),
        ];
        made.into_iter().try_for_each(tools::joined)
    })?;
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

impl Module {
    fn compile(&self) -> Result<PathBuf> {
        run(cargo(["build", "--package=eventhub-client", "--target", WASM_TARGET]).args([
            "--features",
            self.feature,
            "--profile",
            self.profile,
        ]))?;
        let folder = tools::target_dir().join(WASM_TARGET).join(self.profile);
        Ok(folder.join("eventhub_client.wasm"))
    }

    /// Makes the glue around the query engine, in `npm/dist/wasm`; optimizing takes a minute, and is left out when what
    /// was made is of this very module.
    fn build_engine(&self, compiled: &Path, optimize: &str) -> Result<()> {
        let (name, dist) = (format!("{}_bg.wasm", self.feature), dist());
        let made = dist.join(&name);
        // This program says how it is made.
        let since = modified(compiled)?.max(modified(&env::current_exe()?)?);
        if made.exists() && modified(&made)? >= since {
            return Ok(());
        }
        let glued = tools::target_dir().join("glue").join(self.feature);
        glue(self.feature, compiled, &glued, |bindgen| {
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
        for name in ["js", "d.ts"].map(|kind| format!("{}.{kind}", self.feature)) {
            fs::copy(glued.join(&name), dist.join(&name))?;
        }
        // Last and at once, so that an interrupted build is begun anew.
        Ok(fs::rename(optimized, made)?)
    }
}

/// Puts the tracker, beside its glue, into a file of JavaScript.
fn build_tracker(compiled: &Path) -> Result<()> {
    let dist = dist();
    glue(TRACKER.feature, compiled, &dist, |bindgen| {
        bindgen.typescript(false).remove_producers_section(true).bundler(true)
    })?;
    run(command("node").arg("npm/module.mjs").arg(dist))
}

fn dist() -> PathBuf {
    root().join("npm/dist/wasm")
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
