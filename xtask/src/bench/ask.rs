//! Asking questions again and again: over HTTP, and in process by the server's own bench target.

use super::naive::Model;
use super::questions::Question;
use super::server::Server;
use crate::tools::{self, cargo};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs that warm up and are not measured.
const WARM_UP_RUNS: usize = 3;

/// How the server's bench target, which asks in process, is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    /// As fast as the server.
    Bench,
    /// As the unit tests are, so that little is left to build after them.
    Test,
}

impl Profile {
    fn command(self) -> Command {
        match self {
            Profile::Bench => {
                cargo(["bench", "--quiet", "--package=eventhub-server", "--bench=questions"])
            }
            Profile::Test => tools::cargo_test(["--quiet", "--bench=questions"]),
        }
    }
}

/// Builds what asks in process, so that no build runs while something is measured.
///
/// # Errors
/// When the build fails.
pub(super) fn build(profile: Profile) -> Result<()> {
    tools::run(profile.command().arg("--no-run"))
}

/// How long a question took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Times {
    /// The first time it was asked.
    pub(super) first: f64,
    pub(super) least: f64,
    pub(super) median: f64,
}

/// A question to a server, and the answer that it must give.
pub(super) struct Turn<'a> {
    pub(super) server: &'a Server,
    pub(super) question: &'a Question,
    pub(super) expected: &'a str,
}

/// A turn of a question, which is given beside its answer.
pub(super) fn turn<'a>(server: &'a Server, asked: &'a (Question, String)) -> Turn<'a> {
    Turn { server, question: &asked.0, expected: &asked.1 }
}

/// Asks over HTTP, all questions in turn: where the machine becomes slower or faster meanwhile, it does so for all of
/// them. Each has a connection that is kept.
///
/// # Errors
/// When an answer differs.
pub(super) fn over_http(turns: &[Turn<'_>], runs: usize) -> Result<Vec<Times>> {
    let asked = turns.iter().map(|turn| (turn, turn.server.client(), turn.question.target()));
    let asked: Vec<_> = asked.collect();
    let mut times = vec![Vec::with_capacity(1 + WARM_UP_RUNS + runs); turns.len()];
    for _ in 0..1 + WARM_UP_RUNS + runs {
        for ((turn, client, target), times) in asked.iter().zip(&mut times) {
            let begin = Instant::now();
            let answer = client.get(target)?;
            times.push(milliseconds(begin.elapsed()));
            let (name, expected, answer) = (turn.question.name, turn.expected, answer.trim_end());
            ensure!(answer == expected, "{name}: {answer} over HTTP, expected {expected}");
        }
    }
    Ok(times.into_iter().map(|all| of_runs(all[0], all[1 + WARM_UP_RUNS..].to_vec())).collect())
}

/// Asks a server questions one after another, each as often as it is to be asked before the next one.
///
/// # Errors
/// When an answer differs.
pub(super) fn one_by_one(
    server: &Server,
    asked: &[(Question, String)],
    runs: usize,
) -> Result<Vec<Times>> {
    let times = asked.iter().map(|asked| over_http(&[turn(server, asked)], runs));
    Ok(times.collect::<Result<Vec<_>>>()?.concat())
}

/// Asks the data folder in process, with no server open. Every answer must be the one expected.
///
/// # Errors
/// When the bench target fails or an answer differs.
pub(super) fn in_process(
    data: &Path,
    questions: &[(Question, String)],
    runs: usize,
    profile: Profile,
) -> Result<Vec<Times>> {
    let list = data.with_extension("questions");
    let lines =
        questions.iter().map(|(question, _)| format!("{} {}\n", question.name, question.target()));
    fs::write(&list, lines.collect::<String>())?;
    let mut bench = profile.command();
    bench.arg("--").arg(data).arg(&list).arg(format!("--runs={runs}"));
    let output = bench.stderr(Stdio::inherit()).output().context("cannot start cargo bench")?;
    ensure!(output.status.success(), "the questions in process failed");
    let text = String::from_utf8(output.stdout)?;
    let lines: Vec<Value> =
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>().context("not JSON")?;
    ensure!(lines.len() == questions.len(), "{} of {} answers", lines.len(), questions.len());
    let times = lines.iter().zip(questions).map(|(line, (question, expected))| {
        let answer = line["answer"].to_string();
        ensure!(answer == *expected, "{}: {answer} in process, expected {expected}", question.name);
        let figure = |name: &str| line[name].as_f64().with_context(|| format!("no {name}"));
        Ok(Times {
            first: figure("first_ms")?,
            least: figure("min_ms")?,
            median: figure("median_ms")?,
        })
    });
    times.collect()
}

/// The answers by the naive model, each beside its question.
pub(super) fn expected(
    model: &Model,
    questions: Vec<Question>,
    groups: &[Vec<u32>],
) -> Result<Vec<(Question, String)>> {
    questions.into_iter().map(|question| expected_one(model, question, groups)).collect()
}

/// The same of one question.
pub(super) fn expected_one(
    model: &Model,
    question: Question,
    groups: &[Vec<u32>],
) -> Result<(Question, String)> {
    let answer = model.answer(&question, groups);
    let counts_someone = answer.contains(|c: char| ('1'..='9').contains(&c));
    ensure!(counts_someone, "{} counts nobody: {answer}", question.name);
    Ok((question, answer))
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Least and median of the runs.
pub(super) fn of_runs(first: f64, mut times: Vec<f64>) -> Times {
    times.sort_by(f64::total_cmp);
    Times { first, least: times[0], median: times[times.len() / 2] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_and_median_are_of_the_sorted_runs() {
        let times = of_runs(9.0, vec![3.0, 1.0, 2.0]);
        assert_eq!(times, Times { first: 9.0, least: 1.0, median: 2.0 });
    }
}
