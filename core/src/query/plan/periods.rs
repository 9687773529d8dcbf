//! Periods as questions name them, and the events that fall into them.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, string::ToString};
use core::fmt;

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserializer, MapAccess, Visitor};

use super::filter::FilterInput;
use super::{Filter, Range, input, invalid, within};
use crate::Error;
use crate::limits::PERIOD_UNITS_MAX;
use crate::query::calendar::{Calendar, Unit, WeekStart};

/// Events that are counted: of one type or of any, with filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// The event type; none for any.
    pub event_type: Option<String>,
    /// All must hold.
    pub filters: Vec<Filter>,
}

/// The same as JSON: `{"event": "purchase", "filters": [..]}`, without `event` of any type, or just `"any"`.
#[derive(Debug, Clone, Default)]
pub(super) struct EventsInput {
    event: Option<String>,
    filters: Vec<FilterInput>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventsObject {
    event: Option<String>,
    #[serde(default)]
    filters: Vec<FilterInput>,
}

impl<'de> Deserialize<'de> for EventsInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyOrObject;
        impl<'de> Visitor<'de> for AnyOrObject {
            type Value = EventsInput;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"any\" or an object with event and filters")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<EventsInput, E> {
                #[derive(Deserialize)]
                #[serde(rename_all = "snake_case")]
                enum Word {
                    Any,
                }
                let Word::Any = Word::deserialize(StrDeserializer::<E>::new(text))?;
                Ok(EventsInput::default())
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<EventsInput, M::Error> {
                let object = EventsObject::deserialize(MapAccessDeserializer::new(map))?;
                Ok(EventsInput { event: object.event, filters: object.filters })
            }
        }
        deserializer.deserialize_any(AnyOrObject)
    }
}

impl EventsInput {
    pub(super) fn check(self, at: &str) -> Result<Events, Error> {
        if let Some(name) = &self.event {
            input::event_name(name, &format!("{at}/event"))?;
        }
        let filters = input::filters(self.filters, &format!("{at}/filters"))?;
        Ok(Events { event_type: self.event, filters })
    }
}

/// What a period is a multiple of, as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PeriodInput {
    Hour,
    Day,
    Week,
    Month,
}

impl PeriodInput {
    /// The unit of a calendar.
    pub(super) fn unit(self, week_start: Option<WeekStart>) -> Result<Unit, Error> {
        if week_start.is_some() && self != Self::Week {
            return Err(invalid("/week_start", "needs weeks".to_string()));
        }
        Ok(match self {
            Self::Hour => Unit::Hour,
            Self::Day => Unit::Day,
            Self::Week => Unit::Week(week_start.unwrap_or_default()),
            Self::Month => Unit::Month,
        })
    }

    /// Its length where it is counted from an event, in ms; that of a month is 30 days.
    pub(super) const fn exact_ms(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => crate::DAY_MS,
            Self::Week => 7 * crate::DAY_MS,
            Self::Month => 30 * crate::DAY_MS,
        }
    }
}

/// The periods of a range and so many more; how many of them the range meets comes with them.
pub(super) fn periods(
    zone: &TimeZone,
    unit: Unit,
    every: u32,
    range: Range,
    more: usize,
) -> Result<(Calendar, usize), Error> {
    within("/every", every, PERIOD_UNITS_MAX)?;
    let calendar = Calendar::new(zone, unit, every, range.start_ms..range.end_ms, more)?;
    let rows = match range.end_ms.checked_sub(1).filter(|last| *last >= range.start_ms) {
        Some(last) => calendar.of(last).map_or(0, |period| period + 1),
        None => 0,
    };
    Ok((calendar, rows))
}
