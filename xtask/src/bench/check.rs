//! The step `bench` of `cargo xtask test`: right answers and the ratio of two sizes, no absolute times.

use super::ask::{self, Profile};
use super::data;
use super::folders::Folders;
use super::naive::Model;
use super::of_set::Baseline;
use super::questions::{self, Question};
use super::server::Server;
use super::sets::Set;
use crate::counts::Counts;
use crate::tools::target_dir;
use anyhow::{Result, bail, ensure};
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
    let sets = SETS.map(Set::named).into_iter().map(|set| check_set(set?, &mut counts));
    let sets: Vec<_> = sets.collect::<Result<_>>()?;
    let [(small, _), (large, runs)] = &sets[..] else { bail!("there are not two sets") };
    for (question, ratio) in large.paces_beside(small, *runs)? {
        println!("{question}: an event takes {ratio:.2} times as long in the larger set");
        ensure!(ratio < RATIO_MAX, "{question} does not scale: {ratio:.2} times as long");
        counts += Counts::ONE_PASSED;
    }
    Ok(counts)
}

/// The set, and how often its questions are asked.
fn check_set(set: Set, counts: &mut Counts) -> Result<(Baseline, usize)> {
    let folders = Folders::within(&target_dir().join("bench-check"), set)?;
    folders.clear()?;
    let set = &folders.set;
    let model = Model::new(data::columns(&folders.root, set)?);
    let plain = Baseline::new(&folders, &model)?;
    check_answers(&plain.data, &plain.asked, counts)?;
    for (name, folder, size) in questions::MERGED {
        let merged = folders.merged(folder, size)?;
        let question = questions::first_as(set, name, "");
        let asked = ask::expected_one(&model, question, &folders.groups(size))?;
        check_answers(&merged, &[asked], counts)?;
    }
    Ok((plain, set.runs))
}

/// Asks over HTTP and in process.
fn check_answers(data: &Path, asked: &[(Question, String)], counts: &mut Counts) -> Result<()> {
    let server = Server::start(data)?;
    ask::one_by_one(&server, asked, 1)?;
    drop(server);
    ask::in_process(data, asked, 1, Profile::Test)?;
    for _ in 0..2 * asked.len() {
        *counts += Counts::ONE_PASSED;
    }
    Ok(())
}
