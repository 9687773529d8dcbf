//! First-touch funnels.
//!
//! Of a first-touch funnel only the earliest match at each step matters, so the parts of a step may be
//! read in any order, as long as every part of a step is done before the next step begins. Work goes by
//! blocks of users, whose state fits the cache, and the loop over rows has no branch that depends on the
//! data but one that is hardly ever taken: ids are read only when times are equal.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::block::{Block, Breaks};
use super::groups::Values;
use super::mask::Mask;
use super::members::Members;
use super::needs::{Break, BreakEvents};
use super::scan::{Counts, FEW, Pieces, Routed, Scan, Sources, each_block};
use super::source::Source;
use super::ticks::{FunnelClock, Ticks};
use super::{FunnelQuery, ScanStats};
use crate::part::PartView;
use crate::persons::Persons;
use crate::{Error, UserId};

/// A funnel over opened parts.
pub struct FunnelScan<'a> {
    pub(super) query: &'a FunnelQuery,
    /// A source a step, then those of the events that end walks.
    pub(super) sources: Sources<'a>,
    breaks: Vec<Ends>,
}

/// Events that end walks.
struct Ends {
    source: usize,
    /// Bits of the steps before whose match they do.
    before: u32,
    /// Bits of the steps whose events have the same places.
    among: u32,
}

/// How many persons reached each step, so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelCounts {
    reached: Vec<u64>,
}

impl<'a> FunnelScan<'a> {
    /// Opens what the query needs; `parts` has one list of parts for each of its needs, which are its steps when nothing
    /// ends walks.
    ///
    /// # Errors
    /// When a part is damaged.
    ///
    /// # Panics
    /// When `parts` has not one list for each of them.
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
        let needs = query.needs_of_steps();
        assert_eq!(parts.len(), needs.len(), "one list of parts a need");
        let mut stats = ScanStats::default();
        let mut steps = Vec::new();
        for (need, parts) in needs.iter().zip(parts) {
            let filters = need.sets.first().copied().unwrap_or_default();
            steps.push(Source::open(parts, filters, need.times_ms, &mut stats)?);
        }
        if let Some((key, values)) = groups {
            let step = query.group_step();
            steps[step].open_groups(&parts[step], key, values)?;
        }
        let mut others = query.steps().len()..;
        let breaks = query.breaks().into_iter().map(|Break { events, before, among }| {
            let source = match events {
                BreakEvents::OfStep(step) => step,
                BreakEvents::Other(_) => others.next().expect("there is no end"),
            };
            Ends { source, before, among }
        });
        let breaks = breaks.collect();
        Ok(Self { query, sources: Sources::new(steps, persons, stats), breaks })
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

    fn run(&self, pieces: &mut impl Pieces<FunnelCounts>) -> FunnelCounts {
        let mut counts = FunnelCounts { reached: vec![0; self.query.steps().len()] };
        let mut block = Block::<Ticks>::new(self);
        let mut room = Room::default();
        each_block(pieces, &mut counts, |users, counts| {
            let left = block.start(&users, self.query.range().end_ms());
            let counts = &mut Counted(&mut counts.reached);
            self.walk_block(&users, left, None, &mut block, &mut room, counts);
        });
        counts
    }
}

/// Looks on while users are taken through the steps.
pub(super) trait Watch<C: FunnelClock> {
    /// Visits the events of a step, which may be those of some users only.
    fn visit(
        &mut self,
        sources: &Sources<'_>,
        step: usize,
        users: &Range<UserId>,
        only: Option<&Members>,
        mask: &mut Mask,
        block: &mut Block<'_, C>,
    ) {
        sources.visit(step, users, only, mask, block);
    }

    /// The events of a step were visited; the step is not over.
    fn visited(&mut self, _step: usize, _block: &Block<'_, C>) {}

    /// A step is over, which so many users of the block matched.
    fn ended(&mut self, _step: usize, _matched: u64) {}
}

/// Counts who reached each step.
struct Counted<'r>(&'r mut [u64]);

impl<C: FunnelClock> Watch<C> for Counted<'_> {
    fn ended(&mut self, step: usize, matched: u64) {
        self.0[step] += matched;
    }
}

impl FunnelScan<'_> {
    /// Takes the users of a block, of whom so many are left, through the steps.
    pub(super) fn walk_block<'s, C: FunnelClock>(
        &'s self,
        users: &Range<UserId>,
        mut left: u64,
        now: Option<C::Time>,
        block: &mut Block<'s, C>,
        room: &mut Room,
        watch: &mut impl Watch<C>,
    ) {
        for step in 0..self.query.steps().len() {
            block.enter(step);
            let Room { mask, members } = &mut *room;
            let few = members.if_few(left, users, block);
            watch.visit(&self.sources, step, users, few, mask, block);
            self.end_walks(step, users, now, block, room);
            watch.visited(step, block);
            left = block.advance();
            watch.ended(step, left);
            if left == 0 {
                break;
            }
        }
    }

    /// Ends the walks of those with an event before the match of a step that must not come there.
    fn end_walks<'s, C: FunnelClock>(
        &'s self,
        step: usize,
        users: &Range<UserId>,
        now: Option<C::Time>,
        block: &mut Block<'s, C>,
        Room { mask, members }: &mut Room,
    ) {
        let mut sources = self.breaks.iter().filter(|by| by.before >> step & 1 == 1).peekable();
        if sources.peek().is_none() {
            return;
        }
        let left = block.close(now);
        let mut breaks = Breaks::new(block, step, left, members);
        for Ends { source, among, .. } in sources {
            if breaks.turn_to(*source, *among) == 0 {
                break;
            }
            self.sources.visit(*source, users, None, mask, &mut breaks);
        }
        breaks.finish();
    }
}

/// What a walk writes on again and again.
pub(super) struct Room {
    pub(super) mask: Mask,
    pub(super) members: Members,
}

impl Default for Room {
    fn default() -> Self {
        Self { mask: Mask::default(), members: Members::none() }
    }
}

impl Members {
    /// Takes those of a block whom an event may still match, if they are so few that it pays to pass over the events of
    /// the others.
    fn if_few<C: FunnelClock>(
        &mut self,
        left: u64,
        users: &Range<UserId>,
        block: &Block<'_, C>,
    ) -> Option<&Self> {
        let few = left * (FEW as u64) < users.len() as u64;
        few.then(|| {
            block.name_alive(self);
            &*self
        })
    }
}

impl Counts for FunnelCounts {
    fn merge(&mut self, other: Self) {
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
