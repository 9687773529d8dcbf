//! `cargo xtask load`: what the server does at rising numbers of connections.
//!
//! A closed loop: each connection asks again once its answer has come. The client shares the cores with
//! the server, so all its connections live on one thread and send bytes that were rendered before; what
//! it costs itself shows in the load that stores nothing. Every answer is checked, and at the end the
//! server must have stored what it acknowledged.

mod chart;
mod client;
mod disk;
mod ids;
mod report;
mod requests;
mod response;
mod server;
mod target;

use crate::tools::{release_build, root, target_dir};
use anyhow::{Context, Result, ensure};
use client::{Client, Plan};
use report::{CommitTime, Point, Report};
use requests::Load;
use server::{Counts, Server};
use std::fs;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use target::Target;

/// What is measured unless the caller says otherwise; the documentation shows no less.
const CONNECTIONS: &str = "1,5,10,15,64,256";
const SECONDS: u16 = 3;
/// Before and after the measurement that it is held against.
const COMMIT_PROBE: Duration = Duration::from_millis(700);
/// The server takes 1,024 connections at a time, and some are for others.
const CONNECTIONS_MAX: i64 = 1_000;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A server that runs on this machine already, such as http://127.0.0.1:8080; its store takes
    /// the events in [default: one of its own on an empty folder]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Seconds for each measurement
    #[arg(long, default_value_t = SECONDS, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=60))]
    seconds: u16,
    /// Numbers of connections at a time
    #[arg(long, default_value = CONNECTIONS, value_delimiter = ',', value_name = "N,N,...",
          value_parser = clap::value_parser!(u16).range(1..=CONNECTIONS_MAX))]
    connections: Vec<u16>,
}

/// Measures everything, prints the table, draws the chart, and writes both for the documentation.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    let counts = rising(&args.connections);
    let (target, own) = match &args.url {
        Some(url) => (Target::reached(url)?, None),
        None => {
            release_build()?;
            let server = Server::start(&target_dir().join("load").join("data"))?;
            (server.target.clone(), Some(server))
        }
    };
    let measured = Duration::from_secs(args.seconds.into());
    let report = measured_report(&target, own.as_ref(), &counts, measured)?;
    drop(own);
    println!("{}", report.table());
    println!("{}", report.verdict());
    // What is measured of less, or for a shorter time, is not what the documentation is about.
    let is_whole = args.seconds >= SECONDS && shown(&counts) == CONNECTIONS;
    let folder = if is_whole { root().join("docs") } else { target_dir().join("load") };
    fs::create_dir_all(&folder)?;
    let page = folder.join("load.md");
    fs::write(folder.join("load.svg"), chart::drawn(&report)?).context("cannot write the chart")?;
    fs::write(&page, report.page()).with_context(|| format!("cannot write {}", page.display()))?;
    println!("Written: {} and load.svg beside it", page.display());
    Ok(ExitCode::SUCCESS)
}

fn measured_report(
    target: &Target,
    own: Option<&Server>,
    counts: &[usize],
    measured: Duration,
) -> Result<Report> {
    let before = Counts::of(target)?;
    let client = Client::new(target.clone(), before.events)?;
    let (mut points, mut commit) = (Vec::new(), None);
    // The ceiling next to what is held against it; batches last, since they leave much to merge.
    for loads in [&[Load::Nothing, Load::Single][..], &[Load::Batch]] {
        let requests: Vec<Rc<[Vec<u8>]>> =
            loads.iter().map(|load| load.requests(&target.host).into()).collect();
        for &connections in counts {
            for (&load, requests) in loads.iter().zip(&requests) {
                let plan = Plan { load, connections, measured };
                let is_held = load == Load::Single && Some(&connections) == counts.last();
                let probe = || commit_time(&client, target, own, requests);
                let earlier = is_held.then(probe).transpose()?;
                let point = measure(&client, target, plan, requests)?;
                if let Some(earlier) = earlier {
                    commit = Some(earlier.least(probe()?));
                }
                eprintln!("{}", point.line());
                points.push(point);
            }
        }
    }
    let commit = commit.context("no number of connections was given")?;
    let stored = Counts::of(target)?.events - before.events;
    let acknowledged = client.acknowledged();
    // Others may send to a server that ran before, but nobody knows of the one of this run.
    let is_right = if own.is_some() { stored == acknowledged } else { stored >= acknowledged };
    ensure!(is_right, "{acknowledged} events were acknowledged and {stored} are stored");
    Ok(Report { points, commit, acknowledged, stored, measured, is_own_server: own.is_some() })
}

fn measure(
    client: &Client,
    target: &Target,
    plan: Plan,
    requests: &Rc<[Vec<u8>]>,
) -> Result<Point> {
    let before = Counts::at_rest(target)?;
    let outcome = client.drive(plan, requests)?;
    let after = Counts::of(target)?;
    let commits = after.commits - before.commits;
    Ok(Point { plan, outcome, commits, stored: after.events - before.events })
}

/// How long it takes to make one event durable, alone.
fn commit_time(
    client: &Client,
    target: &Target,
    own: Option<&Server>,
    singles: &Rc<[Vec<u8>]>,
) -> Result<CommitTime> {
    let plan = Plan { load: Load::Single, connections: 1, measured: COMMIT_PROBE };
    let request_seconds = measure(client, target, plan, singles)?.latency_ms(50.0) / 1e3;
    let sync_seconds = own.map(|server| disk::sync_seconds(&server.folder)).transpose()?;
    Ok(CommitTime { request_seconds, sync_seconds })
}

/// The numbers in order, each once.
fn rising(connections: &[u16]) -> Vec<usize> {
    let mut counts: Vec<usize> = connections.iter().map(|&count| count.into()).collect();
    counts.sort_unstable();
    counts.dedup();
    counts
}

fn shown(counts: &[usize]) -> String {
    counts.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &[&str]) -> Result<Args, clap::Error> {
        Cli::try_parse_from([&["load"], words].concat()).map(|cli| cli.args)
    }

    #[test]
    fn without_arguments_it_measures_what_the_documentation_shows() {
        let args = args(&[]).unwrap();
        assert_eq!(rising(&args.connections), [1, 5, 10, 15, 64, 256]);
        assert_eq!(shown(&rising(&args.connections)), CONNECTIONS);
        assert_eq!((args.seconds, args.url), (SECONDS, None));
    }

    #[test]
    fn connections_are_sorted_and_measured_once() {
        let args = args(&["--connections", "64,5,5", "--seconds", "60"]).unwrap();
        assert_eq!(rising(&args.connections), [5, 64]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            ["--connections", "0"],
            ["--connections", "1001"],
            ["--connections", "1,,5"],
            ["--connections", ""],
            ["--seconds", "0"],
            ["--seconds", "61"],
        ] {
            assert!(args(&words).is_err(), "{words:?}");
        }
        let elsewhere = args(&["--url", "http://192.0.2.1"]).unwrap();
        let error = run(elsewhere).expect_err("not this machine").to_string();
        assert!(error.contains("is not this machine"), "{error}");
    }
}
