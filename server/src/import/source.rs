//! Files: unpacking them, telling their form, and reading their rows.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use eventhub_core::NewEvent;
use flate2::bufread::MultiGzDecoder;
use xxhash_rust::xxh3::Xxh3;

use super::csv_rows::CsvRows;
use super::error::{Error, RowError};
use super::mapping::Mapping;
use super::ndjson_rows::NdjsonRows;
use super::progress::Progress;
use crate::cli::ImportFormat;

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 128 << 10;
/// Events between two reports of progress.
const PROGRESS_EVENTS: u64 = 8_192;
/// Bad rows that are described; the others are counted.
const BAD_ROWS_DESCRIBED_MAX: usize = 10;

/// A file that holds nothing but events.
#[derive(Debug)]
pub(super) struct Checked {
    /// What it is.
    pub(super) form: Form,
    /// How many events it holds.
    pub(super) rows: u64,
    /// A hash of what it holds and of what its columns mean, however it is named and packed.
    pub(super) fingerprint: u128,
}

/// What a file holds once it is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Csv,
    Ndjson,
}

/// The rows of a file, one after the other.
pub(super) trait Rows {
    /// The next row as an event; `None` after the last.
    fn next(&mut self) -> Option<Result<NewEvent, RowError>>;
}

/// Reads every row once.
///
/// # Errors
/// When the file cannot be read, or rows are no events.
pub(super) fn check(
    path: &Path,
    format: ImportFormat,
    mapping: &Mapping,
) -> Result<Checked, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let form = form_of(path, format).map_err(failed)?;
    let mut hash = Xxh3::new();
    for name in mapping.names() {
        hash.update(name.as_bytes());
        hash.update(&[0xff]);
    }
    let hashed = Hashed { inner: unpacked(path).map_err(failed)?, hash: &mut hash };
    let mut rows = rows(BufReader::with_capacity(BUFFER_BYTES, hashed), form, mapping);
    let progress = Progress::of_check(path);
    let (mut good, mut count, mut bad) = (0, 0, Vec::new());
    while let Some(row) = rows.next() {
        match row {
            Ok(_) => {
                good += 1;
                if good % PROGRESS_EVENTS == 0 {
                    progress.reach(good);
                }
            }
            Err(RowError::Read(source)) => return Err(failed(source)),
            Err(RowError::Bad(row)) => {
                count += 1;
                if bad.len() < BAD_ROWS_DESCRIBED_MAX {
                    bad.push(row);
                }
            }
        }
    }
    drop(rows);
    progress.finish();
    if count > 0 {
        return Err(Error::Rows { path: path.to_owned(), rows: bad, count });
    }
    Ok(Checked { form, rows: good, fingerprint: hash.digest128() })
}

/// Reads every row of a checked file and hands it to `take`.
///
/// # Errors
/// When the file cannot be read, is not the one that was checked, or `take` fails.
pub(super) fn read(
    path: &Path,
    form: Form,
    mapping: &Mapping,
    mut take: impl FnMut(NewEvent) -> Result<(), Error>,
) -> Result<(), Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let mut rows = rows(unpacked(path).map_err(failed)?, form, mapping);
    while let Some(row) = rows.next() {
        match row {
            Ok(event) => take(event)?,
            Err(RowError::Read(source)) => return Err(failed(source)),
            Err(RowError::Bad(_)) => return Err(Error::Changed { path: path.to_owned() }),
        }
    }
    Ok(())
}

fn rows<'a>(reader: impl BufRead + 'a, form: Form, mapping: &'a Mapping) -> Box<dyn Rows + 'a> {
    match form {
        Form::Csv => Box::new(CsvRows::new(reader, mapping)),
        Form::Ndjson => Box::new(NdjsonRows::new(reader, mapping)),
    }
}

/// Opens a file and unpacks what is packed, without the mark that some programs put before UTF-8.
fn unpacked(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
    let start = file.fill_buf()?;
    let is = |magic: &[u8], extension| start.starts_with(magic) || has_extension(path, extension);
    let mut text: Box<dyn BufRead> = if is(&[0x1f, 0x8b], "gz") {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file)))
    } else if is(&[0x28, 0xb5, 0x2f, 0xfd], "zst") {
        let decoder = zstd::Decoder::with_buffer(file)?;
        Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
    } else {
        Box::new(file)
    };
    if text.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        text.consume(3);
    }
    Ok(text)
}

/// What the user says, else what the name says, else what the first character says.
fn form_of(path: &Path, format: ImportFormat) -> io::Result<Form> {
    match format {
        ImportFormat::Csv => return Ok(Form::Csv),
        ImportFormat::Ndjson => return Ok(Form::Ndjson),
        ImportFormat::Auto => {}
    }
    let is_packed = has_extension(path, "gz") || has_extension(path, "zst");
    let name = if is_packed { path.with_extension("") } else { path.to_owned() };
    if has_extension(&name, "csv") {
        return Ok(Form::Csv);
    }
    if ["ndjson", "jsonl", "json"].iter().any(|extension| has_extension(&name, extension)) {
        return Ok(Form::Ndjson);
    }
    let mut text = unpacked(path)?;
    let first = text.fill_buf()?.iter().find(|byte| !byte.is_ascii_whitespace());
    Ok(if first == Some(&b'{') { Form::Ndjson } else { Form::Csv })
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// A reader that hashes what is read through it.
struct Hashed<'a, R> {
    inner: R,
    hash: &'a mut Xxh3,
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}
