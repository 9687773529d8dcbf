//! `cargo xtask test`: everything that must hold, step by step, with one count at the end.

mod stages;

use crate::counts::Counts;
use crate::tools::{
    self, NO_STD_TARGET, WASM_TARGET, cargo, npm_bin, release_build, require_chromium,
    require_node, require_program, require_target, root, run_and_read, server_binary,
};
use crate::{bench, playground, tidy, web};
use anyhow::{Result, ensure};
use clap::ValueEnum;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Instant;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run this step alone
    #[arg(long, value_name = "STEP")]
    only: Option<Step>,
}

/// The steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// rustfmt changes nothing
    Fmt,
    /// The style of the house holds
    Tidy,
    /// Clippy has nothing to say
    Clippy,
    /// The core builds where no standard library exists
    NoStd,
    /// The WebAssembly client, the npm package and the dashboard build
    Web,
    /// The tag, the package and the snippet are within their budgets
    Size,
    /// The dashboard's types and unit tests
    Www,
    /// The unit and end-to-end tests build
    Tests,
    /// The server builds in release
    Release,
    /// The WebAssembly client in Chromium, by Karma
    Browser,
    /// Unit, property and doc tests
    Unit,
    /// Ten thousand questions: the WebAssembly engine answers as the native one does
    Cases,
    /// The tests against the release binary
    EndToEnd,
    /// The dashboard, pages with the tag, and apps with the npm package, in Chromium against the release binary
    Pages,
    /// The benchmark's questions on small sets: equal answers, and time in proportion
    Bench,
}

impl Step {
    fn name(self) -> String {
        let value = self.to_possible_value().expect("no step is hidden");
        value.get_name().to_owned()
    }

    /// The step that must have passed before this one says anything.
    fn needs(self) -> Option<Step> {
        match self {
            Step::Size | Step::Www | Step::Cases | Step::Browser => Some(Step::Web),
            Step::Unit => Some(Step::Tests),
            Step::EndToEnd | Step::Pages | Step::Bench => Some(Step::Release),
            _ => None,
        }
    }

    fn run(self) -> Result<Counts> {
        match self {
            Step::Fmt => one(tools::run(&mut cargo(["fmt", "--check"]))),
            Step::Tidy => one(tidy::check()),
            Step::Clippy => one(clippy()),
            Step::NoStd => one(no_std()),
            Step::Web => one(web::require().and_then(|()| web::build())),
            Step::Size => one(size()),
            Step::Www => www(),
            Step::Tests => one(build_tests()),
            Step::Release => one(release_build()),
            Step::Browser => browser(),
            Step::Unit => unit_tests(),
            Step::Cases => cases(),
            Step::EndToEnd => end_to_end(),
            Step::Pages => pages(),
            Step::Bench => bench_check(),
        }
    }
}

/// Runs one step or all of them, and prints the count as the last line.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let start = Instant::now();
    let done = args.only.map_or_else(stages::run, |step| vec![(step, run_step(step))]);
    let failed = done.iter().filter(|(_, counts)| counts.failed > 0);
    let failed: Vec<_> = failed.map(|(step, _)| step.name()).collect();
    if !failed.is_empty() {
        println!("Steps with failures: {}", failed.join(", "));
    }
    if args.only.is_none() {
        println!("All steps: {:.1} s", start.elapsed().as_secs_f64());
    }
    let mut total = Counts::default();
    done.into_iter().for_each(|(_, counts)| total += counts);
    println!("{total}");
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_step(step: Step) -> Counts {
    println!("==> {}", step.name());
    let start = Instant::now();
    let counts = step.run().unwrap_or_else(|error| {
        println!("error: {error:#}");
        Counts::ONE_FAILED
    });
    println!("<== {}: {counts}, {:.1} s", step.name(), start.elapsed().as_secs_f64());
    counts
}

/// A step without tests counts as one.
fn one(result: Result<()>) -> Result<Counts> {
    result.map(|()| Counts::ONE_PASSED)
}

fn counted(command: &mut Command, count: fn(&str) -> Counts) -> Result<Counts> {
    let (output, success) = run_and_read(command.env("NO_COLOR", "1"))?;
    Ok(count(&output).or_one_failed(success))
}

fn clippy() -> Result<()> {
    tools::run(&mut cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        tools::ALL_FEATURES,
        "--",
        "--deny=warnings",
    ]))?;
    // What the tag has for the browser alone.
    require_target(WASM_TARGET)?;
    tools::run(&mut cargo([
        "clippy",
        "--package=eventhub-client",
        "--features=tracker",
        "--no-deps",
        "--target",
        WASM_TARGET,
        "--",
        "--deny=warnings",
    ]))
}

fn no_std() -> Result<()> {
    require_target(NO_STD_TARGET)?;
    tools::run(&mut cargo(["check", "--package=eventhub-core", "--target", NO_STD_TARGET]))
}

/// All that the steps after this one run, so that nothing is built while tests judge time. The packages of the bundlers
/// come over the network meanwhile.
fn build_tests() -> Result<()> {
    require_node()?;
    thread::scope(|scope| {
        let packages = scope.spawn(install_bundlers);
        tools::run(&mut tools::cargo_test(["--no-run", "--tests", "--bench=questions"]))?;
        tools::run(cargo(XTASK_TEST).arg("--no-run"))?;
        tools::joined(packages)
    })
}

fn install_bundlers() -> Result<()> {
    web::install_packages("tests/bundlers")
}

/// This program's own tests, with what it was built of rather than all of that built once more; they need no speed.
const XTASK_TEST: [&str; 4] =
    ["test", "--package=xtask", "--profile=dev", "--config=profile.dev.package.xtask.opt-level=0"];

/// Without the end-to-end tests, which need the release binary, and the ten thousand cases: they are steps of their own.
fn unit_tests() -> Result<Counts> {
    let mut tests =
        tools::cargo_test(["--no-fail-fast", "--", "--skip", END_TO_END, "--skip", CASES]);
    let mut counts = counted(&mut tests, Counts::of_cargo)?;
    counts += counted(&mut cargo(XTASK_TEST), Counts::of_cargo)?;
    Ok(counts)
}

fn size() -> Result<()> {
    ensure_web_is_built()?;
    tools::run(Command::new("node").arg("npm/sizes.mjs").current_dir(root()))
}

fn www() -> Result<Counts> {
    ensure_web_is_built()?;
    tools::run(npm_bin("tsc").args(["--project", "www"]))?;
    counted(npm_bin("vitest").args(["run", "--root", "www"]), Counts::of_vitest)
}

fn browser() -> Result<Counts> {
    ensure_web_is_built()?;
    let mut karma = npm_bin("karma");
    karma.args(["start", "karma.conf.js"]).env("CHROME_BIN", require_chromium()?);
    counted(&mut karma, Counts::of_karma)
}

/// The test of the ten thousand cases.
const CASES: &str = "many::ten_thousand_cases_equal_the_naive_models";

/// The native engine leaves the cases with its answers, which the test of them has held against the naive models.
fn cases() -> Result<Counts> {
    ensure_web_is_built()?;
    let file = tools::target_dir().join("cases.bin");
    let mut native = tools::cargo_test(["--test=questions", "--", "--exact", CASES]);
    let mut counts = counted(native.env("EVENTHUB_CASES", &file), Counts::of_cargo)?;
    if counts.failed == 0 {
        counts += one(tools::run(tools::command("node").arg("tests/cases.mjs").arg(&file)))?;
    }
    Ok(counts)
}

fn ensure_web_is_built() -> Result<()> {
    let is_built = root().join("npm/dist/eventhub.js").is_file();
    ensure!(is_built, "npm/dist is missing: run `cargo xtask test --only web` first");
    Ok(())
}

/// The module of the end-to-end tests.
const END_TO_END: &str = "e2e::";

/// What the end-to-end tests call beside Node: the one sees what the server syncs, the others run the examples of
/// `docs/clients.md`.
const END_TO_END_PROGRAMS: [&str; 5] = ["strace", "curl", "jq", "python3", "ruby"];

fn end_to_end() -> Result<Counts> {
    let binary = server_binary();
    ensure_release_is_built()?;
    END_TO_END_PROGRAMS.into_iter().try_for_each(require_program)?;
    require_node()?;
    let mut command = tools::cargo_test(["--test=main", "--no-fail-fast", "--", END_TO_END]);
    counted(command.env("EVENTHUB_BIN", binary), Counts::of_cargo)
}

/// The tag comes out of the server, so the web must have been built before the server was.
fn pages() -> Result<Counts> {
    ensure_web_is_built()?;
    ensure_release_is_built()?;
    require_node()?;
    install_bundlers()?;
    let playground = playground::default_folder();
    playground::write(&playground)?;
    let mut playwright = npm_bin("playwright");
    playwright
        .args(["test", "--config", "tests/pages/playwright.config.mjs"])
        .env("CHROME_BIN", require_chromium()?)
        .env("EVENTHUB_BIN", server_binary())
        .env("EVENTHUB_PLAYGROUND", playground);
    counted(&mut playwright, Counts::of_playwright)
}

fn bench_check() -> Result<Counts> {
    ensure_release_is_built()?;
    bench::check()
}

fn ensure_release_is_built() -> Result<()> {
    let is_built = server_binary().is_file();
    ensure!(is_built, "the release binary is missing: run `cargo xtask test --only release` first");
    Ok(())
}
