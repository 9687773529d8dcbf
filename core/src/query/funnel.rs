//! First-touch funnels.
//!
//! Of a first-touch funnel only the earliest match at each step matters, so the parts of a step may be
//! read in any order, as long as every part of a step is done before the next step begins. Work goes by
//! blocks of users, whose state fits the cache, and the loop over rows has no branch that depends on the
//! data but one that is hardly ever taken: ids are read only when times are equal.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::block::Block;
use super::groups::Values;
use super::mask::Mask;
use super::route::Members;
use super::scan::{Counts, FEW, Routed, Scan, Sources, blocks_of};
use super::source::Source;
use super::ticks::{FunnelClock, Ticks};
use super::{FunnelQuery, ScanStats};
use crate::part::PartView;
use crate::persons::Persons;
use crate::{Error, UserId};

/// A funnel over opened parts.
pub struct FunnelScan<'a> {
    pub(super) query: &'a FunnelQuery,
    pub(super) sources: Sources<'a>,
}

/// How many persons reached each step, so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelCounts {
    reached: Vec<u64>,
}

impl<'a> FunnelScan<'a> {
    /// Opens what the query needs; `parts` has one list of parts a step, empty for a type never seen.
    ///
    /// # Errors
    /// When a part is damaged.
    ///
    /// # Panics
    /// When `parts` has not one list a step.
    pub fn open(
        query: &'a FunnelQuery,
        parts: &[Vec<PartView<'a>>],
        persons: &'a Persons<'a>,
    ) -> Result<Self, Error> {
        Self::open_with_groups(query, parts, persons, None)
    }

    /// The same with the property of the first step's events by which the answer is broken down.
    pub(super) fn open_with_groups(
        query: &'a FunnelQuery,
        parts: &[Vec<PartView<'a>>],
        persons: &'a Persons<'a>,
        groups: Option<(&str, &mut Values<'a>)>,
    ) -> Result<Self, Error> {
        assert_eq!(parts.len(), query.steps().len(), "one list of parts a step");
        let mut stats = ScanStats::default();
        let mut steps = Vec::new();
        for (number, (step, parts)) in query.steps().iter().zip(parts).enumerate() {
            steps.push(Source::open(parts, &step.filters, query.step_times(number), &mut stats)?);
        }
        if let Some((key, values)) = groups {
            steps[0].open_groups(&parts[0], key, values)?;
        }
        Ok(Self { query, sources: Sources::new(steps, persons, stats) })
    }
}

impl Scan for FunnelScan<'_> {
    type Counts = FunnelCounts;

    fn sources(&self) -> &Sources<'_> {
        &self.sources
    }

    fn take_routed(&mut self, routed: Vec<Routed>) {
        self.sources.take_routed(routed);
    }

    fn run(&self, users: Range<UserId>) -> FunnelCounts {
        let mut reached = vec![0; self.sources.steps()];
        self.walk::<Ticks>(users, &mut Reached(&mut reached));
        FunnelCounts { reached }
    }
}

/// Looks on while users are taken through the steps.
pub(super) trait Watch<C: FunnelClock> {
    /// The events of a step were visited; the step is not over.
    fn visited(&mut self, step: usize, block: &Block<'_, C>);

    /// A step is over, which so many users of the block matched.
    fn ended(&mut self, step: usize, matched: u64);

    /// Nobody of the block has a step before him.
    fn finished(&mut self, block: &Block<'_, C>);
}

/// Counts who reached each step.
struct Reached<'r>(&'r mut [u64]);

impl<C: FunnelClock> Watch<C> for Reached<'_> {
    fn visited(&mut self, _: usize, _: &Block<'_, C>) {}

    fn ended(&mut self, step: usize, matched: u64) {
        self.0[step] += matched;
    }

    fn finished(&mut self, _: &Block<'_, C>) {}
}

impl FunnelScan<'_> {
    /// Takes the users of a range through the steps, block by block.
    pub(super) fn walk<C: FunnelClock>(&self, users: Range<UserId>, watch: &mut impl Watch<C>) {
        let mut block = Block::new(self);
        let (mut mask, mut members) = (Mask::default(), Members::none());
        for users in blocks_of(users) {
            let mut left = block.start(&users);
            for step in 0..self.sources.steps() {
                block.enter(step);
                let few = left * (FEW as u64) < users.len() as u64;
                if few {
                    block.name_alive(&mut members);
                }
                self.sources.visit(step, &users, few.then_some(&members), &mut mask, &mut block);
                watch.visited(step, &block);
                left = block.advance();
                watch.ended(step, left);
                if left == 0 {
                    break;
                }
            }
            watch.finished(&block);
        }
    }
}

impl Counts for FunnelCounts {
    fn merge(&mut self, other: &Self) {
        self.reached.iter_mut().zip(&other.reached).for_each(|(count, other)| *count += other);
    }
}

impl FunnelCounts {
    /// The counts in order of the steps.
    #[must_use]
    pub fn finish(self) -> Vec<u64> {
        self.reached
    }
}
