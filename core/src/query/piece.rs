//! The loops over rows.

use core::ops::Range;

use super::mask::Mask;
use super::members::Members;
use super::processor::fetch;
use super::source::{Clock, OpenPart, Place, Times, Visit, low_of};
use crate::part::pieces;

/// Rows that are looked at one by one before the next look for a user of many rows.
const STRIP_ROWS: usize = 64;
/// So far ahead of a row that is read because a mask has it, others are fetched.
const ROWS_AHEAD: usize = 512;

impl OpenPart<'_> {
    /// Visits the events of rows of one block, the first of which stands at place `first`; when `only` names some users,
    /// theirs.
    pub(super) fn visit<V: Visit>(
        &self,
        rows: Range<u32>,
        first: Place,
        only: Option<&Members>,
        mask: &mut Mask,
        visit: &mut V,
    ) {
        for piece in pieces(rows.clone()) {
            let first = first + (piece.start - rows.start);
            match self.times.width() {
                1 => self.visit_piece::<1, V>(&piece, first, only, mask, visit),
                2 => self.visit_piece::<2, V>(&piece, first, only, mask, visit),
                4 => self.visit_piece::<4, V>(&piece, first, only, mask, visit),
                _ => self.visit_piece::<8, V>(&piece, first, only, mask, visit),
            }
        }
    }

    fn visit_piece<const W: usize, V: Visit>(
        &self,
        rows: &Range<u32>,
        first: Place,
        only: Option<&Members>,
        mask: &mut Mask,
        visit: &mut V,
    ) {
        let piece = Piece::<W, V::Clock>::new(self, rows, first, visit.clock());
        let only = only.or(visit.only());
        if only.is_none() && self.selection.keeps_all() {
            return piece.visit_all(visit);
        }
        self.selection.select(rows, mask);
        if let Some(only) = only {
            only.keep_theirs(piece.users, mask);
        }
        piece.visit_masked(mask, visit);
    }

    /// Visits rows of one user, which lie within one chunk, as events of the user at place `low` of a block; the first
    /// stands at place `first`.
    pub(super) fn visit_as<V: Visit>(
        &self,
        low: usize,
        rows: &Range<u32>,
        first: Place,
        visit: &mut V,
    ) {
        let clock = visit.clock();
        match self.times.width() {
            1 => visit.run(low, &Piece::<1, _>::new(self, rows, first, clock).times, first),
            2 => visit.run(low, &Piece::<2, _>::new(self, rows, first, clock).times, first),
            4 => visit.run(low, &Piece::<4, _>::new(self, rows, first, clock).times, first),
            _ => visit.run(low, &Piece::<8, _>::new(self, rows, first, clock).times, first),
        }
    }
}

/// Rows of one part that lie within one chunk.
struct Piece<'p, const W: usize, C> {
    users: &'p [[u8; 2]],
    times: PieceTimes<'p, W, C>,
    first: Place,
}

#[derive(Clone, Copy)]
struct PieceTimes<'p, const W: usize, C> {
    entries: &'p [[u8; W]],
    unit: i64,
    clock: C,
}

impl<'p, const W: usize, C: Clock> Piece<'p, W, C> {
    fn new(part: &OpenPart<'p>, rows: &Range<u32>, first: Place, clock: C) -> Self {
        let users = part.user_bytes(rows);
        let entries = part.times.bytes(rows).as_chunks().0;
        let clock = clock.starting_at(part.times_ms.0);
        Self { users, times: PieceTimes { entries, unit: part.time_unit, clock }, first }
    }

    fn place(&self, at: usize) -> Place {
        self.first + at as Place
    }

    /// Kept apart from the loop over masked rows, so that each has the processor's registers to itself.
    #[inline(never)]
    fn visit_all<V: Visit<Clock = C>>(&self, visit: &mut V) {
        let mut from = 0;
        while let Some(user) = self.users.get(from) {
            let to = (from + STRIP_ROWS).min(self.users.len());
            if to - from == STRIP_ROWS && self.users[to - 1] == *user {
                from = self.visit_run(from, visit);
                continue;
            }
            let times = self.times;
            let strip = self.users[from..to].iter().zip(&times.entries[from..to]);
            for ((user, time), place) in strip.zip(self.place(from)..) {
                visit.event(low_of(*user), times.at(*time), place);
            }
            from = to;
        }
    }

    #[inline(never)]
    fn visit_masked<V: Visit<Clock = C>>(&self, mask: &Mask, visit: &mut V) {
        let (users, times) = (self.users.as_ptr(), self.times.entries.as_ptr());
        mask.each(|at| {
            fetch(users.wrapping_add(at + ROWS_AHEAD));
            fetch(times.wrapping_add(at + ROWS_AHEAD));
            visit.event(low_of(self.users[at]), self.times.get(at), self.place(at));
        });
    }

    /// Visits all rows of the user at `from`, and gives the row after them.
    #[inline(never)]
    fn visit_run<V: Visit<Clock = C>>(&self, from: usize, visit: &mut V) -> usize {
        let low = low_of(self.users[from]);
        let count = self.users[from..].partition_point(|user| low_of(*user) <= low).max(1);
        let times = PieceTimes { entries: &self.times.entries[from..from + count], ..self.times };
        visit.run(low, &times, self.place(from));
        from + count
    }
}

impl<const W: usize, C: Clock> PieceTimes<'_, W, C> {
    #[inline(always)]
    fn at(&self, entry: [u8; W]) -> C::Time {
        let mut wide = [0; 8];
        wide[..W].copy_from_slice(&entry);
        self.clock.read((u64::from_le_bytes(wide) as i64).wrapping_mul(self.unit))
    }
}

impl<const W: usize, C: Clock> Times for PieceTimes<'_, W, C> {
    type Time = C::Time;

    fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline(always)]
    fn get(&self, at: usize) -> C::Time {
        self.at(self.entries[at])
    }
}
