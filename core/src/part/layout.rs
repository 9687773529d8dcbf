//! The constants of the format, chunks and their checksums, and a part's bytes in memory.

use alloc::boxed::Box;
use alloc::vec::Vec;

use xxhash_rust::xxh3;

use super::PartView;
use crate::{DAY_MS, Error, TimeMs};

/// Users whose rows a block holds; a query's state for one block fits the cache.
pub const BLOCK_USERS: u32 = 1 << BLOCK_SHIFT;
/// Days of a bucket: the time within which sealed parts lie.
pub const BUCKET_DAYS: u32 = 32;
/// Bytes of a chunk's payload at most.
pub const CHUNK_BYTES_MAX: usize = 1 << 20;

pub(crate) const BLOCK_SHIFT: u32 = 13;
/// Entries of a fixed-width column in every chunk but the last.
pub(super) const CHUNK_ENTRIES: usize = 1 << CHUNK_SHIFT;
pub(super) const CHUNK_SHIFT: u32 = 17;
pub(super) const CHECKSUM_BYTES: usize = 8;
pub(super) const PART_MAGIC: &[u8; 6] = b"EHPART";
pub(super) const PACK_MAGIC: &[u8; 6] = b"EHPACK";
pub(super) const PART_VERSION: u16 = 3;
pub(super) const PACK_VERSION: u16 = 1;
/// Distinct values from which on a property has a Bloom filter.
pub(super) const BLOOM_VALUES_MIN: usize = 256;

pub(super) const COLUMN_USER: u32 = 0;
pub(super) const COLUMN_TIME: u32 = 1;
pub(super) const COLUMN_ID: u32 = 2;
pub(super) const COLUMN_BLOCK: u32 = 3;
pub(super) const COLUMN_ID_KNOT: u32 = 4;
pub(super) const COLUMN_ID_ROW: u32 = 5;
pub(super) const COLUMN_ID_APART: u32 = 6;

/// The columns of a property, by its place in the header.
#[derive(Clone, Copy)]
pub(super) struct PropertyColumn(pub u32);

impl PropertyColumn {
    pub(super) const fn dictionary(self) -> u32 {
        8 + 4 * self.0
    }
    pub(super) const fn codes(self) -> u32 {
        9 + 4 * self.0
    }
    pub(super) const fn rows(self) -> u32 {
        10 + 4 * self.0
    }
    pub(super) const fn bloom(self) -> u32 {
        11 + 4 * self.0
    }
}

/// The bucket of 32 days in which a time lies.
#[must_use]
pub const fn bucket_of(time: TimeMs) -> u32 {
    (time.ms() / (BUCKET_DAYS as i64 * DAY_MS)) as u32
}

/// The name of a chunk within its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkKey {
    /// The column's number.
    pub column: u32,
    /// The place of the chunk in its column.
    pub chunk: u32,
}

impl ChunkKey {
    const fn seed(self) -> u64 {
        (self.column as u64) << 32 | self.chunk as u64
    }
}

/// Where the chunks of one part come from.
pub trait Chunks<'a> {
    /// The payload of a chunk, without its checksum, which the source has verified at least once.
    ///
    /// # Errors
    /// When there is no such chunk or its checksum is wrong.
    fn chunk(&self, key: ChunkKey) -> Result<&'a [u8], Error>;
}

/// Where finished chunks go.
pub type Sink<'s, E> = dyn FnMut(ChunkKey, Vec<u8>) -> Result<(), E> + 's;

/// Puts the checksum in front of a payload.
pub(super) fn seal_chunk(key: ChunkKey, payload: &[u8]) -> Vec<u8> {
    debug_assert!(payload.len() <= CHUNK_BYTES_MAX, "a chunk is at most 1 MiB");
    let mut bytes = Vec::with_capacity(CHECKSUM_BYTES + payload.len());
    bytes.extend_from_slice(&xxh3::xxh3_64_with_seed(payload, key.seed()).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Verifies a chunk's checksum and gives its payload.
///
/// # Errors
/// When the chunk is too short or its checksum is wrong.
pub fn check_chunk(key: ChunkKey, bytes: &[u8]) -> Result<&[u8], Error> {
    let payload = trusted_chunk(bytes)?;
    let stored = u64_at(bytes, 0);
    if xxh3::xxh3_64_with_seed(payload, key.seed()) != stored {
        return Err(Error::corrupt("chunk", "its checksum is wrong"));
    }
    Ok(payload)
}

/// The payload of a chunk whose checksum was verified before.
///
/// # Errors
/// When the chunk is too short to have one.
pub fn trusted_chunk(bytes: &[u8]) -> Result<&[u8], Error> {
    bytes.get(CHECKSUM_BYTES..).ok_or(Error::corrupt("chunk", "it is shorter than its checksum"))
}

/// A part in memory: what is to be stored, or a run of the tail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedPart {
    /// The header with its checksum.
    pub header: Vec<u8>,
    /// The chunks with their checksums, in order of their keys.
    pub chunks: Vec<(ChunkKey, Vec<u8>)>,
}

impl EncodedPart {
    /// Keeps what `write`, such as [`merge()`](super::merge()), sends chunk by chunk and the header it returns.
    ///
    /// # Errors
    /// When `write` fails.
    pub fn collect(
        write: impl FnOnce(&mut Sink<'_, Error>) -> Result<Vec<u8>, Error>,
    ) -> Result<Self, Error> {
        let mut chunks = Vec::new();
        let header = write(&mut |key, bytes| {
            chunks.push((key, bytes));
            Ok(())
        })?;
        chunks.sort_unstable_by_key(|(key, _)| *key);
        Ok(Self { header, chunks })
    }

    /// Reads the part; chunks made in this process are not verified again.
    ///
    /// # Errors
    /// When the header does not follow the format.
    pub fn view(&self) -> Result<PartView<'_>, Error> {
        PartView::open(&self.header, Box::new(self))
    }
}

impl<'a> Chunks<'a> for &'a EncodedPart {
    fn chunk(&self, key: ChunkKey) -> Result<&'a [u8], Error> {
        let at = self.chunks.binary_search_by_key(&key, |(key, _)| *key);
        let at = at.map_err(|_| Error::corrupt("part", "a chunk is missing"))?;
        trusted_chunk(&self.chunks[at].1)
    }
}

/// The narrowest width, of 1, 2, 4 and 8 bytes, that holds `max`.
pub(super) const fn width_of(max: u64) -> u8 {
    match max {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    }
}

/// # Panics
/// When fewer than `at` + 2 bytes are there; likewise the functions below.
#[inline(always)]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

#[inline(always)]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

#[inline(always)]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

#[inline(always)]
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    *bytes[at..].first_chunk().expect("the caller keeps within the bytes")
}
