//! A part as it is read: the header decoded, columns opened when asked for.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::bloom;
use super::codes::{CodeColumn, Codes};
use super::column::{Blocks, Column};
use super::dictionary::Dictionary;
use super::header::{Header, Property};
use super::ids::{IdColumn, Packed};
use super::layout::{
    CHUNK_ENTRIES, COLUMN_BLOCK, COLUMN_ID, COLUMN_ID_APART, COLUMN_ID_KNOT, COLUMN_ID_ROW,
    COLUMN_TIME, COLUMN_USER, ChunkKey, Chunks, PropertyColumn,
};
use crate::{Error, EventId, TimeMs};

/// A part, read in place.
pub struct PartView<'a> {
    header: Header<'a>,
    chunks: Box<dyn Chunks<'a> + 'a>,
}

/// A property: the codes of the rows, and what they stand for.
pub(crate) struct PropertyColumns<'a> {
    pub codes: Codes<'a>,
    pub dictionary: Dictionary<'a>,
}

impl<'a> PartView<'a> {
    /// Verifies and decodes the header; chunks are fetched when a column is opened.
    ///
    /// # Errors
    /// When the header does not follow the format.
    pub fn open(header: &'a [u8], chunks: Box<dyn Chunks<'a> + 'a>) -> Result<Self, Error> {
        Ok(Self { header: Header::decode(header)?, chunks })
    }

    /// How many events it holds, at least one.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.header.rows
    }

    /// The store's number of the event type.
    #[must_use]
    pub const fn event_type(&self) -> u32 {
        self.header.event_type
    }

    /// The least and the greatest time.
    #[must_use]
    pub const fn times(&self) -> (TimeMs, TimeMs) {
        self.header.times
    }

    /// The least and the greatest event id.
    #[must_use]
    pub const fn ids(&self) -> (EventId, EventId) {
        self.header.ids
    }

    /// The property keys, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &'a str> {
        self.header.properties.iter().map(|property| property.key)
    }

    /// The property keys, in order, each with how many events have it.
    pub fn key_counts(&self) -> impl Iterator<Item = (&'a str, u32)> {
        self.header.properties.iter().map(|property| (property.key, property.present))
    }

    /// The first and the last values of a key in their order, so many of each at most; a value may be among both.
    ///
    /// # Errors
    /// When the dictionary is damaged.
    pub fn end_values(&self, key: &str, count: u32) -> Result<Vec<&'a str>, Error> {
        let Some(place) = self.property(key) else { return Ok(Vec::new()) };
        let dictionary = self.property_columns(place)?.dictionary;
        let all = dictionary.len();
        let last = all.saturating_sub(count)..all;
        (0..count.min(all)).chain(last).map(|value| dictionary.get(value)).collect()
    }

    /// The names of all chunks, in order.
    #[must_use]
    pub fn chunk_keys(&self) -> Vec<ChunkKey> {
        let header = &self.header;
        let mut columns = Vec::new();
        let chunks_of = |entries: u32| entries.div_ceil(CHUNK_ENTRIES as u32);
        for column in [COLUMN_USER, COLUMN_TIME, COLUMN_ID] {
            columns.push((column, chunks_of(header.rows)));
        }
        columns.push((COLUMN_BLOCK, chunks_of(header.blocks)));
        columns.push((COLUMN_ID_KNOT, chunks_of(header.id_packing.knots)));
        columns.push((COLUMN_ID_ROW, chunks_of(header.id_packing.exceptions)));
        columns.push((COLUMN_ID_APART, chunks_of(header.id_packing.exceptions)));
        for (place, property) in (0..).map(PropertyColumn).zip(&header.properties) {
            columns.push((place.dictionary(), property.first_values.len() as u32));
            let codes = if property.sparse { property.present } else { header.rows };
            columns.push((place.codes(), chunks_of(codes)));
            let rows = if property.sparse { chunks_of(property.present) } else { 0 };
            columns.push((place.rows(), rows));
            columns.push((place.bloom(), u32::from(property.bloom_bytes > 0)));
        }
        let keys = |(column, chunks)| (0..chunks).map(move |chunk| ChunkKey { column, chunk });
        columns.into_iter().flat_map(keys).collect()
    }

    pub(crate) fn user_column(&self) -> Result<Column<'a>, Error> {
        self.column(COLUMN_USER, 2, self.header.rows)
    }

    /// The time column: an entry times the unit, plus the least time, is a time in ms.
    pub(crate) fn time_column(&self) -> Result<Column<'a>, Error> {
        self.column(COLUMN_TIME, self.header.time_width, self.header.rows)
    }

    pub(crate) const fn time_unit(&self) -> u32 {
        self.header.time_unit
    }

    pub(crate) fn id_column(&self) -> Result<IdColumn<'a>, Error> {
        let Header { rows, ids, id_width, id_packing: packing, .. } = self.header;
        let codes = self.column(COLUMN_ID, id_width, rows)?;
        let packed = (packing.knots > 0).then(|| {
            Ok::<_, Error>(Packed {
                packing,
                knots: self.column(COLUMN_ID_KNOT, 8, packing.knots)?,
                exception_rows: self.column(COLUMN_ID_ROW, 4, packing.exceptions)?,
                exceptions: self.column(COLUMN_ID_APART, 8, packing.exceptions)?,
            })
        });
        Ok(IdColumn { codes, least: ids.0, packed: packed.transpose()? })
    }

    pub(crate) fn blocks(&self) -> Result<Blocks<'a>, Error> {
        let entries = self.column(COLUMN_BLOCK, 8, self.header.blocks)?;
        Blocks::open(entries, self.header.blocks, self.header.rows)
    }

    /// The place of a key among the properties.
    pub(crate) fn property(&self, key: &str) -> Option<usize> {
        self.header.properties.binary_search_by(|property| property.key.cmp(key)).ok()
    }

    /// Whether the property's Bloom filter, if it has one, lets the value pass.
    pub(crate) fn may_contain(&self, property: usize, value: &str) -> Result<bool, Error> {
        let entry = &self.header.properties[property];
        if entry.bloom_bytes == 0 {
            return Ok(true);
        }
        let filter = self.chunk(column_of(property).bloom(), 0)?;
        if filter.len() != entry.bloom_bytes as usize {
            return Err(Error::corrupt("Bloom filter", "it has another length"));
        }
        Ok(bloom::may_contain(filter, value))
    }

    pub(crate) fn dictionary(&self, property: usize) -> Result<Dictionary<'a>, Error> {
        let entry = &self.header.properties[property];
        let column = column_of(property).dictionary();
        let chunks = (0..).zip(&entry.first_values);
        let chunks = chunks.map(|(chunk, first)| Ok((*first, self.chunk(column, chunk)?)));
        Dictionary::open(chunks, entry.values)
    }

    pub(crate) fn property_columns(&self, property: usize) -> Result<PropertyColumns<'a>, Error> {
        let (codes, dictionary) = (self.codes(property)?, self.dictionary(property)?);
        Ok(PropertyColumns { codes, dictionary })
    }

    pub(crate) fn codes(&self, property: usize) -> Result<Codes<'a>, Error> {
        let Property { sparse, code_width, present, .. } = self.header.properties[property];
        let columns = column_of(property);
        let entries = if sparse { present } else { self.header.rows };
        let codes =
            CodeColumn::open(|chunk| self.chunk(columns.codes(), chunk), code_width, entries)?;
        let rows = sparse.then(|| self.column(columns.rows(), 4, present)).transpose()?;
        Ok(Codes { codes, rows: rows.map(|rows| (rows, present)) })
    }

    fn column(&self, column: u32, width: u8, entries: u32) -> Result<Column<'a>, Error> {
        Column::open(|chunk| self.chunk(column, chunk), width, entries)
    }

    fn chunk(&self, column: u32, chunk: u32) -> Result<&'a [u8], Error> {
        self.chunks.chunk(ChunkKey { column, chunk })
    }
}

fn column_of(property: usize) -> PropertyColumn {
    PropertyColumn(u32::try_from(property).expect("a type has at most 1,000 keys"))
}
