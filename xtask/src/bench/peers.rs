//! The same questions to ClickHouse, DuckDB and polars, from Python scripts in an environment of their
//! own.

use super::ask::{self, Times};
use super::data;
use super::folders::Folders;
use super::naive::Model;
use super::questions::{self, Question};
use super::report::{Table, shown};
use super::server::Server;
use crate::tools::{self, command, root, target_dir};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// What is installed. ClickHouse's package is an old name that brings the engine as `chdb-core`.
const PACKAGES: [&str; 5] = ["chdb", "duckdb", "polars", "numpy", "pyarrow"];
/// The scripts of the engines, in `xtask/peers`.
const PEERS: [&str; 3] = ["clickhouse", "duckdb", "polars"];

/// How the name of a plan begins that is right only because the table is sorted.
const BY_NEIGHBOURS: &str = "neighbours";

/// What an engine took for a question, with the best of its plans.
struct Found {
    question: String,
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
    let mut engines = Engines { versions: Vec::new(), found: Vec::new(), ours: Vec::new() };
    for peer in PEERS {
        let server = Server::start(&data)?;
        engines.ours.push(ask::one_by_one(&server, &asked, set.runs)?);
        drop(server);
        engines.ask(peer, &python, folders, &asked)?;
    }
    let name = set.name.to_uppercase();
    let text = format!(
        "## {name}, beside other engines\n\n{machine}. {}. All answers \
         are equal. Minimum and median of {} warm runs, ours anew before each of the others, which is held against \
         these; the others hold users and properties as integers, in one table sorted by (event_type, date, user), in \
         process, on two threads; of several plans the best counts. The last column has the best \
         plan that finds equal rows by comparing neighbours, which is right only because the table is sorted.\n\n{}",
        engines.versions.join(", "),
        set.runs,
        engines.table(&asked).text()
    );
    Ok((format!("peers {}", set.name), text))
}

/// What the engines answered.
struct Engines {
    versions: Vec<String>,
    found: Vec<Found>,
    /// What ours took right before each engine was asked, by question.
    ours: Vec<Vec<Times>>,
}

impl Engines {
    /// Asks an engine everything, by all its plans.
    fn ask(
        &mut self,
        peer: &str,
        python: &Path,
        folders: &Folders,
        asked: &[(Question, String)],
    ) -> Result<()> {
        let mut script = command(python);
        script.arg(format!("xtask/peers/ask_{peer}.py")).arg(&folders.root);
        let output = script.stderr(Stdio::inherit()).output().context("cannot start Python")?;
        ensure!(output.status.success(), "xtask/peers/ask_{peer}.py failed");
        for line in String::from_utf8(output.stdout)?.lines() {
            let line: Value = serde_json::from_str(line).context("not JSON")?;
            if let Some(version) = line["version"].as_str() {
                self.versions.push(format!("{peer} {version}"));
                continue;
            }
            let found = Found::read(peer, &line)?;
            let question = asked.iter().find(|(question, _)| found.question == question.name);
            let (_, expected) = question.context("an answer to no question")?;
            let (answer, question) = (line["answer"].to_string(), &found.question);
            ensure!(answer == *expected, "{peer}, {question}: {answer}, ours {expected}");
            self.found.push(found);
        }
        Ok(())
    }

    fn table(&self, asked: &[(Question, String)]) -> Table {
        let heads = ["question", "EventHub over HTTP, before each"].into_iter().chain(PEERS);
        let heads = heads.chain(["best / ours", "by neighbours / ours"]);
        let mut table = Table::new(&heads.collect::<Vec<_>>());
        for (number, (question, _)) in asked.iter().enumerate() {
            let of = |peer: &str, by_neighbours: bool| {
                let own = self.found.iter().filter(|found| found.question == question.name);
                own.filter(|found| found.peer == peer && found.by_neighbours() == by_neighbours)
                    .min_by(|one, other| one.times.least.total_cmp(&other.times.least))
            };
            let ratio = |by_neighbours| {
                let ratios = PEERS.iter().zip(&self.ours).filter_map(|(peer, ours)| {
                    Some(of(peer, by_neighbours)?.times.least / ours[number].least)
                });
                ratios.min_by(f64::total_cmp).map_or(String::new(), |ratio| format!("{ratio:.1}"))
            };
            let ours: Vec<_> = self.ours.iter().map(|ours| pair(&ours[number])).collect();
            let mut cells = vec![question.name.to_owned(), ours.join(", ")];
            cells.extend(PEERS.iter().map(|peer| {
                of(peer, false).map_or(String::new(), |found| {
                    format!("{} ({})", pair(&found.times), found.plan)
                })
            }));
            cells.extend([ratio(false), ratio(true)]);
            table.row(&cells);
        }
        table
    }
}

impl Found {
    fn read(peer: &str, line: &Value) -> Result<Self> {
        let figure = |name: &str| line[name].as_f64().with_context(|| format!("{peer}: no {name}"));
        let (least, median) = (figure("min_ms")?, figure("median_ms")?);
        let plan = line["plan"].as_str().context("no plan")?.to_owned();
        println!("{peer} {} by {plan}: {least:.1} ms, {median:.1} median", line["name"]);
        let question = line["name"].as_str().context("no name")?.to_owned();
        let times = Times { first: 0.0, least, median };
        Ok(Self { question, peer: peer.to_owned(), plan, times })
    }

    fn by_neighbours(&self) -> bool {
        self.plan.starts_with(BY_NEIGHBOURS)
    }
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
