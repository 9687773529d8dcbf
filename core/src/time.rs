//! Times and dates: milliseconds since 1970 in UTC, and the texts in which clients write them.

use alloc::format;
use alloc::string::{String, ToString};

use jiff::civil;

use crate::Error;
use crate::error::shortened;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// A time in milliseconds since 1970-01-01T00:00:00Z.
///
/// It lies between 1970-01-01 and the end of 2200-12-31; constructors refuse anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeMs(i64);

/// An exclusive end of a range of times: a time, or the first one after the last that a store takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndMs(i64);

impl EndMs {
    /// The end of everything: the first millisecond of the year 2201.
    pub const MAX: Self = Self(TimeMs::MAX.0 + 1);

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The UTC date as `YYYYMMDD`.
    #[must_use]
    pub fn date_text(self) -> String {
        date_text(self.0)
    }
}

impl From<TimeMs> for EndMs {
    fn from(time: TimeMs) -> Self {
        Self(time.0)
    }
}

const TIMES_TAKEN: &str = "1970-01-01 to 2200-12-31";
const ENDS_TAKEN: &str = "1970-01-01 to 2201-01-01";

impl TimeMs {
    /// The latest time that a store takes: the last millisecond of the year 2200.
    pub const MAX: Self = Self(7_289_654_399_999);
    /// The beginning of 1970.
    pub const MIN: Self = Self(0);

    /// Checks a number of milliseconds since 1970.
    #[must_use]
    pub const fn new(ms: i64) -> Option<Self> {
        if ms >= 0 && ms <= Self::MAX.0 { Some(Self(ms)) } else { None }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The start of this time's UTC day.
    #[must_use]
    pub const fn day_start(self) -> Self {
        Self(self.0 - self.0 % DAY_MS)
    }

    /// The UTC date as `YYYYMMDD`.
    #[must_use]
    pub fn date_text(self) -> String {
        date_text(self.0)
    }
}

/// Reads a date of the form `YYYYMMDD` as the start of that UTC day.
///
/// # Errors
/// When `value` is not eight digits, names no day of the calendar, or lies outside 1970 to 2200.
pub fn parse_date(field: &str, value: &str) -> Result<TimeMs, Error> {
    in_range(field, value, date_ms(field, value)?)
}

/// Reads a date of the form `YYYYMMDD` as an exclusive end, which may also be the day after the last
/// that a store takes.
///
/// # Errors
/// When `value` is not eight digits, names no day of the calendar, or lies outside 1970 to 2201-01-01.
pub fn parse_end_date(field: &str, value: &str) -> Result<EndMs, Error> {
    let ms = date_ms(field, value)?;
    if (0..=EndMs::MAX.0).contains(&ms) {
        return Ok(EndMs(ms));
    }
    Err(out_of_range(field, value, ENDS_TAKEN))
}

fn date_ms(field: &str, value: &str) -> Result<i64, Error> {
    let invalid = || Error::InvalidDate {
        field: field.to_string(),
        value: shortened(value),
        expected: "YYYYMMDD",
    };
    if value.len() != 8 || !value.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid());
    }
    let number: u32 = value.parse().map_err(|_| invalid())?;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    let date = civil::Date::new(
        i16::try_from(year).map_err(|_| invalid())?,
        i8::try_from(month).map_err(|_| invalid())?,
        i8::try_from(day).map_err(|_| invalid())?,
    )
    .map_err(|_| invalid())?;
    Ok(civil_ms(date.at(0, 0, 0, 0)))
}

/// The UTC date of a time from 1970 on and not far behind 2200.
fn date_text(ms: i64) -> String {
    let days = i32::try_from(ms / DAY_MS).expect("a TimeMs lies before the year 2201");
    let date = civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().days(days))
        .expect("a TimeMs lies before the year 2201");
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// Reads a point in time: milliseconds since 1970, or RFC 3339 and nothing beyond it.
///
/// Of a fraction of a second, milliseconds count; a leap second counts as the second before it.
///
/// # Errors
/// When `value` is neither, or lies outside 1970 to 2200.
pub fn parse_timestamp(field: &str, value: &str) -> Result<TimeMs, Error> {
    if is_integer(value) {
        return in_range_digits(field, value, 1);
    }
    parse_rfc3339(value).map_or_else(
        || {
            Err(Error::InvalidDate {
                field: field.to_string(),
                value: shortened(value),
                expected: "milliseconds since 1970 or RFC 3339",
            })
        },
        |ms| in_range(field, value, ms),
    )
}

/// Reads a time as files hold it: `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS[.fff]`, RFC 3339, or seconds or
/// milliseconds since 1970. A time without a zone is UTC; an integer of up to ten digits is seconds.
///
/// # Errors
/// When `value` has none of these forms, or lies outside 1970 to 2200.
pub fn parse_file_time(field: &str, value: &str) -> Result<TimeMs, Error> {
    if let Some(time) = milliseconds(value) {
        return Ok(time);
    }
    if is_integer(value) {
        let seconds = value.trim_start_matches('-').len() <= 10;
        return in_range_digits(field, value, if seconds { 1000 } else { 1 });
    }
    let ms = value.parse::<civil::DateTime>().ok().filter(|_| !has_zone(value)).map(civil_ms);
    let zoned = || value.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
    ms.or_else(zoned).map_or_else(
        || {
            Err(Error::InvalidDate {
                field: field.to_string(),
                value: shortened(value),
                expected: "YYYY-MM-DD HH:MM:SS, RFC 3339, or s or ms since 1970",
            })
        },
        |ms| in_range(field, value, ms),
    )
}

/// The time of 13 digits, the form of almost every file that counts milliseconds.
fn milliseconds(value: &str) -> Option<TimeMs> {
    let digits: &[u8; 13] = value.as_bytes().try_into().ok()?;
    let mut ms = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        ms = ms * 10 + i64::from(digit);
    }
    TimeMs::new(ms)
}

fn in_range_digits(field: &str, value: &str, scale: i64) -> Result<TimeMs, Error> {
    let ms = value.parse::<i64>().ok().and_then(|n| n.checked_mul(scale));
    in_range(field, value, ms.unwrap_or(i64::MAX))
}

fn in_range(field: &str, value: &str, ms: i64) -> Result<TimeMs, Error> {
    TimeMs::new(ms).ok_or_else(|| out_of_range(field, value, TIMES_TAKEN))
}

fn out_of_range(field: &str, value: &str, expected: &'static str) -> Error {
    Error::TimeOutOfRange { field: field.to_string(), value: shortened(value), expected }
}

/// The `date-time` of RFC 3339, section 5.6: `2013-01-01T00:00:00.5Z`, with `t` or a space for `T`, `z`
/// for `Z`, or an offset such as `+01:00`.
fn parse_rfc3339(value: &str) -> Option<i64> {
    let (date, rest) = value.split_at_checked(10)?;
    let (clock, rest) = rest.strip_prefix(['T', 't', ' '])?.split_at_checked(8)?;
    let date = numbers(date, b"dddd-dd-dd")?;
    let [hour, minute, second] = numbers(clock, b"dd:dd:dd")?;
    let (fraction_ms, offset) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.bytes().position(|b| !b.is_ascii_digit()).filter(|end| *end > 0)?;
            let (digits, offset) = rest.split_at(end);
            let ms = digits.bytes().chain(*b"00").take(3);
            (ms.fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0')), offset)
        }
        None => (0, rest),
    };
    let offset_minutes = match offset.as_bytes().first()? {
        b'Z' | b'z' if offset.len() == 1 => 0,
        sign @ (b'+' | b'-') => {
            let [hours, minutes] = numbers(&offset[1..], b"dd:dd")?;
            let length = i64::from(hours * 60 + minutes);
            if hours > 23 || minutes > 59 {
                return None;
            }
            if *sign == b'+' { length } else { -length }
        }
        _ => return None,
    };
    let second = if second == 60 { 59 } else { second };
    let [year, month, day] = date;
    let date = civil::Date::new(year, month as i8, day as i8).ok()?;
    let time = civil::Time::new(hour as i8, minute as i8, second as i8, 0).ok()?;
    let ms = civil_ms(date.to_datetime(time));
    Some(ms.saturating_add(fraction_ms - offset_minutes * 60_000))
}

/// The numbers in a text of a form in which `d` stands for a digit and numbers are at most four digits.
fn numbers<const N: usize>(text: &str, form: &[u8]) -> Option<[i16; N]> {
    if text.len() != form.len() {
        return None;
    }
    let mut numbers = [0; N];
    let mut at = 0;
    for (byte, expected) in text.bytes().zip(form) {
        if *expected != b'd' {
            if byte != *expected {
                return None;
            }
            at += 1;
        } else if byte.is_ascii_digit() {
            numbers[at] = numbers[at] * 10 + i16::from(byte - b'0');
        } else {
            return None;
        }
    }
    Some(numbers)
}

fn civil_ms(at: civil::DateTime) -> i64 {
    jiff::tz::Offset::UTC.to_timestamp(at).map_or(i64::MAX, jiff::Timestamp::as_millisecond)
}

fn is_integer(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a date-time text ends in a zone, which a civil parse would pass over.
fn has_zone(value: &str) -> bool {
    let Some(clock) = value.get(10..) else { return false };
    clock.contains(['Z', 'z', '+', '-', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_of_the_calendar() {
        let check = |value: &str, expected: Option<i64>| {
            assert_eq!(parse_date("date", value).ok().map(TimeMs::ms), expected, "{value}");
        };
        check("19700101", Some(0));
        check("20130101", Some(1_356_998_400_000));
        check("20240229", Some(1_709_164_800_000));
        check("20230229", None);
        check("20131345", None);
        check("00000000", None);
        check("2013-01-01", None);
        check("2013010", None);
        check("+2013010", None);
        check("19691231", None);
        check("22010101", None);
    }

    #[test]
    fn an_end_may_be_the_day_after_the_last() {
        let check = |value: &str, expected: Option<i64>| {
            let found = parse_end_date("end_date", value).ok();
            assert_eq!(found.map(EndMs::ms), expected, "{value}");
            assert!(found.is_none_or(|end| end.date_text() == value));
        };
        check("19700101", Some(0));
        check("22001231", Some(TimeMs::MAX.ms() + 1 - DAY_MS));
        check("22010101", Some(TimeMs::MAX.ms() + 1));
        check("22010102", None);
        check("19691231", None);
        check("22010100", None);
    }

    #[test]
    fn a_date_prints_as_it_was_read() {
        for date in ["19700101", "20000229", "20240101", "22001231"] {
            assert_eq!(parse_date("date", date).unwrap().date_text(), date);
        }
        assert_eq!(TimeMs::MAX.date_text(), "22001231");
    }

    #[test]
    fn timestamps_are_milliseconds_or_rfc_3339() {
        let check = |value: &str, expected: Option<i64>| {
            assert_eq!(
                parse_timestamp("timestamp", value).ok().map(TimeMs::ms),
                expected,
                "{value}"
            );
        };
        check("0", Some(0));
        check("1356998400123", Some(1_356_998_400_123));
        check("2013-01-01T00:00:00.5Z", Some(1_356_998_400_500));
        check("2013-01-01T01:00:00+01:00", Some(1_356_998_400_000));
        check("2013-01-01t00:00:00z", Some(1_356_998_400_000));
        check("2013-01-01 00:00:00Z", Some(1_356_998_400_000));
        check("2012-12-31T18:30:00.123456789012-05:30", Some(1_356_998_400_123));
        check("2013-01-01T23:59:00+23:59", Some(1_356_998_400_000));
        check("2013-01-01T00:00:00-00:00", Some(1_356_998_400_000));
        check("2012-12-31T23:59:60Z", Some(1_356_998_399_000));
        check("1970-01-01T00:00:00+00:01", None);
        check("0000-01-01T00:00:00.5Z", None);
        check("9999-12-31T23:59:59.5-23:59", None);
        check("2201-01-01T00:30:00.007+01:00", Some(TimeMs::MAX.ms() + 8 - 1_800_000));
        check("-1", None);
        check("99999999999999999999", None);
        check("2013-01-01", None);
        check("2013-01-01T00:00:00", None);
        for other in [
            "2013-01-01T00:00:00+24:00",
            "2013-01-01T00:00:00+01:60",
            "2013-01-01T00:00:00+0100",
            "2013-01-01T00:00:00+01",
            "2013-01-01T00:00:00+01:00:00",
            "2013-01-01T00:00:00 Z",
            "2013-01-01T00:00Z",
            "2013-01-01T00:00:00,5Z",
            "2013-01-01T00:00:00.Z",
            "2013-01-01T00:00:00.5",
            "2013-01-01T00:00:61Z",
            "2013-01-01T00:60:00Z",
            "2013-01-01T24:00:00Z",
            "2013-02-29T00:00:00Z",
            "2013-00-01T00:00:00Z",
            "2013-1-1T00:00:00Z",
            "20130101T000000Z",
            "2013-01-01_00:00:00Z",
            "+002013-01-01T00:00:00Z",
            "2013-01-01T00:00:00Z[UTC]",
            "2013-01-01T00:00:00Z ",
            "2013-01-01T00:00:00\u{e9}",
            "2013-01-0\u{e9}T00:00:00Z",
        ] {
            check(other, None);
        }
        check("", None);
        check("now", None);
    }

    #[test]
    fn files_hold_times_in_several_forms() {
        let check = |value: &str, expected: Option<i64>| {
            assert_eq!(parse_file_time("time", value).ok().map(TimeMs::ms), expected, "{value}");
        };
        check("2013-01-01", Some(1_356_998_400_000));
        check("2013-01-01 00:00:01", Some(1_356_998_401_000));
        check("2013-01-01 00:00:01.250", Some(1_356_998_401_250));
        check("2013-01-01T00:00:01", Some(1_356_998_401_000));
        check("2013-01-01T00:00:01Z", Some(1_356_998_401_000));
        check("2013-01-01 01:00:01+01:00", Some(1_356_998_401_000));
        check("1356998401", Some(1_356_998_401_000));
        check("1356998401000", Some(1_356_998_401_000));
        check("2013-01-01T02:00:01+0200", Some(1_356_998_401_000));
        check("2013-02-30 00:00:00", None);
        check("yesterday", None);
    }
}
