//! `eventhub demo`: fills a data folder with the made-up product of [`eventhub_core::demo`].

use std::path::{Path, PathBuf};
use std::time::Instant;

use eventhub_core::demo::{Demo, Item, Settings};
use eventhub_core::{DAY_MS, TimeMs};
use indicatif::HumanCount;

use crate::cli::DemoArgs;
use crate::clock::now_ms;
use crate::engine::EngineError;
use crate::import::progress::Progress;
use crate::store::{ImportProgress, Pending, Store, StoreOptions};

/// Aliases and changes of users that wait for one commit.
const TOGETHER_MAX: usize = 512;
/// Events between two reports of progress.
const PROGRESS_EVENTS: u64 = 8_192;

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder is in use.
    #[error(
        "{} has {events} events already: the demo goes into a folder without any, which --data names",
        folder.display()
    )]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
        /// How many events it holds.
        events: u64,
    },
    /// The store refuses or fails.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Fills the folder and prints what to do next.
///
/// # Errors
/// When the folder has events, or the store fails.
pub fn run(args: &DemoArgs) -> Result<(), Error> {
    let begin = Instant::now();
    let folder = &args.data;
    let store = Store::open(folder, StoreOptions::default())?;
    let events = store.snapshot()?.events()?;
    if events > 0 {
        return Err(Error::NotEmpty { folder: folder.clone(), events });
    }
    let demo = Demo::new(Settings {
        seed: args.seed,
        users: args.users,
        days: args.days,
        end: end(args.last_day),
    });
    let filled = fill(&store, &demo, folder)?;
    store.close();
    let views = demo.views();
    println!(
        "{} events of {} people in {:.1} s, and {} saved views.",
        HumanCount(filled),
        HumanCount(args.users.into()),
        begin.elapsed().as_secs_f64(),
        views.len(),
    );
    println!("\nNext:  eventhub serve --data {}", folder.display());
    if let Some(view) = views.first() {
        println!("and open  http://127.0.0.1:8080/?view={}", view.name);
    }
    Ok(())
}

/// Stores the demo in an empty store; how many events it has.
///
/// # Errors
/// When the store fails.
pub fn fill(store: &Store, demo: &Demo, folder: &Path) -> Result<u64, EngineError> {
    let total = demo.items().len() as u64;
    let progress = Progress::of_load(folder, total);
    let mut bulk = store.bulk(total)?;
    let mut events = 0;
    for item in demo.items() {
        let Item::Event(event) = item else { continue };
        if bulk.is_full() {
            bulk.commit(progress_of(events))?;
        }
        bulk.push_event(&event)?;
        events += 1;
        if events % PROGRESS_EVENTS == 0 {
            progress.reach(events);
        }
    }
    if !bulk.is_empty() {
        bulk.commit(progress_of(events))?;
    }
    bulk.finish()?;
    progress.reach(events);
    join_people(store, demo)?;
    for view in demo.views() {
        store.save_view(view.name.to_owned(), Some(view.saved()))?.wait()?;
    }
    progress.finish();
    Ok(events)
}

/// Aliases and properties of users, in their order.
fn join_people(store: &Store, demo: &Demo) -> Result<(), EngineError> {
    let mut waiting = Waiting::default();
    for item in demo.items() {
        match item {
            Item::Alias { from, to } => waiting.aliases.push(store.alias(from, to)?),
            Item::User { user, change } => waiting.changes.push(store.change_user(user, change)?),
            Item::Event(_) => continue,
        }
        if waiting.aliases.len() + waiting.changes.len() >= TOGETHER_MAX {
            std::mem::take(&mut waiting).settle()?;
        }
    }
    waiting.settle()
}

/// What is on its way to the disk.
#[derive(Default)]
struct Waiting {
    aliases: Vec<Pending<()>>,
    changes: Vec<Pending<u32>>,
}

impl Waiting {
    fn settle(self) -> Result<(), EngineError> {
        self.aliases.into_iter().try_for_each(Pending::wait)?;
        self.changes.into_iter().try_for_each(|change| change.wait().map(drop))
    }
}

fn progress_of(rows: u64) -> ImportProgress {
    ImportProgress { fingerprint: b"demo".to_vec(), rows }
}

/// The end of a day, or now.
fn end(last_day: Option<TimeMs>) -> TimeMs {
    let ms = last_day.map_or_else(now_ms, |day| day.ms() + DAY_MS);
    TimeMs::new(ms).unwrap_or(TimeMs::MAX)
}
