//! Funnels.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::{Filter, Range, Step, too_many, within};
use crate::limits::{FILTERS_MAX, FUNNEL_STEPS_MAX, WINDOW_DAYS_MAX};
use crate::query::calendar::Calendar;
use crate::{DAY_MS, Error};

/// An ordered list of steps that persons go through within a conversion window.
#[derive(Debug, Clone)]
pub struct FunnelQuery {
    pub(super) range: Range,
    pub(super) steps: Vec<Step>,
    pub(super) window: Window,
    /// The days by which a window of calendar days is counted; in UTC they need no list.
    pub(super) days: Option<Calendar>,
    pub(super) order: Order,
    pub(super) entry: Entry,
    pub(super) exclude: Vec<Exclusion>,
    pub(super) user_filters: Vec<Filter>,
    pub(super) breakdown: Option<Breakdown>,
    pub(super) control: Option<String>,
}

/// How long after a person's first step the others may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// So many ms from the first event.
    Exact(i64),
    /// Before the day so many days after that of the first event begins; the first event's day is the
    /// first of them.
    CalendarDays(u32),
}

/// In which order the steps must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they are listed; other events may come between.
    #[default]
    Ordered,
    /// As they are listed, and nothing else of the person's between.
    Strict,
    /// In any order.
    Any,
}

/// Which event a person's walk begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// The earliest that can begin one.
    #[default]
    First,
    /// The one whose walk gets furthest, the earliest among equals.
    Best,
}

/// Events that end a walk when they come after the match of one step and before that of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The events.
    pub event: Step,
    /// The number of the step after whose match they count.
    pub after_step: u32,
    /// The number of the step before whose match they count, a later one.
    pub before_step: u32,
}

/// A property by whose values an answer is broken down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown {
    /// The property's key.
    pub property: String,
    /// Whose property it is.
    pub of: Of,
    /// The step on whose match it is looked up, when it is an event's.
    pub step: u32,
    /// How many groups are told apart, those of the most persons; the others are one.
    pub limit: usize,
}

/// Whose property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// The event's.
    #[default]
    Event,
    /// The person's, now.
    User,
}

impl FunnelQuery {
    /// A funnel of the established API: first touch, ordered, its window in calendar days of UTC.
    ///
    /// # Errors
    /// When there is no step or too many, the window is zero or too long, or a step or the person has
    /// too many filters; the error names the parameter of the established API.
    pub fn new(
        range: Range,
        steps: Vec<Step>,
        window_days: u32,
        user_filters: Vec<Filter>,
    ) -> Result<Self, Error> {
        if steps.is_empty() {
            return Err(Error::Empty { field: "funnel_steps[]" });
        }
        too_many("funnel_steps[]", steps.len(), FUNNEL_STEPS_MAX)?;
        within("num_days_to_complete_funnel", window_days, WINDOW_DAYS_MAX)?;
        for step in &steps {
            too_many("filters of a step", step.filters.len(), FILTERS_MAX)?;
        }
        too_many("ufk[]", user_filters.len(), FILTERS_MAX)?;
        Ok(Self {
            range,
            steps,
            window: Window::CalendarDays(window_days),
            days: None,
            order: Order::Ordered,
            entry: Entry::First,
            exclude: Vec::new(),
            user_filters,
            breakdown: None,
            control: None,
        })
    }

    /// When the first step may happen.
    #[must_use]
    pub const fn range(&self) -> Range {
        self.range
    }

    /// The steps, at least one.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The conversion window.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }

    /// The order in which the steps must come.
    #[must_use]
    pub const fn order(&self) -> Order {
        self.order
    }

    /// Which event a walk begins with.
    #[must_use]
    pub const fn entry(&self) -> Entry {
        self.entry
    }

    /// What ends a walk.
    #[must_use]
    pub fn exclude(&self) -> &[Exclusion] {
        &self.exclude
    }

    /// What must hold of the person.
    #[must_use]
    pub fn user_filters(&self) -> &[Filter] {
        &self.user_filters
    }

    /// By what the answer is broken down.
    #[must_use]
    pub const fn breakdown(&self) -> Option<&Breakdown> {
        self.breakdown.as_ref()
    }

    /// The step whose event tells the group of a person, where that is by a property of events.
    pub(in crate::query) fn group_step(&self) -> usize {
        self.breakdown().map_or(0, |by| by.step as usize)
    }

    /// The group that the others are compared with, when the funnel is an experiment.
    #[must_use]
    pub fn control(&self) -> Option<&str> {
        self.control.as_deref()
    }

    /// Days of a window that is counted in calendar days of UTC.
    pub(crate) const fn utc_days(&self) -> Option<u32> {
        match (self.window, &self.days) {
            (Window::CalendarDays(days), None) => Some(days),
            _ => None,
        }
    }

    /// The first time, in ms, that is too late for a person whose first step was at `first_ms`.
    #[must_use]
    pub fn limit_ms(&self, first_ms: i64) -> i64 {
        match (self.window, &self.days) {
            (Window::Exact(ms), _) => first_ms.saturating_add(ms),
            (Window::CalendarDays(days), None) => {
                first_ms - first_ms.rem_euclid(DAY_MS) + i64::from(days) * DAY_MS
            }
            (Window::CalendarDays(days), Some(calendar)) => {
                calendar.of(first_ms).map_or(first_ms, |day| calendar.start_ms(day + days as usize))
            }
        }
    }

    /// The first time, in milliseconds, of those whose window is open at a time.
    #[must_use]
    #[inline]
    pub(in crate::query) fn open_from_ms(&self, at_ms: i64) -> i64 {
        match (self.window, &self.days) {
            (Window::Exact(ms), _) => at_ms.saturating_sub(ms) + 1,
            (Window::CalendarDays(days), None) => {
                at_ms - at_ms.rem_euclid(DAY_MS) - (i64::from(days) - 1) * DAY_MS
            }
            (Window::CalendarDays(days), Some(calendar)) => {
                let day = |day: usize| calendar.start_ms((day + 1).saturating_sub(days as usize));
                calendar.of(at_ms).map_or(at_ms, day)
            }
        }
    }

    /// No window is shorter, in milliseconds: in a time zone a day may be left out, and clocks are put forward.
    #[must_use]
    pub(in crate::query) fn window_min_ms(&self) -> i64 {
        match (self.window, &self.days) {
            (Window::Exact(ms), _) => ms,
            (Window::CalendarDays(days), None) => i64::from(days.saturating_sub(1)) * DAY_MS,
            (Window::CalendarDays(days), Some(_)) => i64::from(days.saturating_sub(3)) * DAY_MS,
        }
    }

    /// No window is longer, in milliseconds: a calendar day has less than two days' hours.
    #[must_use]
    pub(in crate::query) fn window_max_ms(&self) -> i64 {
        match self.window {
            Window::Exact(ms) => ms,
            Window::CalendarDays(days) => (i64::from(days) + 1) * DAY_MS,
        }
    }

    /// The times at which events of step `step` can matter: from, and before, in milliseconds.
    #[must_use]
    pub fn step_times(&self, step: usize) -> (i64, i64) {
        let (start, end) = (self.range.start_ms, self.range.end_ms);
        let only_first = step == 0 && self.order != Order::Any;
        if only_first || start == end { (start, end) } else { (start, self.limit_ms(end - 1)) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use serde_json::json;

    use crate::query::FunnelInput;

    /// A day that is left out, and days of 23, 24 and 25 hours.
    const RANGES: [(&str, &str, &str); 5] = [
        ("Pacific/Apia", "2011-12-20", "2012-01-08"),
        ("Pacific/Apia", "2011-09-20", "2012-01-08"),
        ("America/New_York", "2013-03-01", "2013-03-20"),
        ("America/New_York", "2013-10-25", "2013-11-10"),
        ("UTC", "2013-01-01", "2013-01-30"),
    ];

    proptest! {
        #[test]
        fn windows_are_open_from_one_entry_on(
            (zone, start, end) in proptest::sample::select(&RANGES[..]),
            unit in proptest::sample::select(&["calendar_days", "days", "seconds"][..]),
            amount in prop_oneof![1..12_u32, 90..110_u32],
            entry in 0.0..1.0_f64,
            at in 0.0..1.0_f64,
            near in -2..3_i64,
        ) {
            let question = json!({
                "range": { "start": start, "end": end },
                "steps": [{ "event": "a" }, { "event": "b" }],
                "window": { "amount": amount, "unit": unit },
            });
            let zone = TimeZone::get(zone).expect("the zone is known");
            let input: FunnelInput = serde_json::from_value(question).expect("it is well formed");
            let query = input.check(&zone).expect("it makes sense");
            let (start_ms, end_ms) = (query.range().start_ms(), query.range().end_ms());
            let drawn = |end_ms: i64, share| start_ms + ((end_ms - start_ms) as f64 * share) as i64;
            let entry_ms = drawn(end_ms, entry);
            let limit_ms = query.limit_ms(entry_ms);
            let window_ms = limit_ms - entry_ms;
            prop_assert!((query.window_min_ms()..=query.window_max_ms()).contains(&window_ms));
            let last_ms = query.limit_ms(end_ms - 1) - 1;
            for at_ms in [drawn(last_ms, at), (limit_ms + near).clamp(start_ms, last_ms)] {
                let from_ms = query.open_from_ms(at_ms);
                prop_assert_eq!(at_ms < limit_ms, from_ms <= entry_ms, "{} {}", at_ms, limit_ms);
            }
        }
    }
}
