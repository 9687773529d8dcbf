//! Rows of CSV: a line of names, then a line an event; an empty cell is absent.

use std::borrow::Cow;
use std::io::Read;

use csv::{ErrorKind, Reader, StringRecord};
use eventhub_core::NewEvent;

use super::error::RowError;
use super::mapping::{Mapping, Role, Row};
use super::source::Rows;
use crate::ingest::Value;

/// The rows of a CSV file.
pub(super) struct CsvRows<'a, R> {
    reader: Reader<R>,
    mapping: &'a Mapping,
    /// Name and role of each column, once the line of names was read.
    columns: Option<Vec<(String, Role)>>,
    record: StringRecord,
    is_over: bool,
}

impl<'a, R: Read> CsvRows<'a, R> {
    pub(super) fn new(reader: R, mapping: &'a Mapping) -> Self {
        let reader = Reader::from_reader(reader);
        Self { reader, mapping, columns: None, record: StringRecord::new(), is_over: false }
    }

    fn read_columns(&mut self) -> Result<Vec<(String, Role)>, RowError> {
        let names = self.reader.headers().map_err(row_error)?;
        if names.is_empty() {
            return Err(RowError::bad(
                1,
                "the file is empty: it must begin with the columns' names",
            ));
        }
        let role = |name: &str| (name.to_owned(), self.mapping.role(name));
        let columns: Vec<(String, Role)> = names.iter().map(role).collect();
        if let Some((name, _)) = columns.iter().find(|(_, role)| *role == Role::Clash) {
            return Err(RowError::bad(1, Mapping::clash(name)));
        }
        for name in self.mapping.required() {
            if !columns.iter().any(|(column, _)| column == name) {
                return Err(RowError::bad(1, format!("there is no column {name}")));
            }
        }
        Ok(columns)
    }

    fn read_row(&mut self) -> Option<Result<NewEvent, RowError>> {
        match self.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(row_error(error))),
        }
        let mut row = Row::with_capacity(self.record.len());
        for ((name, role), cell) in self.columns.iter().flatten().zip(&self.record) {
            if !cell.is_empty() {
                row.push(*role, Cow::Borrowed(name), Value::Text(Cow::Borrowed(cell)));
            }
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        Some(self.mapping.event(row).map_err(|message| RowError::bad(line, message)))
    }
}

impl<R: Read> Rows for CsvRows<'_, R> {
    fn next(&mut self) -> Option<Result<NewEvent, RowError>> {
        if self.is_over {
            return None;
        }
        if self.columns.is_none() {
            match self.read_columns() {
                Ok(columns) => self.columns = Some(columns),
                // Without its columns no row means anything.
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        self.read_row()
    }
}

fn row_error(error: csv::Error) -> RowError {
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        ErrorKind::Io(error) => RowError::Read(error),
        ErrorKind::Utf8 { err, .. } => {
            RowError::bad(line, format!("cell {} is not UTF-8", err.field() + 1))
        }
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            RowError::bad(line, format!("{len} cells, there are {expected_len} columns"))
        }
        other => RowError::bad(line, format!("not CSV: {other:?}")),
    }
}
