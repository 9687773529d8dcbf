//! Trends: how often, by how many, how much.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserializer, MapAccess, Visitor};

use super::filter::FilterInput;
use super::funnel_input::BreakdownInput;
use super::input::{self, RangeInput};
use super::periods::{Events, EventsInput, PeriodInput, periods};
use super::{Breakdown, Filter, Range, invalid, too_many};
use crate::Error;
use crate::limits::COHORT_CELLS_MAX;
use crate::query::calendar::{Calendar, WeekStart};

/// A measure of events by interval.
#[derive(Debug, Clone)]
pub struct TrendsQuery {
    /// When the events happen.
    pub range: Range,
    /// The zone in which times are shown.
    pub time_zone: TimeZone,
    /// The intervals.
    pub calendar: Calendar,
    /// How many of them there are.
    pub intervals: usize,
    /// The events.
    pub events: Events,
    /// What is measured.
    pub measure: Measure,
    /// What must hold of the person.
    pub user_filters: Vec<Filter>,
    /// By what it is broken down.
    pub breakdown: Option<Breakdown>,
}

/// What is measured of the events of an interval.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// How many there are.
    Events,
    /// How many persons had one.
    Users,
    /// A function of a property's values that are numbers.
    Property {
        /// The property's key.
        property: String,
        /// The function.
        function: Function,
    },
}

/// A function of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The number below which this share of them lies, between 0 and 1.
    Quantile(f64),
}

#[derive(Debug, Clone)]
struct MeasureInput {
    function: FunctionInput,
    property: Option<String>,
    percentile: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FunctionInput {
    Events,
    Users,
    Sum,
    Average,
    Min,
    Max,
    Median,
    Percentile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureObject {
    function: FunctionInput,
    property: Option<String>,
    percentile: Option<f64>,
}

impl<'de> Deserialize<'de> for MeasureInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrObject;
        impl<'de> Visitor<'de> for NameOrObject {
            type Value = MeasureInput;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"events\", \"users\" or an object with function and property")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<MeasureInput, E> {
                let function = FunctionInput::deserialize(StrDeserializer::<E>::new(text))?;
                Ok(MeasureInput { function, property: None, percentile: None })
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<MeasureInput, M::Error> {
                let MeasureObject { function, property, percentile } =
                    MeasureObject::deserialize(MapAccessDeserializer::new(map))?;
                Ok(MeasureInput { function, property, percentile })
            }
        }
        deserializer.deserialize_any(NameOrObject)
    }
}

impl MeasureInput {
    fn check(self) -> Result<Measure, Error> {
        let share = match (self.function, self.percentile) {
            (FunctionInput::Percentile, Some(percentile))
                if (0.0..=100.0).contains(&percentile) =>
            {
                percentile / 100.0
            }
            (FunctionInput::Percentile, Some(percentile)) => {
                return Err(invalid(
                    "/measure/percentile",
                    format!("{percentile} is not between 0 and 100"),
                ));
            }
            (FunctionInput::Percentile, None) => {
                return Err(invalid("/measure/percentile", "is required".to_string()));
            }
            (_, Some(_)) => {
                return Err(invalid(
                    "/measure/percentile",
                    "belongs to the function percentile".to_string(),
                ));
            }
            (_, None) => 0.5,
        };
        let function = match self.function {
            FunctionInput::Events | FunctionInput::Users if self.property.is_some() => {
                return Err(invalid("/measure/property", "this function takes none".to_string()));
            }
            FunctionInput::Events => return Ok(Measure::Events),
            FunctionInput::Users => return Ok(Measure::Users),
            FunctionInput::Sum => Function::Sum,
            FunctionInput::Average => Function::Average,
            FunctionInput::Min => Function::Min,
            FunctionInput::Max => Function::Max,
            FunctionInput::Median | FunctionInput::Percentile => Function::Quantile(share),
        };
        match self.property.filter(|property| !property.is_empty()) {
            Some(property) => Ok(Measure::Property { property, function }),
            None => Err(invalid("/measure/property", "is required".to_string())),
        }
    }
}

/// Trends as the JSON API takes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrendsInput {
    range: RangeInput,
    time_zone: Option<String>,
    interval: Option<PeriodInput>,
    every: Option<u32>,
    week_start: Option<WeekStart>,
    event: EventsInput,
    measure: Option<MeasureInput>,
    user_filters: Option<Vec<FilterInput>>,
    breakdown: Option<BreakdownInput>,
}

impl TrendsInput {
    /// The question; `default_zone` is that of questions that name none.
    ///
    /// # Errors
    /// When a field makes no sense; the error names it by its JSON pointer.
    pub fn check(self, default_zone: &TimeZone) -> Result<TrendsQuery, Error> {
        let time_zone = input::zone(self.time_zone.as_deref(), default_zone)?;
        let range = self.range.check(&time_zone)?;
        let unit = self.interval.unwrap_or(PeriodInput::Day).unit(self.week_start)?;
        let (calendar, intervals) = periods(&time_zone, unit, self.every.unwrap_or(1), range, 0)?;
        too_many("/range", intervals, COHORT_CELLS_MAX)?;
        let breakdown = self.breakdown.map(|breakdown| breakdown.check(1)).transpose()?;
        Ok(TrendsQuery {
            range,
            calendar,
            intervals,
            events: self.event.check("/event")?,
            measure: self.measure.map_or(Ok(Measure::Events), MeasureInput::check)?,
            user_filters: input::filters(self.user_filters.unwrap_or_default(), "/user_filters")?,
            breakdown,
            time_zone,
        })
    }
}
