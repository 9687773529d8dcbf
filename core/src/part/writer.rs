//! The one writer of parts: turns sorted rows into chunks and a header.

use alloc::vec;
use alloc::vec::Vec;

use super::bloom;
use super::codes::{self, CodeWidth};
use super::dictionary;
use super::header::{Header, Property};
use super::ids::IdPlan;
use super::layout::{
    BLOCK_SHIFT, BLOCK_USERS, BLOOM_VALUES_MIN, CHUNK_ENTRIES, COLUMN_BLOCK, COLUMN_ID,
    COLUMN_ID_APART, COLUMN_ID_KNOT, COLUMN_ID_ROW, COLUMN_TIME, COLUMN_USER, ChunkKey,
    PropertyColumn, Sink, seal_chunk, width_of,
};
use crate::{Error, EventId, TimeMs, UserId};

/// Rows in order of (user, time, id), at least one, and their properties in order of keys.
pub(super) trait SortedRows {
    fn event_type(&self) -> u32;
    fn len(&self) -> u32;
    fn users(&self) -> impl Iterator<Item = UserId>;
    fn times(&self) -> impl Iterator<Item = TimeMs>;
    fn ids(&self) -> impl Iterator<Item = EventId>;
    fn properties(&self) -> usize;
    fn key(&self, property: usize) -> &str;
    /// The distinct values in order, each of which some row has.
    fn values(&self, property: usize) -> &[&str];
    /// One a row: 0 = absent, else the value's place + 1.
    fn codes(&self, property: usize) -> Vec<u32>;
}

/// Writes all columns and gives the header.
pub(super) fn write<R: SortedRows, E: From<Error>>(
    rows: &R,
    sink: &mut Sink<'_, E>,
) -> Result<Vec<u8>, E> {
    check_order(rows)?;
    let count = rows.len();
    let times = bounds(rows.times());
    let ids = bounds(rows.ids());
    let time_unit = time_unit(rows.times().map(|time| offset_ms(time, times.0)));
    let time_width = width_of(offset_ms(times.1, times.0) / u64::from(time_unit));

    let lows = rows.users().map(|user| u64::from(user % BLOCK_USERS));
    column(COLUMN_USER, 2, lows, sink)?;
    let offsets = rows.times().map(|time| offset_ms(time, times.0) / u64::from(time_unit));
    column(COLUMN_TIME, time_width, offsets, sink)?;
    let id_plan = write_ids(rows, (times.0, time_unit), ids.0, sink)?;
    let blocks = block_starts(rows);
    column(COLUMN_BLOCK, 8, blocks.iter().copied(), sink)?;

    let mut properties = Vec::with_capacity(rows.properties());
    for property in 0..rows.properties() {
        properties.push(write_property(rows, property, sink)?);
    }
    let blocks = u32::try_from(blocks.len()).expect("there are no more blocks than rows");
    let event_type = rows.event_type();
    let header = Header {
        event_type,
        rows: count,
        times,
        ids,
        time_unit,
        blocks,
        time_width,
        id_width: id_plan.width,
        id_packing: id_plan.packing,
        properties,
    };
    Ok(header.encode())
}

/// Writes the ids in the form that is shorter.
fn write_ids<R: SortedRows, E: From<Error>>(
    rows: &R,
    (time_least, time_unit): (TimeMs, u32),
    id_least: EventId,
    sink: &mut Sink<'_, E>,
) -> Result<IdPlan, E> {
    let entries = || {
        let times = rows.times().map(|time| offset_ms(time, time_least) / u64::from(time_unit));
        times.zip(rows.ids().map(|id| id - id_least))
    };
    let plan = IdPlan::new(entries, rows.len());
    column(COLUMN_ID, plan.width, entries().map(|(time, id)| plan.code(time, id)), sink)?;
    if plan.packing.knots > 0 {
        column(COLUMN_ID_KNOT, 8, plan.knots.iter().copied(), sink)?;
        let apart =
            || (0_u64..).zip(entries()).filter(|(_, (time, id))| plan.is_exception(*time, *id));
        column(COLUMN_ID_ROW, 4, apart().map(|(row, _)| row), sink)?;
        column(COLUMN_ID_APART, 8, apart().map(|(_, (_, id))| id), sink)?;
    }
    Ok(plan)
}

fn write_property<'r, R: SortedRows, E: From<Error>>(
    rows: &'r R,
    property: usize,
    sink: &mut Sink<'_, E>,
) -> Result<Property<'r>, E> {
    let place = u32::try_from(property).expect("a type has at most 1,000 keys");
    let columns = PropertyColumn(place);
    let values = rows.values(property);
    let value_count = u32::try_from(values.len()).expect("there are no more values than rows");
    let mut codes = rows.codes(property);
    let present = codes.iter().map(|code| u32::from(*code != 0)).sum::<u32>();
    let code_width = CodeWidth::of(value_count);
    let bits = u64::from(code_width.bits());
    let sparse = u64::from(present) * (32 + bits) < u64::from(rows.len()) * bits;

    let mut first_values = Vec::new();
    for (number, (first, payload)) in dictionary::encode(values.iter().copied()).iter().enumerate()
    {
        let chunk = u32::try_from(number).expect("a dictionary has few chunks");
        send(ChunkKey { column: columns.dictionary(), chunk }, payload, sink)?;
        first_values.push(*first);
    }
    if sparse {
        let rows = (0_u64..).zip(&codes).filter(|(_, code)| **code != 0).map(|(row, _)| row);
        column(columns.rows(), 4, rows, sink)?;
        codes.retain(|code| *code != 0);
    }
    for (chunk, codes) in (0..).zip(codes.chunks(CHUNK_ENTRIES)) {
        let key = ChunkKey { column: columns.codes(), chunk };
        send(key, &codes::planes(codes, code_width.bits()), sink)?;
    }
    let mut bloom_bytes = 0;
    if values.len() >= BLOOM_VALUES_MIN {
        let filter = bloom::build(values.iter().copied());
        bloom_bytes = u32::try_from(filter.len()).expect("a Bloom filter has at most 1 MiB");
        send(ChunkKey { column: columns.bloom(), chunk: 0 }, &filter, sink)?;
    }
    let key = rows.key(property);
    Ok(Property {
        key,
        sparse,
        code_width,
        present,
        values: value_count,
        bloom_bytes,
        first_values,
    })
}

/// Writes a column of fixed-width entries, chunk by chunk.
fn column<E>(
    column: u32,
    width: u8,
    entries: impl Iterator<Item = u64>,
    sink: &mut Sink<'_, E>,
) -> Result<(), E> {
    match width {
        1 => column_of::<1, E>(column, entries, sink),
        2 => column_of::<2, E>(column, entries, sink),
        4 => column_of::<4, E>(column, entries, sink),
        _ => column_of::<8, E>(column, entries, sink),
    }
}

/// The same for one width, which makes a store of each entry.
fn column_of<const WIDTH: usize, E>(
    column: u32,
    mut entries: impl Iterator<Item = u64>,
    sink: &mut Sink<'_, E>,
) -> Result<(), E> {
    let entries_max = entries.size_hint().1.unwrap_or(CHUNK_ENTRIES);
    let mut payload = vec![[0; WIDTH]; entries_max.min(CHUNK_ENTRIES)];
    for chunk in 0.. {
        let mut filled = 0;
        for (slot, entry) in payload.iter_mut().zip(entries.by_ref()) {
            slot.copy_from_slice(&entry.to_le_bytes()[..WIDTH]);
            filled += 1;
        }
        if filled > 0 {
            send(ChunkKey { column, chunk }, payload[..filled].as_flattened(), sink)?;
        }
        if filled < payload.len() || filled == 0 {
            break;
        }
    }
    Ok(())
}

fn send<E>(key: ChunkKey, payload: &[u8], sink: &mut Sink<'_, E>) -> Result<(), E> {
    sink(key, seal_chunk(key, payload))
}

fn check_order<R: SortedRows>(rows: &R) -> Result<(), Error> {
    let mut order = rows.users().zip(rows.times().zip(rows.ids()));
    let first = order.next();
    let mut last = first;
    let sorted = order.all(|row| last.replace(row) < Some(row));
    if first.is_none() || !sorted {
        return Err(Error::corrupt("part", "its rows are not in order of user, time and id"));
    }
    Ok(())
}

/// Entries of the block column: the block, and in the upper half its first row.
fn block_starts<R: SortedRows>(rows: &R) -> Vec<u64> {
    let mut starts = Vec::new();
    let mut last = None;
    for (row, user) in (0_u64..).zip(rows.users()) {
        let block = user >> BLOCK_SHIFT;
        if last != Some(block) {
            starts.push(row << 32 | u64::from(block));
            last = Some(block);
        }
    }
    starts
}

fn bounds<T: Ord + Copy>(mut values: impl Iterator<Item = T>) -> (T, T) {
    let first = values.next().expect("a part has at least one row");
    values.fold((first, first), |(least, greatest), value| (least.min(value), greatest.max(value)))
}

fn offset_ms(time: TimeMs, least: TimeMs) -> u64 {
    (time.ms() - least.ms()).unsigned_abs()
}

/// The greatest common divisor of the offsets, by which the time column becomes narrower; 1 where it
/// does not fit the header.
fn time_unit(mut offsets: impl Iterator<Item = u64>) -> u32 {
    let mut unit = 0;
    while unit != 1 {
        let Some(mut offset) = offsets.next() else { break };
        while offset != 0 {
            (unit, offset) = (offset, unit % offset);
        }
    }
    u32::try_from(unit).unwrap_or(1).max(1)
}
