//! How many events have each value of a property.

use alloc::vec;
use alloc::vec::Vec;

use super::ScanStats;
use super::groups::{Group, NO_VALUE, Values};
use super::mask::Mask;
use super::scan::{Counts, Pieces, Routed, Scan, Sources, each_block};
use super::source::{Milliseconds, Place, Source, Visit};
use crate::Error;
use crate::part::{BLOCK_USERS, PartView};
use crate::persons::Persons;

/// The values of a property over opened parts.
pub struct ValueScan<'a> {
    sources: Sources<'a>,
    values: Values<'a>,
}

/// How many events each group has.
#[derive(Debug, Clone)]
pub struct ValueCounts {
    groups: Vec<u64>,
}

impl<'a> ValueScan<'a> {
    /// Opens the parts.
    ///
    /// # Errors
    /// When a part is damaged, or the property has too many values.
    pub fn open(
        parts: &[PartView<'a>],
        property: &str,
        persons: &'a Persons<'a>,
    ) -> Result<Self, Error> {
        let (mut stats, mut values) = (ScanStats::default(), Values::default());
        let mut source = Source::open(parts, &[], (i64::MIN, i64::MAX), &mut stats)?;
        source.open_groups(parts, property, &mut values)?;
        Ok(Self { sources: Sources::new(vec![source], persons, stats), values })
    }

    /// The values and their counts.
    #[must_use]
    pub fn finish(&self, counts: &ValueCounts) -> Vec<(&'a str, u64)> {
        let counted = (0..).zip(&counts.groups).filter(|(_, count)| **count > 0);
        counted.filter_map(|(group, count)| Some((self.values.value(group)?, *count))).collect()
    }
}

impl Scan for ValueScan<'_> {
    type Counts = ValueCounts;

    fn sources(&self) -> &Sources<'_> {
        &self.sources
    }

    fn take_routed(&mut self, routed: Vec<Routed>) {
        self.sources.take_routed(routed);
    }

    fn run(&self, pieces: &mut impl Pieces<ValueCounts>) -> ValueCounts {
        let mut counts = ValueCounts { groups: vec![0; self.values.len()] };
        let mut mask = Mask::default();
        each_block(pieces, &mut counts, |users, counts| {
            let block = users.start / BLOCK_USERS;
            let alive = self.sources.persons().alive(block);
            let group = |place| self.sources.group(0, block, place);
            let mut tally = Tally { alive: &alive, group, groups: &mut counts.groups };
            self.sources.visit(0, &users, None, &mut mask, &mut tally);
        });
        counts
    }
}

impl Counts for ValueCounts {
    fn merge(&mut self, other: Self) {
        self.groups.iter_mut().zip(&other.groups).for_each(|(count, other)| *count += other);
    }
}

struct Tally<'t, F> {
    alive: &'t [u64],
    group: F,
    groups: &'t mut [u64],
}

impl<F: Fn(Place) -> Group> Visit for Tally<'_, F> {
    type Clock = Milliseconds;

    fn clock(&self) -> Milliseconds {
        Milliseconds::default()
    }

    fn event(&mut self, low: usize, _: i64, place: Place) {
        if self.alive[low / 64] >> (low % 64) & 1 == 1 {
            let group = (self.group)(place);
            if group != NO_VALUE {
                self.groups[group as usize] += 1;
            }
        }
    }
}
