//! The events of one step: parts opened for a scan, visited by ranges of users.

use alloc::vec::Vec;
use core::ops::Range;

use super::groups::{GroupColumn, NumberColumn, Values};
use super::marked::Marks;
use super::mask::Mask;
use super::members::Members;
use super::needs::Need;
use super::select::Selection;
use super::{Filter, ScanStats};
use crate::part::{BLOCK_USERS, Blocks, Column, IdColumn, PartView, partition_point};
use crate::{Error, EventId, UserId};

/// Where an event stands among those of a block: its row, after the block's rows of the parts before.
pub(super) type Place = u32;

/// No event, all its bits set; beyond all places.
pub(super) const NOWHERE: Place = Place::MAX;

/// What a scan does with the events that pass the filters.
pub(super) trait Visit {
    /// How it counts times.
    type Clock: Clock;

    /// The clock by which it is told times.
    fn clock(&self) -> Self::Clock;

    /// From when on, in ms, parts are passed over.
    fn before_ms(&self) -> i64 {
        i64::MAX
    }

    /// The events of a part come next.
    fn begin_part(&mut self) {}

    /// Those whose events are visited, where the events of others may be passed over.
    fn only(&self) -> Option<&Members> {
        None
    }

    /// `low` is the user's place in the block, below [`BLOCK_USERS`].
    fn event(&mut self, low: usize, time: <Self::Clock as Clock>::Time, place: Place);

    /// Many events of one user in order of time and id, at places that follow one another.
    #[inline]
    fn run<T: Times<Time = <Self::Clock as Clock>::Time>>(
        &mut self,
        low: usize,
        times: &T,
        first: Place,
    ) {
        (0..times.len()).for_each(|at| self.event(low, times.get(at), first + at as Place));
    }
}

/// A way to count times.
pub(super) trait Clock: Copy {
    type Time: Copy;

    /// The same clock, with another zero, in ms.
    fn starting_at(self, zero_ms: i64) -> Self;

    /// The time that lies so long, in ms, after the clock's zero.
    fn read(self, after_zero_ms: i64) -> Self::Time;
}

/// Milliseconds since 1970.
#[derive(Clone, Copy, Default)]
pub(super) struct Milliseconds {
    zero_ms: i64,
}

impl Clock for Milliseconds {
    type Time = i64;

    fn starting_at(self, zero_ms: i64) -> Self {
        Self { zero_ms }
    }

    #[inline(always)]
    fn read(self, after_zero_ms: i64) -> i64 {
        self.zero_ms.wrapping_add(after_zero_ms)
    }
}

/// The times of a user's events, ascending.
pub(super) trait Times {
    type Time;
    fn len(&self) -> usize;
    fn get(&self, at: usize) -> Self::Time;
}

/// The events of one step, opened.
pub(super) struct Source<'a> {
    parts: Vec<OpenPart<'a>>,
    /// The times that count, in ms: from the first to before the second.
    counted_ms: (i64, i64),
    /// Per block its rows over all parts and those of the blocks before.
    rows_until: Vec<u64>,
}

pub(super) struct OpenPart<'a> {
    pub(super) blocks: Blocks<'a>,
    pub(super) users: Column<'a>,
    pub(super) times: Column<'a>,
    pub(super) time_unit: i64,
    pub(super) times_ms: (i64, i64),
    pub(super) ids: IdColumn<'a>,
    pub(super) selection: Selection<'a>,
    /// The same for several lists of filters.
    pub(super) marks: Marks<'a>,
    /// The values by which the answer is broken down.
    pub(super) groups: Option<GroupColumn<'a>>,
    /// The numbers that are summed up.
    pub(super) numbers: Option<NumberColumn<'a>>,
    /// Which of the parts given it is.
    pub(super) number: usize,
}

impl<'a> Source<'a> {
    /// Opens the parts that overlap the times (from, before) and may hold events that pass the step's
    /// filters.
    pub(super) fn open(
        parts: &[PartView<'a>],
        filters: &[Filter],
        times_ms: (i64, i64),
        stats: &mut ScanStats,
    ) -> Result<Self, Error> {
        Self::open_each(parts, times_ms, stats, |part, stats| {
            let selection = Selection::open(part, filters, stats)?;
            Ok(selection.map(|selection| (selection, Marks::default())))
        })
    }

    /// Opens the parts that overlap the times and may hold events that are needed.
    pub(super) fn open_marked(
        parts: &[PartView<'a>],
        need: &Need<'_>,
        stats: &mut ScanStats,
    ) -> Result<Self, Error> {
        Self::open_each(parts, need.times_ms, stats, |part, stats| {
            let sets = need.sets.iter().map(|filters| Selection::open(part, filters, stats));
            let marks = Marks::new(sets.collect::<Result<_, _>>()?, need.all);
            Ok((!marks.is_empty()).then(|| (Selection::default(), marks)))
        })
    }

    fn open_each(
        parts: &[PartView<'a>],
        (from, before): (i64, i64),
        stats: &mut ScanStats,
        mut select: impl FnMut(
            &PartView<'a>,
            &mut ScanStats,
        ) -> Result<Option<(Selection<'a>, Marks<'a>)>, Error>,
    ) -> Result<Self, Error> {
        let mut opened = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let (least, greatest) = part.times();
            if greatest.ms() < from || least.ms() >= before {
                continue;
            }
            let Some((selection, marks)) = select(part, stats)? else { continue };
            stats.events += u64::from(part.rows());
            opened.push(OpenPart {
                blocks: part.blocks()?,
                users: part.user_column()?,
                times: part.time_column()?,
                time_unit: i64::from(part.time_unit()),
                times_ms: (least.ms(), greatest.ms()),
                ids: part.id_column()?,
                selection,
                marks,
                groups: None,
                numbers: None,
                number,
            });
        }
        let blocks = opened.iter().map(|part| part.blocks.last() + 1).max().unwrap_or(0);
        let mut rows_until = Vec::with_capacity(blocks as usize);
        let mut rows_before = 0;
        for block in 0..blocks {
            let rows: usize = opened.iter().map(|part| part.blocks.rows(block).len()).sum();
            if rows >= Place::MAX as usize {
                return Err(Error::corrupt("parts", "a block of users has too many events"));
            }
            rows_before += rows as u64;
            rows_until.push(rows_before);
        }
        Ok(Self { parts: opened, counted_ms: (from, before), rows_until })
    }

    /// Opens the property of the same parts by which the answer is broken down.
    pub(super) fn open_groups(
        &mut self,
        parts: &[PartView<'a>],
        key: &str,
        values: &mut Values<'a>,
    ) -> Result<(), Error> {
        for opened in &mut self.parts {
            opened.groups = GroupColumn::open(&parts[opened.number], key, values)?;
        }
        Ok(())
    }

    /// Opens the property of the same parts whose numbers are summed up.
    pub(super) fn open_numbers(&mut self, parts: &[PartView<'a>], key: &str) -> Result<(), Error> {
        for opened in &mut self.parts {
            opened.numbers = NumberColumn::open(&parts[opened.number], key)?;
        }
        Ok(())
    }

    /// The opened parts.
    pub(super) fn parts(&self) -> &[OpenPart<'a>] {
        &self.parts
    }

    /// The times that count, in ms: from the first to before the second.
    pub(super) const fn counted_ms(&self) -> (i64, i64) {
        self.counted_ms
    }

    /// One more than the last block that has events.
    pub(super) fn blocks_end(&self) -> u32 {
        self.rows_until.len() as u32
    }

    /// The rows of a block over all parts.
    pub(super) fn rows_in(&self, block: u32) -> u64 {
        self.rows_until.get(block as usize).map_or(0, |until| until - self.rows_before(block))
    }

    /// The rows of all blocks before.
    fn rows_before(&self, block: u32) -> u64 {
        let before = block.checked_sub(1).and_then(|before| self.rows_until.get(before as usize));
        before.copied().unwrap_or(0)
    }

    /// Cuts a block into this many ranges of users with about as many rows each.
    pub(super) fn cuts(&self, block: u32, count: u64) -> impl Iterator<Item = UserId> {
        let part = self.parts.iter().max_by_key(|part| part.blocks.rows(block).len());
        (1..count).filter_map(move |cut| {
            let part = part?;
            let rows = part.blocks.rows(block);
            let row = rows.start + (rows.len() as u64 * cut / count) as u32;
            Some(block * BLOCK_USERS + (part.users.get(row) as UserId).min(BLOCK_USERS - 1))
        })
    }

    /// Visits the events of a range of users, which lie in one block; when `only` names some, of them.
    pub(super) fn visit(
        &self,
        users: &Range<UserId>,
        only: Option<&Members>,
        mask: &mut Mask,
        visit: &mut impl Visit,
    ) {
        let block = users.start / BLOCK_USERS;
        let mut before = 0;
        for part in &self.parts {
            let block_rows = part.blocks.rows(block);
            let users_rows = if part.times_ms.0 < visit.before_ms() {
                part.rows_of(users, block_rows.clone())
            } else {
                block_rows.start..block_rows.start
            };
            visit.begin_part();
            let first = before + (users_rows.start - block_rows.start);
            part.visit(users_rows, first, only, mask, visit);
            before += block_rows.len() as Place;
        }
    }

    /// The least and the greatest time of the opened parts, in ms.
    pub(super) fn times_ms(&self) -> Option<(i64, i64)> {
        let times = self.parts.iter().map(|part| part.times_ms);
        times.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The part and row of the event at a place of a block; none beyond the block's rows.
    pub(super) fn part_and_row(&self, block: u32, place: Place) -> Option<(&OpenPart<'a>, u32)> {
        let mut place = place;
        for part in &self.parts {
            let rows = part.blocks.rows(block);
            if (place as usize) < rows.len() {
                return Some((part, rows.start + place));
            }
            place -= rows.len() as Place;
        }
        None
    }
}

impl<'a> OpenPart<'a> {
    /// The places in their blocks of the users of rows that lie within one chunk.
    pub(super) fn user_bytes(&self, rows: &Range<u32>) -> &'a [[u8; 2]] {
        self.users.bytes(rows).as_chunks().0
    }

    /// The time of a row, in ms, and its id.
    pub(super) fn time_and_id(&self, row: u32) -> (i64, EventId) {
        let entry = self.times.get(row);
        let time_ms = (entry as i64).wrapping_mul(self.time_unit);
        (self.times_ms.0.wrapping_add(time_ms), self.ids.get(row, entry))
    }

    /// The time of a row, in ms.
    #[inline]
    pub(super) fn time_ms(&self, row: u32) -> i64 {
        let after = (self.times.get(row) as i64).wrapping_mul(self.time_unit);
        self.times_ms.0.wrapping_add(after)
    }

    /// Of a block's rows those of some of its users.
    pub(super) fn rows_of(&self, users: &Range<UserId>, rows: Range<u32>) -> Range<u32> {
        if users.len() == BLOCK_USERS as usize {
            return rows;
        }
        let first = users.start / BLOCK_USERS * BLOCK_USERS;
        let first_not_below = |user: UserId| {
            let low = u64::from(user - first);
            partition_point(rows.clone(), |row| self.users.get(row) < low)
        };
        first_not_below(users.start)..first_not_below(users.end)
    }
}

/// The user's place in its block, within bounds also where a part is damaged.
#[inline(always)]
pub(super) fn low_of(user: [u8; 2]) -> usize {
    usize::from(u16::from_le_bytes(user)) % BLOCK_USERS as usize
}
