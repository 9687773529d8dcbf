//! Filters on a part: looked up once in its dictionaries, then tested by code.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::{Filter, ScanStats};
use crate::Error;
use crate::part::{Column, PartView, u16_at, u32_at};

/// Which rows of a part pass all filters.
pub(super) struct Selection<'a> {
    /// Columns with one code a row, each with the code it must have.
    dense: Vec<(Column<'a>, u32)>,
    /// Rows that pass the filters on sparse properties, as a bitmap, when there are such filters.
    sparse: Option<Vec<u64>>,
}

impl<'a> Selection<'a> {
    /// Looks the filters up; none when no row of the part can pass.
    pub(super) fn open(
        part: &PartView<'a>,
        filters: &[Filter],
        stats: &mut ScanStats,
    ) -> Result<Option<Self>, Error> {
        let mut selection = Self { dense: Vec::new(), sparse: None };
        for filter in filters {
            stats.filter_checks += 1;
            let Some(property) = part.property(&filter.key) else { return Ok(None) };
            if !part.may_contain(property, &filter.value)? {
                stats.bloom_rejections += 1;
                return Ok(None);
            }
            let Some(value) = part.dictionary(property)?.find(&filter.value)? else {
                return Ok(None);
            };
            let columns = part.codes(property)?;
            let code = value + 1;
            match columns.rows {
                None => selection.dense.push((columns.codes, code)),
                Some((rows, present)) => {
                    let hits = (0..present).filter(|at| columns.codes.get(*at) == u64::from(code));
                    selection.keep(part.rows(), hits.map(|at| rows.get(at)));
                }
            }
        }
        Ok(Some(selection))
    }

    /// Whether there is no filter at all.
    pub(super) const fn keeps_all(&self) -> bool {
        self.dense.is_empty() && self.sparse.is_none()
    }

    /// The places within `rows`, which lie in one chunk, of the rows that pass.
    pub(super) fn select(&self, rows: &Range<u32>, selected: &mut Vec<u32>) {
        let mut dense = self.dense.iter();
        selected.clear();
        selected.resize(rows.len(), 0);
        let mut kept = match dense.next() {
            Some((column, code)) => first_by_code(column, *code, rows, selected),
            None => {
                (0..).zip(selected.iter_mut()).for_each(|(at, slot)| *slot = at);
                rows.len()
            }
        };
        for (column, code) in dense {
            let codes = column.bytes(rows);
            kept = retain(&mut selected[..kept], |at| code_at(codes, column.width(), at) == *code);
        }
        if let Some(sparse) = &self.sparse {
            kept = retain(&mut selected[..kept], |at| {
                let row = rows.start as usize + at;
                sparse[row / 64] >> (row % 64) & 1 == 1
            });
        }
        selected.truncate(kept);
    }

    /// Narrows the bitmap to these rows.
    fn keep(&mut self, part_rows: u32, rows: impl Iterator<Item = u64>) {
        let mut bitmap = vec![0_u64; (part_rows as usize).div_ceil(64)];
        for row in rows.filter(|row| *row < u64::from(part_rows)) {
            bitmap[row as usize / 64] |= 1 << (row % 64);
        }
        if let Some(before) = &self.sparse {
            bitmap.iter_mut().zip(before).for_each(|(word, before)| *word &= before);
        }
        self.sparse = Some(bitmap);
    }
}

/// Selects by one column; the loop has no branch that depends on the data.
fn first_by_code(column: &Column<'_>, code: u32, rows: &Range<u32>, selected: &mut [u32]) -> usize {
    fn collect(hits: impl Iterator<Item = bool>, selected: &mut [u32]) -> usize {
        let mut kept = 0;
        for (at, hit) in (0..).zip(hits) {
            selected[kept] = at;
            kept += usize::from(hit);
        }
        kept
    }
    let codes = column.bytes(rows);
    match column.width() {
        1 => collect(codes.iter().map(|c| u32::from(*c) == code), selected),
        2 => collect(codes.chunks_exact(2).map(|c| u32::from(u16_at(c, 0)) == code), selected),
        _ => collect(codes.chunks_exact(4).map(|c| u32_at(c, 0) == code), selected),
    }
}

fn retain(selected: &mut [u32], keep: impl Fn(usize) -> bool) -> usize {
    let mut kept = 0;
    for at in 0..selected.len() {
        let place = selected[at];
        selected[kept] = place;
        kept += usize::from(keep(place as usize));
    }
    kept
}

fn code_at(codes: &[u8], width: u8, at: usize) -> u32 {
    match width {
        1 => u32::from(codes[at]),
        2 => u32::from(u16_at(codes, at * 2)),
        _ => u32_at(codes, at * 4),
    }
}
