//! Filters on a part: looked up once in its dictionaries, then tested by code.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::mask::Mask;
use super::{Filter, ScanStats};
use crate::Error;
use crate::part::{BitPlanes, CodeColumn, PartView};

/// Which rows of a part pass all filters.
pub(super) struct Selection<'a> {
    /// Columns with one code a row, each with the code it must have.
    dense: Vec<(BitPlanes<'a>, u32)>,
    /// Rows that pass the other filters, as a bitmap, when there are such filters.
    others: Option<Vec<u64>>,
}

impl<'a> Selection<'a> {
    /// Looks the filters up; none when no row of the part can pass.
    pub(super) fn open(
        part: &PartView<'a>,
        filters: &[Filter],
        stats: &mut ScanStats,
    ) -> Result<Option<Self>, Error> {
        let mut selection = Self { dense: Vec::new(), others: None };
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
            let mut codes = columns.codes.reader();
            match (columns.rows, &columns.codes) {
                (None, CodeColumn::Planes(planes)) => selection.dense.push((planes.clone(), code)),
                (None, CodeColumn::Bytes(_)) => {
                    let hits = (0..part.rows()).filter(|row| codes.get(*row) == code);
                    selection.keep(part.rows(), hits.map(u64::from));
                }
                (Some((rows, present)), _) => {
                    let hits = (0..present).filter(|at| codes.get(*at) == code);
                    selection.keep(part.rows(), hits.map(|at| rows.get(at)));
                }
            }
        }
        Ok(Some(selection))
    }

    /// Whether there is no filter at all.
    pub(super) const fn keeps_all(&self) -> bool {
        self.dense.is_empty() && self.others.is_none()
    }

    /// Of these rows, those that pass.
    pub(super) fn select(&self, rows: &Range<u32>, mask: &mut Mask) {
        mask.fill(rows.len());
        for (planes, code) in &self.dense {
            mask.keep_words(rows.start, |group| planes.equal(group, *code));
        }
        if let Some(others) = &self.others {
            mask.keep_words(rows.start, |word| others.get(word as usize).copied().unwrap_or(0));
        }
    }

    /// Narrows the bitmap to these rows.
    fn keep(&mut self, part_rows: u32, rows: impl Iterator<Item = u64>) {
        let mut bitmap = vec![0_u64; (part_rows as usize).div_ceil(64)];
        for row in rows.filter(|row| *row < u64::from(part_rows)) {
            bitmap[row as usize / 64] |= 1 << (row % 64);
        }
        if let Some(before) = &self.others {
            bitmap.iter_mut().zip(before).for_each(|(word, before)| *word &= before);
        }
        self.others = Some(bitmap);
    }
}
