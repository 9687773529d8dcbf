//! The order of the steps, and which of them run side by side.

use super::Step;
use crate::counts::Counts;
use crate::tools::command;
use anyhow::{Context, Result};
use std::env;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader};
use std::thread;

/// Rows of steps that run side by side, each row one step after another.
type Stage = &'static [&'static [Step]];

/// The cheap steps first. What builds and checks leaves one of two cores idle for long, so these are side by side; what
/// runs tests in a browser or a process is alone, because some of them judge time.
const STAGES: [Stage; 4] = [
    &[&[Step::Fmt, Step::Tidy]],
    &[&[Step::Web, Step::Size, Step::Www], &[Step::Clippy, Step::NoStd]],
    &[&[Step::Tests], &[Step::Release]],
    &[&[Step::Browser, Step::Unit, Step::Cases, Step::EndToEnd, Step::Pages, Step::Bench]],
];

/// A step that was run, and what it counted.
pub(super) type Done = (Step, Counts);

/// Runs all steps, going on after a failure.
pub(super) fn run() -> Vec<Done> {
    STAGES.iter().fold(Vec::new(), |before, stage| {
        let rows: Vec<Vec<Done>> = thread::scope(|scope| {
            let rows =
                stage.iter().map(|row| scope.spawn(|| run_row(row, &before, stage.len() == 1)));
            let rows: Vec<_> = rows.collect();
            rows.into_iter().map(|row| row.join().expect("a row does not panic")).collect()
        });
        before.into_iter().chain(rows.into_iter().flatten()).collect()
    })
}

fn run_row(row: &[Step], before: &[Done], is_alone: bool) -> Vec<Done> {
    let mut done = Vec::new();
    for step in row {
        let needed = needed_in_vain(*step, before.iter().chain(&done));
        let counts = match needed {
            Some(needed) => {
                let (name, needed) = (step.name(), needed.name());
                println!("<== {name}: not run, because it needs what the step {needed} makes");
                Counts::ONE_FAILED
            }
            None => run_step(*step, is_alone).unwrap_or_else(|error| {
                println!("<== {}: {error:#}", step.name());
                Counts::ONE_FAILED
            }),
        };
        done.push((*step, counts));
    }
    done
}

/// The step that a step needs, if that failed.
fn needed_in_vain<'a>(step: Step, mut done: impl Iterator<Item = &'a Done>) -> Option<Step> {
    let needed = step.needs()?;
    done.any(|(step, counts)| *step == needed && counts.failed > 0).then_some(needed)
}

/// Runs a step as `--only` does. What it says is shown as it comes or, if it is not alone, when it ends.
fn run_step(step: Step, is_alone: bool) -> Result<Counts> {
    let (reader, writer) = io::pipe()?;
    let mut child = command(env::current_exe()?)
        .args(["test", "--only", &step.name()])
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .context("cannot start it")?;
    let mut said = String::new();
    // The last line is the count, which this program adds up.
    let mut last = String::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        let before = std::mem::replace(&mut last, line);
        if is_alone {
            println!("{before}");
        } else {
            writeln!(said, "{before}")?;
        }
    }
    print!("{said}");
    Ok(Counts::of_line(&last).or_one_failed(child.wait()?.success()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_step_has_one_place_after_what_it_needs() {
        let mut before: Vec<Step> = Vec::new();
        for stage in STAGES {
            for row in stage {
                for (place, step) in row.iter().enumerate() {
                    let needed = step.needs();
                    let is_there =
                        |needed| before.contains(&needed) || row[..place].contains(&needed);
                    assert!(needed.is_none_or(is_there), "{step:?}");
                }
            }
            before.extend(stage.iter().copied().flatten());
        }
        let places = |step: &Step| before.iter().filter(|other| *other == step).count();
        assert!(Step::value_variants().iter().all(|step| places(step) == 1), "{before:?}");
    }

    #[test]
    fn a_step_whose_need_failed_is_not_run() {
        let done = [(Step::Web, Counts::ONE_PASSED), (Step::Release, Counts::ONE_FAILED)];
        assert_eq!(needed_in_vain(Step::EndToEnd, done.iter()), Some(Step::Release));
        assert_eq!(needed_in_vain(Step::Size, done.iter()), None);
        assert_eq!(needed_in_vain(Step::Fmt, done.iter()), None);
        let row = run_row(&[Step::EndToEnd], &done, true);
        assert_eq!(row, [(Step::EndToEnd, Counts::ONE_FAILED)]);
    }
}
