//! Filters on a part: evaluated once per distinct value of its dictionaries, then tested by code.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::ScanStats;
use super::mask::Mask;
use super::plan::{Filter, Test, TextOp};
use crate::Error;
use crate::part::{BitPlanes, CodeColumn, Codes, PartView};

/// Up to so many codes are compared one by one; more are looked up.
const COMPARED_MAX: usize = 8;

/// Which rows of a part pass all filters.
#[derive(Default)]
pub(super) struct Selection<'a> {
    /// Columns with one code a row, each with the codes it may have.
    dense: Vec<(BitPlanes<'a>, Wanted)>,
    /// Rows that pass the other filters, as a bitmap, when there are such filters.
    others: Option<Vec<u64>>,
}

/// Some codes; 0 stands for no value.
enum Wanted {
    One(u32),
    Few { codes: Vec<u32>, negated: bool },
    Table(Vec<bool>),
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
            let Some(property) = part.property(&filter.key) else {
                if filter.test.holds(None) {
                    continue;
                }
                return Ok(None);
            };
            if !may_hold(part, property, &filter.test)? {
                stats.bloom_rejections += 1;
                return Ok(None);
            }
            let hits = hits(part, property, &filter.test)?;
            if !hits.contains(&true) {
                return Ok(None);
            }
            if !hits.contains(&false) {
                continue;
            }
            selection.add(part.rows(), part.codes(property)?, hits);
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
        for (planes, wanted) in &self.dense {
            match wanted {
                Wanted::One(code) => {
                    mask.keep_words(rows.start, |group| planes.equal(group, *code))
                }
                Wanted::Few { codes, negated } => mask.keep_words(rows.start, |group| {
                    let any = codes.iter().fold(0, |any, code| any | planes.equal(group, *code));
                    any ^ u64::from(*negated).wrapping_neg()
                }),
                Wanted::Table(hits) => {
                    mask.keep_words(rows.start, |group| planes.found_in(group, hits));
                }
            }
        }
        if let Some(others) = &self.others {
            mask.keep_words(rows.start, |word| others.get(word as usize).copied().unwrap_or(0));
        }
    }

    /// Whether a row passes.
    pub(super) fn holds(&self, row: u32) -> bool {
        let dense = self.dense.iter().all(|(planes, wanted)| {
            let code = planes.get(row);
            match wanted {
                Wanted::One(wanted) => code == *wanted,
                Wanted::Few { codes, negated } => codes.contains(&code) != *negated,
                Wanted::Table(hits) => hits.get(code as usize).copied().unwrap_or(false),
            }
        });
        let bit = |words: &Vec<u64>| words[row as usize / 64] >> (row % 64) & 1 == 1;
        dense && self.others.as_ref().is_none_or(bit)
    }

    /// Narrows the rows to those whose code is a hit.
    fn add(&mut self, part_rows: u32, codes: Codes<'a>, hits: Vec<bool>) {
        let is_hit = |code: u32| hits.get(code as usize).copied().unwrap_or(false);
        let mut reader = codes.codes.reader();
        match (&codes.rows, &codes.codes) {
            (None, CodeColumn::Planes(planes)) => {
                self.dense.push((planes.clone(), Wanted::of(hits)))
            }
            (None, CodeColumn::Bytes(_)) => {
                let mut bitmap = bitmap(part_rows);
                set(
                    &mut bitmap,
                    (0..part_rows).filter(|row| is_hit(reader.get(*row))).map(u64::from),
                );
                self.keep(bitmap);
            }
            (Some((rows, present)), _) => {
                // Rows that the column does not name have no value.
                let mut bitmap = bitmap(part_rows);
                let hits = (0..*present).filter(|at| is_hit(reader.get(*at)) != is_hit(0));
                set(
                    &mut bitmap,
                    hits.map(|at| rows.get(at)).filter(|row| *row < u64::from(part_rows)),
                );
                if is_hit(0) {
                    bitmap.iter_mut().for_each(|word| *word = !*word);
                }
                self.keep(bitmap);
            }
        }
    }

    fn keep(&mut self, bitmap: Vec<u64>) {
        match &mut self.others {
            Some(others) => others.iter_mut().zip(&bitmap).for_each(|(word, kept)| *word &= kept),
            None => self.others = Some(bitmap),
        }
    }
}

impl Wanted {
    fn of(hits: Vec<bool>) -> Self {
        let count = hits.iter().filter(|hit| **hit).count();
        let negated = count > hits.len() / 2;
        let few = if negated { hits.len() - count } else { count };
        if few > COMPARED_MAX {
            return Self::Table(hits);
        }
        let codes = (0_u32..).zip(&hits).filter(|(_, hit)| **hit != negated).map(|(code, _)| code);
        let codes: Vec<u32> = codes.collect();
        match codes[..] {
            [code] if !negated => Self::One(code),
            _ => Self::Few { codes, negated },
        }
    }
}

/// Whether the Bloom filter lets one of the values pass that the property must have.
fn may_hold(part: &PartView<'_>, property: usize, test: &Test) -> Result<bool, Error> {
    let Test::Text { op: TextOp::Is, values, negated: false } = test else { return Ok(true) };
    for value in values {
        if part.may_contain(property, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// By code, whether the test holds of the value that it stands for.
fn hits(part: &PartView<'_>, property: usize, test: &Test) -> Result<Vec<bool>, Error> {
    let dictionary = part.dictionary(property)?;
    let mut hits = vec![false; dictionary.len() as usize + 1];
    if let Test::Text { op: TextOp::Is, values, negated } = test {
        hits.fill(*negated);
        for value in values {
            if let Some(number) = dictionary.find(value)? {
                hits[number as usize + 1] = !negated;
            }
        }
        return Ok(hits);
    }
    hits[0] = test.holds(None);
    for (number, hit) in (0..).zip(&mut hits[1..]) {
        *hit = test.holds(Some(dictionary.get(number)?));
    }
    Ok(hits)
}

fn bitmap(rows: u32) -> Vec<u64> {
    vec![0; (rows as usize).div_ceil(64)]
}

fn set(bitmap: &mut [u64], rows: impl Iterator<Item = u64>) {
    rows.for_each(|row| bitmap[row as usize / 64] |= 1 << (row % 64));
}
