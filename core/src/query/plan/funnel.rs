//! Funnels.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::filter::FilterInput;
use super::input::{self, RangeInput, StepInput};
use super::{Filter, Range, Step, invalid, within};
use crate::limits::{BREAKDOWN_GROUPS_MAX, FILTERS_MAX, FUNNEL_STEPS_MAX, WINDOW_DAYS_MAX};
use crate::query::calendar::{Calendar, Unit};
use crate::{DAY_MS, Error};

/// An ordered list of steps that persons go through within a conversion window.
#[derive(Debug, Clone)]
pub struct FunnelQuery {
    range: Range,
    steps: Vec<Step>,
    window: Window,
    /// The days by which a window of calendar days is counted; in UTC they need no list.
    days: Option<Calendar>,
    order: Order,
    entry: Entry,
    exclude: Vec<Exclusion>,
    user_filters: Vec<Filter>,
    breakdown: Option<Breakdown>,
    control: Option<String>,
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
        super::too_many("funnel_steps[]", steps.len(), FUNNEL_STEPS_MAX)?;
        within("num_days_to_complete_funnel", window_days, WINDOW_DAYS_MAX)?;
        for step in &steps {
            super::too_many("filters of a step", step.filters.len(), FILTERS_MAX)?;
        }
        super::too_many("ufk[]", user_filters.len(), FILTERS_MAX)?;
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

    /// Whether only the earliest match of each step matters.
    pub(crate) fn is_first_touch(&self) -> bool {
        self.order == Order::Ordered && self.entry == Entry::First && self.exclude.is_empty()
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

    /// The times at which events of step `step` can matter: from, and before, in milliseconds.
    #[must_use]
    pub fn step_times(&self, step: usize) -> (i64, i64) {
        let (start, end) = (self.range.start_ms, self.range.end_ms);
        let only_first = step == 0 && self.order != Order::Any;
        if only_first || start == end { (start, end) } else { (start, self.limit_ms(end - 1)) }
    }
}

/// A funnel as the JSON API takes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunnelInput {
    range: RangeInput,
    time_zone: Option<String>,
    steps: Vec<StepInput>,
    window: Option<WindowInput>,
    order: Option<Order>,
    entry: Option<Entry>,
    exclude: Option<Vec<ExclusionInput>>,
    user_filters: Option<Vec<FilterInput>>,
    breakdown: Option<BreakdownInput>,
    experiment: Option<ExperimentInput>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowInput {
    amount: u32,
    unit: WindowUnit,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WindowUnit {
    Seconds,
    Minutes,
    Hours,
    Days,
    CalendarDays,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExclusionInput {
    event: String,
    #[serde(default)]
    filters: Vec<FilterInput>,
    after_step: Option<u32>,
    before_step: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BreakdownInput {
    property: String,
    of: Option<Of>,
    step: Option<u32>,
    limit: Option<usize>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExperimentInput {
    control: String,
}

/// The conversion window of a funnel that names none.
const WINDOW_DEFAULT: WindowInput = WindowInput { amount: 30, unit: WindowUnit::Days };
/// Groups of a breakdown that names no limit.
const GROUPS_DEFAULT: usize = 20;

impl FunnelInput {
    /// The funnel; `default_zone` is that of questions that name none.
    ///
    /// # Errors
    /// When a field makes no sense; the error names it by its JSON pointer.
    pub fn check(self, default_zone: &TimeZone) -> Result<FunnelQuery, Error> {
        let zone = input::zone(self.time_zone.as_deref(), default_zone)?;
        let range = self.range.check(&zone)?;
        if self.steps.is_empty() {
            return Err(invalid("/steps", "must not be empty".into()));
        }
        input::count_within(self.steps.len(), FUNNEL_STEPS_MAX, "/steps")?;
        let steps = (0_usize..).zip(self.steps);
        let steps: Vec<Step> = steps
            .map(|(number, step)| step.check(&format!("/steps/{number}")))
            .collect::<Result<_, _>>()?;
        let window = self.window.unwrap_or(WINDOW_DEFAULT).check()?;
        let days = calendar(window, range, zone)?;
        let exclude = self.exclude.unwrap_or_default();
        input::count_within(exclude.len(), FUNNEL_STEPS_MAX, "/exclude")?;
        let exclude = (0_usize..).zip(exclude).map(|(number, exclusion)| {
            exclusion.check(steps.len() as u32, &format!("/exclude/{number}"))
        });
        let breakdown = self.breakdown.map(|breakdown| breakdown.check(steps.len() as u32));
        if self.experiment.is_some() && breakdown.is_none() {
            return Err(invalid(
                "/experiment",
                "needs a breakdown, whose groups are the variants".into(),
            ));
        }
        Ok(FunnelQuery {
            range,
            window,
            days,
            order: self.order.unwrap_or_default(),
            entry: self.entry.unwrap_or_default(),
            exclude: exclude.collect::<Result<_, _>>()?,
            user_filters: input::filters(self.user_filters.unwrap_or_default(), "/user_filters")?,
            breakdown: breakdown.transpose()?,
            control: self.experiment.map(|experiment| experiment.control),
            steps,
        })
    }
}

/// The days of the range and of the windows that begin in it; none where days are those of UTC.
fn calendar(window: Window, range: Range, zone: TimeZone) -> Result<Option<Calendar>, Error> {
    match window {
        Window::CalendarDays(days) if zone != TimeZone::UTC => {
            let more = days as usize + 1;
            Calendar::new(&zone, Unit::Day, 1, range.start_ms..range.end_ms, more).map(Some)
        }
        _ => Ok(None),
    }
}

impl WindowInput {
    fn check(self) -> Result<Window, Error> {
        let unit_ms = match self.unit {
            WindowUnit::Seconds => 1_000,
            WindowUnit::Minutes => 60_000,
            WindowUnit::Hours => 3_600_000,
            WindowUnit::Days | WindowUnit::CalendarDays => DAY_MS,
        };
        let max = i64::from(WINDOW_DAYS_MAX) * DAY_MS / unit_ms;
        within("/window/amount", self.amount, u32::try_from(max).unwrap_or(u32::MAX))?;
        Ok(match self.unit {
            WindowUnit::CalendarDays => Window::CalendarDays(self.amount),
            _ => Window::Exact(i64::from(self.amount) * unit_ms),
        })
    }
}

impl ExclusionInput {
    fn check(self, steps: u32, at: &str) -> Result<Exclusion, Error> {
        let (after_step, before_step) =
            (self.after_step.unwrap_or(0), self.before_step.unwrap_or(steps - 1));
        if after_step >= before_step || before_step >= steps {
            let message = format!(
                "{after_step} to {before_step} are no two of the steps 0 to {} in their order",
                steps - 1
            );
            return Err(invalid(&format!("{at}/before_step"), message));
        }
        let step = StepInput { event: self.event, filters: self.filters };
        Ok(Exclusion { event: step.check(at)?, after_step, before_step })
    }
}

impl BreakdownInput {
    pub(super) fn check(self, steps: u32) -> Result<Breakdown, Error> {
        if self.property.is_empty() {
            return Err(invalid("/breakdown/property", "must not be empty".to_owned()));
        }
        let (of, step) = (self.of.unwrap_or_default(), self.step.unwrap_or(0));
        if step >= steps {
            return Err(invalid(
                "/breakdown/step",
                format!("{step} is not one of the steps 0 to {}", steps - 1),
            ));
        }
        if of == Of::User && self.step.is_some() {
            return Err(invalid(
                "/breakdown/step",
                "a user's property belongs to no step".to_string(),
            ));
        }
        let limit = self.limit.unwrap_or(GROUPS_DEFAULT);
        if limit == 0 || limit > BREAKDOWN_GROUPS_MAX {
            return Err(invalid(
                "/breakdown/limit",
                format!("{limit} is not between 1 and {BREAKDOWN_GROUPS_MAX}"),
            ));
        }
        Ok(Breakdown { property: self.property, of, step, limit })
    }
}
