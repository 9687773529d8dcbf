//! What the columns or keys of a file mean.

use std::borrow::Cow;

use eventhub_core::{Error, NewEvent, TimeMs, parse_file_time};

use crate::{Clock, Pairs, Value, read_event};

const EVENT_TYPE: &str = "event_type";
pub(super) const USER: &str = "external_user_id";
pub(super) const TIMESTAMP: &str = "timestamp";
pub(super) const INSERT_ID: &str = "insert_id";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A reserved key of an event.
    Reserved(&'static str),
    /// The time, in one of the forms of files.
    Time,
    /// A property under the column's own name.
    Property,
    /// It is named like a reserved key that another column was said to hold.
    Clash,
    /// Nothing of an event.
    LeftOut,
}

/// The names of the columns that hold an event's reserved keys, and of those that hold nothing of it.
#[derive(Debug, Clone)]
pub struct Names {
    /// Of the event type.
    pub event_type: String,
    /// Of the external user id.
    pub user: String,
    /// Of the time.
    pub time: String,
    /// Of the insert id; without it, that of the reserved key.
    pub insert_id: Option<String>,
    /// Columns that are passed over.
    pub left_out: Vec<String>,
}

/// What columns mean, and which times are taken.
#[derive(Debug)]
pub struct Mapping {
    event_type: String,
    user: String,
    time: String,
    insert_id: String,
    left_out: Vec<String>,
    clock: Clock,
}

/// A row of a file on its way to an event.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pairs: Pairs<'a>,
    time: Option<Cow<'a, str>>,
}

impl Mapping {
    /// The meaning of columns by their names. No row goes without a time, so that of receipt does not count.
    #[must_use]
    pub fn new(names: Names, clock: Clock) -> Self {
        let Names { event_type, user, time, insert_id, left_out } = names;
        let insert_id = insert_id.unwrap_or_else(|| INSERT_ID.to_owned());
        Self { event_type, user, time, insert_id, left_out, clock }
    }

    #[must_use]
    /// The names in a fixed order, for a file's fingerprint.
    pub fn names(&self) -> [&str; 4] {
        [&self.event_type, &self.user, &self.time, &self.insert_id]
    }

    /// The names without which no row can be an event.
    pub(super) fn required(&self) -> [&str; 3] {
        [&self.event_type, &self.user, &self.time]
    }

    /// The last time that is taken.
    pub(super) fn latest(&self) -> TimeMs {
        self.clock.latest()
    }

    /// The name of the time.
    pub(super) fn time(&self) -> &str {
        &self.time
    }

    /// What the column of this name holds.
    pub(super) fn role(&self, name: &str) -> Role {
        if self.left_out.iter().any(|other| other == name) {
            Role::LeftOut
        } else if name == self.event_type {
            Role::Reserved(EVENT_TYPE)
        } else if name == self.user {
            Role::Reserved(USER)
        } else if name == self.time {
            Role::Time
        } else if name == self.insert_id {
            Role::Reserved(INSERT_ID)
        } else if [EVENT_TYPE, USER, TIMESTAMP, INSERT_ID].contains(&name) {
            Role::Clash
        } else {
            Role::Property
        }
    }

    /// Why a column cannot be taken that is named like a reserved key.
    pub(super) fn clash(name: &str) -> String {
        format!(
            "{name}: the name is reserved, and another column was named for it: rename this one"
        )
    }

    /// The event of a row.
    ///
    /// # Errors
    /// The first rule that the row breaks, naming the column.
    pub(super) fn event(&self, row: Row<'_>) -> Result<NewEvent, String> {
        let Row { mut pairs, time } = row;
        if let Some(time) = time {
            let time = parse_file_time(&self.time, &time).map_err(|error| error.to_string())?;
            let text = time.ms().to_string();
            pairs.push((Cow::Borrowed(TIMESTAMP), Value::Text(Cow::Owned(text))));
        } else if !pairs.iter().any(|(key, _)| key == "date") {
            return Err(format!("{}: must not be empty", self.time));
        }
        read_event(pairs, &self.clock).map_err(|error| self.with_column(&error))
    }

    /// An error under the name that the file gives to what is at fault.
    fn with_column(&self, error: &Error) -> String {
        let column = match error.param() {
            Some(EVENT_TYPE) => &self.event_type,
            Some(USER) => &self.user,
            Some(INSERT_ID) => &self.insert_id,
            _ => return error.to_string(),
        };
        if error.param() == Some(column) {
            error.to_string()
        } else {
            format!("column {column}: {error}")
        }
    }
}

impl<'a> Row<'a> {
    /// A row with room for so many cells, and one more.
    pub(super) fn with_capacity(cells: usize) -> Self {
        Self { pairs: Vec::with_capacity(cells + 1), time: None }
    }

    /// Adds a cell of a column with this role and name.
    pub(super) fn push(&mut self, role: Role, name: Cow<'a, str>, value: Value<'a>) {
        match (role, value) {
            (Role::Time, Value::Text(text)) if !text.is_empty() => self.time = Some(text),
            (Role::Time, Value::Text(_) | Value::Absent) | (Role::LeftOut, _) => {}
            (Role::Reserved(key), value) => self.pairs.push((Cow::Borrowed(key), value)),
            (Role::Time | Role::Property | Role::Clash, value) => self.pairs.push((name, value)),
        }
    }
}
