//! Reading a file into memory.

use std::collections::HashSet;
use std::io::{self, BufRead};

use eventhub_core::limits::EVENT_TYPES_MAX;
use eventhub_core::{Error, EventId, TimeMs};
use eventhub_ingest::Clock;
use eventhub_ingest::file::{BadRow, Event, Form, Mapping, Names, RowError, unmarked};
use serde::Serialize;

use super::Data;
use super::data::Building;

/// Bad rows that are described; the others are counted.
const BAD_ROWS_DESCRIBED_MAX: usize = 10;
/// Rows between two reports.
const REPORT_ROWS: u64 = 8_192;

/// What a file came to.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many events there are.
    pub events: EventId,
    /// How many users they have.
    pub users: u32,
    /// Rows that are no events.
    pub bad_rows: u64,
    /// The first of them.
    pub bad: Vec<Bad>,
    /// Rows left out because a row before has their insert id.
    pub repeated: u64,
    /// Questions worth asking about it; none of a file.
    pub views: Vec<SavedView>,
}

/// A view as the dashboard saves it: a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SavedView {
    pub(super) name: String,
    pub(super) view: String,
}

/// A row that is no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bad {
    line: u64,
    message: String,
}

/// Why a file is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
    /// Its line of names says nothing that goes.
    #[error("line {}: {}", .0.line, .0.message)]
    Head(BadRow),
    /// None of its rows is an event.
    #[error("{}", no_event(.0))]
    NoEvent(Option<Bad>),
    /// It has more event types than there may be.
    #[error(
        "the column {0} has more than {EVENT_TYPES_MAX} different values, so it hardly names what happened: choose another column for the event"
    )]
    TooManyTypes(String),
    /// It is too large for the memory that there is.
    #[error(
        "the file is too large for a browser's tab, which was full after {0} events: load a part of it, or all of it into a server by `eventhub import`"
    )]
    TooLarge(EventId),
    /// Its events do not fit the limits of a store.
    #[error(transparent)]
    Core(#[from] Error),
}

fn no_event(first: &Option<Bad>) -> String {
    match first {
        None => "the file holds no events".to_owned(),
        Some(Bad { line, message }) => {
            format!("no row of the file is an event; line {line}: {message}")
        }
    }
}

/// Reads a file that was unpacked. `report` is told now and then how many rows were read; `is_full` says whether the
/// memory is used up.
///
/// # Errors
/// When the file cannot be read, has no event at all, or is too large. Rows that are no events are counted.
pub fn load(
    text: impl BufRead,
    form: Form,
    names: Names,
    report: &mut dyn FnMut(u64),
    is_full: &dyn Fn() -> bool,
) -> Result<(Data, Summary), LoadError> {
    let event_column = names.event_type.clone();
    let mapping = Mapping::new(names, Clock::import(TimeMs::MAX));
    let mut rows = form.rows(unmarked(text)?, &mapping);
    let mut building = Building::default();
    building.set_columns(rows.columns().map_err(|error| match error {
        RowError::Bad(row) => LoadError::Head(row),
        RowError::Read(error) => LoadError::Read(error),
    })?);
    let (mut summary, mut seen, mut read) = (Summary::default(), HashSet::new(), 0_u64);
    while let Some(row) = rows.next() {
        read += 1;
        if read % REPORT_ROWS == 0 {
            report(read);
            if is_full() {
                return Err(LoadError::TooLarge(building.events()));
            }
        }
        let event = match row {
            Ok(event) => event,
            Err(RowError::Read(error)) => return Err(error.into()),
            Err(RowError::Bad(BadRow { line, message })) => {
                summary.bad_rows += 1;
                if summary.bad.len() < BAD_ROWS_DESCRIBED_MAX {
                    summary.bad.push(Bad { line, message });
                }
                continue;
            }
        };
        if event.insert_id().is_some_and(|id| !seen.insert(id.to_owned())) {
            summary.repeated += 1;
            continue;
        }
        let pushed = match &event {
            Event::Short(short) => {
                building.push(short.event_type, short.user, short.time, short.properties())
            }
            Event::Long(event) => building.push_event(event),
        };
        pushed.map_err(|error| match error {
            Error::TooMany { field: "event types", .. } => {
                LoadError::TooManyTypes(event_column.clone())
            }
            other => LoadError::Core(other),
        })?;
    }
    report(read);
    if building.events() == 0 {
        return Err(LoadError::NoEvent(summary.bad.into_iter().next()));
    }
    let data = building.finish()?;
    summary.events = data.events;
    summary.users = data.people.len();
    Ok((data, summary))
}
