//! Insert ids of sealed events on disk: sorted runs, written once, read by binary search.
//!
//! Hashes are random, so a table keyed by them would be rewritten page by page with every commit. Instead,
//! the ids of the tail are known in memory and stand in its records; a seal writes those of the events it
//! seals as one sorted run, and runs of a day are merged by size. A run is a sequence of pages in
//! `insert_ids`, each keyed by day, run and its first hash, so that a lookup is one step of the tree and a
//! binary search. It ends with an XXH3-64 of its entries. An entry may stand in two runs after a crash in the middle of a merge, which is harmless.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use eventhub_core::EventId;
use heed::{RoTxn, RwTxn};
use xxhash_rust::xxh3::xxh3_64;

use super::damaged;
use super::job::Progress;
use super::tables::{Tables, be_u64, decode_insert_key, insert_key};
use crate::engine::EngineError;

const ENTRY_BYTES: usize = 24;
const CHECKSUM_BYTES: usize = 8;
/// Entries of a page at most: with its checksum and LMDB's own head it is six of LMDB's pages, and so
/// short that a lookup may verify it.
const PAGE_ENTRIES: usize = 1_023;
/// Pages deleted in one transaction.
const PAGES_DROPPED: usize = 4_096;

/// A run: the latest day on which its events came, in days since 1970, and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RunId {
    pub(crate) day: u32,
    pub(crate) run: u64,
}

/// A page of a run, encoded.
pub(crate) struct Page {
    pub(crate) key: [u8; 28],
    pub(crate) bytes: Vec<u8>,
}

/// Cuts sorted entries into pages.
pub(crate) struct PageWriter {
    run: RunId,
    first: u128,
    bytes: Vec<u8>,
}

impl PageWriter {
    pub(crate) const fn new(run: RunId) -> Self {
        Self { run, first: 0, bytes: Vec::new() }
    }

    /// Adds an entry, whose hash is not below the last one's; gives a page when one is full.
    pub(crate) fn push(&mut self, hash: u128, id: EventId) -> Option<Page> {
        let full =
            if self.bytes.len() == PAGE_ENTRIES * ENTRY_BYTES { self.finish() } else { None };
        if self.bytes.is_empty() {
            self.first = hash;
        }
        self.bytes.extend_from_slice(&hash.to_be_bytes());
        self.bytes.extend_from_slice(&id.to_be_bytes());
        full
    }

    /// The last page, unless it is empty.
    pub(crate) fn finish(&mut self) -> Option<Page> {
        if self.bytes.is_empty() {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        Some(Page { key: insert_key(self.run.day, self.run.run, self.first), bytes })
    }
}

/// Looks a hash up in a run.
pub(crate) fn find(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    run: RunId,
    hash: u128,
) -> Result<Option<EventId>, EngineError> {
    let key = insert_key(run.day, run.run, hash);
    let page = tables.insert_ids.get_lower_than_or_equal_to(rtxn, &key)?;
    let Some((found, bytes)) = page else { return Ok(None) };
    if decode_insert_key(found)? != (run.day, run.run) {
        return Ok(None);
    }
    let entries = entries(bytes)?;
    let at = entries.binary_search_by(|entry| entry[..16].cmp(&key[12..]));
    at.ok().map(|at| be_u64(&entries[at][16..])).transpose()
}

/// The runs of which any page is stored.
pub(crate) fn list(tables: &Tables, rtxn: &RoTxn<'_>) -> Result<BTreeSet<RunId>, EngineError> {
    let mut runs = BTreeSet::new();
    for row in tables.insert_ids.iter(rtxn)? {
        let (day, run) = decode_insert_key(row?.0)?;
        runs.insert(RunId { day, run });
    }
    Ok(runs)
}

/// How many entries a run has.
pub(crate) fn len(tables: &Tables, rtxn: &RoTxn<'_>, run: RunId) -> Result<u64, EngineError> {
    let mut bytes = 0;
    for row in tables.insert_ids.prefix_iter(rtxn, &run_prefix(run))? {
        bytes += row?.1.len().saturating_sub(CHECKSUM_BYTES);
    }
    Ok((bytes / ENTRY_BYTES) as u64)
}

/// Calls `visit` with every entry of a run in order.
pub(crate) fn each(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    run: RunId,
    mut visit: impl FnMut(u128, EventId),
) -> Result<(), EngineError> {
    for entry in read(tables, rtxn, run)? {
        let (hash, id) = entry?;
        visit(hash, id);
    }
    Ok(())
}

/// Writes the entries of several runs as the pages of one; each page goes to `sink`.
pub(crate) fn merge(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    runs: &[RunId],
    into: RunId,
    mut sink: impl FnMut(Page) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let mut inputs = Vec::with_capacity(runs.len());
    for run in runs {
        inputs.push(read(tables, rtxn, *run)?);
    }
    let mut heads = BinaryHeap::with_capacity(runs.len());
    for (place, input) in inputs.iter_mut().enumerate() {
        if let Some(entry) = input.next() {
            heads.push(Reverse((entry?, place)));
        }
    }
    let mut writer = PageWriter::new(into);
    let mut last = None;
    while let Some(Reverse((entry, place))) = heads.pop() {
        if let Some(next) = inputs[place].next() {
            heads.push(Reverse((next?, place)));
        }
        if last.replace(entry.0) != Some(entry.0)
            && let Some(page) = writer.push(entry.0, entry.1)
        {
            sink(page)?;
        }
    }
    writer.finish().map_or(Ok(()), sink)
}

/// Deletes some pages of the given runs.
pub(crate) fn drop_some(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    runs: &[RunId],
) -> Result<Progress, EngineError> {
    let mut keys = Vec::new();
    for run in runs {
        let left = PAGES_DROPPED - keys.len();
        for row in tables.insert_ids.prefix_iter(wtxn, &run_prefix(*run))?.take(left) {
            keys.push(row?.0.to_vec());
        }
    }
    for key in &keys {
        tables.insert_ids.delete(wtxn, key)?;
    }
    Ok(if keys.len() == PAGES_DROPPED { Progress::More } else { Progress::Done })
}

fn read<'t>(
    tables: &Tables,
    rtxn: &'t RoTxn<'_>,
    run: RunId,
) -> Result<impl Iterator<Item = Result<(u128, EventId), EngineError>> + 't, EngineError> {
    let pages = tables.insert_ids.prefix_iter(rtxn, &run_prefix(run))?;
    Ok(pages.flat_map(|row| {
        let page = row.map_err(EngineError::from).and_then(|(_, bytes)| entries(bytes));
        let (page, failed) = match page {
            Ok(page) => (page, None),
            Err(error) => (&[][..], Some(Err(error))),
        };
        page.iter().map(decode).chain(failed)
    }))
}

fn decode(entry: &[u8; ENTRY_BYTES]) -> Result<(u128, EventId), EngineError> {
    let hash = entry.first_chunk().ok_or_else(|| damaged("an insert id is cut short"))?;
    Ok((u128::from_be_bytes(*hash), be_u64(&entry[16..])?))
}

fn run_prefix(run: RunId) -> [u8; 12] {
    let mut prefix = [0; 12];
    prefix.copy_from_slice(&insert_key(run.day, run.run, 0)[..12]);
    prefix
}

fn entries(bytes: &[u8]) -> Result<&[[u8; ENTRY_BYTES]], EngineError> {
    let cut = || damaged("a page of insert ids is cut short");
    let (body, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(cut)?;
    if xxh3_64(body) != u64::from_le_bytes(*checksum) {
        return Err(damaged("a page of insert ids has a wrong checksum"));
    }
    let (entries, rest) = body.as_chunks::<ENTRY_BYTES>();
    if rest.is_empty() { Ok(entries) } else { Err(cut()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_page_is_refused() {
        let mut writer = PageWriter::new(RunId { day: 1, run: 2 });
        (0..5).for_each(|n| assert!(writer.push(n, n as u64).is_none()));
        let page = writer.finish().unwrap().bytes;
        assert_eq!(entries(&page).unwrap().len(), 5);
        for at in 0..page.len() {
            let mut damaged = page.clone();
            damaged[at] ^= 1;
            assert!(entries(&damaged).is_err(), "byte {at}");
            assert!(entries(&page[..at]).is_err(), "cut at {at}");
        }
    }
}
