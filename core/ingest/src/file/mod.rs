//! Files of events: CSV with a line of names, and NDJSON.
//!
//! What is read is text that was unpacked already ([`unmarked`] passes over what some programs put before it). A row of
//! CSV becomes an event without a copy of its texts ([`ShortEvent`]); rows that break a rule, and the few whose
//! columns mean something unusual, take the long way, which says what is wrong.

mod mapping;
mod row;

mod columns;
mod csv_rows;
mod ndjson_rows;
mod records;

use std::io::{self, BufRead};

pub use columns::ShortEvent;
pub use csv_rows::CsvRows;
pub use mapping::{Mapping, Names};
pub use ndjson_rows::NdjsonRows;
pub use records::{Record, Records};
pub use row::{BadRow, Event, RowError, Rows};

/// What a file holds once it is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values with a line of names.
    Csv,
    /// A JSON object a line.
    Ndjson,
}

impl Form {
    /// What the name says, if it does; that of a packed file is taken without its last extension.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" | "json" => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// What the first character says that is no space.
    #[must_use]
    pub fn of_text(start: &[u8]) -> Self {
        let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
        if first == Some(&b'{') { Self::Ndjson } else { Self::Csv }
    }

    /// The rows of a file of this form.
    pub fn rows<'a>(self, reader: impl BufRead + 'a, mapping: &'a Mapping) -> Box<dyn Rows + 'a> {
        match self {
            Self::Csv => Box::new(CsvRows::new(reader, mapping)),
            Self::Ndjson => Box::new(NdjsonRows::new(reader, mapping)),
        }
    }
}

/// The same text without the mark that some programs put before UTF-8.
///
/// # Errors
/// When it cannot be read.
pub fn unmarked<R: BufRead>(mut text: R) -> io::Result<R> {
    if text.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        text.consume(3);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_told_by_the_name_or_the_text() {
        let check = |name: &str, expected: Option<Form>| {
            assert_eq!(Form::of_name(name), expected, "{name}");
        };
        check("shop.csv", Some(Form::Csv));
        check("shop.CSV.gz", Some(Form::Csv));
        check("a.b/shop.ndjson.zst", Some(Form::Ndjson));
        check("shop.jsonl", Some(Form::Ndjson));
        check("csv", None);
        check("shop.txt", None);
        check("shop.gz", None);
        assert_eq!(Form::of_text(b"\n {\"a\":1}"), Form::Ndjson);
        assert_eq!(Form::of_text(b"a,b"), Form::Csv);
        assert_eq!(Form::of_text(b""), Form::Csv);
    }
}
