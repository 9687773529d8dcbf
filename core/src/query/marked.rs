//! Events of which one of several lists of filters holds, each with those that do.

use alloc::vec::Vec;
use core::ops::Range;

use super::mask::Mask;
use super::members::Members;
use super::select::Selection;
use super::source::{Milliseconds, OpenPart, Place, Source, Visit, low_of};
use crate::UserId;
use crate::part::{BLOCK_USERS, pieces};

/// Bitmaps of the rows of a piece.
#[derive(Debug, Default)]
pub(super) struct Masks {
    /// Rows that are visited.
    pub(super) any: Mask,
    /// By list of filters, the rows of which it holds.
    of_sets: Vec<Mask>,
}

/// Which of several lists of filters hold of a part's rows.
#[derive(Default)]
pub(super) struct Marks<'a> {
    /// By list; none when it holds of no row.
    sets: Vec<Option<Selection<'a>>>,
    /// Whether rows of which none holds are visited, too.
    all: bool,
}

impl<'a> Marks<'a> {
    pub(super) const fn new(sets: Vec<Option<Selection<'a>>>, all: bool) -> Self {
        Self { sets, all }
    }

    /// Whether no row is visited.
    pub(super) fn is_empty(&self) -> bool {
        !self.all && self.sets.iter().all(Option::is_none)
    }

    /// Fills the bitmaps of the rows of a piece.
    fn select(&self, rows: &Range<u32>, masks: &mut Masks) {
        masks.of_sets.resize_with(self.sets.len(), Mask::default);
        for (set, mask) in self.sets.iter().zip(&mut masks.of_sets) {
            match set {
                Some(selection) => selection.select(rows, mask),
                None => mask.clear(rows.len()),
            }
        }
        if self.all {
            masks.any.fill(rows.len());
        } else {
            masks.any.clear(rows.len());
            masks.of_sets.iter().for_each(|mask| masks.any.add(mask));
        }
    }
}

impl Source<'_> {
    /// Visits the events of a range of users, which lie in one block, each with its place in the block, time in ms
    /// and marks; when `only` names some, of them.
    pub(super) fn visit_marked(
        &self,
        users: &Range<UserId>,
        only: Option<&Members>,
        masks: &mut Masks,
        mut visit: impl FnMut(usize, i64, Place, u64),
    ) {
        let block = users.start / BLOCK_USERS;
        let mut before = 0;
        for part in self.parts() {
            let block_rows = part.blocks.rows(block);
            for rows in pieces(part.rows_of(users, block_rows.clone())) {
                let first = before + (rows.start - block_rows.start);
                part.visit_marked(&rows, first, only, masks, &mut visit);
            }
            before += block_rows.len() as Place;
        }
    }
}

impl OpenPart<'_> {
    /// The marks of a row; none when it is not visited.
    pub(super) fn marks_of(&self, row: u32) -> Option<u64> {
        let sets = self.marks.sets.iter().zip(0..);
        let marks = sets.fold(0, |marks, (set, number)| {
            let holds = set.as_ref().is_some_and(|selection| selection.holds(row));
            marks | u64::from(holds) << number
        });
        (marks != 0 || self.marks.all).then_some(marks)
    }
}

/// Visits events whose marks are looked up.
pub(super) struct Remarked<'v, M, V> {
    pub(super) marks: M,
    pub(super) visit: &'v mut V,
}

impl<M: Fn(Place) -> Option<u64>, V: FnMut(usize, i64, Place, u64)> Visit for Remarked<'_, M, V> {
    type Clock = Milliseconds;

    fn clock(&self) -> Milliseconds {
        Milliseconds::default()
    }

    fn event(&mut self, low: usize, time_ms: i64, place: Place) {
        if let Some(marks) = (self.marks)(place) {
            (self.visit)(low, time_ms, place, marks);
        }
    }
}

impl OpenPart<'_> {
    fn visit_marked(
        &self,
        rows: &Range<u32>,
        first: Place,
        only: Option<&Members>,
        masks: &mut Masks,
        visit: &mut impl FnMut(usize, i64, Place, u64),
    ) {
        self.marks.select(rows, masks);
        let users = self.user_bytes(rows);
        if let Some(only) = only {
            only.keep_theirs(users, &mut masks.any);
        }
        masks.any.each(|at| {
            let marks = masks.of_sets.iter().zip(0..);
            let marks = marks.fold(0, |marks, (mask, number)| marks | mask.bit(at) << number);
            let row = rows.start + at as u32;
            visit(low_of(users[at]), self.time_ms(row), first + at as Place, marks);
        });
    }
}
