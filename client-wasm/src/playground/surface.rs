//! The playground as a worker of the browser sees it.

use std::io::{self, BufRead, BufReader, Read};

use eventhub_core::TimeMs;
use eventhub_ingest::file::{Form, Names};
use flate2::bufread::MultiGzDecoder;
use js_sys::{Date, Function, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{Data, Summary, demo, guess, load};

/// Bytes that are read from a file at a time.
const BUFFER_BYTES: usize = 1 << 20;
/// Bytes of text that are looked at to guess what columns mean.
const SAMPLE_BYTES: usize = 128 << 10;
/// Bytes of memory from which on no more is read; making the parts takes some more.
const MEMORY_BYTES_MAX: usize = 3 << 29;

/// A file, and the data that was made of it.
#[wasm_bindgen]
pub struct Playground {
    data: Data,
}

#[wasm_bindgen]
impl Playground {
    /// Without data.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { data: Data::default() }
    }

    /// What the columns of a file may mean, as JSON: `{form, columns: [{name, role}], rows, problem}`. `read(offset, length)`
    /// gives bytes of the file as a `Uint8Array`, which is empty at its end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn guess(file_name: &str, read: &Function) -> Result<String, JsError> {
        let mut start = Vec::new();
        let limit = SAMPLE_BYTES as u64;
        unpacked(file_name, read)?.take(limit).read_to_end(&mut start)?;
        let is_whole = start.len() < SAMPLE_BYTES;
        Ok(serde_json::to_string(&guess(file_name, &start, is_whole))?)
    }

    /// Reads a file and keeps its events in place of those before; gives what it came to, as JSON. `names` says what its columns
    /// mean, as JSON: `{form, event, user, time, insert_id, left_out}`. `report(rows)` is called now and then.
    ///
    /// # Errors
    /// When the file cannot be read, has no event, or is too large.
    pub fn load(
        &mut self,
        file_name: &str,
        read: &Function,
        names: &str,
        report: &Function,
    ) -> Result<String, JsError> {
        let Columns { form, event, user, time, insert_id, left_out } = serde_json::from_str(names)?;
        let names = Names { event_type: event, user, time, insert_id, left_out };
        let form = if form == "csv" { Form::Csv } else { Form::Ndjson };
        let mut tell = |rows: u64| {
            // Whoever does not listen is not told.
            let _ = report.call1(&JsValue::NULL, &JsValue::from_f64(rows as f64));
        };
        self.data = Data::default();
        let text = unpacked(file_name, read)?;
        let (data, summary) =
            load(text, form, names, &mut tell, &|| memory_bytes() > MEMORY_BYTES_MAX)?;
        self.data = data;
        Held::json(summary)
    }

    /// Makes the demo that ends now; gives what it came to, as JSON.
    ///
    /// # Errors
    /// None that is known.
    pub fn demo(&mut self) -> Result<String, JsError> {
        let (data, summary) = demo(TimeMs::new(Date::now() as i64).unwrap_or(TimeMs::MAX))?;
        self.data = data;
        Held::json(summary)
    }

    /// Answers a request that the dashboard would send to the server, from its path without a slash before it: the status, a
    /// space, and the body.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let answer = self.data.ask(method, path, body, &Date::now);
        format!("{} {}", answer.status, answer.body)
    }
}

/// What the form says of a file's columns.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    form: String,
    event: String,
    user: String,
    time: String,
    insert_id: Option<String>,
    left_out: Vec<String>,
}

/// What was loaded, and the memory that it took.
#[derive(Serialize)]
struct Held {
    #[serde(flatten)]
    summary: Summary,
    memory_bytes: usize,
}

impl Held {
    fn json(summary: Summary) -> Result<String, JsError> {
        Ok(serde_json::to_string(&Self { summary, memory_bytes: memory_bytes() })?)
    }
}

/// The module's memory, which grows and never shrinks.
fn memory_bytes() -> usize {
    const PAGE_BYTES: usize = 64 << 10;
    core::arch::wasm32::memory_size(0) * PAGE_BYTES
}

/// The text of a file.
fn unpacked(file_name: &str, read: &Function) -> io::Result<Box<dyn BufRead>> {
    let file = File { read: read.clone(), offset: 0 };
    let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
    let start = file.fill_buf()?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file))));
    }
    let packed = [(&[0x28, 0xb5, 0x2f, 0xfd][..], "zstd"), (b"PK\x03\x04", "zip")];
    if let Some((_, name)) = packed.iter().find(|(magic, _)| start.starts_with(magic)) {
        let message =
            format!("{file_name} is packed by {name}: unpack it first, or pack it by gzip");
        return Err(io::Error::other(message));
    }
    Ok(Box::new(file))
}

/// A file of the browser.
struct File {
    read: Function,
    offset: u64,
}

impl Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (offset, length) = (self.offset as f64, buffer.len() as f64);
        let bytes = self.read.call2(&JsValue::NULL, &offset.into(), &length.into());
        let bytes = bytes.map_err(|error| {
            let said = js_sys::Reflect::get(&error, &"message".into()).ok();
            io::Error::other(said.and_then(|said| said.as_string()).unwrap_or_default())
        })?;
        let bytes: Uint8Array = bytes.unchecked_into();
        let count = bytes.length() as usize;
        bytes.copy_to(&mut buffer[..count]);
        self.offset += count as u64;
        Ok(count)
    }
}
