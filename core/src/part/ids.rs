//! The ids of a part's events: as they are, or packed by what their times tell of them.
//!
//! Events are numbered in order of receipt, and most are received soon after they happened, so that an id
//! is near the place of its time among all times. Packed, a line of knots over time foretells each id, the
//! column holds what is left to it, and the few events that came late are listed apart.

use alloc::vec;
use alloc::vec::Vec;

use super::column::{Column, partition_point};
use super::layout::width_of;
use crate::EventId;

/// Rows below which packing is not worth its knots.
const PACKED_ROWS_MIN: u32 = 512;
/// Rows for which there is a knot, about.
const KNOT_ROWS: u64 = 128;
/// Bytes of an id that is listed apart, with its row.
const EXCEPTION_BYTES: u64 = 12;

/// How ids are packed, as the header says it; all zeros when they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Packing {
    /// Two to the power of this is the distance of two knots, in entries of the time column.
    pub shift: u8,
    /// How many knots there are; at least two.
    pub knots: u32,
    /// Ids that are listed apart.
    pub exceptions: u32,
}

impl Packing {
    /// Whether a part of so many rows can be packed so.
    pub(super) fn is_sound(self, rows: u32, width: u8) -> bool {
        self == Self::default()
            || (self.knots >= 2 && self.shift < 64 && self.exceptions <= rows && width <= 4)
    }
}

/// The id column of a part.
#[derive(Clone)]
pub(crate) struct IdColumn<'a> {
    pub(super) codes: Column<'a>,
    pub(super) least: EventId,
    pub(super) packed: Option<Packed<'a>>,
}

/// What packed ids are read by.
#[derive(Clone)]
pub(super) struct Packed<'a> {
    pub packing: Packing,
    pub knots: Column<'a>,
    pub exception_rows: Column<'a>,
    pub exceptions: Column<'a>,
}

impl IdColumn<'_> {
    /// The id of a row, with its entry of the time column.
    pub(crate) fn get(&self, row: u32, time: u64) -> EventId {
        let code = self.codes.get(row);
        let Some(packed) = &self.packed else { return self.least.wrapping_add(code) };
        let offset = match code {
            code if code == exception(self.codes.width()) => packed.exception(row).unwrap_or(code),
            code => packed.foretold(time).wrapping_add(code).wrapping_sub(half(self.codes.width())),
        };
        self.least.wrapping_add(offset)
    }

    /// The row of an event, by its id; `times` is the time column, of so many rows.
    pub(super) fn find(&self, id: EventId, times: &Column<'_>, rows: u32) -> Option<u32> {
        let Some(packed) = &self.packed else {
            let code = id.checked_sub(self.least)?;
            return (0..rows).find(|row| self.codes.get(*row) == code);
        };
        let offset = id.checked_sub(self.least)?;
        if let Some(place) =
            (0..packed.packing.exceptions).find(|place| packed.exceptions.get(*place) == offset)
        {
            return Some(packed.exception_rows.get(place) as u32);
        }
        let times_of_id = packed.times_near(offset, half(self.codes.width()))?;
        (0..rows).find(|row| {
            let time = times.get(*row);
            times_of_id.contains(&time) && self.get(*row, time) == id
        })
    }

    /// Whether the rows of ids that are listed apart are in order.
    pub(super) fn is_sound(&self, rows: u32) -> bool {
        self.packed.as_ref().is_none_or(|packed| {
            let count = packed.packing.exceptions;
            let row = |place| packed.exception_rows.get(place);
            (1..count).all(|place| row(place - 1) < row(place))
                && (count == 0 || row(count - 1) < u64::from(rows))
        })
    }
}

impl Packed<'_> {
    fn foretold(&self, time: u64) -> u64 {
        let segment = (time >> self.packing.shift).min(u64::from(self.packing.knots) - 2) as u32;
        foretold(self.knots.get(segment), self.knots.get(segment + 1), time, self.packing.shift)
    }

    fn exception(&self, row: u32) -> Option<u64> {
        let count = self.packing.exceptions;
        let place =
            partition_point(0..count, |place| self.exception_rows.get(place) < u64::from(row));
        let found = place < count && self.exception_rows.get(place) == u64::from(row);
        found.then(|| self.exceptions.get(place))
    }

    /// The times of all events whose ids are foretold within `reach` of this one.
    fn times_near(&self, offset: u64, reach: u64) -> Option<core::ops::RangeInclusive<u64>> {
        let (low, high) = (offset.saturating_sub(reach), offset.saturating_add(reach));
        let is_near = |segment: &u32| {
            let ends = (self.knots.get(*segment), self.knots.get(segment + 1));
            ends.0.min(ends.1) <= high && ends.0.max(ends.1) >= low
        };
        let segments = 0..self.packing.knots - 1;
        let first = segments.clone().find(is_near)?;
        let last = segments.rev().find(is_near)?;
        let shift = self.packing.shift;
        Some(u64::from(first) << shift..=((u64::from(last) + 1) << shift) - 1)
    }
}

/// How the ids of a part are to be written.
pub(super) struct IdPlan {
    pub width: u8,
    pub packing: Packing,
    pub knots: Vec<u64>,
}

impl IdPlan {
    /// Chooses the shorter form. `rows` gives, as often as it is called, the time entry and the id offset of
    /// every row.
    pub(super) fn new<I: Iterator<Item = (u64, u64)>>(rows: impl Fn() -> I, count: u32) -> Self {
        let greatest = rows().map(|(_, id)| id).max().unwrap_or(0);
        let plain =
            Self { width: width_of(greatest), packing: Packing::default(), knots: Vec::new() };
        if count < PACKED_ROWS_MIN {
            return plain;
        }
        let (shift, knots) = knots(&rows, u64::from(count), greatest);
        // By width in bytes, the ids that do not fit it.
        let mut misfits = [(1, 0_u64), (2, 0), (4, 0)];
        for (time, id) in rows() {
            let code = |width| code(&knots, shift, time, id, width);
            misfits
                .iter_mut()
                .for_each(|(width, count)| *count += u64::from(code(*width).is_none()));
        }
        let bytes =
            |width: u8, misfits| u64::from(count) * u64::from(width) + misfits * EXCEPTION_BYTES;
        let best = misfits.into_iter().min_by_key(|(width, misfits)| bytes(*width, *misfits));
        match best {
            Some((width, misfits))
                if bytes(width, misfits) + 8 * (knots.len() as u64) < bytes(plain.width, 0) =>
            {
                let fits = "there are no more than rows";
                let exceptions = u32::try_from(misfits).expect(fits);
                let packing =
                    Packing { shift, knots: u32::try_from(knots.len()).expect(fits), exceptions };
                Self { width, packing, knots }
            }
            _ => plain,
        }
    }

    /// What the column holds for a row.
    pub(super) fn code(&self, time: u64, id: u64) -> u64 {
        if self.packing.knots == 0 {
            return id;
        }
        let code = code(&self.knots, self.packing.shift, time, id, self.width);
        code.unwrap_or(exception(self.width))
    }

    /// Whether the id of a row is listed apart.
    pub(super) fn is_exception(&self, time: u64, id: u64) -> bool {
        self.packing.knots > 0 && self.code(time, id) == exception(self.width)
    }
}

/// The least id from each knot to the next, and at the end the greatest of all; without an event in between, that of the
/// next knot. Events that came late have greater ids than their neighbours and bend no knot.
fn knots<I: Iterator<Item = (u64, u64)>>(
    rows: &impl Fn() -> I,
    count: u64,
    greatest: u64,
) -> (u8, Vec<u64>) {
    let last_time = rows().map(|(time, _)| time).max().unwrap_or(0);
    let mut shift = 0;
    while last_time >> shift > count / KNOT_ROWS {
        shift += 1;
    }
    let mut knots = vec![u64::MAX; (last_time >> shift) as usize + 2];
    for (time, id) in rows() {
        let knot = &mut knots[(time >> shift) as usize];
        *knot = id.min(*knot);
    }
    let mut next = greatest;
    for knot in knots.iter_mut().rev() {
        if *knot == u64::MAX {
            *knot = next;
        }
        next = *knot;
    }
    (shift, knots)
}

fn code(knots: &[u64], shift: u8, time: u64, id: u64, width: u8) -> Option<u64> {
    let segment = (time >> shift) as usize;
    let foretold = foretold(knots[segment], knots[segment + 1], time, shift);
    let code = id.wrapping_sub(foretold).wrapping_add(half(width));
    (code < exception(width)).then_some(code)
}

/// The id at a time between two knots.
fn foretold(from: u64, to: u64, time: u64, shift: u8) -> u64 {
    let part = time & ((1 << shift) - 1);
    let step = ((i128::from(to) - i128::from(from)) * i128::from(part)) >> shift;
    from.wrapping_add(step as u64)
}

/// The code of an id that is as foretold.
const fn half(width: u8) -> u64 {
    1 << (8 * width as u32 - 1)
}

/// The code of an id that is listed apart.
const fn exception(width: u8) -> u64 {
    u64::MAX >> (64 - 8 * width as u32)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use crate::TimeMs;
    use crate::part::{EncodedPart, OrderReader, PartBuilder, PartView, merge};

    /// A part of these events: each the user, how long after the one before, how late it came.
    fn part(events: &[(u32, i64, u64)], unit: i64) -> (Vec<(u32, i64, u64)>, EncodedPart) {
        let mut time = 1_700_000_000_000 / unit * unit;
        let mut received: Vec<(u64, u32, i64)> = Vec::new();
        for (at, (user, gap, late)) in (0..).zip(events) {
            time += gap * unit;
            received.push((at + late, *user, time));
        }
        received.sort_unstable();
        let mut builder = PartBuilder::new(0);
        let mut rows = Vec::new();
        for (id, (_, user, time)) in (0..).zip(received) {
            // Events of other types lie in between.
            let id = 1_000_000 + id * 5 + id % 3;
            builder.push(user, TimeMs::new(time).unwrap(), id, core::iter::empty());
            rows.push((user, time, id));
        }
        rows.sort_unstable();
        (rows, builder.finish())
    }

    fn check(rows: &[(u32, i64, u64)], part: &PartView<'_>) {
        part.verify().unwrap();
        let order = OrderReader::open(part).unwrap();
        for (at, (user, time, id)) in (0..).zip(rows) {
            assert_eq!(order.get(at).unwrap(), (*user, TimeMs::new(*time).unwrap(), *id));
        }
        for at in (0..rows.len()).step_by(37) {
            assert_eq!(order.row_of(rows[at].2), Some(at as u32));
        }
        assert_eq!((order.row_of(999_999), order.row_of(1_000_004)), (None, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn ids_are_read_as_they_were_written(
            events in list((0..20_000_u32, 0..50_i64, prop_oneof![20 => Just(0), 1 => 0..3_000_u64]), 1..2_500),
            unit in prop_oneof![Just(1), Just(1_000), Just(86_400_000)],
        ) {
            let (rows, encoded) = part(&events, unit);
            check(&rows, &encoded.view().unwrap());
            let view = || encoded.view().unwrap();
            let merged = EncodedPart::collect(|sink| merge(&[view()], sink)).unwrap();
            check(&rows, &merged.view().unwrap());
        }
    }

    #[test]
    fn ids_in_order_of_time_take_a_byte_though_some_come_late() {
        let events: Vec<_> = (0..100_000_u32)
            .map(|n| {
                (n.wrapping_mul(7_919) % 30_000, i64::from(n % 7), u64::from(n % 50 == 0) * 40_000)
            })
            .collect();
        let (rows, encoded) = part(&events, 1);
        let view = encoded.view().unwrap();
        check(&rows, &view);
        let of_ids = encoded.chunks.iter().filter(|(key, _)| [2, 4, 5, 6].contains(&key.column));
        let bytes: usize = of_ids.map(|(_, bytes)| bytes.len()).sum();
        assert!(bytes < 135_000, "{bytes} bytes");
    }
}
