//! The program `eventhub`: serves, imports, makes a demo, checks and tells.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use eventhub_server::cli::{Cli, Command, ServeArgs, StatsArgs};
use eventhub_server::config::ServeConfig;
use eventhub_server::embedded::Embedded;
use eventhub_server::priority::Threads;
use eventhub_server::{demo, http, import, store};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Requests are made on one thread and freed on another, at which glibc is slow; and it keeps what it freed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long questions that nobody waits for any more may keep the program from ending.
const QUESTIONS_TIMEOUT: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start_log(&cli.log).and_then(|()| run(cli.command)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start_log(filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(filter).with_context(|| format!("--log {filter}"))?;
    let colored = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colored)
        .init();
    Ok(())
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve(args) => {
            let Threads { requests, intake } =
                Threads::start().context("the threads that serve do not start")?;
            let served = requests.block_on(serve(&args, intake.handle()));
            requests.shutdown_timeout(QUESTIONS_TIMEOUT);
            intake.shutdown_background();
            served.map(|()| ExitCode::SUCCESS)
        }
        Command::Import(args) => {
            import::run(&args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo(args) => {
            demo::run(&args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check(args) => check(&args.data),
        Command::Stats(args) => stats(&args),
    }
}

async fn serve(args: &ServeArgs, intake: &Handle) -> Result<()> {
    let port = std::env::var("PORT").ok();
    let config = ServeConfig::new(args, port.as_deref())?;
    // From here on a signal to stop waits until there is something to stop.
    let stop = StopSignals::new().context("signals cannot be caught")?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let folder = &args.store.data;
    let engine = Arc::new(
        Embedded::open(folder, args.store.options(), args.query_limits())
            .with_context(|| format!("cannot open {}", folder.display()))?,
    );
    if !http::has_dashboard() {
        tracing::info!("this binary was built without the dashboard");
    }
    match http::lasting_tag(&config.settings.names) {
        Some((path, integrity)) => tracing::info!(path, integrity, "the tag, to be kept for ever"),
        None => tracing::info!("this binary was built without the tag"),
    }
    print(&format!("listening on http://{address}\n"))?;
    let service = http::Service::new(engine.clone(), config.settings, intake.clone());
    http::serve(service, listener, config.sockets, stop.any()).await;
    tokio::task::spawn_blocking(move || engine.close()).await.context("the store did not close")?;
    tracing::info!("stopped");
    Ok(())
}

/// What asks the server to stop.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn any(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn check(folder: &Path) -> Result<ExitCode> {
    let report =
        store::check(folder).with_context(|| format!("cannot check {}", folder.display()))?;
    print(&lines(&[
        ("events", report.events),
        ("parts", report.parts),
        ("chunks", report.chunks),
        ("unpublished chunks", report.unpublished_chunks),
        ("tail records", report.tail_records),
        ("users", report.users),
        ("event types", report.event_types),
        ("merged persons", report.merges),
        ("user properties", report.user_properties),
        ("insert ids", report.insert_ids),
        ("insert id ranges", report.insert_ranges),
        ("problems", report.problems_total),
    ]))?;
    for problem in &report.problems {
        print(&format!("problem: {problem}\n"))?;
    }
    Ok(if report.problems_total == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn stats(args: &StatsArgs) -> Result<ExitCode> {
    let folder = &args.data;
    let stats =
        store::stats_of(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    // What only a running server counts is left out.
    let figures = [
        ("events", stats.events),
        ("users", stats.users),
        ("event_types", stats.event_types),
        ("parts", stats.parts),
        ("tail_events", stats.tail_events),
        ("disk_used_bytes", stats.disk_used_bytes),
        ("disk_data_bytes", stats.disk_data_bytes),
    ];
    if args.json {
        let object: serde_json::Map<_, _> =
            figures.iter().map(|(name, value)| ((*name).to_string(), (*value).into())).collect();
        print(&format!("{}\n", serde_json::Value::Object(object)))?;
    } else {
        print(&lines(&figures))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(figures: &[(&str, u64)]) -> String {
    figures.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

/// Prints to stdout; unlike `println!` it does not panic when nobody reads any more.
fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("stdout")
}
