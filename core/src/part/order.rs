//! The columns by which rows are sorted: user, time and id.

use alloc::vec::Vec;
use core::ops::Range;

use super::column::{Blocks, Column, partition_point};
use super::ids::IdColumn;
use super::layout::BLOCK_USERS;
use super::view::PartView;
use crate::persons::users_of_block;
use crate::{Error, EventId, TimeMs, UserId};

/// What rows are sorted by.
pub type RowOrder = (UserId, TimeMs, EventId);

/// A part with the columns opened by which its rows are sorted.
pub struct OrderReader<'a> {
    rows: u32,
    users: Column<'a>,
    blocks: Blocks<'a>,
    times: Column<'a>,
    time_unit: i64,
    time_bounds: (TimeMs, TimeMs),
    ids: IdColumn<'a>,
    id_bounds: (EventId, EventId),
}

impl PartView<'_> {
    /// Of users in ascending order, those who have events here. Only the columns of users are read.
    ///
    /// # Errors
    /// When a chunk is missing, damaged or of another length than the header says.
    pub fn users_among(&self, users: &[UserId]) -> Result<Vec<UserId>, Error> {
        let blocks = self.blocks()?;
        let of_block = |(block, rows)| (rows, users_of_block(users, block));
        let candidates: Vec<(Range<u32>, &[UserId])> =
            blocks.iter().map(of_block).filter(|(_, users)| !users.is_empty()).collect();
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let lows = self.user_column()?;
        let mut found = Vec::new();
        for (rows, users) in candidates {
            let has_rows = |user: &&UserId| !rows_of_low(&lows, &rows, **user).is_empty();
            found.extend(users.iter().filter(has_rows));
        }
        Ok(found)
    }
}

/// Where the events of some users stand in parts, by time and id: the part's number and the row.
///
/// # Errors
/// When a chunk is missing, damaged or of another length than the header says.
pub fn places_of(
    parts: &[PartView<'_>],
    users: &[UserId],
) -> Result<impl Iterator<Item = (usize, u32)>, Error> {
    let mut places: Vec<(TimeMs, EventId, usize, u32)> = Vec::new();
    for (part, view) in parts.iter().enumerate() {
        let order = OrderReader::open(view)?;
        for row in users.iter().flat_map(|user| order.rows_of(*user)) {
            let (_, time, id) = order.get(row)?;
            places.push((time, id, part, row));
        }
    }
    places.sort_unstable();
    Ok(places.into_iter().map(|(_, _, part, row)| (part, row)))
}

/// Of the rows of a block, those of one of its users.
fn rows_of_low(lows: &Column<'_>, rows: &Range<u32>, user: UserId) -> Range<u32> {
    let low = u64::from(user % BLOCK_USERS);
    let first_not_below = |low: u64| partition_point(rows.clone(), |row| lows.get(row) < low);
    first_not_below(low)..first_not_below(low + 1)
}

impl<'a> OrderReader<'a> {
    /// Opens the columns.
    ///
    /// # Errors
    /// When a chunk is missing, damaged or of another length than the header says.
    pub fn open(part: &PartView<'a>) -> Result<Self, Error> {
        Ok(Self {
            rows: part.rows(),
            users: part.user_column()?,
            blocks: part.blocks()?,
            times: part.time_column()?,
            time_unit: i64::from(part.time_unit()),
            time_bounds: part.times(),
            ids: part.id_column()?,
            id_bounds: part.ids(),
        })
    }

    /// The user, time and id of a row.
    ///
    /// # Errors
    /// When a value lies outside what the header promises.
    pub fn get(&self, row: u32) -> Result<RowOrder, Error> {
        let (time, id) = self.time_and_id(row)?;
        Ok((self.user(self.blocks.block_of(row), row)?, time, id))
    }

    /// The rows of a user.
    #[must_use]
    pub fn rows_of(&self, user: UserId) -> Range<u32> {
        rows_of_low(&self.users, &self.blocks.rows(user / BLOCK_USERS), user)
    }

    /// The row of an event, found by reading the time and id columns.
    #[must_use]
    pub fn row_of(&self, id: EventId) -> Option<u32> {
        let found = self.ids.find(id, &self.times, self.rows)?;
        (found < self.rows).then_some(found)
    }

    /// The blocks of users that have rows, with these, in order.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (u32, Range<u32>)> {
        self.blocks.iter()
    }

    /// The place of a row's user within its block.
    pub(super) fn user_in_block(&self, row: u32) -> Result<u32, Error> {
        match u32::try_from(self.users.get(row)) {
            Ok(low) if low < BLOCK_USERS => Ok(low),
            _ => Err(Error::corrupt("part", "a user lies outside its block")),
        }
    }

    /// The same of rows that lie within one chunk, in order.
    pub(super) fn users_in_block(
        &self,
        rows: &Range<u32>,
    ) -> impl Iterator<Item = Result<u32, Error>> {
        let (lows, _) = self.users.bytes(rows).as_chunks();
        lows.iter().map(|low| match u32::from(u16::from_le_bytes(*low)) {
            low if low < BLOCK_USERS => Ok(low),
            _ => Err(Error::corrupt("part", "a user lies outside its block")),
        })
    }

    /// All rows with their users, in order.
    pub(super) fn users(&self) -> impl Iterator<Item = Result<(u32, UserId), Error>> {
        let of_block = move |(block, rows): (u32, Range<u32>)| {
            rows.map(move |row| Ok((row, self.user(block, row)?)))
        };
        self.blocks.iter().flat_map(of_block)
    }

    /// The least and the greatest time.
    pub(super) const fn times(&self) -> (TimeMs, TimeMs) {
        self.time_bounds
    }

    /// The time of a row.
    pub(super) fn time_of(&self, row: u32) -> Result<TimeMs, Error> {
        let time = self.time(self.times.get(row)).filter(|time| *time <= self.time_bounds.1);
        time.ok_or_else(|| Error::corrupt("part", "a row is out of bounds"))
    }

    /// The time and id of a row.
    pub(super) fn time_and_id(&self, row: u32) -> Result<(TimeMs, EventId), Error> {
        let entry = self.times.get(row);
        let time = self.time(entry).filter(|time| *time <= self.time_bounds.1);
        let id = Some(self.ids.get(row, entry));
        let id = id.filter(|id| (self.id_bounds.0..=self.id_bounds.1).contains(id));
        time.zip(id).ok_or_else(|| Error::corrupt("part", "a row is out of bounds"))
    }

    /// Checks that the rows are in order and within the bounds of the header.
    pub(super) fn verify(&self) -> Result<(), Error> {
        if !self.ids.is_sound(self.rows) {
            return Err(Error::corrupt("id column", "the rows of its exceptions are not in order"));
        }
        let mut before = None;
        for row in self.users() {
            let (row, user) = row?;
            let (time, id) = self.time_and_id(row)?;
            if before.is_some_and(|before| before >= (user, time, id)) {
                return Err(Error::corrupt("part", "its rows are not in order"));
            }
            before = Some((user, time, id));
        }
        Ok(())
    }

    fn user(&self, block: u32, row: u32) -> Result<UserId, Error> {
        Ok(block * BLOCK_USERS + self.user_in_block(row)?)
    }

    fn time(&self, entry: u64) -> Option<TimeMs> {
        let offset = i64::try_from(entry).ok()?.checked_mul(self.time_unit)?;
        TimeMs::new(self.time_bounds.0.ms().checked_add(offset)?)
    }
}
