//! The tracker's binary batch: events, an alias or a change of a user, taken whole or not at all.

use eventhub_core::{Batch, Content, Error as CoreError, Properties, RESERVED_KEYS};

use super::{BadEvent, Clock, Error};

/// Reads what a batch asks for, the times of its events by the server's clock.
///
/// # Errors
/// When the bytes are no batch, or any event breaks a rule; then every such event is named by its index.
pub fn read_batch(bytes: &[u8], clock: &Clock) -> Result<Content, Error> {
    let Batch { sent_ms, content } = Batch::decode(bytes).map_err(|error| match error {
        CoreError::Events(bad) => {
            Error::Batch(bad.into_iter().map(|(index, error)| BadEvent { index, error }).collect())
        }
        error => Error::Event(error),
    })?;
    let mut events = match content {
        Content::Events(events) => events,
        Content::User { id, properties } => {
            let properties = without(&["external_user_id", "callback"], properties)?;
            return Ok(Content::User { id, properties });
        }
        alias => return Ok(alias),
    };
    let skew_ms = clock.skew_ms(sent_ms);
    let mut bad = Vec::new();
    for (index, event) in events.iter_mut().enumerate() {
        event.properties = without(&RESERVED_KEYS, std::mem::take(&mut event.properties))?;
        match clock.corrected(event.time, skew_ms) {
            Ok(corrected) => event.time = corrected,
            Err(error) => bad.push(BadEvent { index, error }),
        }
    }
    if bad.is_empty() { Ok(Content::Events(events)) } else { Err(Error::Batch(bad)) }
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

    /// The time of an event of a batch, or none when it is refused.
    fn time_of(sent_ms: i64, time_ms: i64) -> Option<i64> {
        match read_batch(&batch(sent_ms, &[event("u", time_ms)]), &clock()) {
            Ok(Content::Events(events)) => Some(events[0].time.ms()),
            Err(Error::Batch(bad)) => {
                assert_eq!((bad[0].index, bad[0].error.param()), (0, Some("timestamp")));
                None
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_clock_that_is_wrong_is_corrected() {
        let check = |clock_ms: i64, time_ms: i64, expected: Option<i64>| {
            assert_eq!(
                time_of(NOW_MS + clock_ms, NOW_MS + time_ms),
                expected.map(|ms| NOW_MS + ms)
            );
        };
        // Up to two seconds are the way here.
        check(0, -500, Some(-500));
        check(1_999, -500, Some(-500));
        check(-1_999, -500, Some(-500));
        check(0, 500, Some(500));
        // A day behind, a day ahead, half an hour ahead.
        check(-DAY_MS, -DAY_MS - 500, Some(-500));
        check(DAY_MS, DAY_MS - 500, Some(-500));
        check(1_800_000, 1_799_000, Some(-1_000));
        // In whole steps of two seconds.
        check(-5_000, -5_500, Some(-1_500));
        check(5_000, 4_500, Some(0));
        // What was kept for long before it was sent.
        check(DAY_MS, -4 * DAY_MS, Some(-5 * DAY_MS));
        // Nothing happened after it was received.
        check(-DAY_MS, -DAY_MS + 60_000, Some(0));
        check(-DAY_MS, DAY_MS, Some(0));
        // A clock that is right may tell of times to come, as everywhere.
        check(0, DAY_MS, Some(DAY_MS));
        check(0, DAY_MS + 1, None);
    }

    #[test]
    fn a_clock_may_be_wrong_by_any_number() {
        assert_eq!(time_of(0, 0), Some(NOW_MS));
        assert_eq!(time_of(0, NOW_MS), Some(NOW_MS));
        assert_eq!(time_of(i64::MIN, 0), Some(NOW_MS));
        assert_eq!(time_of(i64::MAX, NOW_MS), None);
        let year_2100_ms = 4_102_444_800_000;
        assert_eq!(time_of(year_2100_ms, year_2100_ms - 3_000), Some(NOW_MS - 3_000));
        assert_eq!(time_of(year_2100_ms, 0), None);
    }

    #[test]
    fn events_of_batches_on_different_ways_keep_their_order() {
        // Sent at once a day ago by a clock that is an hour behind, one half a second longer on its way.
        let sent_ms = NOW_MS - 3_600_000;
        let slow = time_of(sent_ms - 600, sent_ms - 1_000).unwrap();
        let fast = time_of(sent_ms - 100, sent_ms - 999).unwrap();
        assert!(slow < fast);
    }

    #[test]
    fn every_bad_event_is_named() {
        let events = [event("u", NOW_MS), event("", NOW_MS), event("u", -1), event("u", NOW_MS)];
        let error = read_batch(&batch(NOW_MS, &events), &clock()).unwrap_err();
        let Error::Batch(bad) = &error else { panic!("{error:?}") };
        let found: Vec<_> = bad.iter().map(|bad| (bad.index, bad.error.param())).collect();
        assert_eq!(found, [(1, Some("external_user_id")), (2, Some("timestamp"))]);
        let events = [event("u", NOW_MS + 2 * DAY_MS), event("u", NOW_MS)];
        let error = read_batch(&batch(NOW_MS, &events), &clock()).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("events[0]: timestamp: ") && !text.contains("[1]"), "{text}");
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
