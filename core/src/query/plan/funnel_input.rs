//! Funnels as the JSON API takes them.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::filter::FilterInput;
use super::funnel::{Breakdown, Entry, Exclusion, FunnelQuery, Of, Order, Window};
use super::input::{self, RangeInput, StepInput};
use super::{Range, Step, invalid, within};
use crate::limits::{BREAKDOWN_GROUPS_MAX, FUNNEL_STEPS_MAX, WINDOW_DAYS_MAX};
use crate::query::calendar::{Calendar, Unit};
use crate::{DAY_MS, Error};

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
