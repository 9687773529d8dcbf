//! `cargo xtask bench`: how fast the server is, measured from outside and in process on fixed sets of
//! events, and beside other engines.

mod random;
mod sets;

mod data;
mod naive;
mod questions;

mod folders;
mod server;

mod api;
mod ask;
mod check;
mod feed;
mod ingest;
mod of_set;
mod peers;

mod machine;
mod report;

pub(crate) use check::check;

use crate::tools::{release_build, root};
use anyhow::Result;
use clap::ValueEnum;
use sets::Set;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Sets of events to measure on: s1, s10, z10, s50; each is held against the one before
    #[arg(long, value_delimiter = ',', default_value = "s1,s10,z10", value_name = "SET",
          value_parser = Set::named)]
    sets: Vec<Set>,
    /// Measure on s50, too, which takes long
    #[arg(long)]
    s50: bool,
    /// What to measure; the section of a set is written only when all of it was
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "questions,persons,history,api,ingest",
        value_name = "PART"
    )]
    parts: Vec<Part>,
    /// Ask other engines the same, instead
    #[arg(long)]
    peers: bool,
    /// Make the data folders anew, rather than use those of an earlier run
    #[arg(long)]
    fresh: bool,
    /// Give the other days of q8's history all of their events, rather than a tenth
    #[arg(long)]
    full_history: bool,
}

/// Parts of the benchmark that can be measured alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Q1 to Q6, import, disk and memory
    Questions,
    /// Q7 and Q7c, with merged users
    Persons,
    /// Q8, within a longer history
    History,
    /// Questions of the JSON API on s10
    Api,
    /// Events coming in over HTTP, and questions meanwhile
    Ingest,
}

impl Args {
    /// Whether all is measured that a set's section of the page has.
    fn is_whole(&self) -> bool {
        [Part::Questions, Part::Persons, Part::History].iter().all(|part| self.parts.contains(part))
    }

    fn asks_sets(&self) -> bool {
        self.peers || self.parts.iter().any(|part| !matches!(part, Part::Api | Part::Ingest))
    }
}

/// Measures, prints the figures and writes them into the documentation.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    release_build()?;
    ask::build(ask::Profile::Bench)?;
    let machine = format!("`{}`, {}", command_line(), machine::described());
    println!("{machine}");
    let mut sets = args.sets.clone();
    if args.s50 {
        sets.push(Set::named("s50")?);
    }
    let mut sections = Vec::new();
    let mut earlier: Option<of_set::Baseline> = None;
    for set in sets.into_iter().filter(|_| args.asks_sets()) {
        let folders = folders::Folders::of(set)?;
        if args.fresh {
            folders.clear()?;
        }
        if args.peers {
            sections.push(shown(peers::section(&folders, &machine)?));
            continue;
        }
        let (section, this) = of_set::section(&folders, &args, &machine, earlier.as_ref())?;
        // A part of the figures would take the place of all of them.
        sections.extend(Some(shown(section)).filter(|_| args.is_whole()));
        // Of a skewed set the time of an event says nothing about another size.
        earlier = if set.skewed { earlier } else { Some(this) };
    }
    if !args.peers && args.parts.contains(&Part::Api) {
        sections.push(shown(api::section(&machine)?));
    }
    if !args.peers && args.parts.contains(&Part::Ingest) {
        sections.push(shown(ingest::section(&machine)?));
    }
    report::write(&root().join("docs/benchmarks.md"), &sections)?;
    Ok(ExitCode::SUCCESS)
}

/// A section's name and text, which is printed.
fn shown(section: (String, String)) -> (String, String) {
    println!("\n{}", section.1);
    section
}

/// The command as it was given.
fn command_line() -> String {
    ["cargo xtask".to_owned()]
        .into_iter()
        .chain(std::env::args().skip(1))
        .collect::<Vec<_>>()
        .join(" ")
}
