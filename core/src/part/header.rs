//! The header: what a part holds and how its columns are laid out.

use alloc::vec::Vec;

use xxhash_rust::xxh3;

use super::codes::CodeWidth;
use super::ids::Packing;
use super::layout::{PART_MAGIC, PART_VERSION, u16_at, u32_at, u64_at};
use crate::limits::KEY_BYTES_MAX;
use crate::{Error, EventId, TimeMs};

const CHECKED_FROM: usize = 16;
const FIXED_BYTES: usize = 80;
/// Of version 1, whose ids were never packed.
const FIXED_BYTES_1: usize = 68;

/// A header, decoded; its keys stay where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub event_type: u32,
    pub rows: u32,
    pub times: (TimeMs, TimeMs),
    pub ids: (EventId, EventId),
    pub time_unit: u32,
    pub blocks: u32,
    pub time_width: u8,
    pub id_width: u8,
    pub id_packing: Packing,
    /// In order of keys.
    pub properties: Vec<Property<'a>>,
}

/// What the header says of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property<'a> {
    pub key: &'a str,
    pub sparse: bool,
    pub code_width: CodeWidth,
    pub present: u32,
    pub values: u32,
    pub bloom_bytes: u32,
    /// Per dictionary chunk the number of its first value.
    pub first_values: Vec<u32>,
}

impl<'a> Header<'a> {
    /// The header's bytes with their checksum.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(PART_MAGIC);
        out.extend_from_slice(&PART_VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&self.event_type.to_le_bytes());
        out.extend_from_slice(&self.rows.to_le_bytes());
        out.extend_from_slice(&self.times.0.ms().to_le_bytes());
        out.extend_from_slice(&self.times.1.ms().to_le_bytes());
        out.extend_from_slice(&self.ids.0.to_le_bytes());
        out.extend_from_slice(&self.ids.1.to_le_bytes());
        out.extend_from_slice(&self.time_unit.to_le_bytes());
        out.extend_from_slice(&self.blocks.to_le_bytes());
        out.extend_from_slice(&[self.time_width, self.id_width]);
        let count = u16::try_from(self.properties.len()).expect("a type has at most 1,000 keys");
        out.extend_from_slice(&count.to_le_bytes());
        out.extend_from_slice(&self.id_packing.knots.to_le_bytes());
        out.extend_from_slice(&self.id_packing.exceptions.to_le_bytes());
        out.extend_from_slice(&[self.id_packing.shift, 0, 0, 0]);
        self.properties.iter().for_each(|property| property.encode(&mut out));
        let checksum = xxh3::xxh3_64(&out[CHECKED_FROM..]);
        out[8..CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Verifies the checksum and reads the header.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let bad = |message| Error::corrupt("part header", message);
        if bytes.len() < FIXED_BYTES_1 || &bytes[..6] != PART_MAGIC {
            return Err(bad("it does not begin like one"));
        }
        let version = u16_at(bytes, 6);
        let fixed_bytes = match version {
            1 => FIXED_BYTES_1,
            2 | PART_VERSION => FIXED_BYTES,
            _ => return Err(bad("its version is not known")),
        };
        if bytes.len() < fixed_bytes {
            return Err(bad("it is torn"));
        }
        if xxh3::xxh3_64(&bytes[CHECKED_FROM..]) != u64_at(bytes, 8) {
            return Err(bad("its checksum is wrong"));
        }
        let time = |at| i64::try_from(u64_at(bytes, at)).ok().and_then(TimeMs::new);
        let times = time(24).zip(time(32)).filter(|(least, greatest)| least <= greatest);
        let ids = (u64_at(bytes, 40), u64_at(bytes, 48));
        let mut reader = Reader { bytes, at: fixed_bytes };
        let id_packing = if fixed_bytes == FIXED_BYTES {
            Packing { knots: u32_at(bytes, 68), exceptions: u32_at(bytes, 72), shift: bytes[76] }
        } else {
            Packing::default()
        };
        let mut header = Self {
            event_type: u32_at(bytes, 16),
            rows: u32_at(bytes, 20),
            times: times.ok_or(bad("its times are out of range"))?,
            ids,
            time_unit: u32_at(bytes, 56),
            blocks: u32_at(bytes, 60),
            time_width: bytes[64],
            id_width: bytes[65],
            id_packing,
            properties: Vec::new(),
        };
        for _ in 0..u16_at(bytes, 66) {
            header.properties.push(Property::decode(&mut reader, version)?);
        }
        if reader.at != bytes.len() {
            return Err(bad("bytes are left over"));
        }
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<(), Error> {
        let sound = self.rows > 0
            && (1..=self.rows).contains(&self.blocks)
            && self.ids.0 <= self.ids.1
            && self.time_unit > 0
            && is_width(self.time_width)
            && is_width(self.id_width)
            && self.id_packing.is_sound(self.rows, self.id_width)
            && self.properties.windows(2).all(|pair| pair[0].key < pair[1].key)
            && self.properties.iter().all(|property| property.is_sound(self.rows));
        if sound { Ok(()) } else { Err(Error::corrupt("part header", "its fields contradict")) }
    }
}

impl<'a> Property<'a> {
    fn encode(&self, out: &mut Vec<u8>) {
        let length = u16::try_from(self.key.len()).expect("a key has at most 255 bytes");
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(self.key.as_bytes());
        out.extend_from_slice(&[u8::from(self.sparse), self.code_width.bits()]);
        out.extend_from_slice(&self.present.to_le_bytes());
        out.extend_from_slice(&self.values.to_le_bytes());
        out.extend_from_slice(&self.bloom_bytes.to_le_bytes());
        let chunks = u32::try_from(self.first_values.len()).expect("a dictionary has few chunks");
        out.extend_from_slice(&chunks.to_le_bytes());
        self.first_values.iter().for_each(|first| out.extend_from_slice(&first.to_le_bytes()));
    }

    fn decode(reader: &mut Reader<'a>, version: u16) -> Result<Self, Error> {
        let length = u16_at(reader.take(2)?, 0);
        let key = core::str::from_utf8(reader.take(length.into())?);
        let key = key.map_err(|_| Error::corrupt("part header", "a key is not UTF-8"))?;
        let layout = reader.take(2)?;
        let sparse = layout[0] == 1;
        let code_width =
            if version < 3 { CodeWidth::Bytes(layout[1]) } else { CodeWidth::Bits(layout[1]) };
        let numbers = reader.take(16)?;
        let chunks = u32_at(numbers, 12) as usize;
        let firsts = reader.take(chunks.saturating_mul(4))?;
        Ok(Self {
            key,
            sparse,
            code_width,
            present: u32_at(numbers, 0),
            values: u32_at(numbers, 4),
            bloom_bytes: u32_at(numbers, 8),
            first_values: firsts.chunks_exact(4).map(|first| u32_at(first, 0)).collect(),
        })
    }

    fn is_sound(&self, rows: u32) -> bool {
        (1..=KEY_BYTES_MAX).contains(&self.key.len())
            && self.code_width.is_sound()
            && (1..=rows).contains(&self.present)
            && (1..=self.present).contains(&self.values)
            && !self.first_values.is_empty()
    }
}

pub(super) const fn is_width(width: u8) -> bool {
    matches!(width, 1 | 2 | 4 | 8)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        self.at += count;
        taken.ok_or(Error::corrupt("part header", "it is torn"))
    }
}
