//! Reading whole events of a part: for timelines, single events and verification.

use alloc::vec::Vec;

use super::order::OrderReader;
use super::view::{PartView, PropertyColumns};
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
