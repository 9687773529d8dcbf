//! The step `bench` of `cargo xtask test`: right answers and the ratio of two sizes, no absolute times.

use super::ask::{self, Profile};
use super::data;
use super::folders::Folders;
use super::naive::Model;
use super::questions::{self, Question};
use super::server::Server;
use super::sets::Set;
use crate::counts::Counts;
use crate::tools::target_dir;
use anyhow::{Result, ensure};
use std::path::Path;

/// The sets, the smaller first.
const SETS: [&str; 2] = ["s02", "s1"];
/// How many times as long an event may take in the larger set. It takes about as long; but this runs on
/// machines that do other things, too.
const RATIO_MAX: f64 = 3.0;

/// Asks all questions of two small sets in all ways, and holds the answers against the naive model.
///
/// # Errors
/// When an answer is wrong, or the larger set takes out of proportion long.
pub(crate) fn check() -> Result<Counts> {
    let mut counts = Counts::default();
    let mut paces: Vec<Vec<f64>> = Vec::new();
    for name in SETS {
        let folders = Folders::within(&target_dir().join("bench-check"), Set::named(name)?)?;
        folders.clear()?;
        paces.push(check_set(&folders, &mut counts)?);
    }
    for (place, (small, large)) in paces[0].iter().zip(&paces[1]).enumerate() {
        let ratio = large / small;
        println!("q{}: an event takes {ratio:.2} times as long in the larger set", place + 1);
        ensure!(ratio < RATIO_MAX, "q{} does not scale: {ratio:.2} times as long", place + 1);
        counts += Counts::ONE_PASSED;
    }
    Ok(counts)
}

/// The nanoseconds that Q1 to Q5 take over HTTP for an event that could count.
fn check_set(folders: &Folders, counts: &mut Counts) -> Result<Vec<f64>> {
    let set = &folders.set;
    let model = Model::new(data::columns(&folders.root, set)?);
    let (plain, _) = folders.plain()?;
    let mut all = questions::common(set);
    all.push(questions::of_paid(set));
    let asked = ask::expected(&model, all, &[])?;
    let times = check_answers(&plain, &asked, set.runs, counts)?;
    for (name, folder, size) in questions::MERGED {
        let merged = folders.merged(folder, size)?;
        let question = questions::first_as(set, name, "");
        let asked = ask::expected(&model, vec![question], &folders.groups(size))?;
        check_answers(&merged, &asked, 1, counts)?;
    }
    let by_type_and_day = model.by_type_and_day();
    let paces =
        asked.iter().zip(times).take(5).map(|((question, _), least)| {
            least * 1e6 / question.candidates(&by_type_and_day) as f64
        });
    Ok(paces.collect())
}

/// Asks over HTTP and in process; the least times over HTTP, in milliseconds.
fn check_answers(
    data: &Path,
    asked: &[(Question, String)],
    runs: usize,
    counts: &mut Counts,
) -> Result<Vec<f64>> {
    let server = Server::start(data)?;
    let times = asked.iter().map(|asked| ask::over_http(&[ask::turn(&server, asked)], runs));
    let times = times.collect::<Result<Vec<_>>>()?.concat();
    drop(server);
    ask::in_process(data, asked, 1, Profile::Test)?;
    for _ in 0..2 * asked.len() {
        *counts += Counts::ONE_PASSED;
    }
    Ok(times.iter().map(|times| times.least).collect())
}
