//! `cargo xtask bench`: how fast the server is, measured from outside on a fixed set of events.

mod data;
mod report;
mod server;

use crate::tools::{self, release_build, server_binary, target_dir};
use anyhow::{Context, Result, ensure};
use report::{Report, Row};
use server::Server;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

/// Measured runs of a question, after those that warm it up.
const RUNS: usize = 15;
const WARM_UP_RUNS: usize = 3;
/// Batches that are posted, and events of each.
const BATCHES: u64 = 400;
const BATCH_EVENTS: u64 = 1_000;

const FUNNEL: &str = "/events/funnel?start_date=20130101&end_date=20130130&funnel_steps[]=receive_email&funnel_steps[]=view_track_page&funnel_steps[]=start_track&num_days_to_complete_funnel=30";
const COHORT: &str = "/events/cohort?start_date=20130101&end_date=20130110&row_event_type=receive_email&column_event_type=start_track&num_days_per_row=1&num_columns=7";
const FILTER: &str = "&efk[]=event_property_1&efv[]=1";
const COHORT_FILTER: &str = "&refk[]=event_property_1&refv[]=1&cefk[]=event_property_1&cefv[]=1";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Events that are generated and imported
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    events: u64,
    /// Connections that post batches at a time
    #[arg(long, default_value_t = 8, value_name = "N")]
    connections: u64,
}

/// Measures everything, prints the figures and writes them into the documentation.
pub(crate) fn run(args: Args) -> Result<ExitCode> {
    release_build()?;
    let folder = target_dir().join("bench");
    fs::create_dir_all(&folder)?;
    let file = data::generated(&folder, args.events)?;
    let mut report = Report::default();
    measure_import(&file, &folder, args.events, &mut report)?;
    measure_questions(&folder, &mut report)?;
    measure_posts(&folder, args.connections, &mut report)?;
    print!("{}", report.table());
    // Figures of another size are not those that the page is about.
    if args.events == 1_000_000 {
        let page = tools::root().join("docs/benchmarks.md");
        fs::write(&page, report.page(args.events)).context("cannot write docs/benchmarks.md")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure_import(file: &Path, folder: &Path, events: u64, report: &mut Report) -> Result<()> {
    let data = emptied(folder, "imported")?;
    let mut import = Command::new(server_binary());
    import.arg("import").arg(file).arg("--data").arg(&data);
    let begin = Instant::now();
    tools::run(&mut import)?;
    let seconds = begin.elapsed().as_secs_f64();
    let rate = events as f64 / seconds;
    report.add(Row::new("import of a CSV file").value(seconds, "s").value(rate, "events/s"));
    Ok(())
}

fn measure_questions(folder: &Path, report: &mut Report) -> Result<()> {
    let data = folder.join("imported");
    let server = Server::start(&data)?;
    server.wait_until_sealed()?;
    for (name, path, filter) in [
        ("funnel of three steps", FUNNEL, ""),
        ("the same, filtered", FUNNEL, FILTER),
        ("cohort of 10 rows, 7 columns", COHORT, ""),
        ("the same, filtered", COHORT, COHORT_FILTER),
    ] {
        let (least, median) = measure(&server, &format!("{path}{filter}"))?;
        report.add(Row::new(name).value(least, "ms").value(median, "ms median"));
    }
    drop(server);
    // A server that has answered nothing yet, since memory that was used may stay with the process.
    let server = Server::start(&data)?;
    let idle = Row::new("idle server, own memory").value(server.anonymous_bytes()? / 1e6, "MB");
    report.add(idle);
    report.add(Row::new("data on disk").value(disk_bytes(&data)? / 1e6, "MB"));
    Ok(())
}

/// The least and the median time of a question, in milliseconds.
fn measure(server: &Server, target: &str) -> Result<(f64, f64)> {
    let first = server.get(target)?;
    ensure!(first.contains(|c: char| ('1'..='9').contains(&c)), "{target} counts nobody: {first}");
    let mut times = Vec::with_capacity(RUNS);
    for run in 0..WARM_UP_RUNS + RUNS {
        let begin = Instant::now();
        let answer = server.get(target)?;
        let elapsed = begin.elapsed();
        ensure!(answer == first, "{target} was answered in two ways");
        if run >= WARM_UP_RUNS {
            times.push(elapsed.as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok((times[0], times[RUNS / 2]))
}

fn measure_posts(folder: &Path, connections: u64, report: &mut Report) -> Result<()> {
    let server = Server::start(&emptied(folder, "posted")?)?;
    let bodies: Vec<String> =
        (0..BATCHES).map(|batch| data::batch_form(batch, BATCH_EVENTS)).collect();
    let begin = Instant::now();
    thread::scope(|scope| -> Result<()> {
        let senders: Vec<_> = (0..connections)
            .map(|first| {
                let (server, bodies) = (&server, &bodies);
                scope.spawn(move || -> Result<()> {
                    let client = server.client();
                    for body in bodies.iter().skip(first as usize).step_by(connections as usize) {
                        client.post_form("/events/batch_track", body)?;
                    }
                    Ok(())
                })
            })
            .collect();
        senders.into_iter().try_for_each(|sender| sender.join().expect("a sender does not panic"))
    })?;
    let elapsed = begin.elapsed();
    let stored = server.figure("events")?;
    ensure!(stored == BATCHES * BATCH_EVENTS, "{stored} events are stored");
    let name = format!("POST of 1,000 events with insert ids, {connections} connections");
    report.add(Row::new(&name).value(rate(stored, elapsed), "events/s"));
    Ok(())
}

fn rate(events: u64, elapsed: Duration) -> f64 {
    events as f64 / elapsed.as_secs_f64()
}

/// A folder of this name with nothing in it.
fn emptied(folder: &Path, name: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    if path.exists() {
        fs::remove_dir_all(&path)?;
    }
    fs::create_dir(&path)?;
    Ok(path)
}

/// What the files of a folder take on the disk: the data file is larger than what it holds.
fn disk_bytes(folder: &Path) -> Result<f64> {
    const BLOCK_BYTES: u64 = 512;
    let mut blocks = 0;
    for entry in fs::read_dir(folder)? {
        blocks += entry?.metadata()?.blocks();
    }
    Ok((blocks * BLOCK_BYTES) as f64)
}
