//! All that is measured on one set of events: its section of the page.

use super::ask::{self, Profile, Times, milliseconds};
use super::folders::Folders;
use super::naive::Model;
use super::questions::{self, Question};
use super::report::{Table, shown};
use super::server::Server;
use super::{Args, Part, data};
use crate::figures::grouped;
use anyhow::Result;
use std::path::Path;
use std::time::Instant;

/// Starts of which the time to the first answer is taken.
const STARTS: usize = 3;
/// The questions that ask Q1 of other users or another history.
const VARIANTS: [&str; 4] = ["q6", "q7", "q7c", "q8"];
/// The set that is put into a longer history.
const HISTORY_SET: &str = "s10";
/// Of the density of a set, how many hundredths the other days of its history have.
const HISTORY_PERCENT: u64 = 10;

/// The nanoseconds that a question of a set takes for an event that could count, by question.
pub(super) struct Pace {
    set: &'static str,
    by_question: Vec<(&'static str, f64)>,
}

/// Measures a set; the section's name and text, and the pace, which the next set is held against.
///
/// # Errors
/// When an answer is wrong or something fails.
pub(super) fn section(
    folders: &Folders,
    args: &Args,
    machine: &str,
    before: Option<&Pace>,
) -> Result<((String, String), Pace)> {
    let set = &folders.set;
    let model = Model::new(data::columns(&folders.root, set)?);
    let mut measured = Measured {
        counts: model.by_type_and_day(),
        asked: Table::new(&[
            "question",
            "first",
            "median",
            "min",
            "in process: first",
            "median",
            "min",
            "ns an event",
        ]),
        figures: Table::new(&["measured", "figure"]),
        pace: Pace { set: set.name, by_question: Vec::new() },
        runs: set.runs,
    };
    if args.parts.contains(&Part::Questions) {
        measured.plain(folders, &model, before)?;
    }
    if args.parts.contains(&Part::Persons) {
        for (name, folder, size) in questions::MERGED {
            let data = folders.merged(folder, size)?;
            let question = questions::first_as(set, name, "q1 with merged users");
            let asked = ask::expected(&model, vec![question], &folders.groups(size))?;
            measured.questions(&data, &asked)?;
        }
    }
    if args.parts.contains(&Part::History) && set.name == HISTORY_SET {
        let percent = if args.full_history { 100 } else { HISTORY_PERCENT };
        let data = folders.history(percent)?;
        let question = questions::first_as(set, "q8", "q1 within 1,000 days");
        measured.questions(&data, &ask::expected(&model, vec![question], &[])?)?;
        measured.figure("events of each other day of q8's history", format!("{percent} %"));
    }
    measured.compare();
    let name = set.name.to_uppercase();
    let text = format!(
        "## {name}: {} events\n\n{machine}.\n\n{}\n{}",
        grouped(set.events),
        measured.asked.text(),
        measured.figures.text()
    );
    Ok(((set.name.to_owned(), text), measured.pace))
}

/// The figures so far.
struct Measured {
    counts: Vec<Vec<u64>>,
    asked: Table,
    figures: Table,
    pace: Pace,
    runs: usize,
}

impl Measured {
    /// Q1 to Q6, and what the set takes of time, disk and memory.
    fn plain(&mut self, folders: &Folders, model: &Model, before: Option<&Pace>) -> Result<()> {
        let set = &folders.set;
        let (data, made) = folders.plain()?;
        let events = set.events as f64;
        let mut questions = questions::common(set);
        questions.push(questions::of_paid(set));
        let asked = ask::expected(model, questions, &[])?;
        let starts = (0..STARTS).map(|_| start_to_answer(&data, &asked[0].0));
        let starts = starts.collect::<Result<Vec<_>>>()?;
        let memory = self.questions(&data, &asked)?;
        let rate = events / made.import_seconds;
        let start = ask::of_runs(0.0, starts);
        let by = if made.is_by_this_build()? { "" } else { ", by an earlier build" };
        self.figure(&format!("import of a CSV file{by}"), format!("{} events/s", shown(rate)));
        let per_event = made.disk_bytes / events;
        self.figure(
            &format!("disk, all sealed and merged{by}"),
            format!("{} bytes an event", shown(per_event)),
        );
        for (bytes, when) in memory.into_iter().zip(["after the start", "after the questions"]) {
            self.figure(
                &format!("the server's own memory {when}"),
                format!("{} MB, {} bytes an event", shown(bytes / 1e6), shown(bytes / events)),
            );
        }
        self.figure(
            "start to first answer (q1)",
            format!("{} ms median, {} ms min", shown(start.median), shown(start.least)),
        );
        for (name, pace) in &self.pace.by_question {
            let earlier = before.and_then(|before| {
                let found = before.by_question.iter().find(|(other, _)| other == name)?;
                Some((before.set.to_uppercase(), found.1))
            });
            if let Some((other, earlier)) = earlier {
                let name =
                    format!("{name}: time of an event that could count, times that at {other}");
                self.figures.row(&[name, shown(pace / earlier)]);
            }
        }
        Ok(())
    }

    /// How long variants of Q1 take, as multiples of it. They have the same events that could count.
    fn compare(&mut self) {
        let paces = &self.pace.by_question;
        let Some((_, first)) = paces.iter().find(|(name, _)| *name == "q1") else { return };
        for (name, pace) in paces.iter().filter(|(name, _)| VARIANTS.contains(name)) {
            self.figures.row(&[format!("{name}, times q1"), shown(pace / first)]);
        }
    }

    fn figure(&mut self, name: &str, figure: String) {
        self.figures.row(&[name.to_owned(), figure]);
    }

    /// Asks a data folder questions in both ways. The server's own memory before and after, in bytes.
    fn questions(&mut self, data: &Path, asked: &[(Question, String)]) -> Result<[f64; 2]> {
        let server = Server::start(data)?;
        let idle = server.anonymous_bytes()?;
        let over_http = asked
            .iter()
            .map(|(question, expected)| ask::over_http(&server, question, expected, self.runs));
        let over_http = over_http.collect::<Result<Vec<_>>>()?;
        let used = server.anonymous_bytes()?;
        drop(server);
        let in_process = ask::in_process(data, asked, self.runs, Profile::Bench)?;
        for (((question, _), http), inside) in asked.iter().zip(over_http).zip(in_process) {
            let candidates = question.candidates(&self.counts);
            let pace = http.least * 1e6 / candidates as f64;
            self.pace.by_question.push((question.name, pace));
            let mut cells = vec![format!("{}: {}", question.name, question.says)];
            cells.extend([http, inside].iter().flat_map(cells_of));
            cells.push(shown(pace));
            self.asked.row(&cells);
        }
        Ok([idle, used])
    }
}

fn cells_of(times: &Times) -> [String; 3] {
    [times.first, times.median, times.least].map(shown)
}

/// Milliseconds from starting the program to its answer.
fn start_to_answer(data: &Path, question: &Question) -> Result<f64> {
    let begin = Instant::now();
    let server = Server::start(data)?;
    server.get(&question.target())?;
    Ok(milliseconds(begin.elapsed()))
}
