//! The records of a CSV file.
//!
//! Most files have neither quotes nor carriage returns, and then a record is a line and a cell what stands between
//! commas: such text is cut where it lies in the buffer. From the first block on that holds one of those
//! bytes, or is not UTF-8, the csv crate reads the rest.

use std::io::{BufRead, Cursor, Read};

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::row::RowError;

/// Bytes of a block.
const BLOCK_BYTES: usize = 256 << 10;
/// Bytes of a line from which on the csv crate reads it.
const LINE_BYTES_MAX: usize = 4 << 20;

/// Reads one record after the other.
pub struct Records<R> {
    mode: Mode<R>,
    cells: Vec<(usize, usize)>,
    /// Where the last record begins.
    line: u64,
}

enum Mode<R> {
    Plain(Plain<R>),
    Quoted(Quoted<R>),
    /// The file cannot be read any further.
    Over,
}

/// Text that is cut at commas and ends of lines.
struct Plain<R> {
    inner: R,
    /// Whole lines, all but the last of which end with a newline.
    block: String,
    at: usize,
    /// What follows the block and was read already.
    rest: Vec<u8>,
    is_read: bool,
    /// Lines before `at`.
    lines: u64,
}

struct Quoted<R> {
    reader: Reader<std::io::Chain<Cursor<Vec<u8>>, R>>,
    record: StringRecord,
    text: String,
    /// Lines before those that the reader counts.
    lines: u64,
}

/// A record in its place.
#[derive(Debug, Clone, Copy)]
pub struct Record<'r> {
    text: &'r str,
    cells: &'r [(usize, usize)],
    line: u64,
}

impl<'r> Record<'r> {
    #[cfg(test)]
    pub(super) const fn new(text: &'r str, cells: &'r [(usize, usize)]) -> Self {
        Self { text, cells, line: 1 }
    }

    /// Where it begins, counted from 1.
    #[must_use]
    pub const fn line(self) -> u64 {
        self.line
    }

    /// How many cells it has.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // a record has a cell at least
    pub const fn len(self) -> usize {
        self.cells.len()
    }

    /// The text of a cell.
    ///
    /// # Panics
    /// When there is no such cell.
    #[inline]
    #[must_use]
    pub fn cell(self, at: usize) -> &'r str {
        let (from, to) = self.cells[at];
        &self.text[from..to]
    }

    /// The texts of all cells.
    pub fn iter(self) -> impl Iterator<Item = &'r str> {
        self.cells.iter().map(move |(from, to)| &self.text[*from..*to])
    }
}

impl<R: BufRead> Records<R> {
    /// The records of an unpacked file.
    pub const fn new(inner: R) -> Self {
        let plain = Plain {
            inner,
            block: String::new(),
            at: 0,
            rest: Vec::new(),
            is_read: false,
            lines: 0,
        };
        Self { mode: Mode::Plain(plain), cells: Vec::new(), line: 0 }
    }

    /// The next record; `None` after the last. Empty lines are none.
    ///
    /// # Errors
    /// When it is not CSV or UTF-8, or the file cannot be read.
    pub fn next_record(&mut self) -> Option<Result<Record<'_>, RowError>> {
        match self.advance() {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(error)),
        }
        let text = match &self.mode {
            Mode::Plain(plain) => &plain.block,
            Mode::Quoted(quoted) => &quoted.text,
            Mode::Over => return None,
        };
        Some(Ok(Record { text, cells: &self.cells, line: self.line }))
    }

    fn advance(&mut self) -> Result<bool, RowError> {
        self.cells.clear();
        if let Mode::Plain(plain) = &mut self.mode {
            while plain.at < plain.block.len() || plain.fill()? {
                self.line = plain.lines + 1;
                if plain.cut(&mut self.cells) {
                    return Ok(true);
                }
            }
            if plain.rest.is_empty() {
                return Ok(false);
            }
            self.mode = match std::mem::replace(&mut self.mode, Mode::Over) {
                Mode::Plain(plain) => Mode::Quoted(plain.quoted()),
                mode => mode,
            };
        }
        match &mut self.mode {
            Mode::Quoted(quoted) => {
                let read = quoted.read(&mut self.cells);
                self.line = quoted.lines + quoted.record.position().map_or(1, csv::Position::line);
                read
            }
            Mode::Plain(_) | Mode::Over => Ok(false),
        }
    }
}

impl<R: BufRead> Plain<R> {
    /// Cuts the next line; `false` when it is empty.
    fn cut(&mut self, cells: &mut Vec<(usize, usize)>) -> bool {
        let (begin, text) = (self.at, self.block.as_bytes());
        let mut from = begin;
        self.lines += 1;
        for stop in memchr::memchr2_iter(b',', b'\n', &text[begin..]) {
            let stop = begin + stop;
            if text[stop] == b'\n' {
                self.at = stop + 1;
                if stop > begin {
                    cells.push((from, stop));
                }
                return stop > begin;
            }
            cells.push((from, stop));
            from = stop + 1;
        }
        // The last line of a file may end with the file.
        self.at = text.len();
        cells.push((from, text.len()));
        true
    }

    /// Reads the next block; `false` at the end, or when `rest` is not plain.
    fn fill(&mut self) -> Result<bool, RowError> {
        self.at = 0;
        let mut bytes = std::mem::take(&mut self.block).into_bytes();
        bytes.clear();
        bytes.append(&mut self.rest);
        let mut end = None;
        while !self.is_read && end.is_none() && bytes.len() < LINE_BYTES_MAX {
            let from = bytes.len();
            let mut limited = Read::by_ref(&mut self.inner).take(BLOCK_BYTES as u64);
            let read = limited.read_to_end(&mut bytes).map_err(RowError::Read)?;
            self.is_read = read < BLOCK_BYTES;
            end = memchr::memrchr(b'\n', &bytes[from..]).map(|at| from + at + 1);
        }
        let end = if self.is_read { bytes.len() } else { end.unwrap_or(0) };
        let is_plain = memchr::memchr2(b'"', b'\r', &bytes[..end]).is_none();
        if end == 0 || !is_plain {
            self.rest = bytes;
            return Ok(false);
        }
        self.rest.extend_from_slice(&bytes[end..]);
        bytes.truncate(end);
        match String::from_utf8(bytes) {
            Ok(block) => {
                self.block = block;
                Ok(true)
            }
            Err(error) => {
                let mut bytes = error.into_bytes();
                bytes.append(&mut self.rest);
                self.rest = bytes;
                Ok(false)
            }
        }
    }

    /// Reads on by the csv crate.
    fn quoted(self) -> Quoted<R> {
        let input = Cursor::new(self.rest).chain(self.inner);
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
        Quoted { reader, record: StringRecord::new(), text: String::new(), lines: self.lines }
    }
}

impl<R: Read> Quoted<R> {
    fn read(&mut self, cells: &mut Vec<(usize, usize)>) -> Result<bool, RowError> {
        if !self.reader.read_record(&mut self.record).map_err(|error| self.failed(error))? {
            return Ok(false);
        }
        self.text.clear();
        for cell in &self.record {
            let from = self.text.len();
            self.text.push_str(cell);
            cells.push((from, self.text.len()));
        }
        Ok(true)
    }

    fn failed(&self, error: csv::Error) -> RowError {
        let line = self.lines + error.position().map_or(1, csv::Position::line);
        match error.into_kind() {
            ErrorKind::Io(error) => RowError::Read(error),
            ErrorKind::Utf8 { err, .. } => {
                RowError::bad(line, format!("cell {} is not UTF-8", err.field() + 1))
            }
            other => RowError::bad(line, format!("not CSV: {other:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec as list;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    type Read = Vec<Result<Vec<String>, ()>>;

    fn read(bytes: &[u8]) -> Read {
        let mut records = Records::new(bytes);
        let mut read = Vec::new();
        while let Some(record) = records.next_record() {
            read.push(match record {
                Ok(record) => Ok(record.iter().map(str::to_owned).collect()),
                Err(RowError::Bad(_)) => Err(()),
                Err(RowError::Read(error)) => panic!("{error}"),
            });
        }
        read
    }

    fn by_csv(bytes: &[u8]) -> Read {
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let records = reader.records();
        let cells = |record: StringRecord| record.iter().map(str::to_owned).collect();
        records.map(|record| record.map(cells).map_err(drop)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_024))]
        #[test]
        fn records_are_those_of_the_csv_crate(
            pieces in list(select(vec![&b"a"[..], b"bc", b",", b"\n", b"\xc3\xa9"]), 0..40),
            late in list(select(vec![&b"\""[..], b"\r\n", b"\r", b"\xff", b"x", b",", b"\n"]), 0..8),
            long in proptest::bool::weighted(0.05),
        ) {
            let plain = pieces.concat();
            let filler = b"first,second\n".repeat(usize::from(long) * BLOCK_BYTES / 13);
            let bytes = [&plain[..], b"\n", &filler, &plain, &late.concat(), &plain].concat();
            prop_assert!(read(&bytes) == by_csv(&bytes));
        }
    }

    #[test]
    fn records_know_their_lines() {
        let filler = "f\n".repeat(BLOCK_BYTES);
        let text = format!("a\n\nb\n{filler}\"c\nd\"\ne");
        let mut records = Records::new(text.as_bytes());
        let mut lines = Vec::new();
        while let Some(Ok(record)) = records.next_record() {
            if record.cell(0) != "f" {
                lines.push((record.cell(0).to_owned(), record.line()));
            }
        }
        let after = 4 + BLOCK_BYTES as u64;
        let expected = [("a", 1), ("b", 3), ("c\nd", after), ("e", after + 2)];
        assert_eq!(lines, expected.map(|(text, line)| (text.to_owned(), line)));
    }

    #[test]
    fn a_line_longer_than_a_block_is_read_whole() {
        for bytes in [BLOCK_BYTES - 1, BLOCK_BYTES, 3 * BLOCK_BYTES, LINE_BYTES_MAX + 5] {
            let text = "x".repeat(bytes);
            let records = read(format!("a\n{text},b\nc").as_bytes());
            assert_eq!(records.len(), 3, "{bytes}");
            assert_eq!(records[1], Ok(vec![text, "b".to_owned()]));
        }
    }
}
