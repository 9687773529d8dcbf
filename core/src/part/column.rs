//! Columns of fixed-width entries over several chunks, read in place.

use alloc::vec::Vec;
use core::ops::Range;

use super::layout::{BLOCK_USERS, CHUNK_ENTRIES, CHUNK_SHIFT, u16_at, u32_at, u64_at};
use crate::{Error, UserId};

/// Takes the chunks of a column, called `what`, in order, and checks that each has as many bytes as its entries need.
pub(super) fn open_chunks<'a>(
    mut chunk: impl FnMut(u32) -> Result<&'a [u8], Error>,
    what: &'static str,
    entries: u32,
    bytes_of: impl Fn(usize) -> usize,
) -> Result<Vec<&'a [u8]>, Error> {
    let entries = entries as usize;
    let mut chunks = Vec::with_capacity(entries.div_ceil(CHUNK_ENTRIES));
    for (number, from) in (0..entries).step_by(CHUNK_ENTRIES).enumerate() {
        let payload = chunk(u32::try_from(number).expect("a column has few chunks"))?;
        if payload.len() != bytes_of((entries - from).min(CHUNK_ENTRIES)) {
            return Err(Error::corrupt(what, "a chunk has another length"));
        }
        chunks.push(payload);
    }
    Ok(chunks)
}

/// A column of integers of one width.
#[derive(Clone)]
pub(crate) struct Column<'a> {
    chunks: Vec<&'a [u8]>,
    width: u8,
}

impl<'a> Column<'a> {
    /// Takes the chunks in order and checks that they hold `entries` entries.
    pub(super) fn open(
        chunk: impl FnMut(u32) -> Result<&'a [u8], Error>,
        width: u8,
        entries: u32,
    ) -> Result<Self, Error> {
        let bytes_of = |entries| entries * usize::from(width);
        Ok(Self { chunks: open_chunks(chunk, "column", entries, bytes_of)?, width })
    }

    /// Bytes of an entry.
    #[inline]
    pub(crate) const fn width(&self) -> u8 {
        self.width
    }

    /// The entry of a row.
    #[inline]
    pub(crate) fn get(&self, row: u32) -> u64 {
        let (chunk, place) = (row >> CHUNK_SHIFT, row as usize % CHUNK_ENTRIES);
        let chunk = self.chunks[chunk as usize];
        match self.width {
            1 => u64::from(chunk[place]),
            2 => u64::from(u16_at(chunk, place * 2)),
            4 => u64::from(u32_at(chunk, place * 4)),
            _ => u64_at(chunk, place * 8),
        }
    }

    /// The bytes of rows that lie within one chunk.
    #[inline]
    pub(crate) fn bytes(&self, rows: &Range<u32>) -> &'a [u8] {
        if rows.is_empty() {
            return &[];
        }
        let width = usize::from(self.width);
        let from = rows.start as usize % CHUNK_ENTRIES;
        let chunk = self.chunks[(rows.start >> CHUNK_SHIFT) as usize];
        &chunk[from * width..(from + rows.len()) * width]
    }
}

/// How far, from the range's start, `before` holds; it holds up to some place and not from there on.
pub(crate) fn partition_point(range: Range<u32>, before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// Cuts rows where chunks end, so that each piece can be read by [`Column::bytes`].
pub(crate) fn pieces(rows: Range<u32>) -> impl Iterator<Item = Range<u32>> {
    let mut next = rows.start;
    core::iter::from_fn(move || {
        let from = next;
        let chunk_end = (u64::from(from >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT;
        next = u32::try_from(chunk_end).unwrap_or(u32::MAX).min(rows.end);
        (from < rows.end).then_some(from..next)
    })
}

/// The block column: at which row each block of users begins.
#[derive(Clone)]
pub(crate) struct Blocks<'a> {
    entries: Column<'a>,
    count: u32,
    rows: u32,
}

impl<'a> Blocks<'a> {
    pub(super) fn open(entries: Column<'a>, count: u32, rows: u32) -> Result<Self, Error> {
        let blocks = Self { entries, count, rows };
        let ascending = (1..count).all(|at| {
            let (before, entry) = (blocks.entry(at - 1), blocks.entry(at));
            before.0 < entry.0 && before.1 < entry.1
        });
        let bounded = count > 0 && blocks.entry(0).1 == 0 && blocks.entry(count - 1).1 < rows;
        let users = UserId::MAX / BLOCK_USERS;
        if !ascending || !bounded || blocks.entry(count - 1).0 > users {
            return Err(Error::corrupt("block column", "it is not in order"));
        }
        Ok(blocks)
    }

    /// The last block that has rows.
    pub(crate) fn last(&self) -> u32 {
        self.entry(self.count - 1).0
    }

    /// The rows of a block of users.
    pub(crate) fn rows(&self, block: u32) -> Range<u32> {
        let at = self.place(|entry| entry.0 < block);
        if at < self.count && self.entry(at).0 == block { self.rows_at(at) } else { 0..0 }
    }

    /// All blocks with their rows.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Range<u32>)> {
        (0..self.count).map(|at| (self.entry(at).0, self.rows_at(at)))
    }

    /// The block in which a row lies.
    pub(super) fn block_of(&self, row: u32) -> u32 {
        self.entry(self.place(|entry| entry.1 <= row) - 1).0
    }

    fn rows_at(&self, at: u32) -> Range<u32> {
        let end = if at + 1 < self.count { self.entry(at + 1).1 } else { self.rows };
        self.entry(at).1..end
    }

    /// How many entries, from the first, hold `before`.
    fn place(&self, before: impl Fn((u32, u32)) -> bool) -> u32 {
        partition_point(0..self.count, |at| before(self.entry(at)))
    }

    fn entry(&self, at: u32) -> (u32, u32) {
        let entry = self.entries.get(at);
        (entry as u32, (entry >> 32) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_where_chunks_end() {
        let end = CHUNK_ENTRIES as u32;
        let check = |rows: Range<u32>, expected: &[Range<u32>]| {
            assert_eq!(pieces(rows).collect::<Vec<_>>(), expected);
        };
        check(5..5, &[]);
        check(0..end, core::slice::from_ref(&(0..end)));
        check(3..end + 1, &[3..end, end..end + 1]);
        check(end..2 * end + 2, &[end..2 * end, 2 * end..2 * end + 2]);
    }
}
