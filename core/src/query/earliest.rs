//! The first entries, of some users of a block, that are open long enough.

use alloc::vec::Vec;
use core::hint::select_unpredictable;
use core::ops::Range;

use super::mask::Mask;
use super::members::Members;
use super::scan::Sources;
use super::source::{NOWHERE, Place, Visit};
use super::ticks::{Exact, FunnelClock};
use super::waiting::{FIRST, Waiting};
use crate::UserId;
use crate::part::BLOCK_USERS;

/// The entries by number of their users.
pub(super) struct Earliest {
    /// Who waits for an entry from when on, and until the earliest that was found.
    waiting: Waiting,
    /// Where it stands, or nowhere.
    places: Vec<Place>,
}

impl Earliest {
    pub(super) fn none() -> Self {
        Self { waiting: Waiting::none(), places: Vec::new() }
    }

    /// Some users at places of a block, told in order, wait for the first entry that is not before a time, which is told of
    /// each, and before the end of the range, both in ms after its start.
    pub(super) fn begin(
        &mut self,
        lows: Range<usize>,
        users: impl Iterator<Item = (usize, i64)>,
        end: i64,
    ) {
        self.waiting.begin(lows, users, end);
        self.places.clear();
        self.places.resize(self.waiting.end(), NOWHERE);
    }

    /// Finds the entries among those of a range of users, which lie in one block: each user, who has one, with its time
    /// and place. `members` and `mask` are written on.
    pub(super) fn find(
        &mut self,
        sources: &Sources<'_>,
        users: &Range<UserId>,
        members: &mut Members,
        mask: &mut Mask,
    ) -> impl Iterator<Item = (usize, i64, Place)> {
        if self.waiting.count() > 0 {
            self.waiting.name(members);
            let block = users.start / BLOCK_USERS;
            let clock = Exact::over(sources.counted_ms(0).0, Default::default());
            let mut find = Find { earliest: &mut *self, sources, block, clock };
            sources.visit(0, users, Some(members), mask, &mut find);
        }
        let found = self.waiting.windows().iter().zip(&self.places[FIRST..]);
        self.waiting.lows().zip(found).map(|(low, (window, place))| (low, window.limit, *place))
    }
}

struct Find<'e, 's> {
    earliest: &'e mut Earliest,
    sources: &'e Sources<'s>,
    block: u32,
    clock: Exact,
}

impl Visit for Find<'_, '_> {
    type Clock = Exact;

    fn clock(&self) -> Exact {
        self.clock
    }

    #[inline(always)]
    fn event(&mut self, low: usize, after_ms: i64, place: Place) {
        let Earliest { waiting, places } = &mut *self.earliest;
        let (number, window) = waiting.of(low);
        if after_ms == window.limit {
            return self.decide(number, place);
        }
        let is_earlier = (window.from <= after_ms) & (after_ms < window.limit);
        let limit = &mut waiting.window(number).limit;
        *limit = select_unpredictable(is_earlier, after_ms, *limit);
        places[number] = select_unpredictable(is_earlier, place, places[number]);
    }
}

impl Find<'_, '_> {
    /// Another entry at the time of the earliest so far: ids decide.
    #[cold]
    #[inline(never)]
    fn decide(&mut self, number: usize, place: Place) {
        let id = |place| self.sources.time_and_id(0, self.block, place).1;
        let earliest = self.earliest.places[number];
        if earliest != NOWHERE && id(place) < id(earliest) {
            self.earliest.places[number] = place;
        }
    }
}
