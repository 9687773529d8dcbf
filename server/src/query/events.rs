//! Single events and timelines.

use eventhub_core::EventId;
use eventhub_core::part::{EventRow, OrderReader, PartView, RowReader, places_of};

use crate::engine::{EngineError, EventRecord, Newest};
use crate::store::{Snapshot, members};

/// The event of a number; none when its user was deleted.
///
/// # Errors
/// When stored data is damaged or cannot be read.
pub fn event(snapshot: &Snapshot, id: EventId) -> Result<Option<EventRecord>, EngineError> {
    for part in snapshot.all_parts()? {
        let (least, greatest) = part.ids();
        if !(least..=greatest).contains(&id) {
            continue;
        }
        if let Some(row) = OrderReader::open(&part)?.row_of(id) {
            let event = RowReader::open(&part)?.get(row)?;
            if snapshot.is_deleted(event.user)? {
                return Ok(None);
            }
            return record(snapshot, &part, event).map(Some);
        }
    }
    Ok(None)
}

/// The events of all ids of a person, oldest first: `count` of them after the first `offset`.
///
/// # Errors
/// When stored data is damaged or cannot be read.
pub fn timeline(
    snapshot: &Snapshot,
    user: &str,
    offset: u64,
    count: u64,
) -> Result<Vec<EventRecord>, EngineError> {
    let Some(user) = snapshot.user(user)? else { return Ok(Vec::new()) };
    let canonical = snapshot.person_of(user)?;
    let members = members(canonical, &snapshot.merges_of(canonical)?);
    let parts = snapshot.all_parts()?;
    let places = places_of(&parts, &members)?;
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    let take = usize::try_from(count).unwrap_or(usize::MAX);
    let mut readers: Vec<Option<RowReader<'_>>> = parts.iter().map(|_| None).collect();
    let mut events = Vec::new();
    for (part, row) in places.skip(skip).take(take) {
        let reader = match &mut readers[part] {
            Some(reader) => reader,
            none => none.insert(RowReader::open(&parts[part])?),
        };
        events.push(record(snapshot, &parts[part], reader.get(row)?)?);
    }
    Ok(events)
}

/// The events from a number on, but only the last `limit` that there are, and the number that the next one gets. Those of
/// deleted users are missing.
///
/// # Errors
/// When stored data is damaged or cannot be read.
pub fn newest(snapshot: &Snapshot, from: EventId, limit: u64) -> Result<Newest, EngineError> {
    let end = snapshot.events()?;
    let from = from.max(end.saturating_sub(limit));
    let mut events = Vec::new();
    if from >= end {
        return Ok(Newest { events, end });
    }
    let deleted = snapshot.deleted_users()?;
    let parts = snapshot.all_parts()?;
    for part in parts.iter().filter(|part| part.ids().1 >= from) {
        let order = OrderReader::open(part)?;
        let mut reader = None;
        for row in 0..part.rows() {
            let (user, _, id) = order.get(row)?;
            if id < from || deleted.binary_search(&user).is_ok() {
                continue;
            }
            let reader = match &mut reader {
                Some(reader) => reader,
                none => none.insert(RowReader::open(part)?),
            };
            events.push(record(snapshot, part, reader.get(row)?)?);
        }
    }
    events.sort_unstable_by_key(|event| event.id);
    Ok(Newest { events, end })
}

pub(super) fn record(
    snapshot: &Snapshot,
    part: &PartView<'_>,
    event: EventRow<'_>,
) -> Result<EventRecord, EngineError> {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    Ok(EventRecord {
        id: event.id,
        event_type: snapshot.type_name(part.event_type())?.to_owned(),
        external_user_id: snapshot.user_name(event.user)?.to_owned(),
        time: event.time,
        properties: event.properties.into_iter().map(owned).collect(),
    })
}
