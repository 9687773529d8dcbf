//! The same questions to ClickHouse, DuckDB and polars, from Python scripts in an environment of their
//! own.

use super::ask::{self, Times};
use super::data;
use super::folders::Folders;
use super::naive::Model;
use super::questions;
use super::report::{Table, shown};
use super::server::Server;
use crate::tools::{self, command, root, target_dir};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

/// What is installed. ClickHouse's package is an old name that brings the engine as `chdb-core`.
const PACKAGES: [&str; 5] = ["chdb", "duckdb", "polars", "numpy", "pyarrow"];
/// The scripts of the engines, in `xtask/peers`.
const PEERS: [&str; 3] = ["clickhouse", "duckdb", "polars"];

/// What an engine took for a question, with the best of its plans.
struct Found {
    peer: String,
    plan: String,
    times: Times,
}

/// Asks the engines Q1 to Q5 of a set; the section's name and text.
///
/// # Errors
/// When an engine cannot be installed, or an answer of one is not ours.
pub(super) fn section(folders: &Folders, machine: &str) -> Result<(String, String)> {
    let set = &folders.set;
    let python = environment()?;
    let (data, _) = folders.plain()?;
    let model = Model::new(data::columns(&folders.root, set)?);
    let asked = ask::expected(&model, questions::common(set), &[])?;
    drop(model);
    let list: Vec<Value> = asked.iter().map(|(question, _)| question.json()).collect();
    let list = json!({"runs": set.runs, "questions": list});
    fs::write(folders.root.join("questions.json"), list.to_string())?;
    let server = Server::start(&data)?;
    let ours = asked
        .iter()
        .map(|(question, expected)| ask::over_http(&server, question, expected, set.runs));
    let ours = ours.collect::<Result<Vec<_>>>()?;
    drop(server);
    let mut versions = Vec::new();
    let mut found: Vec<Vec<Found>> = asked.iter().map(|_| Vec::new()).collect();
    for peer in PEERS {
        let mut script = command(&python);
        script.arg(format!("xtask/peers/ask_{peer}.py")).arg(&folders.root);
        let output = script.stderr(Stdio::inherit()).output().context("cannot start Python")?;
        ensure!(output.status.success(), "xtask/peers/ask_{peer}.py failed");
        for line in String::from_utf8(output.stdout)?.lines() {
            let line: Value = serde_json::from_str(line).context("not JSON")?;
            if let Some(version) = line["version"].as_str() {
                versions.push(format!("{peer} {version}"));
                continue;
            }
            let place = asked.iter().position(|(question, _)| line["name"] == question.name);
            let place = place.context("an answer to no question")?;
            let answer = line["answer"].to_string();
            let (question, expected) = &asked[place];
            ensure!(answer == *expected, "{peer}, {}: {answer}, ours {expected}", question.name);
            found[place].push(Found::read(peer, &line)?);
        }
    }
    let mut table = Table::new(&[
        "question",
        "EventHub over HTTP",
        "clickhouse",
        "duckdb",
        "polars",
        "best / ours",
    ]);
    for (((question, _), ours), found) in asked.iter().zip(&ours).zip(&found) {
        let best = found.iter().map(|found| found.times.least).fold(f64::INFINITY, f64::min);
        let mut cells = vec![question.name.to_owned(), pair(ours)];
        cells.extend(PEERS.map(|peer| best_of(found, peer)));
        cells.push(format!("{:.1}", best / ours.least));
        table.row(&cells);
    }
    let name = set.name.to_uppercase();
    let text = format!(
        "## {name}, beside other engines\n\n`cargo xtask bench --peers --sets {}`, {machine}. {}. All answers \
         are equal. Minimum and median of {} warm runs; the others hold users and properties as integers, in one table \
         sorted by (event_type, date, user), in process, on two threads; of several plans the best counts.\n\n{}",
        set.name,
        versions.join(", "),
        set.runs,
        table.text()
    );
    Ok((format!("peers {}", set.name), text))
}

impl Found {
    fn read(peer: &str, line: &Value) -> Result<Self> {
        let figure = |name: &str| line[name].as_f64().with_context(|| format!("{peer}: no {name}"));
        let (least, median) = (figure("min_ms")?, figure("median_ms")?);
        let plan = line["plan"].as_str().context("no plan")?.to_owned();
        println!("{peer} {} by {plan}: {least:.1} ms, {median:.1} median", line["name"]);
        Ok(Self { peer: peer.to_owned(), plan, times: Times { first: 0.0, least, median } })
    }
}

fn best_of(found: &[Found], peer: &str) -> String {
    let own = found.iter().filter(|found| found.peer == peer);
    let best = own.min_by(|one, other| one.times.least.total_cmp(&other.times.least));
    best.map_or(String::new(), |best| format!("{} ({})", pair(&best.times), best.plan))
}

fn pair(times: &Times) -> String {
    format!("{} / {}", shown(times.least), shown(times.median))
}

/// Python with the engines, made when it is not there.
fn environment() -> Result<PathBuf> {
    let folder = target_dir().join("bench").join("peers-venv");
    let (python, done) = (folder.join("bin/python"), folder.join("installed"));
    if done.exists() {
        return Ok(python);
    }
    tools::run(command("python3").args(["-m", "venv"]).arg(&folder))
        .context("Python with its module venv is needed for the other engines")?;
    let mut pip = command(&python);
    tools::run(pip.args(["-m", "pip", "install", "--quiet", "--upgrade"]).args(PACKAGES))?;
    fs::write(done, "")?;
    ensure!(root().join("xtask/peers").is_dir(), "the scripts of the other engines are missing");
    Ok(python)
}
