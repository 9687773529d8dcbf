//! Files: unpacking them, telling their form, and reading their rows.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use eventhub_ingest::file::{Form, Mapping, RowError, Rows, unmarked};
use flate2::bufread::MultiGzDecoder;
use xxhash_rust::xxh3::Xxh3;

use super::error::Error;
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
    /// Whether any of them has an insert id.
    pub(super) has_insert_ids: bool,
    /// A hash of what it holds and of what its columns mean, however it is named and packed.
    pub(super) fingerprint: u128,
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
    let mut rows = form.rows(BufReader::with_capacity(BUFFER_BYTES, hashed), mapping);
    let progress = Progress::of_check(path);
    let (mut good, mut count, mut bad, mut has_insert_ids) = (0, 0, Vec::new(), false);
    while let Some(row) = rows.next() {
        match row {
            Ok(event) => {
                good += 1;
                has_insert_ids |= event.insert_id().is_some();
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
    Ok(Checked { form, rows: good, has_insert_ids, fingerprint: hash.digest128() })
}

/// Opens a checked file and passes over its first rows.
///
/// # Errors
/// When the file cannot be read or is not the one that was checked.
pub(super) fn open<'a>(
    path: &Path,
    form: Form,
    mapping: &'a Mapping,
    done: u64,
) -> Result<Box<dyn Rows + 'a>, Error> {
    let file = unpacked(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let mut rows = form.rows(file, mapping);
    for _ in 0..done {
        rows.skip().transpose().map_err(|error| changed(path, error))?;
    }
    Ok(rows)
}

/// What a row of a checked file means that cannot be had.
pub(super) fn changed(path: &Path, error: RowError) -> Error {
    let path = path.to_owned();
    match error {
        RowError::Read(source) => Error::Read { path, source },
        RowError::Bad(_) => Error::Changed { path },
    }
}

/// Opens a file and unpacks what is packed, without the mark that some programs put before UTF-8.
fn unpacked(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
    let start = file.fill_buf()?;
    let is = |magic: &[u8], extension| start.starts_with(magic) || has_extension(path, extension);
    let text: Box<dyn BufRead> = if is(&[0x1f, 0x8b], "gz") {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file)))
    } else if is(&[0x28, 0xb5, 0x2f, 0xfd], "zst") {
        let decoder = zstd::Decoder::with_buffer(file)?;
        Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
    } else {
        Box::new(file)
    };
    unmarked(text)
}

/// What the user says, else what the name says, else what the first character says.
fn form_of(path: &Path, format: ImportFormat) -> io::Result<Form> {
    match format {
        ImportFormat::Csv => return Ok(Form::Csv),
        ImportFormat::Ndjson => return Ok(Form::Ndjson),
        ImportFormat::Auto => {}
    }
    if let Some(form) = Form::of_name(&path.to_string_lossy()) {
        return Ok(form);
    }
    Ok(Form::of_text(unpacked(path)?.fill_buf()?))
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
