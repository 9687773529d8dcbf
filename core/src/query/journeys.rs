//! Funnels of every kind: each person's events in order, walked through step by step.

use alloc::vec::Vec;

use super::ScanStats;
use super::gather::{Found, GATHERED_USERS, Gathered, Narrow};
use super::groups::{Group, Grouping, NO_VALUE, UserGroups, Values};
use super::needs::Meaning;
use super::plan::{Entry, FunnelQuery, Order};
use super::scan::{Pieces, Routed, Sources, each_slice};
use super::source::Source;
use super::walk::{End, Walk, Walker, is_entry};
use crate::part::{BLOCK_USERS, PartView};
use crate::persons::Persons;
use crate::{Error, EventId, UserId};

/// The walks of all persons through a funnel.
pub struct Journeys<'a> {
    pub(super) query: &'a FunnelQuery,
    now_ms: i64,
    meanings: Vec<Vec<Meaning>>,
    sources: Sources<'a>,
    grouping: Grouping<'a>,
}

/// One person's walk.
pub(super) struct Journey<'j> {
    pub(super) user: UserId,
    pub(super) events: &'j [Found],
    pub(super) walk: &'j Walk,
    pub(super) is_pending: bool,
    pub(super) group: Group,
}

impl<'a> Journeys<'a> {
    /// Opens what the query needs; `parts` has one list of parts for each of [`FunnelQuery::needs`]. `users` are the
    /// groups of persons, when the answer is broken down by a property of theirs.
    ///
    /// # Errors
    /// When a part is damaged, or the property has too many values.
    pub fn open(
        query: &'a FunnelQuery,
        now_ms: i64,
        parts: &[Vec<PartView<'a>>],
        persons: &'a Persons<'a>,
        users: Option<&'a UserGroups<'a>>,
    ) -> Result<Self, Error> {
        let mut stats = ScanStats::default();
        let mut grouping = Grouping::new(query.breakdown(), users);
        let step = query.breakdown().map_or(0, |breakdown| breakdown.step);
        let (mut sources, mut meanings) = (Vec::new(), Vec::new());
        for ((need, is), parts) in query.meanings().into_iter().zip(parts) {
            // Where all events that are read are the same, they need no marks.
            let mut source = match need.sets[..] {
                [] => Source::open(parts, &[], need.times_ms, &mut stats)?,
                [set] if set.is_empty() || !need.all => {
                    Source::open(parts, set, need.times_ms, &mut stats)?
                }
                _ => Source::open_marked(parts, &need, &mut stats)?,
            };
            // In any order, an event of any step may be the one that counts.
            let is_asked = match query.order() {
                Order::Any => true,
                Order::Ordered | Order::Strict => is.iter().any(|is| is.steps >> step & 1 == 1),
            };
            if let Some(property) = grouping.of_events.filter(|_| is_asked) {
                source.open_groups(parts, property, &mut grouping.values)?;
            }
            sources.push(source);
            meanings.push(is);
        }
        let sources = Sources::new(sources, persons, stats);
        Ok(Self { query, now_ms, meanings, sources, grouping })
    }

    /// The values of the property by which the answer is broken down.
    #[must_use]
    pub const fn values(&self) -> &Values<'a> {
        &self.grouping.values
    }

    pub(super) const fn sources(&self) -> &Sources<'a> {
        &self.sources
    }

    pub(super) fn take_routed(&mut self, routed: Vec<Routed>) {
        self.sources.take_routed(routed);
    }

    /// Shows the walks of the users of pieces to what counts them.
    pub(super) fn each<C>(
        &self,
        pieces: &mut impl Pieces<C>,
        counts: &mut C,
        count: impl Fn(&Journey<'_>, &mut C),
    ) {
        let mut walker = Walker::new(self.query);
        let is_wanted = |events: &[Found]| events.iter().any(|event| is_entry(self.query, event));
        let windows = Windows(self.query);
        let narrow = (self.query.order() != Order::Any).then_some(&windows as &dyn Narrow);
        self.each_person(pieces, counts, narrow, is_wanted, |user, events, counts| {
            if let Some((walk, is_pending)) = walker.walk(events, self.now_ms) {
                let group = self.group(user, events, walk);
                count(&Journey { user, events, walk, is_pending, group }, counts);
            }
        });
    }

    /// Shows the events of each person of pieces whose events are wanted to what counts them.
    pub(super) fn each_person<C>(
        &self,
        pieces: &mut impl Pieces<C>,
        counts: &mut C,
        narrow: Option<&dyn Narrow>,
        is_wanted: impl Fn(&[Found]) -> bool,
        mut count: impl FnMut(UserId, &[Found], &mut C),
    ) {
        let mut gathered = Gathered::default();
        each_slice(pieces, GATHERED_USERS, counts, |users, counts| {
            gathered.gather(&self.sources, &users, &self.meanings, narrow);
            let id = |event: &Found| self.sources.id(event, users.start / BLOCK_USERS);
            let mut count = |user: UserId, events: &[Found]| count(user, events, counts);
            gathered.each(id, &mut count, &is_wanted);
        });
    }

    /// The time at which the question is asked, in ms.
    pub(super) const fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// The number of an event of a person.
    pub(super) fn id(&self, user: UserId, event: &Found) -> EventId {
        self.sources.id(event, user / BLOCK_USERS)
    }

    /// Where an event of a person comes from: the number of the need, of the part, and of the row.
    pub(super) fn origin(&self, user: UserId, event: &Found) -> (usize, usize, u32) {
        let source = usize::from(event.source);
        let (part, row) = self.sources.origin(source, user / BLOCK_USERS, event.place);
        (source, part, row)
    }

    fn group(&self, user: UserId, events: &[Found], walk: &Walk) -> Group {
        self.grouping.of(user, || {
            let step = self.query.breakdown().map_or(0, |breakdown| breakdown.step);
            let matched = walk.matches.get(step as usize);
            matched.map_or(NO_VALUE, |at| {
                let Found { source, place, .. } = events[*at as usize];
                self.sources.group(usize::from(source), user / BLOCK_USERS, place)
            })
        })
    }
}

impl Journey<'_> {
    /// The step at which the person stands: the last one reached.
    pub(super) fn step(&self) -> usize {
        self.walk.matches.len() - 1
    }

    /// When a step that was reached was reached, in ms.
    pub(super) fn time_ms(&self, step: usize) -> i64 {
        self.events[self.walk.matches[step] as usize].time_ms
    }

    /// Whether the last step was reached.
    pub(super) fn is_converted(&self) -> bool {
        self.walk.end == End::Converted
    }
}

/// The windows of a funnel whose entries are events of the first source.
struct Windows<'q>(&'q FunnelQuery);

impl Narrow for Windows<'_> {
    fn is_entry(&self, event: &Found) -> bool {
        is_entry(self.0, event)
    }

    fn window_ms(&self, first_ms: i64, last_ms: i64) -> (i64, i64) {
        match self.0.entry() {
            Entry::First => (first_ms, self.0.limit_ms(first_ms)),
            Entry::Best => (first_ms, self.0.limit_ms(last_ms)),
        }
    }
}
