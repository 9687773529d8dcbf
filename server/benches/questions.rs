//! Asks a data folder questions in process, without HTTP:
//! `cargo bench -p eventhub-server --bench questions -- DATA QUESTIONS [--runs=N] [NAME...]`.
//!
//! QUESTIONS is a file with a name and the path and query of the established API in each line, as
//! `cargo xtask bench` leaves it beside a data folder; with names, only those are asked. Prints a line of
//! JSON for each: the time of the first run, and the least and the median of the others, in
//! milliseconds. No server may have the folder open.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use eventhub_core::parse_date;
use eventhub_core::query::{CohortQuery, Filter, FunnelQuery, Range, Step};
use eventhub_server::engine::EngineError;
use eventhub_server::query::{self, Asking, QueryLimits};
use eventhub_server::store::{Snapshot, Store, StoreOptions};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS_DEFAULT: usize = 15;
const WARM_UP_RUNS: usize = 3;

fn main() -> Result<()> {
    // Cargo adds a flag of its own.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let (flags, places): (Vec<_>, Vec<_>) = args.iter().partition(|arg| arg.starts_with("--"));
    let [data, list, names @ ..] = &places[..] else {
        // What runs all benches gives no arguments, and there is nothing to ask then.
        println!("usage: questions DATA QUESTIONS [--runs=N] [NAME...]");
        return Ok(());
    };
    let mut runs = RUNS_DEFAULT;
    for flag in flags {
        let number =
            flag.strip_prefix("--runs=").with_context(|| format!("unknown flag {flag}"))?;
        runs = number.parse().context("--runs")?;
    }
    ensure!(runs > 0, "--runs must be at least 1");
    let list = fs::read_to_string(list).with_context(|| format!("cannot read {list}"))?;
    let store = Store::open(Path::new(data), StoreOptions::default())?;
    for line in list.lines() {
        let (name, target) = line.split_once(' ').context("a line is no name and question")?;
        if names.is_empty() || names.iter().any(|wanted| *wanted == name) {
            println!("{}", asked(&store, name, &question(target)?, runs)?);
        }
    }
    Ok(())
}

/// A question that was checked.
enum Question {
    Funnel(FunnelQuery),
    Cohort(CohortQuery),
}

fn asked(store: &Store, name: &str, question: &Question, runs: usize) -> Result<Value> {
    let mut times = Vec::with_capacity(runs);
    let (mut first, mut answer) = (0.0, Value::Null);
    for run in 0..1 + WARM_UP_RUNS + runs {
        let begin = Instant::now();
        let found = answered(&store.snapshot()?, question)?;
        let elapsed = begin.elapsed().as_secs_f64() * 1e3;
        match run {
            0 => (first, answer) = (elapsed, found),
            _ => ensure!(found == answer, "{name} was answered in two ways"),
        }
        if run > WARM_UP_RUNS {
            times.push(elapsed);
        }
    }
    times.sort_by(f64::total_cmp);
    let (least, median) = (times[0], times[times.len() / 2]);
    Ok(json!({"name": name, "first_ms": first, "min_ms": least, "median_ms": median,
              "answer": answer}))
}

fn answered(snapshot: &Snapshot, question: &Question) -> Result<Value, EngineError> {
    let asking = Asking::new(snapshot, QueryLimits::default());
    Ok(match question {
        Question::Funnel(funnel) => query::funnel_counts(&asking, funnel)?.0.into(),
        Question::Cohort(cohort) => query::cohort(&asking, cohort)?.0.into(),
    })
}

/// A question of the established API, with the parameters that the benchmark uses.
fn question(target: &str) -> Result<Question> {
    let (path, text) = target.split_once('?').context("a question has no parameters")?;
    let params: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let list = |name: &str| -> Vec<String> {
        let named = params.iter().filter(|(key, _)| key.trim_end_matches("[]") == name);
        named.map(|(_, value)| value.clone()).collect()
    };
    let one = |name: &str| list(name).pop().with_context(|| format!("no {name} in {target}"));
    let filters = |keys: &str, values: &str| -> Vec<Filter> {
        let pairs = list(keys).into_iter().zip(list(values));
        pairs.map(|(key, value)| Filter::is(key, value)).collect()
    };
    let start = parse_date("start_date", &one("start_date")?)?;
    let end = parse_date("end_date", &one("end_date")?)?;
    let users = filters("ufk", "ufv");
    match path {
        "/events/funnel" => {
            let steps = list("funnel_steps").into_iter().enumerate().map(|(step, event_type)| {
                Step { event_type, filters: filters(&format!("efk{step}"), &format!("efv{step}")) }
            });
            let days = one("num_days_to_complete_funnel")?.parse()?;
            let range = Range::new(start, end)?;
            Ok(Question::Funnel(FunnelQuery::new(range, steps.collect(), days, users)?))
        }
        "/events/cohort" => {
            let row = Step { event_type: one("row_event_type")?, filters: filters("refk", "refv") };
            let column =
                Step { event_type: one("column_event_type")?, filters: filters("cefk", "cefv") };
            let (days, columns) = (one("num_days_per_row")?.parse()?, one("num_columns")?.parse()?);
            Ok(Question::Cohort(CohortQuery::new(start, end, days, columns, (row, column), users)?))
        }
        _ => bail!("{path} is no question"),
    }
}
