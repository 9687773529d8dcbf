//! New events and previews against the model: what they hold, and that nothing of a deleted user is in them.

use std::collections::BTreeMap;

use eventhub_core::part::{PackedPart, RowReader};
use eventhub_core::preview::Frame;

use super::*;
use crate::engine::PreviewQuery;
use crate::query::{newest, preview};

/// Asks for the newest events from several numbers on.
pub(super) fn compare_newest(snapshot: &Snapshot, model: &Model) {
    let end = model.events.len() as u64;
    for (from, limit) in [(0, u64::MAX), (end / 2, 1_000), (0, 7), (end, 7), (u64::MAX, 0)] {
        let found = newest(snapshot, from, limit).unwrap();
        assert_eq!(found.end, end);
        let first = from.max(end.saturating_sub(limit));
        let stored = (0..).zip(&model.events).filter(|(id, event)| *id >= first && event.is_some());
        let expected: Vec<u64> = stored.map(|(id, _)| id).collect();
        let ids: Vec<u64> = found.events.iter().map(|event| event.id).collect();
        assert_eq!(ids, expected, "from {from}, {limit}");
    }
}

/// Reads the events of every type out of a preview, whole and of about half of the persons.
pub(super) fn compare_preview(snapshot: &Snapshot, model: &Model) {
    let times_ms = (3 * DAY_MS, 40 * DAY_MS);
    let persons = model.persons();
    // Of each person the events in order, and what is set on it.
    let mut expected: BTreeMap<String, Vec<Shown>> = BTreeMap::new();
    for (id, event) in (0_u64..).zip(&model.events) {
        let Some(event) = event else { continue };
        if (times_ms.0..times_ms.1).contains(&time_ms(*event)) {
            let person = Model::person_of(&persons, &name(event.1));
            let key = (time_ms(*event), id);
            expected.entry(person).or_default().push((key, event.0, format!("v{}", event.4)));
        }
    }
    let of_person = |(person, mut events): (String, Vec<Shown>)| {
        events.sort_unstable();
        (events, persons[&person].properties.get("k0").cloned())
    };
    let expected: Vec<_> = expected.into_iter().map(of_person).collect();
    let events: usize = expected.iter().map(|(events, _)| events.len()).sum();
    for events_max in [1_000_000, events.div_ceil(2).max(1)] {
        let query = PreviewQuery {
            event_types: None,
            user_properties: vec!["k0".to_owned()],
            times_ms,
            events_max,
            bytes_max: 1 << 20,
        };
        let asking = Asking::new(snapshot, QueryLimits::default());
        let bytes = preview(&asking, &query).unwrap();
        let frame = Frame::decode(&bytes).unwrap();
        assert_eq!(frame.drawn.of_persons as usize, expected.len());
        let found = persons_of(&frame);
        assert_eq!(found.len(), frame.drawn.persons as usize, "each has events");
        assert!(events_max < events || frame.drawn.is_complete());
        // Their events are in the order that they had, though under other numbers.
        let mut left: Vec<_> = expected.iter().map(renumbered).collect();
        for person in found.values().map(renumbered) {
            let at = left.iter().position(|other| *other == person);
            left.swap_remove(at.unwrap_or_else(|| panic!("nobody did {person:?}")));
        }
        let small = PreviewQuery { bytes_max: 64, ..query };
        let bytes = preview(&asking, &small).unwrap();
        assert_eq!(Frame::decode(&bytes).unwrap().drawn.persons, 0);
    }
}

/// An event: its time and number, its type, and its value.
type Shown = ((i64, u64), u8, String);

/// The events of each person in their order, and the value of a property of the person.
fn persons_of(frame: &Frame<'_>) -> BTreeMap<u32, (Vec<Shown>, Option<String>)> {
    let mut found: BTreeMap<u32, (Vec<Shown>, Option<String>)> = BTreeMap::new();
    let of_user = &frame.user_properties[0];
    for (name, part) in &frame.parts {
        let number = (0_u8..).zip(TYPES).find(|(_, known)| known == name).unwrap().0;
        let Some(part) = part else { continue };
        let part = PackedPart::open(part).unwrap().view().unwrap();
        part.verify().unwrap();
        let rows = RowReader::open(&part).unwrap();
        for row in (0..part.rows()).map(|row| rows.get(row).unwrap()) {
            let value = of_user.value(row.user).map(str::to_owned);
            let person = found.entry(row.user).or_insert_with(|| (Vec::new(), value));
            let shown = row.properties[0].1.to_owned();
            person.0.push(((row.time.ms(), row.id), number, shown));
        }
    }
    found.values_mut().for_each(|(events, _)| events.sort_unstable());
    found
}

/// The same without the numbers of the events, which differ.
fn renumbered(
    (events, value): &(Vec<Shown>, Option<String>),
) -> (Vec<(i64, u8, String)>, Option<String>) {
    let event = |((time, _), number, shown): &Shown| (*time, *number, shown.clone());
    (events.iter().map(event).collect(), value.clone())
}
