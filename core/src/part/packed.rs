//! A whole part in one buffer: for browsers and golden files.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::layout::{
    ChunkKey, Chunks, EncodedPart, PACK_MAGIC, PACK_VERSION, check_chunk, trusted_chunk, u16_at,
    u32_at,
};
use super::view::PartView;
use crate::Error;

const FIXED_BYTES: usize = 16;
const ENTRY_BYTES: usize = 16;

impl EncodedPart {
    /// The part as one buffer.
    ///
    /// # Panics
    /// When the part has 4 GiB or more.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let fits = |number: usize| u32::try_from(number).expect("a packed part is below 4 GiB");
        let mut out = Vec::new();
        out.extend_from_slice(PACK_MAGIC);
        out.extend_from_slice(&PACK_VERSION.to_le_bytes());
        out.extend_from_slice(&fits(self.header.len()).to_le_bytes());
        out.extend_from_slice(&fits(self.chunks.len()).to_le_bytes());
        let mut offset = FIXED_BYTES + ENTRY_BYTES * self.chunks.len() + self.header.len();
        for (key, bytes) in &self.chunks {
            for number in [key.column, key.chunk, fits(offset), fits(bytes.len())] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            offset += bytes.len();
        }
        out.extend_from_slice(&self.header);
        self.chunks.iter().for_each(|(_, bytes)| out.extend_from_slice(bytes));
        out
    }
}

/// A packed part, read in place; every chunk is verified when it is fetched, unless all of them were before.
#[derive(Debug, Clone, Copy)]
pub struct PackedPart<'a> {
    bytes: &'a [u8],
    entries: &'a [u8],
    header: &'a [u8],
    trusted: bool,
}

impl<'a> PackedPart<'a> {
    /// Reads the directory of chunks.
    ///
    /// # Errors
    /// When the buffer does not begin like a packed part.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let bad = |message| Error::corrupt("packed part", message);
        if bytes.len() < FIXED_BYTES || &bytes[..6] != PACK_MAGIC {
            return Err(bad("it does not begin like one"));
        }
        if u16_at(bytes, 6) != PACK_VERSION {
            return Err(bad("its version is not known"));
        }
        let (header, chunks) = (u32_at(bytes, 8) as usize, u32_at(bytes, 12) as usize);
        let entries_end = chunks.checked_mul(ENTRY_BYTES).and_then(|n| n.checked_add(FIXED_BYTES));
        let entries_end = entries_end.filter(|end| *end <= bytes.len());
        let entries_end = entries_end.ok_or(bad("its directory is torn"))?;
        let header = entries_end.checked_add(header).and_then(|end| bytes.get(entries_end..end));
        let header = header.ok_or(bad("its header is torn"))?;
        let entries = &bytes[FIXED_BYTES..entries_end];
        Ok(Self { bytes, entries, header, trusted: false })
    }

    /// Verifies every chunk.
    ///
    /// # Errors
    /// When one is torn, or its checksum is wrong.
    pub fn verify(&self) -> Result<(), Error> {
        for entry in self.entries.chunks_exact(ENTRY_BYTES) {
            let key = ChunkKey { column: u32_at(entry, 0), chunk: u32_at(entry, 4) };
            check_chunk(key, self.at(entry)?)?;
        }
        Ok(())
    }

    /// The same part, whose bytes were verified before.
    #[must_use]
    pub const fn trusted(self) -> Self {
        Self { trusted: true, ..self }
    }

    /// The bytes of a chunk by its entry.
    fn at(&self, entry: &[u8]) -> Result<&'a [u8], Error> {
        let (offset, length) = (u32_at(entry, 8) as usize, u32_at(entry, 12) as usize);
        let bytes = offset.checked_add(length).and_then(|end| self.bytes.get(offset..end));
        bytes.ok_or(Error::corrupt("packed part", "a chunk is torn"))
    }

    /// Reads the part.
    ///
    /// # Errors
    /// When its header does not follow the format.
    pub fn view(self) -> Result<PartView<'a>, Error> {
        PartView::open(self.header, Box::new(self))
    }
}

impl<'a> Chunks<'a> for PackedPart<'a> {
    fn chunk(&self, key: ChunkKey) -> Result<&'a [u8], Error> {
        let mut entries = self.entries.chunks_exact(ENTRY_BYTES);
        let entry = entries.find(|e| u32_at(e, 0) == key.column && u32_at(e, 4) == key.chunk);
        let bytes = self.at(entry.ok_or(Error::corrupt("packed part", "a chunk is missing"))?)?;
        if self.trusted { trusted_chunk(bytes) } else { check_chunk(key, bytes) }
    }
}
