//! Periods of a calendar in a time zone: hours, days, weeks and months as people there count them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Deserialize;

use super::plan::invalid;
use crate::Error;
use crate::limits::PERIODS_MAX;

const HOUR_MS: i64 = 3_600_000;

/// What a period is a multiple of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 3,600 s, counted from the start of a day.
    Hour,
    /// A day, which is longer or shorter where clocks change.
    Day,
    /// A week that begins with this day.
    Week(WeekStart),
    /// A month.
    Month,
}

/// The day with which weeks begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum WeekStart {
    /// As ISO 8601 has it.
    #[default]
    Monday,
    /// As in the Americas.
    Sunday,
    /// As in the Near East.
    Saturday,
}

/// Periods that follow one another without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Where each period begins, in ms since 1970, and where the last one ends.
    edges: Vec<i64>,
}

impl Calendar {
    /// The periods of `every` units that cover a range, the first one beginning with the unit in which the range
    /// does, and so many more.
    ///
    /// # Errors
    /// When there are too many, or they lie beyond the calendar.
    pub fn new(
        zone: &TimeZone,
        unit: Unit,
        every: u32,
        range_ms: Range<i64>,
        more: usize,
    ) -> Result<Self, Error> {
        let beyond = || invalid("/range", "lies beyond the calendar".into());
        let start = Timestamp::from_millisecond(range_ms.start).map_err(|_| beyond())?;
        let date = start.to_zoned(zone.clone()).date();
        let first = unit.first_date(date).ok_or_else(beyond)?;
        let edge = |number: usize| -> Option<i64> {
            let units = i64::try_from(number).ok()?.checked_mul(i64::from(every))?;
            let days_start =
                |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond());
            let span = match unit {
                Unit::Hour => return Some(days_start(first)? + units.checked_mul(HOUR_MS)?),
                Unit::Day => Span::new().try_days(units),
                Unit::Week(_) => Span::new().try_weeks(units),
                Unit::Month => Span::new().try_months(units),
            };
            days_start(first.checked_add(span.ok()?).ok()?)
        };
        let mut edges = Vec::new();
        let mut left = more + 1;
        while left > 0 {
            let at = edge(edges.len()).ok_or_else(beyond)?;
            // Hours are counted from the start of the day, so the first ones may be over.
            left -= usize::from(at >= range_ms.end);
            edges.push(at);
            if edges.len() > PERIODS_MAX + 1 {
                return Err(invalid("/range", format!("has more than {PERIODS_MAX} periods")));
            }
        }
        if edges.len() == 1 {
            // An empty range at the very start of a period lies in that period.
            edges.push(edge(1).ok_or_else(beyond)?);
        }
        Ok(Self { edges })
    }

    /// How many periods there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// Whether there is none; there is always one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where a period begins; the one after the last begins where that ends.
    #[must_use]
    pub fn start_ms(&self, period: usize) -> i64 {
        self.edges[period.min(self.edges.len() - 1)]
    }

    /// Where the last period ends.
    #[must_use]
    pub fn end_ms(&self) -> i64 {
        self.edges[self.edges.len() - 1]
    }

    /// The number of the period in which a time lies.
    #[must_use]
    #[inline]
    pub fn of(&self, time_ms: i64) -> Option<usize> {
        let (first, last) = (self.edges[0], self.edges[self.edges.len() - 1]);
        if time_ms < first || time_ms >= last {
            return None;
        }
        // Periods are about as long as one another, so the place by proportion is at most a few off. Neither the times
        // of a store nor the periods of a calendar are so many that their product would overflow.
        let share = (time_ms - first) as u64 * self.len() as u64 / (last - first) as u64;
        let mut period = share as usize;
        while time_ms < self.edges[period] {
            period -= 1;
        }
        while time_ms >= self.edges[period + 1] {
            period += 1;
        }
        Some(period)
    }
}

impl Unit {
    /// The first day of the unit in which a day lies.
    fn first_date(self, date: Date) -> Option<Date> {
        match self {
            Self::Hour | Self::Day => Some(date),
            Self::Month => Some(date.first_of_month()),
            Self::Week(start) => {
                let start = match start {
                    WeekStart::Monday => Weekday::Monday,
                    WeekStart::Sunday => Weekday::Sunday,
                    WeekStart::Saturday => Weekday::Saturday,
                };
                date.checked_sub(Span::new().days(i64::from(date.weekday().since(start)))).ok()
            }
        }
    }
}

/// A time as RFC 3339 has it, by the clocks of a zone.
pub(super) fn time_text(time_ms: i64, zone: &TimeZone) -> String {
    let time = Timestamp::from_millisecond(time_ms).unwrap_or_default();
    time.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn calendar(zone: &str, unit: Unit, every: u32, days: [&str; 2]) -> (Calendar, TimeZone) {
        let zone = TimeZone::get(zone).unwrap();
        let start = |day: &str| {
            let date: Date = day.parse().unwrap();
            date.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond()
        };
        let range = start(days[0])..start(days[1]);
        (Calendar::new(&zone, unit, every, range, 0).unwrap(), zone)
    }

    fn check(zone: &str, unit: Unit, every: u32, days: [&str; 2], expected: &[&str]) {
        let (calendar, zone) = calendar(zone, unit, every, days);
        let starts: Vec<_> = (0..=calendar.len())
            .map(|period| time_text(calendar.start_ms(period), &zone))
            .collect();
        assert_eq!(starts, expected);
    }

    #[test]
    fn days_are_as_long_as_clocks_make_them() {
        let spring = ["2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00"];
        check("Europe/Paris", Unit::Day, 1, ["2024-03-31", "2024-04-01"], &spring);
        let autumn = ["2024-11-03T00:00:00-04:00", "2024-11-04T00:00:00-05:00"];
        check("America/New_York", Unit::Day, 1, ["2024-11-03", "2024-11-04"], &autumn);
        let hours = |days| calendar("Europe/Paris", Unit::Hour, 1, days).0.len();
        assert_eq!(hours(["2024-03-31", "2024-04-01"]), 23);
        assert_eq!(hours(["2024-10-27", "2024-10-28"]), 25);
    }

    #[test]
    fn weeks_and_months_begin_where_calendars_have_them() {
        let range = ["2024-02-28", "2024-03-11"];
        let monday = ["2024-02-26", "2024-03-04", "2024-03-11"];
        let sunday = ["2024-02-25", "2024-03-03", "2024-03-10", "2024-03-17"];
        let midnight = |days: &[&str]| -> Vec<String> {
            days.iter().map(|day| format!("{day}T00:00:00+00:00")).collect()
        };
        let texts = |days: &[&str]| midnight(days).into_iter().collect::<Vec<_>>();
        let check = |unit, days: &[&str]| {
            let (calendar, zone) = calendar("UTC", unit, 1, range);
            let starts: Vec<_> =
                (0..=calendar.len()).map(|at| time_text(calendar.start_ms(at), &zone)).collect();
            assert_eq!(starts, texts(days));
        };
        check(Unit::Week(WeekStart::Monday), &monday);
        check(Unit::Week(WeekStart::Sunday), &sunday);
        check(Unit::Month, &["2024-02-01", "2024-03-01", "2024-04-01"]);
    }

    proptest! {
        #[test]
        fn a_time_lies_in_the_period_that_a_search_finds(
            zone in prop::sample::select(&["UTC", "Europe/Paris", "Australia/Lord_Howe"][..]),
            every in 1..40_u32,
            unit in prop::sample::select(
                &[Unit::Hour, Unit::Day, Unit::Week(WeekStart::Saturday), Unit::Month][..],
            ),
            share in 0.0..1.0,
        ) {
            let (calendar, _) = calendar(zone, unit, every, ["2023-11-05", "2024-12-25"]);
            let (first, end) = (calendar.start_ms(0), calendar.end_ms());
            let time_ms = first + ((end - first) as f64 * share) as i64;
            let found = (0..calendar.len())
                .find(|at| (calendar.start_ms(*at)..calendar.start_ms(at + 1)).contains(&time_ms));
            prop_assert_eq!(calendar.of(time_ms), found);
            prop_assert_eq!(calendar.of(end), None);
            prop_assert_eq!(calendar.of(first - 1), None);
        }
    }
}
