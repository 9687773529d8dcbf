//! EventHub's automation: one program in place of scripts, started by `cargo xtask VERB`.

mod bench;
mod counts;
mod figures;
mod load;
mod playground;
mod run;
mod screenshots;
mod test;
mod tidy;
mod tools;
mod web;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "EventHub's automation")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build everything and serve on 127.0.0.1:8080
    Run(run::Args),
    /// Check and test everything; the last line counts what passed and failed
    Test(test::Args),
    /// Measure the server and write docs/benchmarks.md
    Bench(bench::Args),
    /// Drive the server at rising numbers of connections and draw docs/load.svg
    Load(load::Args),
    /// Write the playground: the dashboard as static files, which answers over a file in the browser
    Playground(playground::Args),
    /// Take pictures of the dashboard for docs/screenshots
    Screenshots,
    /// Check the style of the house
    Tidy,
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().verb) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Run(args) => run::run(args),
        Verb::Test(args) => test::run(args),
        Verb::Bench(args) => bench::run(args),
        Verb::Load(args) => load::run(args),
        Verb::Playground(args) => playground::run(args),
        Verb::Screenshots => screenshots::take(),
        Verb::Tidy => {
            tidy::check()?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
