//! Several parts of one event type become one.
//!
//! Only which part each row comes from (2 bytes a row), one property's codes and the tables from old to new
//! codes are kept in memory: each part's rows are taken in its own order, so columns are read from front to
//! back and written chunk by chunk.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::codes::{CodeReader, Codes};
use super::column::Column;
use super::layout::{BLOCK_USERS, Sink};
use super::order::OrderReader;
use super::view::{PartView, PropertyColumns};
use super::writer::{self, SortedRows};
use crate::persons::users_of_block;
use crate::{Error, EventId, TimeMs, UserId};

/// Parts that are merged into one at most.
pub const MERGE_PARTS_MAX: usize = 1 << 16;

/// Merges parts of one event type; each chunk goes to `sink` when it is complete, the header is
/// returned.
///
/// # Errors
/// When a part is damaged, there is none, they hold different types, or `sink` fails.
pub fn merge<E: From<Error>>(parts: &[PartView<'_>], sink: &mut Sink<'_, E>) -> Result<Vec<u8>, E> {
    let merged = merge_without(parts, &[], &|| {}, sink)?;
    merged.ok_or_else(|| Error::corrupt("merge", "the parts have no rows").into())
}

/// The same without the rows of some users, given in ascending order; `None` when no row is left, and
/// nothing went to `sink`. Calls `pause` every millisecond of work or so, where it may be held up.
///
/// # Errors
/// Likewise.
pub fn merge_without<E: From<Error>>(
    parts: &[PartView<'_>],
    deleted: &[UserId],
    pause: &dyn Fn(),
    sink: &mut Sink<'_, E>,
) -> Result<Option<Vec<u8>>, E> {
    let Some(first) = parts.first() else {
        return Err(Error::corrupt("merge", "there is no part").into());
    };
    if parts.iter().any(|part| part.event_type() != first.event_type()) {
        return Err(Error::corrupt("merge", "the parts hold different event types").into());
    }
    if parts.len() > MERGE_PARTS_MAX {
        return Err(Error::corrupt("merge", "there are too many parts").into());
    }
    let inputs = parts.iter().map(OrderReader::open).collect::<Result<Vec<_>, _>>()?;
    let (sources, left_out) = merged_order(parts, &inputs, deleted, pause)?;
    let properties = merged_properties(parts)?;
    let event_type = first.event_type();
    if left_out.is_empty() {
        let rows = MergedRows::<ALL> { event_type, inputs, sources, left_out, properties, pause };
        return writer::write(&rows, sink).map(Some);
    }
    let mut rows = MergedRows::<SOME> { event_type, inputs, sources, left_out, properties, pause };
    if rows.len() == 0 {
        return Ok(None);
    }
    rows.drop_unused_values();
    writer::write(&rows, sink).map(Some)
}

struct MergedProperty<'a> {
    key: &'a str,
    values: Vec<&'a str>,
    /// Per input its columns, and the new code of each old one.
    inputs: Vec<Option<(PropertyColumns<'a>, Vec<u32>)>>,
}

/// Whether all rows are written: merges that leave none out do not ask for each.
const ALL: bool = true;
const SOME: bool = false;

struct MergedRows<'a, const WRITTEN: bool> {
    event_type: u32,
    inputs: Vec<OrderReader<'a>>,
    /// Of each row in order, the input whose next row it is.
    sources: Vec<u16>,
    /// Of these rows, those that are not written, ascending: the rows of a user stand together.
    left_out: Vec<Range<u32>>,
    properties: Vec<MergedProperty<'a>>,
    pause: &'a dyn Fn(),
}

/// Rows that are read between two pauses.
const PAUSE_ROWS: u32 = 1 << 15;

/// Bits of a sort key, from the highest: the user within its block, the time, the event id, the input.
const TIME_BITS: u32 = 43;
const ID_BITS: u32 = 56;
const INPUT_BITS: u32 = 16;
const USER_SHIFT: u32 = TIME_BITS + ID_BITS + INPUT_BITS;
const _: () = assert!(BLOCK_USERS.ilog2() + TIME_BITS + ID_BITS + INPUT_BITS == u128::BITS);
const _: () = assert!(TimeMs::MAX.ms() < 1 << TIME_BITS);

/// Of each row in order, the number of its input, and the rows of deleted users. Rows are sorted block by block of users, so that all a
/// sort touches fits the cache; each input's rows of a block are a sorted run, which the sort makes use of.
fn merged_order(
    parts: &[PartView<'_>],
    inputs: &[OrderReader<'_>],
    deleted: &[UserId],
    pause: &dyn Fn(),
) -> Result<(Vec<u16>, Vec<Range<u32>>), Error> {
    let rows = parts.iter().map(|part| u64::from(part.rows())).sum::<u64>();
    let rows = u32::try_from(rows)
        .map_err(|_| Error::corrupt("merge", "the parts have too many rows for one"))?;
    let mut blocks: Vec<(u32, u16, Range<u32>)> = Vec::new();
    for (number, input) in (0..=u16::MAX).zip(inputs) {
        blocks.extend(input.blocks().map(|(block, rows)| (block, number, rows)));
    }
    blocks.sort_unstable_by_key(|(block, number, _)| (*block, *number));
    let least_id = parts.iter().map(|part| part.ids().0).min().unwrap_or_default();
    let mut sources = Vec::with_capacity(rows as usize);
    let mut left_out = Vec::new();
    let mut keys: Vec<u128> = Vec::new();
    for of_block in blocks.chunk_by(|a, b| a.0 == b.0) {
        pause();
        keys.clear();
        for (_, number, rows) in of_block {
            let input = &inputs[usize::from(*number)];
            for row in rows.clone() {
                let (time, id) = input.time_and_id(row)?;
                let id = u128::from(id - least_id);
                if id >> ID_BITS != 0 {
                    return Err(Error::corrupt("merge", "event ids lie too far apart"));
                }
                let user = u128::from(input.user_in_block(row)?);
                let time = u128::from(time.ms().unsigned_abs());
                let order = (user << TIME_BITS | time) << ID_BITS | id;
                keys.push(order << INPUT_BITS | u128::from(*number));
            }
        }
        keys.sort();
        let first = sources.len() as u32;
        for user in users_of_block(deleted, of_block[0].0) {
            let place =
                |low: u32| keys.partition_point(|key| (key >> USER_SHIFT) < low.into()) as u32;
            let low = user % BLOCK_USERS;
            let rows = first + place(low)..first + place(low + 1);
            left_out.extend((!rows.is_empty()).then_some(rows));
        }
        sources.extend(keys.iter().map(|key| *key as u16));
    }
    Ok((sources, left_out))
}

fn merged_properties<'a>(parts: &[PartView<'a>]) -> Result<Vec<MergedProperty<'a>>, Error> {
    let mut by_key: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (input, part) in parts.iter().enumerate() {
        for (place, key) in part.keys().enumerate() {
            by_key.entry(key).or_default().push((input, place));
        }
    }
    let merge_key = |(key, places): (&'a str, Vec<(usize, usize)>)| {
        let mut inputs: Vec<Option<(PropertyColumns<'a>, Vec<u32>)>> = Vec::new();
        inputs.resize_with(parts.len(), || None);
        let mut all: Vec<(&str, usize, u32)> = Vec::new();
        for (input, place) in places {
            let columns = parts[input].property_columns(place)?;
            for value in 0..columns.dictionary.len() {
                all.push((columns.dictionary.get(value)?, input, value));
            }
            let codes = vec![0; columns.dictionary.len() as usize + 1];
            inputs[input] = Some((columns, codes));
        }
        all.sort_by_key(|(value, ..)| *value);
        let mut values: Vec<&str> = Vec::new();
        for (value, input, old) in all {
            if values.last() != Some(&value) {
                values.push(value);
            }
            if let Some((_, codes)) = &mut inputs[input] {
                codes[old as usize + 1] = values.len() as u32;
            }
        }
        Ok(MergedProperty { key, values, inputs })
    };
    by_key.into_iter().map(merge_key).collect()
}

impl<const WRITTEN: bool> MergedRows<'_, WRITTEN> {
    /// What `read` makes of each row's input and its row there, in order.
    fn each<T>(&self, read: impl Fn(&OrderReader<'_>, u32) -> T) -> impl Iterator<Item = T> {
        let mut next = vec![0_u32; self.inputs.len()];
        self.written(self.sources.iter().map(move |source| {
            let source = usize::from(*source);
            let row = next[source];
            next[source] += 1;
            (source, row)
        }))
        .map(move |(source, row)| read(&self.inputs[source], row))
    }

    /// Of something that there is for each row, what belongs to rows that are written.
    fn written<T>(&self, rows: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        let mut left_out = self.left_out.iter().peekable();
        (0_u32..).zip(rows).filter_map(move |(place, row)| {
            if place.is_multiple_of(PAUSE_ROWS) {
                (self.pause)();
            }
            if WRITTEN == ALL {
                return Some(row);
            }
            left_out.next_if(|rows| rows.end <= place);
            let is_written = left_out.peek().is_none_or(|rows| place < rows.start);
            is_written.then_some(row)
        })
    }

    /// Takes out values that only rows had that are not written.
    fn drop_unused_values(&mut self) {
        for property in 0..self.properties.len() {
            let mut new = vec![0_u32; self.properties[property].values.len() + 1];
            self.codes(property).iter().for_each(|code| new[*code as usize] = 1);
            new[0] = 0;
            let MergedProperty { values, inputs, .. } = &mut self.properties[property];
            let mut used = new[1..].iter();
            values.retain(|_| used.next().is_some_and(|used| *used == 1));
            let mut last = 0;
            for code in new.iter_mut().filter(|code| **code == 1) {
                last += 1;
                *code = last;
            }
            for (_, codes) in inputs.iter_mut().flatten() {
                codes.iter_mut().for_each(|code| *code = new[*code as usize]);
            }
        }
        self.properties.retain(|property| !property.values.is_empty());
    }
}

const READ_BEFORE: &str = "every row was read when the order was made";

impl<const WRITTEN: bool> SortedRows for MergedRows<'_, WRITTEN> {
    fn event_type(&self) -> u32 {
        self.event_type
    }
    fn len(&self) -> u32 {
        let left_out: u32 = self.left_out.iter().map(|rows| rows.end - rows.start).sum();
        self.sources.len() as u32 - left_out
    }
    fn users(&self) -> impl Iterator<Item = UserId> {
        let mut users: Vec<_> = self.inputs.iter().map(OrderReader::users).collect();
        self.written(self.sources.iter().map(move |source| {
            let row = users[usize::from(*source)].next();
            row.and_then(Result::ok).expect(READ_BEFORE).1
        }))
    }
    fn times(&self) -> impl Iterator<Item = TimeMs> {
        self.each(|input, row| input.time_and_id(row).expect(READ_BEFORE).0)
    }
    fn ids(&self) -> impl Iterator<Item = EventId> {
        self.each(|input, row| input.time_and_id(row).expect(READ_BEFORE).1)
    }
    fn properties(&self) -> usize {
        self.properties.len()
    }
    fn key(&self, property: usize) -> &str {
        self.properties[property].key
    }
    fn values(&self, property: usize) -> &[&str] {
        &self.properties[property].values
    }
    fn codes(&self, property: usize) -> Vec<u32> {
        let inputs = &self.properties[property].inputs;
        let mut streams: Vec<_> =
            inputs.iter().map(|input| input.as_ref().map(Stream::new)).collect();
        let code = |source: &u16| streams[usize::from(*source)].as_mut().map_or(0, Stream::next);
        let mut codes = Vec::with_capacity(self.len() as usize);
        codes.extend(self.written(self.sources.iter().map(code)));
        codes
    }
}

/// The new codes of an input's rows, from the first to the last.
struct Stream<'s, 'a> {
    codes: CodeReader<'s, 'a>,
    /// The rows that have the property, when it is sparse.
    rows: Option<&'s (Column<'a>, u32)>,
    /// New codes by old ones.
    new: &'s [u32],
    row: u32,
    /// Place of the next present row, of a sparse property.
    place: u32,
}

impl<'s, 'a> Stream<'s, 'a> {
    fn new((columns, new): &'s (PropertyColumns<'a>, Vec<u32>)) -> Self {
        let Codes { codes, rows } = &columns.codes;
        Self { codes: codes.reader(), rows: rows.as_ref(), new, row: 0, place: 0 }
    }

    /// The code of the next row; 0 for an old code beyond the dictionary, as if it were absent.
    fn next(&mut self) -> u32 {
        let row = self.row;
        self.row += 1;
        let old = match self.rows {
            None => self.codes.get(row),
            Some((rows, present)) if self.place < *present => {
                if rows.get(self.place) != u64::from(row) {
                    return 0;
                }
                self.place += 1;
                self.codes.get(self.place - 1)
            }
            Some(_) => return 0,
        };
        self.new.get(old as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
