//! Rows of CSV: a line of names, then a line an event; an empty cell is absent.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::BufRead;

use eventhub_core::NewEvent;

use super::columns::Columns;
use super::mapping::{Mapping, Role, Row};
use super::records::{Record, Records};
use super::row::{Event, RowError, Rows};
use crate::Value;

/// The rows of a CSV file.
pub struct CsvRows<'a, R> {
    records: Records<R>,
    mapping: &'a Mapping,
    /// The line of names, once it was read.
    head: Option<Head>,
    is_over: bool,
}

/// Name and role of each column, and what follows for their cells.
struct Head {
    names: Vec<(String, Role)>,
    columns: Columns,
}

impl<'a, R: BufRead> CsvRows<'a, R> {
    /// The rows of an unpacked file.
    pub fn new(reader: R, mapping: &'a Mapping) -> Self {
        Self { records: Records::new(reader), mapping, head: None, is_over: false }
    }

    fn read_head(&mut self) -> Result<Head, RowError> {
        let Some(names) = self.records.next_record().transpose()? else {
            let message = "the file is empty: it must begin with the columns' names";
            return Err(RowError::bad(1, message));
        };
        let role = |name: &str| (name.to_owned(), self.mapping.role(name));
        let names: Vec<(String, Role)> = names.iter().map(role).collect();
        if let Some((name, _)) = names.iter().find(|(_, role)| *role == Role::Clash) {
            return Err(RowError::bad(1, Mapping::clash(name)));
        }
        if let Some(at) = names.iter().position(|(name, _)| name.is_empty()) {
            let message = format!("column {} has no name: name it, or take it out", at + 1);
            return Err(RowError::bad(1, message));
        }
        let mut seen = HashSet::new();
        if let Some((name, _)) = names.iter().find(|(name, _)| !seen.insert(name)) {
            return Err(RowError::bad(1, format!("two columns are named {name}")));
        }
        for name in self.mapping.required() {
            if !names.iter().any(|(column, _)| column == name) {
                return Err(RowError::bad(1, format!("there is no column {name}")));
            }
        }
        let columns = Columns::new(&names);
        Ok(Head { names, columns })
    }

    /// Reads the line of names unless it was read.
    fn head(&mut self) -> Result<(), RowError> {
        if self.head.is_none() {
            match self.read_head() {
                Ok(head) => self.head = Some(head),
                // Without its columns no row means anything.
                Err(error) => {
                    self.is_over = true;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn read_row(&mut self) -> Option<Result<Event<'_>, RowError>> {
        let Head { names, columns } = self.head.as_mut()?;
        let record = match self.records.next_record()? {
            Ok(record) => record,
            Err(error) => return Some(Err(error)),
        };
        if record.len() == names.len()
            && let Some(event) = columns.read(record, self.mapping)
        {
            return Some(Ok(Event::Short(event)));
        }
        let event = long_event(names, record, self.mapping);
        let line = record.line();
        Some(event.map(Event::Long).map_err(|message| RowError::bad(line, message)))
    }
}

fn long_event(
    names: &[(String, Role)],
    record: Record<'_>,
    mapping: &Mapping,
) -> Result<NewEvent, String> {
    if record.len() != names.len() {
        return Err(format!("{} cells, there are {} columns", record.len(), names.len()));
    }
    mapping.event(long_row(names, record))
}

/// The row as pairs of names and values.
pub(super) fn long_row<'r>(names: &'r [(String, Role)], record: Record<'r>) -> Row<'r> {
    let mut row = Row::with_capacity(record.len());
    for ((name, role), cell) in names.iter().zip(record.iter()) {
        if !cell.is_empty() {
            row.push(*role, Cow::Borrowed(name), Value::Text(Cow::Borrowed(cell)));
        }
    }
    row
}

impl<R: BufRead> Rows for CsvRows<'_, R> {
    fn columns(&mut self) -> Result<&[String], RowError> {
        self.head()?;
        Ok(self.head.as_ref().map_or(&[], |head| head.columns.keys()))
    }

    fn next(&mut self) -> Option<Result<Event<'_>, RowError>> {
        if self.is_over {
            return None;
        }
        match self.head() {
            Ok(()) => self.read_row(),
            Err(error) => Some(Err(error)),
        }
    }

    fn skip(&mut self) -> Option<Result<(), RowError>> {
        if let Err(error) = self.head() {
            return Some(Err(error));
        }
        Some(self.records.next_record()?.map(drop))
    }
}
