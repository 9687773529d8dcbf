//! Who stands where in a funnel.

use alloc::vec::Vec;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::journeys::Journeys;
use super::plan::{FunnelInput, FunnelQuery, invalid};
use super::scan::{Counts, Pieces, Routed, Scan, Sources};
use crate::limits::PAGE_MAX;
use crate::{Error, UserId};

/// What became of persons at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// They reached it.
    Reached,
    /// They reached it and will not reach the next one.
    Dropped,
    /// They reached it and may still reach the next one.
    Pending,
}

/// Which persons of a funnel are asked for.
#[derive(Debug, Clone)]
pub struct WhoQuery {
    /// The funnel.
    pub funnel: FunnelQuery,
    /// The number of the step.
    pub step: u32,
    /// What became of them there.
    pub status: Status,
    /// How many are passed over.
    pub offset: usize,
    /// How many are shown at most.
    pub limit: usize,
}

/// The same as JSON.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhoInput {
    funnel: FunnelInput,
    step: u32,
    status: Status,
    offset: Option<usize>,
    limit: Option<usize>,
}

/// Persons of a page that names no limit.
pub(super) const PAGE_DEFAULT: usize = 100;

impl WhoInput {
    /// The question; `default_zone` is that of questions that name none.
    ///
    /// # Errors
    /// When a field makes no sense; the error names it by its JSON pointer.
    pub fn check(self, default_zone: &TimeZone) -> Result<WhoQuery, Error> {
        let funnel = self.funnel.check(default_zone).map_err(|error| error.within("/funnel"))?;
        let steps = funnel.steps().len();
        if self.step as usize >= steps {
            let message =
                alloc::format!("{} is not one of the steps 0 to {}", self.step, steps - 1);
            return Err(invalid("/step", message));
        }
        let limit = self.limit.unwrap_or(PAGE_DEFAULT);
        if limit == 0 || limit > PAGE_MAX {
            return Err(invalid(
                "/limit",
                alloc::format!("{limit} is not between 1 and {PAGE_MAX}"),
            ));
        }
        let offset = self.offset.unwrap_or(0);
        Ok(WhoQuery { funnel, step: self.step, status: self.status, offset, limit })
    }
}

/// The walks of all persons, of whom some are listed.
pub struct WhoScan<'a> {
    journeys: Journeys<'a>,
    step: usize,
    status: Status,
}

/// Persons, by their canonical users.
#[derive(Debug, Clone, Default)]
pub struct Who {
    users: Vec<UserId>,
}

impl<'a> WhoScan<'a> {
    /// For opened walks through the query's funnel.
    #[must_use]
    pub const fn new(journeys: Journeys<'a>, query: &WhoQuery) -> Self {
        Self { journeys, step: query.step as usize, status: query.status }
    }
}

impl Scan for WhoScan<'_> {
    type Counts = Who;

    fn sources(&self) -> &Sources<'_> {
        self.journeys.sources()
    }

    fn take_routed(&mut self, routed: Vec<Routed>) {
        self.journeys.take_routed(routed);
    }

    fn run(&self, pieces: &mut impl Pieces<Who>) -> Who {
        let mut who = Who::default();
        self.journeys.each(pieces, &mut who, |journey, who| {
            let stopped = journey.step() == self.step && !journey.is_converted();
            let is_one = match self.status {
                Status::Reached => journey.step() >= self.step,
                Status::Dropped => stopped && !journey.is_pending,
                Status::Pending => stopped && journey.is_pending,
            };
            if is_one {
                who.users.push(journey.user);
            }
        });
        who
    }
}

impl Counts for Who {
    fn merge(&mut self, other: Self) {
        self.users.extend(other.users);
    }

    fn bytes(&self) -> usize {
        self.users.len() * size_of::<UserId>()
    }
}

impl Who {
    /// The users, ascending.
    #[must_use]
    pub fn finish(mut self) -> Vec<UserId> {
        self.users.sort_unstable();
        self.users
    }
}
