//! Why a person is counted as it is.

use alloc::string::String;
use alloc::vec::Vec;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::journeys::Journeys;
use super::plan::{FunnelInput, FunnelQuery, invalid};
use super::walk::{End, Walker};
use crate::{Error, EventId, UserId};

/// Which person is asked about.
#[derive(Debug, Clone)]
pub struct ExplainQuery {
    /// The funnel.
    pub funnel: FunnelQuery,
    /// Any external id of the person's.
    pub user: String,
}

/// The same as JSON.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainInput {
    funnel: FunnelInput,
    external_user_id: String,
}

impl ExplainInput {
    /// The question; `default_zone` is that of questions that name none.
    ///
    /// # Errors
    /// When a field makes no sense; the error names it by its JSON pointer.
    pub fn check(self, default_zone: &TimeZone) -> Result<ExplainQuery, Error> {
        if self.external_user_id.is_empty() {
            return Err(invalid("/external_user_id", "must not be empty".into()));
        }
        let funnel = self.funnel.check(default_zone).map_err(|error| error.within("/funnel"))?;
        Ok(ExplainQuery { funnel, user: self.external_user_id })
    }
}

/// One person's way through a funnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The person's events that the funnel looks at, in order.
    pub events: Vec<ExplainedEvent>,
    /// What ended the walk; none when it never began.
    pub end: Option<Ended>,
    /// The first time that is too late for the walk, in ms.
    pub limit_ms: Option<i64>,
}

/// An event that a funnel looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedEvent {
    /// Its number.
    pub id: EventId,
    /// When it happened, in ms.
    pub time_ms: i64,
    /// Where it stands: the number of the need, of the part among those of the need, and of the row.
    pub origin: (usize, usize, u32),
    /// The steps whose type and filters it passes.
    pub matches: Vec<u32>,
    /// The exclusions whose type and filters it passes.
    pub excluded_by: Vec<u32>,
    /// How many steps less one the person had reached with it, when it was taken.
    pub reached: Option<u32>,
}

/// What ended a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All steps were reached.
    Converted,
    /// The window closed before the next step.
    WindowClosed,
    /// The window is still open.
    WindowOpen,
    /// An event of an exclusion came: the number of the exclusion, and of the event in the list.
    Excluded {
        /// Which of the funnel's exclusions.
        exclusion: u32,
        /// Which event.
        event: u32,
    },
    /// Another event than the next step's came in a strict funnel: its number in the list.
    Interrupted {
        /// Which event.
        event: u32,
    },
}

impl Journeys<'_> {
    /// Explains the walk of a person, who is one canonical user and others merged into it.
    #[must_use]
    pub fn explain(&mut self, canonical: UserId, members: &[UserId]) -> Explanation {
        let others = members.iter().filter(|member| **member != canonical);
        let routed = others.map(|member| self.sources().route(*member..*member + 1)).collect();
        self.take_routed(routed);
        let mut explanation = Explanation { events: Vec::new(), end: None, limit_ms: None };
        self.each_person(
            &mut Some(canonical..canonical + 1),
            &mut explanation,
            None,
            |_| true,
            |user, events, explanation| {
                let numbers = |bits: u32| (0..32).filter(|bit| bits >> bit & 1 == 1).collect();
                explanation.events = events
                    .iter()
                    .map(|event| ExplainedEvent {
                        id: self.id(user, event),
                        time_ms: event.time_ms,
                        origin: self.origin(user, event),
                        matches: numbers(event.is.steps),
                        excluded_by: numbers(event.is.excluded),
                        reached: None,
                    })
                    .collect();
                let mut walker = Walker::new(self.query);
                let Some((walk, is_pending)) = walker.walk(events, self.now_ms()) else { return };
                for (step, at) in (0..).zip(&walk.matches) {
                    explanation.events[*at as usize].reached = Some(step);
                }
                explanation.limit_ms = Some(walk.limit_ms);
                explanation.end = Some(match walk.end {
                    End::Converted => Ended::Converted,
                    End::Window if is_pending => Ended::WindowOpen,
                    End::Window => Ended::WindowClosed,
                    End::Excluded { exclusion, at } => Ended::Excluded { exclusion, event: at },
                    End::Interrupted { at } => Ended::Interrupted { event: at },
                });
            },
        );
        explanation
    }
}
