//! Reading whole events of a part: for timelines, single events and verification.

use alloc::vec::Vec;

use super::column::partition_point;
use super::order::OrderReader;
use super::view::{Codes, PartView, PropertyColumns};
use crate::{Error, EventId, TimeMs, UserId};

/// One event of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow<'a> {
    /// The user under which it came.
    pub user: UserId,
    /// When it happened.
    pub time: TimeMs,
    /// Its number.
    pub id: EventId,
    /// Its properties, in order of keys.
    pub properties: Vec<(&'a str, &'a str)>,
}

/// A part with all its columns opened.
pub struct RowReader<'a> {
    order: OrderReader<'a>,
    properties: Vec<(&'a str, PropertyColumns<'a>)>,
}

impl<'a> RowReader<'a> {
    /// Opens all columns.
    ///
    /// # Errors
    /// When a chunk is missing, damaged or of another length than the header says.
    pub fn open(part: &PartView<'a>) -> Result<Self, Error> {
        let open = |(place, key)| Ok((key, part.property_columns(place)?));
        let properties = part.keys().enumerate().map(open).collect::<Result<_, Error>>()?;
        Ok(Self { order: OrderReader::open(part)?, properties })
    }

    /// The event of a row.
    ///
    /// # Errors
    /// When a value lies outside what the header promises.
    pub fn get(&self, row: u32) -> Result<EventRow<'a>, Error> {
        let (user, time, id) = self.order.get(row)?;
        let mut properties = Vec::new();
        for (key, columns) in &self.properties {
            if let Some(value) = columns.codes.code(row).checked_sub(1) {
                properties.push((*key, columns.dictionary.get(value)?));
            }
        }
        Ok(EventRow { user, time, id, properties })
    }
}

impl PartView<'_> {
    /// Reads every chunk and checks all that the format promises.
    ///
    /// # Errors
    /// When anything does not follow the format.
    pub fn verify(&self) -> Result<(), Error> {
        OrderReader::open(self)?.verify()?;
        for place in 0..self.keys().len() {
            let columns = self.property_columns(place)?;
            columns.dictionary.verify()?;
            columns.codes.verify(self.rows(), columns.dictionary.len())?;
            for value in 0..columns.dictionary.len() {
                if !self.may_contain(place, columns.dictionary.get(value)?)? {
                    return Err(Error::corrupt("Bloom filter", "it denies a value that is there"));
                }
            }
        }
        Ok(())
    }
}

impl Codes<'_> {
    /// The code of a row.
    pub(super) fn code(&self, row: u32) -> u32 {
        let Some((rows, present)) = &self.rows else { return self.codes.get(row) as u32 };
        let at = partition_point(0..*present, |at| (rows.get(at) as u32) < row);
        if at < *present && rows.get(at) as u32 == row { self.codes.get(at) as u32 } else { 0 }
    }

    fn verify(&self, part_rows: u32, values: u32) -> Result<(), Error> {
        let entries = self.rows.as_ref().map_or(part_rows, |(_, present)| *present);
        let least_code = u64::from(self.rows.is_some());
        let codes = least_code..=u64::from(values);
        if !(0..entries).all(|at| codes.contains(&self.codes.get(at))) {
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
