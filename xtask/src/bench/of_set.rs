//! All that is measured on one set of events: its section of the page.

use super::ask::{self, Profile, Times, Turn, milliseconds};
use super::folders::Folders;
use super::naive::Model;
use super::questions::{self, Question};
use super::report::{Table, shown};
use super::server::Server;
use super::{Args, Part, data};
use crate::figures::grouped;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::slice;
use std::time::Instant;

/// Starts of which the time to the first answer is taken.
const STARTS: usize = 3;
/// The set that is put into a longer history.
const HISTORY_SET: &str = "s10";
/// Of the density of a set, how many hundredths the other days of its history have.
const HISTORY_PERCENT: u64 = 10;

/// A set and its questions, Q1 to Q6, with which variants of Q1 and the next set are compared.
pub(super) struct Baseline {
    set: &'static str,
    pub(super) data: PathBuf,
    pub(super) asked: Vec<(Question, String)>,
    /// Of each question, how many events could count.
    candidates: Vec<u64>,
}

impl Baseline {
    pub(super) fn new(folders: &Folders, model: &Model) -> Result<Self> {
        let set = &folders.set;
        let (data, _) = folders.plain()?;
        let mut questions = questions::common(set);
        questions.push(questions::of_paid(set));
        let asked = ask::expected(model, questions, &[])?;
        let counts = model.by_type_and_day();
        let candidates = asked.iter().map(|(question, _)| question.candidates(&counts)).collect();
        Ok(Self { set: set.name, data, asked, candidates })
    }

    /// By question, how many times as long an event takes that could count as one of another set, asked in turn.
    pub(super) fn paces_beside(
        &self,
        other: &Self,
        runs: usize,
    ) -> Result<Vec<(&'static str, f64)>> {
        let (server, beside) = (Server::start(&self.data)?, Server::start(&other.data)?);
        let pairs = self.asked.iter().zip(&other.asked);
        let pairs = pairs.zip(self.candidates.iter().zip(&other.candidates));
        let ratios = pairs.map(|((asked, others), (candidates, of_other))| {
            let turns = [ask::turn(&server, asked), ask::turn(&beside, others)];
            let times = ask::over_http(&turns, runs)?;
            Ok((asked.0.name, pace(&times[0], *candidates) / pace(&times[1], *of_other)))
        });
        ratios.collect()
    }
}

/// Measures a set, beside an earlier one; the section's name and text, and what the next one is compared with.
///
/// # Errors
/// When an answer is wrong or something fails.
pub(super) fn section(
    folders: &Folders,
    args: &Args,
    machine: &str,
    earlier: Option<&Baseline>,
) -> Result<((String, String), Baseline)> {
    let set = &folders.set;
    let model = Model::new(data::columns(&folders.root, set)?);
    let this = Baseline::new(folders, &model)?;
    let mut measured = Measured {
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
        runs: set.runs,
    };
    if args.parts.contains(&Part::Questions) {
        measured.plain(&this, folders, earlier)?;
    }
    if args.parts.contains(&Part::Persons) {
        for (name, folder, size) in questions::MERGED {
            let data = folders.merged(folder, size)?;
            let question = questions::first_as(set, name, "q1 with merged users");
            let asked = ask::expected_one(&model, question, &folders.groups(size))?;
            measured.variant(&this, &data, &asked)?;
        }
    }
    if args.parts.contains(&Part::History) && set.name == HISTORY_SET {
        let percent = if args.full_history { 100 } else { HISTORY_PERCENT };
        let data = folders.history(percent)?;
        let question = questions::first_as(set, "q8", "q1 within 1,000 days");
        let asked = ask::expected_one(&model, question, &[])?;
        measured.variant(&this, &data, &asked)?;
        measured.figure("events of each other day of q8's history", format!("{percent} %"));
    }
    let name = set.name.to_uppercase();
    let text = format!(
        "## {name}: {} events\n\n{machine}.\n\n{}\n{}",
        grouped(set.events),
        measured.asked.text(),
        measured.figures.text()
    );
    Ok(((set.name.to_owned(), text), this))
}

/// The figures so far.
struct Measured {
    asked: Table,
    figures: Table,
    runs: usize,
}

impl Measured {
    /// Q1 to Q6, what the set takes of time, disk and memory, and how Q1 to Q6 compare with those of the earlier set.
    fn plain(
        &mut self,
        this: &Baseline,
        folders: &Folders,
        earlier: Option<&Baseline>,
    ) -> Result<()> {
        let set = &folders.set;
        let (data, made) = folders.plain()?;
        let events = set.events as f64;
        let starts = (0..STARTS).map(|_| start_to_answer(&data, &this.asked[0].0));
        let starts = starts.collect::<Result<Vec<_>>>()?;
        let server = Server::start(&data)?;
        let idle = server.anonymous_bytes()?;
        let times = ask::one_by_one(&server, &this.asked, self.runs)?;
        let used = server.anonymous_bytes()?;
        drop(server);
        let inside = ask::in_process(&data, &this.asked, self.runs, Profile::Bench)?;
        for (place, (http, inside)) in times.iter().zip(&inside).enumerate() {
            self.row(&this.asked[place].0, this.candidates[place], http, inside);
        }
        let rate = events / made.import_seconds;
        let start = ask::of_runs(0.0, starts);
        let by = if made.is_by_this_build()? { "" } else { ", by an earlier build" };
        self.figure(&format!("import of a CSV file{by}"), format!("{} events/s", shown(rate)));
        let per_event = made.disk_bytes / events;
        self.figure(
            &format!("disk, all sealed and merged{by}"),
            format!("{} bytes an event", shown(per_event)),
        );
        for (bytes, when) in [(idle, "after the start"), (used, "after the questions")] {
            self.figure(
                &format!("the server's own memory {when}"),
                format!("{} MB, {} bytes an event", shown(bytes / 1e6), shown(bytes / events)),
            );
        }
        self.figure(
            "start to first answer (q1)",
            format!("{} ms median, {} ms min", shown(start.median), shown(start.least)),
        );
        if let Some(earlier) = earlier {
            let name = earlier.set.to_uppercase();
            for (question, ratio) in this.paces_beside(earlier, self.runs)? {
                let says = "time of an event that could count, times that at";
                self.figure(&format!("{question}: {says} {name} in turn"), shown(ratio));
            }
        }
        let server = Server::start(&data)?;
        let q6 = this.asked.last().expect("there are questions");
        let turns = [ask::turn(&server, q6), ask::turn(&server, &this.asked[0])];
        let times = self.times(&turns)?;
        self.compare(q6.0.name, &times[0], &times[1]);
        Ok(())
    }

    fn times(&self, turns: &[Turn<'_>]) -> Result<Vec<Times>> {
        ask::over_http(turns, self.runs)
    }

    /// A variant of Q1, which has the same events that could count, in turn with it.
    fn variant(&mut self, this: &Baseline, data: &Path, asked: &(Question, String)) -> Result<()> {
        let (server, plain) = (Server::start(data)?, Server::start(&this.data)?);
        let alone = self.times(&[ask::turn(&server, asked)])?;
        let turns = [ask::turn(&server, asked), ask::turn(&plain, &this.asked[0])];
        let times = self.times(&turns)?;
        drop((server, plain));
        let inside = ask::in_process(data, slice::from_ref(asked), self.runs, Profile::Bench)?;
        self.row(&asked.0, this.candidates[0], &alone[0], &inside[0]);
        self.compare(asked.0.name, &times[0], &times[1]);
        Ok(())
    }

    fn row(&mut self, question: &Question, candidates: u64, http: &Times, inside: &Times) {
        let mut cells = vec![format!("{}: {}", question.name, question.says)];
        cells.extend([http, inside].into_iter().flat_map(cells_of));
        cells.push(shown(pace(http, candidates)));
        self.asked.row(&cells);
    }

    /// How long a variant of Q1 takes, as a multiple of it.
    fn compare(&mut self, name: &str, variant: &Times, first: &Times) {
        let ratios = [variant.least / first.least, variant.median / first.median].map(shown);
        self.figure(
            &format!("{name}, times q1 in turn"),
            format!("{} by the least times, {} by the medians", ratios[0], ratios[1]),
        );
    }

    fn figure(&mut self, name: &str, figure: String) {
        self.figures.row(&[name.to_owned(), figure]);
    }
}

/// The nanoseconds that a question takes for an event that could count.
fn pace(times: &Times, candidates: u64) -> f64 {
    times.least * 1e6 / candidates as f64
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
