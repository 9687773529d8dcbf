//! New events and previews against the model: what they hold, and that nothing of a deleted user is in them.

use std::collections::BTreeMap;

use eventhub_core::part::{PackedPart, RowReader};

use super::*;
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

/// Reads the events of every type out of a preview.
pub(super) fn compare_preview(snapshot: &Snapshot, model: &Model) {
    let names: Vec<String> = TYPES.iter().map(ToString::to_string).collect();
    let times = (0, 61 * DAY_MS);
    let found = preview(snapshot, names, times, 1 << 20).unwrap().unwrap();
    for (number, (name, files)) in (0_u8..).zip(&found.parts) {
        assert_eq!(name, TYPES[usize::from(number)]);
        let mut shown = BTreeMap::new();
        for file in files {
            let part = PackedPart::open(file).unwrap().view().unwrap();
            let rows = RowReader::open(&part).unwrap();
            for row in (0..part.rows()).map(|row| rows.get(row).unwrap()) {
                let user = snapshot.user_name(row.user).unwrap().to_owned();
                shown.insert(row.id, (user, row.time.ms()));
            }
        }
        let stored = (0..).zip(&model.events).filter_map(|(id, event)| Some((id, (*event)?)));
        let of_type = stored.filter(|(_, event)| event.0 == number);
        let expected = of_type.map(|(id, event)| (id, (name_of(event), time_ms(event))));
        assert_eq!(shown, expected.collect::<BTreeMap<_, _>>(), "{name}");
        if !shown.is_empty() {
            assert_eq!(preview(snapshot, vec![name.clone()], times, 64).unwrap(), None);
        }
    }
    let merged = snapshot.merged().unwrap().into_iter();
    assert!(merged.eq(found.merged.iter().map(|(block, users)| (*block, users.as_slice()))));
}

fn name_of(event: Event) -> String {
    name(event.1)
}
