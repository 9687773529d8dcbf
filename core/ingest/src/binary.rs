//! The tracker's binary batch: events, an alias or a change of a user, taken whole or not at all.

use eventhub_core::{Batch, Content, Error as CoreError, Properties, RESERVED_KEYS};

use super::{BadEvent, Clock, Error};

/// Reads what a batch asks for, the times of its events by the server's clock.
///
/// # Errors
/// When the bytes are no batch, or any event breaks a rule; then every such event is named by its index.
pub fn read_batch(bytes: &[u8], clock: &Clock) -> Result<Content, Error> {
    let time_of = |sent_ms, time_ms| Ok(clock.corrected(time_ms, clock.skew_ms(sent_ms)));
    let batch = Batch::decode_by(bytes, time_of).map_err(|error| match error {
        CoreError::Events(bad) => {
            Error::Batch(bad.into_iter().map(|(index, error)| BadEvent { index, error }).collect())
        }
        error => Error::Event(error),
    })?;
    let mut events = match batch.content {
        Content::Events(events) => events,
        Content::User { id, properties } => {
            let properties = without(&["external_user_id", "callback"], properties)?;
            return Ok(Content::User { id, properties });
        }
        alias => return Ok(alias),
    };
    for event in &mut events {
        event.properties = without(&RESERVED_KEYS, std::mem::take(&mut event.properties))?;
    }
    Ok(Content::Events(events))
}

/// Properties without those under keys that are none. A batch says by itself what these keys say elsewhere, so a
/// page's property of such a name is passed over, as `date` is beside `timestamp`.
fn without(keys: &[&str], properties: Properties) -> Result<Properties, CoreError> {
    if !properties.iter().any(|(key, _)| keys.contains(&key)) {
        return Ok(properties);
    }
    let kept = properties.iter().filter(|(key, _)| !keys.contains(key));
    Properties::new(kept.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use eventhub_core::{Command, TimeMs};

    use super::*;

    /// 2024-03-05T12:00:00Z
    const NOW_MS: i64 = 1_709_640_000_000;
    const DAY_MS: i64 = 86_400_000;

    fn clock() -> Clock {
        Clock::live(TimeMs::new(NOW_MS).unwrap())
    }

    fn event(user: &str, time_ms: i64) -> Vec<u8> {
        Command::event("a", user, time_ms, None, [("k", "v")].into_iter()).into_bytes()
    }

    fn batch(sent_ms: i64, events: &[Vec<u8>]) -> Vec<u8> {
        Command::batch(sent_ms, &events.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// The time of an event of a batch.
    fn time_of(sent_ms: i64, time_ms: i64) -> i64 {
        match read_batch(&batch(sent_ms, &[event("u", time_ms)]), &clock()) {
            Ok(Content::Events(events)) => events[0].time.ms(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_clock_that_is_wrong_is_corrected() {
        let check = |clock_ms: i64, time_ms: i64, expected: i64| {
            assert_eq!(time_of(NOW_MS + clock_ms, NOW_MS + time_ms), NOW_MS + expected);
        };
        // Up to two seconds are the way here.
        check(0, -500, -500);
        check(1_999, -500, -500);
        check(-1_999, -500, -500);
        check(0, 500, 500);
        // A day behind, a day ahead, half an hour ahead.
        check(-DAY_MS, -DAY_MS - 500, -500);
        check(DAY_MS, DAY_MS - 500, -500);
        check(1_800_000, 1_799_000, -1_000);
        // In whole steps of two seconds.
        check(-5_000, -5_500, -1_500);
        check(5_000, 4_500, 0);
        // What was kept for long before it was sent.
        check(DAY_MS, -4 * DAY_MS, -5 * DAY_MS);
        // Nothing happened after it was received.
        check(-DAY_MS, -DAY_MS + 60_000, 0);
        check(-DAY_MS, DAY_MS, 0);
        // A clock that is right may tell of times to come, as everywhere.
        check(0, DAY_MS, DAY_MS);
        // Of the day after that it tells only where it was put right meanwhile: when that was is not known.
        check(0, DAY_MS + 1, 0);
        check(0, 400 * DAY_MS, 0);
    }

    #[test]
    fn a_clock_may_be_wrong_by_any_number() {
        assert_eq!(time_of(0, 0), NOW_MS);
        assert_eq!(time_of(0, NOW_MS), NOW_MS);
        assert_eq!(time_of(i64::MIN, 0), NOW_MS);
        assert_eq!(time_of(i64::MAX, NOW_MS), NOW_MS);
        assert_eq!(time_of(i64::MIN, i64::MIN), NOW_MS);
        assert_eq!(time_of(0, i64::MAX), NOW_MS);
        let year_2100_ms = 4_102_444_800_000;
        assert_eq!(time_of(year_2100_ms, year_2100_ms - 3_000), NOW_MS - 3_000);
        assert_eq!(time_of(year_2100_ms, 0), NOW_MS);
        // Before 1970, in whole steps of two seconds; and put right before it was sent.
        assert_eq!(time_of(-5_000, -8_000), NOW_MS - 4_000);
        assert_eq!(time_of(NOW_MS, -8_000), NOW_MS);
    }

    #[test]
    fn events_of_batches_on_different_ways_keep_their_order() {
        // Sent at once a day ago by a clock that is an hour behind, one half a second longer on its way.
        let sent_ms = NOW_MS - 3_600_000;
        let slow = time_of(sent_ms - 600, sent_ms - 1_000);
        let fast = time_of(sent_ms - 100, sent_ms - 999);
        assert!(slow < fast);
    }

    #[test]
    fn every_bad_event_is_named() {
        let long = "u".repeat(401);
        let events = [event("u", NOW_MS), event("", NOW_MS), event(&long, -1), event("u", -1)];
        let error = read_batch(&batch(NOW_MS, &events), &clock()).unwrap_err();
        let Error::Batch(bad) = &error else { panic!("{error:?}") };
        let found: Vec<_> = bad.iter().map(|bad| (bad.index, bad.error.param())).collect();
        assert_eq!(found, [(1, Some("external_user_id")), (2, Some("external_user_id"))]);
        let text = error.to_string();
        assert!(text.starts_with("events[1]: external_user_id: "), "{text}");
    }

    #[test]
    fn reserved_keys_are_no_properties() {
        let pairs = [("date", "20130101"), ("event_type", "b"), ("k", "v"), ("timestamp", "1")];
        let event = Command::event("a", "u", NOW_MS, None, pairs.into_iter()).into_bytes();
        let found = read_batch(&batch(NOW_MS, &[event]), &clock()).unwrap();
        let Content::Events(events) = found else { panic!("{found:?}") };
        assert_eq!(events[0].properties.iter().collect::<Vec<_>>(), [("k", "v")]);
        assert_eq!((events[0].event_type.as_str(), events[0].time.ms()), ("a", NOW_MS));
        let pairs = [("callback", "f"), ("date", "d"), ("external_user_id", "b")];
        let user = Command::user("a", pairs.into_iter()).into_bytes();
        let found = read_batch(&batch(0, &[user]), &clock()).unwrap();
        let Content::User { properties, .. } = found else { panic!("{found:?}") };
        assert_eq!(properties.iter().collect::<Vec<_>>(), [("date", "d")]);
    }

    #[test]
    fn an_alias_and_a_user_come_as_they_are() {
        let alias = Command::alias("a", "b").into_bytes();
        let found = read_batch(&batch(0, &[alias]), &clock()).unwrap();
        assert!(
            matches!(found, Content::Alias { from, to } if from.as_str() == "a" && to.as_str() == "b")
        );
        let user = Command::user("a", [("plan", "free")].into_iter()).into_bytes();
        let found = read_batch(&batch(0, &[user]), &clock()).unwrap();
        assert!(matches!(found, Content::User { properties, .. } if properties.len() == 1));
        let nobody = Command::user("", [].into_iter()).into_bytes();
        let refused = read_batch(&batch(0, &[nobody]), &clock()).unwrap_err();
        assert_eq!(refused, Error::Event(CoreError::Empty { field: "external_user_id" }));
        assert!(matches!(
            read_batch(b"EB", &clock()),
            Err(Error::Event(CoreError::Corrupt { .. }))
        ));
    }
}
