//! Batches as they are written and read, and what is refused.

use proptest::collection::vec as list;
use proptest::prelude::*;

use super::*;

fn text() -> impl Strategy<Value = String> {
    "[a-z\u{e9}]{1,12}|[a-z]{128}"
}

fn id() -> impl Strategy<Value = ExternalId> {
    text().prop_map(|text| ExternalId::new(text).unwrap())
}

fn properties() -> impl Strategy<Value = Properties> {
    list((text(), any::<String>()), 0..5).prop_map(|pairs| Properties::new(pairs).unwrap())
}

fn event() -> impl Strategy<Value = NewEvent> {
    let time = 0..TimeMs::MAX.ms();
    (text(), id(), time, proptest::option::of(text()), properties()).prop_map(
        |(event_type, user, ms, insert_id, properties)| NewEvent {
            event_type: EventType::new(event_type).unwrap(),
            user,
            time: TimeMs::new(ms).unwrap(),
            insert_id: insert_id.map(|id| InsertId::new(id).unwrap()),
            properties,
        },
    )
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        list(event(), 0..20).prop_map(Content::Events),
        (id(), id()).prop_map(|(from, to)| Content::Alias { from, to }),
        (id(), properties()).prop_map(|(id, properties)| Content::User { id, properties }),
    ]
}

fn refused(bytes: &[u8]) -> Error {
    Batch::decode(bytes).expect_err("it must be refused")
}

proptest! {
    #[test]
    fn a_batch_is_read_as_it_was_written(sent_ms: i64, content in content()) {
        let batch = Batch { sent_ms, content };
        let bytes = batch.encode();
        prop_assert_eq!(Batch::decode(&bytes), Ok(batch));
        for cut in 0..bytes.len() {
            prop_assert!(Batch::decode(&bytes[..cut]).is_err());
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        prop_assert!(Batch::decode(&longer).is_err());
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in list(any::<u8>(), 0..200)) {
        let bytes = [&[b'E', b'B', VERSION], body.as_slice()].concat();
        if let Ok(batch) = Batch::decode(&bytes) {
            prop_assert_eq!(Batch::decode(&batch.encode()), Ok(batch));
        }
    }
}

#[test]
fn the_bytes_are_those_of_the_format() {
    let event = Command::event("t", "u", 3, None, [("k", "v")].into_iter());
    let expected = b"EB\x02\x02\x00\x01\x01t\x01u\x06\x00\x01\x01k\x01v";
    assert_eq!(Command::batch(1, &[event.as_bytes()]), expected);
    let alias = Command::alias("a", "b");
    assert_eq!(Command::batch(-1, &[alias.as_bytes()]), b"EB\x02\x01\x01\x01a\x01b");
    let user = Command::user("a", [].into_iter());
    assert_eq!(Command::batch(64, &[user.as_bytes()]), b"EB\x02\x80\x01\x02\x01a\x00");
}

#[test]
fn other_versions_and_variants_are_refused() {
    let bytes = Batch { sent_ms: 0, content: Content::Events(Vec::new()) }.encode();
    assert!(Batch::decode(&bytes).is_ok());
    refused(&[b"EB\x01", &bytes[3..]].concat());
    refused(&[b"XB\x02", &bytes[3..]].concat());
    refused(b"EB\x02\x00\x03\x01a\x01b");
}

#[test]
fn what_is_beyond_the_limits_is_refused() {
    let none = || [].into_iter();
    let of = |command: Command| refused(&Command::batch(0, &[command.as_bytes()]));
    let empty = Error::Empty { field: "event_type" };
    let event = |name: &str, ms: i64| Command::event(name, "u", ms, None, none());
    assert_eq!(of(event("", 0)), Error::Events(alloc::vec![(0, empty.clone())]));
    let events = [event("t", 0), event("", 0), event("t", 0), event("t", -1)];
    let Error::Events(bad) = refused(&Command::batch(0, &events.each_ref().map(Command::as_bytes)))
    else {
        panic!("events are at fault")
    };
    assert_eq!(bad[0], (1, empty));
    assert_eq!((bad[1].0, bad[1].1.param(), bad.len()), (3, Some("timestamp"), 2));
    let empty = Error::Empty { field: "external_user_id" };
    assert_eq!(of(Command::alias("a", "")), empty);
    assert_eq!(of(Command::user("", none())), empty);
    assert_eq!(of(Command::user("u", [("", "v")].into_iter())), Error::EmptyKey);
    let event = Command::event("t", "u", 0, None, none());
    let many = alloc::vec![event.as_bytes(); BATCH_EVENTS_MAX + 1];
    assert_eq!(refused(&Command::batch(0, &many)).param(), Some("events"));
}
