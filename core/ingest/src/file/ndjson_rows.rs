//! Rows of NDJSON: an object a line; empty lines are passed over.

use std::io::{BufRead, Read};

use eventhub_core::NewEvent;

use super::mapping::{Mapping, Role, Row};
use super::row::{Event, RowError, Rows};
use crate::read_object;

/// Bytes of a line, of which an event at its limits takes half.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// The rows of an NDJSON file.
pub struct NdjsonRows<'a, R> {
    reader: R,
    mapping: &'a Mapping,
    bytes: Vec<u8>,
    line: u64,
}

impl<'a, R: BufRead> NdjsonRows<'a, R> {
    /// The rows of an unpacked file.
    pub const fn new(reader: R, mapping: &'a Mapping) -> Self {
        Self { reader, mapping, bytes: Vec::new(), line: 0 }
    }

    fn event(&self) -> Result<NewEvent, String> {
        let text = std::str::from_utf8(&self.bytes).map_err(|_| "not UTF-8".to_owned())?;
        let pairs = read_object(text).map_err(|error| error.to_string())?;
        let mut row = Row::with_capacity(pairs.len());
        for (key, value) in pairs {
            let role = self.mapping.role(&key);
            if role == Role::Clash {
                return Err(Mapping::clash(&key));
            }
            row.push(role, key, value);
        }
        self.mapping.event(row)
    }
}

impl<R: BufRead> Rows for NdjsonRows<'_, R> {
    fn next(&mut self) -> Option<Result<Event<'_>, RowError>> {
        loop {
            self.bytes.clear();
            let mut limited = Read::by_ref(&mut self.reader).take(LINE_BYTES_MAX);
            match limited.read_until(b'\n', &mut self.bytes) {
                Ok(0) => return None,
                Ok(_) => self.line += 1,
                Err(error) => return Some(Err(RowError::Read(error))),
            }
            if !self.bytes.trim_ascii().is_empty() {
                let event = self.event();
                let bad = |message| RowError::bad(self.line, message);
                return Some(event.map(Event::Long).map_err(bad));
            }
        }
    }
}
