//! The events of one step: parts opened for a scan, visited block of users by block of users.

use alloc::vec::Vec;
use core::ops::Range;

use super::select::Selection;
use super::{ScanStats, Step};
use crate::part::{BLOCK_USERS, Blocks, Column, PartView, pieces, u16_at, u32_at, u64_at};
use crate::persons::{CanonicalTable, Persons};
use crate::{Error, EventId, UserId};

/// What a scan does with an event that passes the filters.
pub(super) trait Visit {
    /// `low` is the user's place in the block; `id` reads the event's id when it is needed.
    fn event(&mut self, low: usize, time_ms: i64, id: impl FnOnce() -> EventId);
}

/// The events of one step, opened.
pub(super) struct Source<'a> {
    parts: Vec<OpenPart<'a>>,
    /// Events of merged users, under their canonical user, in order of it.
    routed: Vec<Routed>,
}

struct OpenPart<'a> {
    blocks: Blocks<'a>,
    users: Column<'a>,
    times: Column<'a>,
    time_unit: i64,
    time_least: i64,
    ids: Column<'a>,
    id_least: EventId,
    selection: Selection<'a>,
}

#[derive(Clone, Copy)]
struct Routed {
    user: UserId,
    time_ms: i64,
    id: EventId,
}

impl<'a> Source<'a> {
    /// Opens the parts that overlap the times (from, before) and may hold events that pass the step's
    /// filters.
    pub(super) fn open(
        parts: &[PartView<'a>],
        step: &Step,
        (from, before): (i64, i64),
        persons: &Persons<'_>,
        stats: &mut ScanStats,
    ) -> Result<Self, Error> {
        let mut opened = Vec::new();
        for part in parts {
            let (least, greatest) = part.times();
            if greatest.ms() < from || least.ms() >= before {
                continue;
            }
            let Some(selection) = Selection::open(part, &step.filters, stats)? else { continue };
            stats.events += u64::from(part.rows());
            opened.push(OpenPart {
                blocks: part.blocks()?,
                users: part.user_column()?,
                times: part.time_column()?,
                time_unit: i64::from(part.time_unit()),
                time_least: least.ms(),
                ids: part.id_column()?,
                id_least: part.ids().0,
                selection,
            });
        }
        let routed = if persons.any_merged() { route(&opened, persons) } else { Vec::new() };
        Ok(Self { parts: opened, routed })
    }

    /// One more than the last block that has events.
    pub(super) fn blocks_end(&self) -> u32 {
        let parts = self.parts.iter().map(|part| part.blocks.last() + 1);
        let routed = self.routed.last().map(|event| event.user / BLOCK_USERS + 1);
        parts.chain(routed).max().unwrap_or(0)
    }

    /// Visits the events of a block's users, those of merged users under their canonical one too.
    pub(super) fn visit(&self, block: u32, selected: &mut Vec<u32>, visit: &mut impl Visit) {
        for part in &self.parts {
            part.visit(part.blocks.rows(block), selected, visit);
        }
        let first = self.routed.partition_point(|event| event.user / BLOCK_USERS < block);
        for event in &self.routed[first..] {
            if event.user / BLOCK_USERS != block {
                break;
            }
            visit.event((event.user % BLOCK_USERS) as usize, event.time_ms, || event.id);
        }
    }
}

impl OpenPart<'_> {
    fn visit(&self, rows: Range<u32>, selected: &mut Vec<u32>, visit: &mut impl Visit) {
        for rows in pieces(rows) {
            match self.times.width() {
                1 => self.visit_piece(&rows, selected, visit, |times, at| i64::from(times[at])),
                2 => self.visit_piece(&rows, selected, visit, |times, at| {
                    i64::from(u16_at(times, at * 2))
                }),
                4 => self.visit_piece(&rows, selected, visit, |times, at| {
                    i64::from(u32_at(times, at * 4))
                }),
                _ => self
                    .visit_piece(&rows, selected, visit, |times, at| u64_at(times, at * 8) as i64),
            }
        }
    }

    #[inline(always)]
    fn visit_piece(
        &self,
        rows: &Range<u32>,
        selected: &mut Vec<u32>,
        visit: &mut impl Visit,
        time: impl Fn(&[u8], usize) -> i64,
    ) {
        let (users, times) = (self.users.bytes(rows), self.times.bytes(rows));
        let mut event = |at: usize| {
            let low = usize::from(u16_at(users, at * 2)) % BLOCK_USERS as usize;
            let time_ms =
                self.time_least.wrapping_add(time(times, at).wrapping_mul(self.time_unit));
            visit.event(low, time_ms, || {
                self.id_least.wrapping_add(self.ids.get(rows.start + at as u32))
            });
        };
        if self.selection.keeps_all() {
            (0..rows.len()).for_each(event);
        } else {
            self.selection.select(rows, selected);
            selected.iter().for_each(|at| event(*at as usize));
        }
    }
}

/// Collects the events of merged users.
fn route(parts: &[OpenPart<'_>], persons: &Persons<'_>) -> Vec<Routed> {
    struct Router<'t, 'r> {
        table: &'t CanonicalTable,
        routed: &'r mut Vec<Routed>,
    }
    impl Visit for Router<'_, '_> {
        fn event(&mut self, low: usize, time_ms: i64, id: impl FnOnce() -> EventId) {
            if let Some(user) = self.table.get(low) {
                self.routed.push(Routed { user, time_ms, id: id() });
            }
        }
    }
    let mut routed = Vec::new();
    let mut selected = Vec::new();
    let mut table = CanonicalTable::new();
    for (block, entries) in persons.merged_blocks() {
        table.with(entries, |table| {
            let mut router = Router { table, routed: &mut routed };
            for part in parts {
                part.visit(part.blocks.rows(block), &mut selected, &mut router);
            }
        });
    }
    routed.sort_unstable_by_key(|event| event.user);
    routed
}
