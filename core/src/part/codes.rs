//! The codes of a property: which of its values each row has.

use alloc::vec::Vec;
use core::ops::Range;

use super::column::{Column, open_chunks, partition_point};
use super::header::is_width;
use super::layout::{CHUNK_ENTRIES, CHUNK_SHIFT};
use crate::Error;

/// How wide the codes of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeWidth {
    /// So many bytes, before version 3.
    Bytes(u8),
    /// So many bits, each in a plane of its own.
    Bits(u8),
}

impl CodeWidth {
    /// The least width for codes up to this one, which is not 0.
    pub(super) const fn of(greatest: u32) -> Self {
        Self::Bits((u32::BITS - greatest.leading_zeros()) as u8)
    }

    pub(super) const fn is_sound(self) -> bool {
        match self {
            Self::Bytes(width) => is_width(width),
            Self::Bits(bits) => 0 < bits && bits <= 32,
        }
    }

    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::Bytes(width) => width.saturating_mul(8),
            Self::Bits(bits) => bits,
        }
    }
}

/// Small integers, taken apart: of each 64 that follow one another one word holds the lowest bits, the next
/// word the second ones, and so on. An integer takes no more bits than it needs, and few operations compare
/// all 64.
#[derive(Clone)]
pub(crate) struct BitPlanes<'a> {
    chunks: Vec<&'a [u8]>,
    bits: u8,
}

impl<'a> BitPlanes<'a> {
    /// Takes the chunks in order and checks that they hold `entries` entries.
    fn open(
        chunk: impl FnMut(u32) -> Result<&'a [u8], Error>,
        bits: u8,
        entries: u32,
    ) -> Result<Self, Error> {
        let bytes_of = |entries: usize| entries.div_ceil(64) * usize::from(bits) * 8;
        Ok(Self { chunks: open_chunks(chunk, "property column", entries, bytes_of)?, bits })
    }

    pub(crate) fn get(&self, at: u32) -> u32 {
        let bit_of = |plane: u64| (plane >> (at % 64) & 1) as u32;
        self.group(at / 64).zip(0..).fold(0, |code, (plane, bit)| code | bit_of(plane) << bit)
    }

    /// Of the 64 entries of a group, a bit for each that is `code`; beyond the last entry the bits mean nothing.
    #[inline]
    pub(crate) fn equal(&self, group: u32, code: u32) -> u64 {
        let differs = |(plane, bit): (u64, u32)| plane ^ u64::from(code >> bit & 1).wrapping_neg();
        !self.group(group).zip(0..).map(differs).fold(0, |any, differs| any | differs)
    }

    /// Of the 64 entries of a group, a bit for each whose code is a hit; beyond the last entry the bits mean nothing.
    pub(crate) fn found_in(&self, group: u32, hits: &[bool]) -> u64 {
        let mut codes = [0; 64];
        self.decode(group, &mut codes);
        let hit = |code: u32| u64::from(hits.get(code as usize).copied().unwrap_or(false));
        (0..).zip(codes).fold(0, |found, (at, code): (u32, u32)| found | hit(code) << at)
    }

    fn decode(&self, group: u32, codes: &mut [u32; 64]) {
        codes.fill(0);
        // Eight planes make a byte of each code, and a byte of each of them eight such bytes at a time.
        let mut planes = [0; 32];
        let mut count = 0;
        for (plane, slot) in self.group(group).zip(&mut planes) {
            *slot = plane;
            count += 1;
        }
        for (planes, shift) in planes[..count].chunks(8).zip((0..).step_by(8)) {
            for (eight, codes) in codes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                let bits = |plane: &u64| SPREAD[plane.to_le_bytes()[eight] as usize];
                let bytes = planes
                    .iter()
                    .map(bits)
                    .zip(0..)
                    .fold(0, |all, (bits, plane)| all | bits << plane);
                for (code, byte) in codes.iter_mut().zip(bytes.to_le_bytes()) {
                    *code |= u32::from(byte) << shift;
                }
            }
        }
    }

    /// The planes of a group; none beyond the last.
    #[inline]
    fn group(&self, group: u32) -> impl Iterator<Item = u64> {
        let bytes = usize::from(self.bits) * 8;
        let chunk = self.chunks.get((group >> GROUP_SHIFT) as usize);
        let from = group as usize % (CHUNK_ENTRIES / 64) * bytes;
        let planes = chunk.and_then(|chunk| chunk.get(from..from + bytes)).unwrap_or_default();
        planes.as_chunks().0.iter().map(|plane| u64::from_le_bytes(*plane))
    }
}

/// Of each byte its bits, each in a byte of its own.
static SPREAD: [u64; 256] = {
    let mut spread = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            spread[byte] |= (byte as u64 >> bit & 1) << (8 * bit);
            bit += 1;
        }
        byte += 1;
    }
    spread
};

/// Groups of 64 entries in a chunk, as a power of two.
const GROUP_SHIFT: u32 = CHUNK_SHIFT - 6;

/// The payload of a chunk with these codes.
pub(super) fn planes(codes: &[u32], bits: u8) -> Vec<u8> {
    let mut payload = Vec::with_capacity(codes.len().div_ceil(64) * usize::from(bits) * 8);
    for group in codes.chunks(64) {
        for bit in 0..bits {
            let plane = |plane, (code, at): (&u32, u32)| plane | u64::from(code >> bit & 1) << at;
            payload.extend_from_slice(&group.iter().zip(0..).fold(0, plane).to_le_bytes());
        }
    }
    payload
}

/// A column of codes.
#[derive(Clone)]
pub(crate) enum CodeColumn<'a> {
    Planes(BitPlanes<'a>),
    /// Of a part of an older version.
    Bytes(Column<'a>),
}

impl<'a> CodeColumn<'a> {
    pub(super) fn open(
        chunk: impl FnMut(u32) -> Result<&'a [u8], Error>,
        width: CodeWidth,
        entries: u32,
    ) -> Result<Self, Error> {
        Ok(match width {
            CodeWidth::Bits(bits) => Self::Planes(BitPlanes::open(chunk, bits, entries)?),
            CodeWidth::Bytes(width) => Self::Bytes(Column::open(chunk, width, entries)?),
        })
    }

    fn get(&self, at: u32) -> u32 {
        match self {
            Self::Planes(planes) => planes.get(at),
            Self::Bytes(column) => column.get(at) as u32,
        }
    }

    /// Tells the entries of a range in order.
    pub(crate) fn read(&self, entries: Range<u32>, mut tell: impl FnMut(u32)) {
        let planes = match self {
            Self::Planes(planes) => planes,
            Self::Bytes(column) => return entries.for_each(|at| tell(column.get(at) as u32)),
        };
        let mut codes = [0; 64];
        let mut from = entries.start;
        while from < entries.end {
            let end = (from / 64 + 1).saturating_mul(64).min(entries.end);
            planes.decode(from / 64, &mut codes);
            let first = from as usize % 64;
            codes[first..first + (end - from) as usize].iter().for_each(|code| tell(*code));
            from = end;
        }
    }

    /// Reads entries from front to back.
    pub(crate) fn reader(&self) -> CodeReader<'_, 'a> {
        CodeReader { column: self, group: u32::MAX, codes: [0; 64] }
    }
}

/// Reads the entries of a column, fast when they come in order.
pub(crate) struct CodeReader<'c, 'a> {
    column: &'c CodeColumn<'a>,
    /// The group that was read last, and its codes.
    group: u32,
    codes: [u32; 64],
}

impl CodeReader<'_, '_> {
    #[inline]
    pub(crate) fn get(&mut self, at: u32) -> u32 {
        let planes = match self.column {
            CodeColumn::Planes(planes) => planes,
            CodeColumn::Bytes(column) => return column.get(at) as u32,
        };
        if self.group != at / 64 {
            self.group = at / 64;
            planes.decode(self.group, &mut self.codes);
        }
        self.codes[at as usize % 64]
    }
}

/// The codes of a property and where they stand.
pub(crate) struct Codes<'a> {
    /// One code a row, or one a row of `rows`.
    pub codes: CodeColumn<'a>,
    /// The rows that have the property, when it is sparse.
    pub rows: Option<(Column<'a>, u32)>,
}

impl Codes<'_> {
    /// The code of a row.
    pub(crate) fn code(&self, row: u32) -> u32 {
        let Some((rows, present)) = &self.rows else { return self.codes.get(row) };
        let at = partition_point(0..*present, |at| (rows.get(at) as u32) < row);
        if at < *present && rows.get(at) as u32 == row { self.codes.get(at) } else { 0 }
    }

    /// Checks the codes of a part with so many rows, of a property with so many values.
    pub(super) fn verify(&self, part_rows: u32, values: u32) -> Result<(), Error> {
        let entries = self.rows.as_ref().map_or(part_rows, |(_, present)| *present);
        let least_code = u32::from(self.rows.is_some());
        let mut codes = self.codes.reader();
        if !(0..entries).all(|at| (least_code..=values).contains(&codes.get(at))) {
            return Err(Error::corrupt("property column", "a code is beyond its values"));
        }
        let Some((rows, present)) = &self.rows else { return Ok(()) };
        let ascending = (1..*present).all(|at| rows.get(at - 1) < rows.get(at));
        if ascending && rows.get(present - 1) < u64::from(part_rows) {
            Ok(())
        } else {
            Err(Error::corrupt("sparse column", "its rows are not in order"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn planes_give_back_the_codes(
            codes in list(any::<u32>(), 1..300),
            bits in 1..=32_u8,
            more in prop_oneof![Just(0_usize), Just(CHUNK_ENTRIES - 100)],
        ) {
            let within = u32::MAX >> (32 - bits);
            let codes: Vec<u32> =
                core::iter::repeat_n(&1, more).chain(&codes).map(|code| code & within).collect();
            let chunks: Vec<_> = codes.chunks(CHUNK_ENTRIES).map(|codes| planes(codes, bits)).collect();
            let count = codes.len() as u32;
            let open = |entries| {
                let chunk = |number: u32| {
                    chunks.get(number as usize).map(Vec::as_slice).ok_or(Error::corrupt("test", "no chunk"))
                };
                BitPlanes::open(chunk, bits, entries)
            };
            prop_assert!(open(count + 64).is_err());
            let planes = open(count).unwrap();
            for (group, codes) in (0..).zip(codes.chunks(64)).skip(more / 64) {
                let equal = planes.equal(group, codes[0]);
                let is_equal = |at: usize| equal >> at & 1 == 1;
                prop_assert!(codes.iter().enumerate().all(|(at, code)| is_equal(at) == (*code == codes[0])));
            }
            let opened = CodeColumn::Planes(planes);
            let mut reader = opened.reader();
            for (at, code) in (0..count).zip(&codes).skip(more.saturating_sub(3)) {
                prop_assert_eq!(opened.get(at), *code);
                prop_assert_eq!(reader.get(at), *code);
            }
        }
    }
}
