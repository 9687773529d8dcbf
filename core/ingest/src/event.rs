//! The meaning of an event's keys: which are reserved, when the event happened, what is a property.

use eventhub_core::limits::{FUTURE_MS_MAX, SKEW_MS_TOLERATED};
use eventhub_core::{
    Error, EventType, ExternalId, InsertId, NewEvent, Properties, RESERVED_KEYS, TimeMs,
    parse_date, parse_timestamp,
};

use super::{Pairs, Value};

/// The time of receipt, and the times that an event may carry.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    now: TimeMs,
    latest: TimeMs,
    taken: &'static str,
}

impl Clock {
    /// For events as they happen: up to one day ahead of the server's clock.
    #[must_use]
    pub fn live(now: TimeMs) -> Self {
        let latest = TimeMs::new(now.ms() + FUTURE_MS_MAX).unwrap_or(TimeMs::MAX);
        Self { now, latest, taken: "1970-01-01 to one day from now" }
    }

    /// For files: up to the last time that a store takes.
    #[must_use]
    pub fn import(now: TimeMs) -> Self {
        Self { now, latest: TimeMs::MAX, taken: "1970-01-01 to 2200-12-31" }
    }

    /// The last time that is taken.
    #[must_use]
    pub fn latest(&self) -> TimeMs {
        self.latest
    }

    /// When an event happened that says so by a timestamp, a date, or not at all.
    ///
    /// # Errors
    /// When the timestamp, or the date if there is no timestamp, is none or not a time taken.
    fn event_time(&self, timestamp: Option<&str>, date: Option<&str>) -> Result<TimeMs, Error> {
        let (field, text, time) = match (timestamp, date) {
            (Some(text), _) => ("timestamp", text, parse_timestamp("timestamp", text)),
            (None, Some(text)) => ("date", text, self.date_time(text)),
            (None, None) => return Ok(self.now),
        };
        match time {
            Ok(time) if time > self.latest => Err(Error::TimeOutOfRange {
                field: field.to_string(),
                value: text.to_string(),
                expected: self.taken,
            }),
            // What no store takes is out of the range that holds here, which is what helps the client.
            Err(Error::TimeOutOfRange { field, value, .. }) => {
                Err(Error::TimeOutOfRange { field, value, expected: self.taken })
            }
            time => time,
        }
    }

    /// By how much the clock of a sender is behind this one, in whole steps of what is tolerated: how long a
    /// batch was on its way differs from batch to batch, and must not change the order of their events.
    pub(super) fn skew_ms(&self, sent_ms: i64) -> i64 {
        let behind_ms = self.now.ms().saturating_sub(sent_ms);
        behind_ms / SKEW_MS_TOLERATED * SKEW_MS_TOLERATED
    }

    /// The time of an event by this clock, told by one that is behind by `skew_ms`; where that is not 0, nothing
    /// happened after it was received. A time that is none taken was told by a clock that was put right before the event was sent, and is
    /// that of receipt.
    pub(super) fn corrected(&self, time_ms: i64, skew_ms: i64) -> TimeMs {
        let ms = match skew_ms {
            0 => time_ms,
            skew_ms => time_ms.saturating_add(skew_ms).min(self.now.ms()),
        };
        TimeMs::new(ms).filter(|time| *time <= self.latest).unwrap_or(self.now)
    }

    fn date_time(&self, date: &str) -> Result<TimeMs, Error> {
        let day = parse_date("date", date)?;
        Ok(if day == self.now.day_start() { self.now } else { day })
    }
}

/// Reads an event; of a key given twice, the last value stays.
///
/// # Errors
/// The first rule that the event breaks, naming the key.
pub fn read_event(pairs: Pairs<'_>, clock: &Clock) -> Result<NewEvent, Error> {
    let mut reserved = [const { None }; RESERVED_KEYS.len()];
    let mut properties = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let text = match value {
            Value::Text(text) => text,
            Value::Absent => continue,
            Value::Nested => return Err(nested(&key)),
        };
        match RESERVED_KEYS.iter().position(|reserved| *reserved == key) {
            Some(at) => reserved[at] = Some(text),
            None => properties.push((key.into_owned(), text.into_owned())),
        }
    }
    let [event_type, user, timestamp, date, insert_id, _callback] = reserved;
    Ok(NewEvent {
        event_type: EventType::new(event_type.unwrap_or_default())?,
        user: ExternalId::new(user.unwrap_or_default())?,
        time: clock.event_time(timestamp.as_deref(), date.as_deref())?,
        insert_id: insert_id.map(InsertId::new).transpose()?,
        properties: Properties::new(properties)?,
    })
}

/// Reads a user and the properties to set.
///
/// # Errors
/// The first rule that they break, naming the key.
pub fn read_user(pairs: Pairs<'_>) -> Result<(ExternalId, Properties), Error> {
    let mut user = None;
    let mut properties = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        match (key.as_ref(), value) {
            ("callback", _) | (_, Value::Absent) => {}
            (key, Value::Nested) => return Err(nested(key)),
            ("external_user_id", Value::Text(text)) => user = Some(text),
            (_, Value::Text(text)) => properties.push((key.into_owned(), text.into_owned())),
        }
    }
    Ok((ExternalId::new(user.unwrap_or_default())?, Properties::new(properties)?))
}

/// The refusal of an object or array as the value of `key`.
pub(super) fn nested(key: &str) -> Error {
    Error::Invalid {
        field: key.to_string(),
        message: "must be a text, a number or a boolean, not an object or array".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-03-05T12:00:00Z
    const NOW_MS: i64 = 1_709_640_000_000;

    fn pairs<'a>(given: &[(&'a str, &'a str)]) -> Pairs<'a> {
        given.iter().map(|(k, v)| ((*k).into(), Value::Text((*v).into()))).collect()
    }

    fn read(given: &[(&str, &str)]) -> Result<NewEvent, Error> {
        let mut all = pairs(&[("event_type", "signup"), ("external_user_id", "u")]);
        all.extend(pairs(given));
        read_event(all, &Clock::live(TimeMs::new(NOW_MS).unwrap()))
    }

    #[test]
    fn the_time_is_timestamp_then_date_then_receipt() {
        let check = |given: &[(&str, &str)], expected: Result<i64, &str>| {
            let found = read(given);
            let found = found.as_ref().map(|event| event.time.ms());
            assert_eq!(found.map_err(|e| e.param().unwrap()), expected, "{given:?}");
        };
        check(&[], Ok(NOW_MS));
        check(&[("date", "20240305")], Ok(NOW_MS));
        check(&[("date", "20240304")], Ok(1_709_510_400_000));
        check(&[("date", "20240306")], Ok(1_709_683_200_000));
        check(&[("date", "20240307")], Err("date"));
        check(&[("date", "20240230")], Err("date"));
        check(&[("date", "")], Err("date"));
        check(&[("timestamp", "7"), ("date", "20240304")], Ok(7));
        check(&[("timestamp", "1970-01-01T00:00:01Z")], Ok(1000));
        check(&[("timestamp", "1709726400000")], Ok(NOW_MS + 86_400_000));
        check(&[("timestamp", "1709726400001")], Err("timestamp"));
        check(&[("timestamp", "-1")], Err("timestamp"));
    }

    #[test]
    fn a_time_out_of_range_is_told_the_range_that_holds() {
        let now = TimeMs::new(NOW_MS).unwrap();
        let check = |key: &str, time: &str, clock: Clock, expected: &str| {
            let given = pairs(&[("event_type", "a"), ("external_user_id", "u"), (key, time)]);
            let error = read_event(given, &clock).unwrap_err();
            let message = format!("{key}: {time} is outside the times taken ({expected})");
            assert_eq!(error.to_string(), message);
        };
        for (key, time) in [
            ("timestamp", "-1"),
            ("timestamp", "1709726400001"),
            ("timestamp", "9999999999999999"),
            ("timestamp", "1969-12-31T23:59:59Z"),
            ("date", "19691231"),
            ("date", "20240307"),
            ("date", "22010101"),
        ] {
            check(key, time, Clock::live(now), "1970-01-01 to one day from now");
        }
        check("date", "22010101", Clock::import(now), "1970-01-01 to 2200-12-31");
    }

    #[test]
    fn files_may_hold_times_to_come() {
        let given = pairs(&[("event_type", "a"), ("external_user_id", "u"), ("date", "22001231")]);
        assert!(read_event(given, &Clock::import(TimeMs::new(NOW_MS).unwrap())).is_ok());
    }

    #[test]
    fn reserved_keys_are_no_properties() {
        let event = read(&[("insert_id", "i"), ("callback", "f"), ("plan", "free")]).unwrap();
        assert_eq!(event.insert_id.map(|id| id.as_str().to_string()).as_deref(), Some("i"));
        assert_eq!(event.properties.iter().collect::<Vec<_>>(), [("plan", "free")]);
    }

    #[test]
    fn required_keys_and_limits_are_named() {
        let check = |given: &[(&str, &str)], param: &str| {
            assert_eq!(read(given).unwrap_err().param(), Some(param), "{given:?}");
        };
        check(&[("event_type", "")], "event_type");
        check(&[("external_user_id", "")], "external_user_id");
        check(&[("insert_id", "")], "insert_id");
        check(&[("insert_id", &"i".repeat(129))], "insert_id");
        check(&[("plan", &"x".repeat(8193))], "plan");
        let clock = Clock::live(TimeMs::new(NOW_MS).unwrap());
        assert_eq!(read_event(vec![], &clock).unwrap_err().param(), Some("event_type"));
    }

    #[test]
    fn a_user_has_an_id_and_properties() {
        let given = pairs(&[("external_user_id", "u"), ("date", "d"), ("callback", "f")]);
        let (user, properties) = read_user(given).unwrap();
        assert_eq!(user.as_str(), "u");
        assert_eq!(properties.iter().collect::<Vec<_>>(), [("date", "d")]);
        assert!(read_user(pairs(&[("a", "b")])).is_err());
    }
}
