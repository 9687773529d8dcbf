//! What all scans have in common: sources by step, and how their work is cut into ranges of users.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::ScanStats;
use super::gather::Found;
use super::groups::{Group, NO_VALUE};
use super::marked::{Masks, Remarked};
use super::mask::Mask;
use super::members::Members;
use super::route::Router;
use super::routed::RoutedEvents;
use super::source::{OpenPart, Place, Source, Visit};
use crate::part::BLOCK_USERS;
use crate::persons::Persons;
use crate::{EventId, UserId};

/// A question over opened parts. It is computed by pieces, ranges of users, in any order and on any number of threads.
///
/// First, where [`Sources::must_route`] says so, events are routed; then each thread runs some of the pieces, and their counts
/// are merged. [`answer`] does it on one thread.
pub trait Scan {
    /// What is counted.
    type Counts: Counts;

    /// The parts it reads.
    fn sources(&self) -> &Sources<'_>;

    /// Takes the routed events of all ranges, before the first run.
    fn take_routed(&mut self, routed: Vec<Routed>);

    /// Computes the users of all pieces that it is given.
    fn run(&self, pieces: &mut impl Pieces<Self::Counts>) -> Self::Counts;
}

/// Ranges of users, which are given one by one to whoever computes them.
pub trait Pieces<C> {
    /// The next one, told what was counted so far; none when there is nothing more to do.
    fn next(&mut self, counts: &C) -> Option<Range<UserId>>;
}

/// One piece.
impl<C> Pieces<C> for Option<Range<UserId>> {
    fn next(&mut self, _: &C) -> Option<Range<UserId>> {
        self.take()
    }
}

/// Computes the users of pieces by slices of so many users, a number that divides those of a block.
pub(super) fn each_slice<C>(
    pieces: &mut impl Pieces<C>,
    slice_users: u32,
    counts: &mut C,
    mut count: impl FnMut(Range<UserId>, &mut C),
) {
    while let Some(users) = pieces.next(counts) {
        slices_of(users, slice_users).for_each(|users| count(users, counts));
    }
}

/// The same by blocks.
pub(super) fn each_block<C>(
    pieces: &mut impl Pieces<C>,
    counts: &mut C,
    count: impl FnMut(Range<UserId>, &mut C),
) {
    each_slice(pieces, BLOCK_USERS, counts, count);
}

/// Counts of some users.
pub trait Counts {
    /// Adds the counts of other users.
    fn merge(&mut self, other: Self);

    /// Bytes of memory that they take, where that grows with the number of users; never fewer than before.
    fn bytes(&self) -> usize {
        0
    }
}

/// Does pieces of work that do not depend on one another.
pub trait Workers {
    /// The results of so many pieces, in order.
    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Send + Sync) -> Vec<T>;
}

/// Does one piece after the other.
#[derive(Debug, Clone, Copy)]
pub struct OneByOne;

impl Workers for OneByOne {
    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
        (0..count).map(work).collect()
    }
}

/// Computes a scan on one thread.
pub fn answer<S: Scan>(mut scan: S) -> S::Counts {
    count(&mut scan)
}

/// The same of a scan that is asked more afterwards.
pub fn count<S: Scan>(scan: &mut S) -> S::Counts {
    if scan.sources().must_route() {
        let all = scan.sources().everyone();
        let routed = scan.sources().route(all);
        scan.take_routed(vec![routed]);
    }
    scan.run(&mut Some(scan.sources().everyone()))
}

/// So much larger are pieces of a block, for each passes over all events that were routed to the block.
const WITHIN_BLOCK: u64 = 2;

/// When fewer than one of so many users are left, the events of the others are passed over.
pub(super) const FEW: usize = 4;

/// The events of all steps, and whose they are.
pub struct Sources<'a> {
    steps: Vec<Source<'a>>,
    persons: &'a Persons<'a>,
    routed: Vec<Routed>,
    stats: ScanStats,
}

/// Events of merged users under their canonical users, of every step.
pub struct Routed {
    steps: Vec<RoutedEvents>,
}

impl<'a> Sources<'a> {
    pub(super) const fn new(
        steps: Vec<Source<'a>>,
        persons: &'a Persons<'a>,
        stats: ScanStats,
    ) -> Self {
        Self { steps, persons, routed: Vec::new(), stats }
    }

    /// What opening the parts met.
    #[must_use]
    pub const fn stats(&self) -> ScanStats {
        self.stats
    }

    /// Whether events of merged users are to be routed before anything is counted.
    #[must_use]
    pub fn must_route(&self) -> bool {
        self.persons.any_merged()
    }

    /// The range of all users who have events.
    #[must_use]
    pub fn everyone(&self) -> Range<UserId> {
        0..self.blocks_end() * BLOCK_USERS
    }

    /// Cuts all users into about this many ranges, at least one, with about as many events each.
    #[must_use]
    pub fn pieces(&self, count: u64) -> Vec<Range<UserId>> {
        let rows_of =
            |block| -> u64 { (0..self.steps.len()).map(|s| self.rows_in(s, block)).sum() };
        let blocks: Vec<u64> = (0..self.blocks_end()).map(rows_of).collect();
        let share = (blocks.iter().sum::<u64>() / count.max(1)).max(1);
        let mut cuts = vec![0];
        let mut rows = 0;
        for (block, of_block) in (0..).zip(&blocks) {
            if rows > 0 && rows + of_block / 2 > share {
                cuts.push(block * BLOCK_USERS);
                rows = 0;
            }
            let within = share * WITHIN_BLOCK;
            if *of_block > within + within / 2 {
                let widest = self.steps.iter().max_by_key(|source| source.rows_in(block));
                let count = of_block.div_ceil(within);
                cuts.extend(widest.into_iter().flat_map(|source| source.cuts(block, count)));
            }
            rows += of_block;
        }
        cuts.push(self.blocks_end() * BLOCK_USERS);
        // One piece with nobody in it is still a piece.
        let mut pieces: Vec<_> = cuts.windows(2).map(|pair| pair[0]..pair[1]).collect();
        pieces.retain(|users| !users.is_empty() || cuts.len() == 2);
        pieces
    }

    /// Collects the events of a range's merged users.
    #[must_use]
    pub fn route(&self, users: Range<UserId>) -> Routed {
        let share = self.persons.merged_share();
        let none = |source: &Source<'_>| {
            let blocks = users.start / BLOCK_USERS..users.end.div_ceil(BLOCK_USERS);
            let rows: u64 = blocks.map(|block| source.rows_in(block)).sum();
            RoutedEvents::new((rows as f64 * share) as u64, self.blocks_end())
        };
        let mut steps: Vec<RoutedEvents> = self.steps.iter().map(none).collect();
        let mut router = Router::new();
        for users in blocks_of(users) {
            let block = users.start / BLOCK_USERS;
            router.enter(self.persons.merged_in(block));
            if router.is_empty() {
                continue;
            }
            for (source, routed) in self.steps.iter().zip(&mut steps) {
                router.route(source, &users, routed);
            }
        }
        Routed { steps }
    }

    pub(super) fn take_routed(&mut self, routed: Vec<Routed>) {
        self.routed = routed;
    }

    pub(super) const fn persons(&self) -> &'a Persons<'a> {
        self.persons
    }

    /// How many steps there are.
    pub(super) const fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Visits the events of a step of a range of users, which lie in one block; those of merged users
    /// come under their canonical one too. Events of users that `only` does not name may be left out.
    pub(super) fn visit(
        &self,
        step: usize,
        users: &Range<UserId>,
        only: Option<&Members>,
        mask: &mut Mask,
        visit: &mut impl Visit,
    ) {
        let block = users.start / BLOCK_USERS;
        self.steps[step].visit(users, only, mask, visit);
        let mut before = self.steps[step].rows_in(block) as Place;
        for routed in &self.routed {
            routed.steps[step].visit(&self.steps[step], users, before, visit);
            before += routed.steps[step].rows_in(block);
        }
    }

    /// The same with the time in ms and the marks of each event; the marks of one that was routed are those that it
    /// was routed with.
    pub(super) fn visit_marked(
        &self,
        step: usize,
        users: &Range<UserId>,
        only: Option<&Members>,
        masks: &mut Masks,
        mut visit: impl FnMut(usize, i64, Place, u64),
    ) {
        let block = users.start / BLOCK_USERS;
        let source = &self.steps[step];
        source.visit_marked(users, only, masks, &mut visit);
        let mut before = source.rows_in(block) as Place;
        for routed in self.routed.iter().map(|routed| &routed.steps[step]) {
            let marks = |place: Place| {
                let (part, row) = routed.origin(block, place - before)?;
                source.parts()[part].marks_of(row)
            };
            routed.visit(source, users, before, &mut Remarked { marks, visit: &mut visit });
            before += routed.rows_in(block);
        }
    }

    /// Whether the events of a step have marks.
    pub(super) fn is_marked(&self, step: usize) -> bool {
        self.steps[step].parts().first().is_some_and(|part| !part.marks.is_empty())
    }

    /// The times of a step that count, in ms: from the first to before the second.
    pub(super) fn counted_ms(&self, step: usize) -> (i64, i64) {
        self.steps[step].counted_ms()
    }

    /// The time and id of the event at a place of a block.
    pub(super) fn time_and_id(&self, step: usize, block: u32, place: Place) -> (i64, EventId) {
        let (part, row) = self.part_and_row(step, block, place);
        part.time_and_id(row)
    }

    /// The group of the event at a place of a block.
    pub(super) fn group(&self, step: usize, block: u32, place: Place) -> Group {
        let (part, row) = self.part_and_row(step, block, place);
        part.groups.as_ref().map_or(NO_VALUE, |groups| groups.of(row))
    }

    /// Puts the groups of a block's rows of a step, but for routed ones, where their places are.
    pub(super) fn groups_of_block(&self, step: usize, block: u32, groups: &mut Vec<Group>) {
        self.steps[step].groups_of_block(block, groups);
    }

    /// The number of the event at a place of a block, if it has one.
    pub(super) fn number(&self, step: usize, block: u32, place: Place) -> Option<f64> {
        let (part, row) = self.part_and_row(step, block, place);
        part.numbers.as_ref().and_then(|numbers| numbers.of(row))
    }

    /// The id of an event of a block.
    pub(super) fn id(&self, event: &Found, block: u32) -> EventId {
        self.time_and_id(usize::from(event.source), block, event.place).1
    }

    /// Which of the step's parts holds the event at a place of a block, and its row there.
    pub(super) fn origin(&self, step: usize, block: u32, place: Place) -> (usize, u32) {
        let (part, row) = self.part_and_row(step, block, place);
        (part.number, row)
    }

    /// The part and row of the event at a place of a block, which may have been routed to it.
    fn part_and_row(&self, step: usize, block: u32, place: Place) -> (&OpenPart<'a>, u32) {
        let source = &self.steps[step];
        let own = source.part_and_row(block, place);
        own.or_else(|| {
            let mut number = place - source.rows_in(block) as Place;
            for routed in self.routed.iter().map(|routed| &routed.steps[step]) {
                if let Some((part, row)) = routed.origin(block, number) {
                    return Some((&source.parts()[part], row));
                }
                number -= routed.rows_in(block);
            }
            None
        })
        .expect("a place is one that was visited")
    }

    /// The least and the greatest time of a step's parts, in ms; without any, those that count.
    pub(super) fn times_of(&self, step: usize) -> (i64, i64) {
        self.steps[step].times_ms().unwrap_or(self.steps[step].counted_ms())
    }

    /// The least and the greatest time of all parts, in ms.
    pub(super) fn times_ms(&self) -> Option<(i64, i64)> {
        let times = self.steps.iter().filter_map(Source::times_ms);
        times.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    fn blocks_end(&self) -> u32 {
        let routed = self.routed.iter().flat_map(|routed| &routed.steps);
        let routed = routed.map(RoutedEvents::blocks_end);
        self.steps.iter().map(Source::blocks_end).chain(routed).max().unwrap_or(0)
    }

    /// The rows of a block of a step, those of routed events among them.
    pub(super) fn rows_in(&self, step: usize, block: u32) -> u64 {
        let routed = self.routed.iter().map(|routed| routed.steps[step].rows_in(block));
        self.steps[step].rows_in(block) + routed.map(u64::from).sum::<u64>()
    }
}

/// Cuts a range of users where blocks end.
pub(super) fn blocks_of(users: Range<UserId>) -> impl Iterator<Item = Range<UserId>> {
    slices_of(users, BLOCK_USERS)
}

/// Cuts a range of users at the multiples of a number, which divides the users of a block.
pub(super) fn slices_of(
    users: Range<UserId>,
    slice_users: u32,
) -> impl Iterator<Item = Range<UserId>> {
    let mut next = users.start;
    core::iter::from_fn(move || {
        let from = next;
        let slice_end = (from / slice_users + 1).saturating_mul(slice_users);
        next = slice_end.min(users.end);
        (from < users.end).then_some(from..next)
    })
}
