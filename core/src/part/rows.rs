//! Reading whole events of a part: for timelines, single events and verification.

use alloc::vec::Vec;
use core::ops::Range;

use super::column::{Blocks, Column};
use super::layout::BLOCK_USERS;
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
    rows: u32,
    users: Column<'a>,
    blocks: Blocks<'a>,
    times: Column<'a>,
    time_unit: i64,
    time_bounds: (TimeMs, TimeMs),
    ids: Column<'a>,
    id_bounds: (EventId, EventId),
    properties: Vec<(&'a str, PropertyColumns<'a>)>,
    sound_blooms: bool,
}

impl<'a> RowReader<'a> {
    /// Opens all columns.
    ///
    /// # Errors
    /// When a chunk is missing, damaged or of another length than the header says.
    pub fn open(part: &PartView<'a>) -> Result<Self, Error> {
        let mut properties = Vec::new();
        let mut sound_blooms = true;
        for (place, key) in part.keys().enumerate() {
            let columns = part.property_columns(place)?;
            for number in [0, columns.dictionary.len() - 1] {
                sound_blooms &= part.may_contain(place, columns.dictionary.get(number)?)?;
            }
            properties.push((key, columns));
        }
        Ok(Self {
            rows: part.rows(),
            users: part.user_column()?,
            blocks: part.blocks()?,
            times: part.time_column()?,
            time_unit: i64::from(part.time_unit()),
            time_bounds: part.times(),
            ids: part.id_column()?,
            id_bounds: part.ids(),
            properties,
            sound_blooms,
        })
    }

    /// The event of a row.
    ///
    /// # Errors
    /// When a value lies outside what the header promises.
    pub fn get(&self, row: u32) -> Result<EventRow<'a>, Error> {
        let (user, time, id) = self.order(row)?;
        let mut properties = Vec::new();
        for (key, columns) in &self.properties {
            if let Some(code) = columns.code(row).checked_sub(1) {
                properties.push((*key, columns.dictionary.get(code)?));
            }
        }
        Ok(EventRow { user, time, id, properties })
    }

    /// The user, time and id of a row, by which rows are sorted.
    ///
    /// # Errors
    /// When a value lies outside what the header promises.
    pub fn order(&self, row: u32) -> Result<(UserId, TimeMs, EventId), Error> {
        let user = self.blocks.block_of(row) * BLOCK_USERS + self.low(row);
        let (time, id) = (self.time(row), self.id_bounds.0.checked_add(self.ids.get(row)));
        let time = time.filter(|time| *time <= self.time_bounds.1);
        let id = id.filter(|id| *id <= self.id_bounds.1);
        let (time, id) = time.zip(id).ok_or(Error::corrupt("part", "a row is out of bounds"))?;
        Ok((user, time, id))
    }

    /// The rows of a user.
    #[must_use]
    pub fn rows_of(&self, user: UserId) -> Range<u32> {
        let rows = self.blocks.rows(user / BLOCK_USERS);
        let first_not_below = |low: u32| {
            let (mut from, mut to) = (rows.start, rows.end);
            while from < to {
                let middle = from + (to - from) / 2;
                if self.low(middle) < low {
                    from = middle + 1;
                } else {
                    to = middle;
                }
            }
            from
        };
        let low = user % BLOCK_USERS;
        first_not_below(low)..first_not_below(low + 1)
    }

    /// The row of an event, found by reading the id column.
    #[must_use]
    pub fn row_of(&self, id: EventId) -> Option<u32> {
        let offset = id.checked_sub(self.id_bounds.0)?;
        (0..self.rows).find(|row| self.ids.get(*row) == offset)
    }

    /// Checks everything that the format promises and opening did not.
    pub(super) fn verify(&self) -> Result<(), Error> {
        let mut before = None;
        for (block, rows) in self.blocks.iter() {
            for row in rows {
                let order = self.order(row)?;
                let low = self.low(row);
                if low >= BLOCK_USERS || order.0 != block * BLOCK_USERS + low {
                    return Err(Error::corrupt("part", "a user lies outside its block"));
                }
                if before.is_some_and(|before| before >= order) {
                    return Err(Error::corrupt("part", "its rows are not in order"));
                }
                before = Some(order);
                self.get(row)?;
            }
        }
        self.properties.iter().try_for_each(|(_, columns)| columns.verify(self.rows))?;
        if !self.sound_blooms {
            return Err(Error::corrupt("Bloom filter", "it denies a value that is there"));
        }
        Ok(())
    }

    fn low(&self, row: u32) -> u32 {
        self.users.get(row) as u32
    }

    fn time(&self, row: u32) -> Option<TimeMs> {
        let offset = i64::try_from(self.times.get(row)).ok()?.checked_mul(self.time_unit)?;
        TimeMs::new(self.time_bounds.0.ms().checked_add(offset)?)
    }
}

impl PropertyColumns<'_> {
    /// The code of a row.
    pub(super) fn code(&self, row: u32) -> u32 {
        let Some((rows, present)) = &self.rows else { return self.codes.get(row) as u32 };
        let (mut low, mut high) = (0, *present);
        while low < high {
            let middle = low + (high - low) / 2;
            if (rows.get(middle) as u32) < row {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low < *present && rows.get(low) as u32 == row { self.codes.get(low) as u32 } else { 0 }
    }

    fn verify(&self, part_rows: u32) -> Result<(), Error> {
        for value in 1..self.dictionary.len() {
            if self.dictionary.get(value - 1)? >= self.dictionary.get(value)? {
                return Err(Error::corrupt("dictionary", "its values are not in order"));
            }
        }
        let Some((rows, present)) = &self.rows else { return Ok(()) };
        let ascending = (1..*present).all(|at| rows.get(at - 1) < rows.get(at));
        let bounded = rows.get(present - 1) < u64::from(part_rows);
        let full = (0..*present).all(|at| self.codes.get(at) != 0);
        if ascending && bounded && full {
            Ok(())
        } else {
            Err(Error::corrupt("sparse column", "its rows are not in order"))
        }
    }
}
