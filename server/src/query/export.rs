//! Exports: all events, page by page, each page from a snapshot of its own.
//!
//! Pages follow the order that parts have anyway: by event type, by bucket of time, then by (user, time, id). Neither
//! a seal nor a merge changes the place of an event in it, and in every part the place where a page begins is found by
//! a binary search, so that a page costs what it holds. Looked up by their ids, events would not: large parts have
//! ids from everywhere. Events that come after the first page was taken are left out.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::str::FromStr;

use eventhub_core::part::{OrderReader, PartView, RowOrder, RowReader, bucket_of};
use eventhub_core::{Error, EventId, TimeMs, UserId};

use super::events::record;
use crate::engine::{EngineError, EventRecord, ExportPage};
use crate::store::Snapshot;

/// Events of a page at most.
pub const PAGE_EVENTS_MAX: u64 = 10_000;
/// Bytes of texts after which a page takes no further event.
const PAGE_BYTES: usize = 8 << 20;

/// An event type and a bucket of time.
type Place = (u32, u32);

/// Up to `count` events, and [`PAGE_EVENTS_MAX`], that follow where another page ended.
///
/// # Errors
/// When `after` was given by no page, or stored data is damaged or cannot be read.
pub fn export(
    snapshot: &Snapshot,
    after: Option<&str>,
    count: u64,
) -> Result<ExportPage, EngineError> {
    let after = after.map(Cursor::from_str).transpose()?;
    let until = match &after {
        Some(cursor) => cursor.until,
        None => snapshot.events()?,
    };
    let count = count.clamp(1, PAGE_EVENTS_MAX) as usize;
    let mut page = Page { snapshot, until, count, bytes: 0, last: None, events: Vec::new() };
    let tail = snapshot.tail_parts()?;
    let tail_places = places_of(&tail)?;
    let first = after.as_ref().map_or((0, 0), |cursor| cursor.place);
    let mut places = snapshot.places_from(first)?;
    places.extend(tail_places.range(first..).map(|(place, _)| *place));
    let deleted = snapshot.deleted_users()?;
    for place in places {
        let sealed = snapshot.parts_at(place)?;
        let in_tail = tail_places.get(&place).into_iter().flatten().map(|part| &tail[*part]);
        let parts: Vec<_> = sealed.iter().chain(in_tail).collect();
        let from = after.as_ref().filter(|cursor| cursor.place == place).map(|cursor| cursor.order);
        page.take(place, Merged::open(&parts, from, (place.1, until, &deleted))?)?;
        if page.is_full() {
            break;
        }
    }
    let next = page.last.filter(|_| page.is_full()).map(|last| last.text());
    Ok(ExportPage { events: page.events, next })
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    /// The number of the first event that came too late for the first page.
    until: EventId,
    place: Place,
    order: RowOrder,
}

impl Cursor {
    fn text(&self) -> String {
        let (event_type, bucket) = self.place;
        let (user, time, id) = self.order;
        format!("{}-{event_type}-{bucket}-{user}-{}-{id}", self.until, time.ms())
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = || {
            let mut fields = text.split('-').map(|field| field.parse::<u64>().ok());
            let mut next = || fields.next().flatten();
            let until = next()?;
            let place = (next()?.try_into().ok()?, next()?.try_into().ok()?);
            let user = next()?.try_into().ok()?;
            let time = TimeMs::new(next()?.try_into().ok()?)?;
            let cursor = Self { until, place, order: (user, time, next()?) };
            // Another text of the same numbers was not given by a page either.
            (cursor.text() == text).then_some(cursor)
        };
        read().ok_or_else(|| Error::Invalid {
            field: "after".to_owned(),
            message: "it is not where a page of an export ended".to_owned(),
        })
    }
}

/// A page that is being filled.
struct Page<'s> {
    snapshot: &'s Snapshot,
    until: EventId,
    count: usize,
    bytes: usize,
    last: Option<Cursor>,
    events: Vec<EventRecord>,
}

impl Page<'_> {
    fn is_full(&self) -> bool {
        self.events.len() >= self.count || self.bytes >= PAGE_BYTES
    }

    /// Takes events of a place until the page is full.
    fn take(&mut self, place: Place, mut rows: Merged<'_, '_>) -> Result<(), EngineError> {
        let mut readers: BTreeMap<usize, RowReader<'_>> = BTreeMap::new();
        while !self.is_full()
            && let Some((order, part, row)) = rows.next()?
        {
            let view = rows.parts[part].view;
            let reader = match readers.entry(part) {
                Entry::Occupied(open) => open.into_mut(),
                Entry::Vacant(new) => new.insert(RowReader::open(view)?),
            };
            let event = record(self.snapshot, view, reader.get(row)?)?;
            let texts = event.properties.iter().map(|(key, value)| key.len() + value.len());
            self.bytes += texts.sum::<usize>();
            self.events.push(event);
            self.last = Some(Cursor { until: self.until, place, order });
        }
        Ok(())
    }
}

/// The event types and buckets of parts that may hold several buckets, each with the places of its parts.
fn places_of(parts: &[PartView<'_>]) -> Result<BTreeMap<Place, Vec<usize>>, EngineError> {
    let mut places: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (number, part) in parts.iter().enumerate() {
        let (least, greatest) = part.times();
        let mut buckets: BTreeSet<u32> = [bucket_of(least), bucket_of(greatest)].into();
        if buckets.len() > 1 {
            let order = OrderReader::open(part)?;
            for row in 0..part.rows() {
                buckets.insert(bucket_of(order.get(row)?.1));
            }
        }
        for bucket in buckets {
            places.entry((part.event_type(), bucket)).or_default().push(number);
        }
    }
    Ok(places)
}

/// The rows of some parts in order, those left out that are in another bucket, came too late, or are of
/// deleted users.
struct Merged<'v, 'a> {
    bucket: u32,
    until: EventId,
    deleted: &'v [UserId],
    parts: Vec<Source<'v, 'a>>,
    /// The next row of each part that has one, the first row on top.
    heads: BinaryHeap<Reverse<(RowOrder, usize)>>,
}

/// A part of which rows are taken in order.
struct Source<'v, 'a> {
    view: &'v PartView<'a>,
    order: OrderReader<'a>,
    /// The row that is the part's head, or was.
    row: u32,
}

impl<'v, 'a> Merged<'v, 'a> {
    /// Begins after a row, or with the first.
    fn open(
        parts: &[&'v PartView<'a>],
        after: Option<RowOrder>,
        (bucket, until, deleted): (u32, EventId, &'v [UserId]),
    ) -> Result<Self, EngineError> {
        let (sources, heads) = (Vec::with_capacity(parts.len()), BinaryHeap::new());
        let mut merged = Self { bucket, until, deleted, parts: sources, heads };
        for (number, view) in parts.iter().enumerate() {
            let order = OrderReader::open(view)?;
            let first = match after {
                Some(after) => first_after(&order, view.rows(), after)?,
                None => 0,
            };
            merged.parts.push(Source { view, order, row: first });
            merged.find_head(number)?;
        }
        Ok(merged)
    }

    /// The next row: what it is sorted by, its part, and its number there.
    fn next(&mut self) -> Result<Option<(RowOrder, usize, u32)>, EngineError> {
        let Some(Reverse((order, part))) = self.heads.pop() else { return Ok(None) };
        let row = self.parts[part].row;
        self.parts[part].row += 1;
        self.find_head(part)?;
        Ok(Some((order, part, row)))
    }

    /// Goes on to a part's next row that counts.
    fn find_head(&mut self, part: usize) -> Result<(), EngineError> {
        let source = &mut self.parts[part];
        while source.row < source.view.rows() {
            let (user, time, id) = source.order.get(source.row)?;
            if self.deleted.binary_search(&user).is_ok() {
                source.row = source.order.rows_of(user).end.max(source.row + 1);
            } else if id >= self.until || bucket_of(time) != self.bucket {
                source.row += 1;
            } else {
                self.heads.push(Reverse(((user, time, id), part)));
                break;
            }
        }
        Ok(())
    }
}

/// The first row after another, which need not be in the part.
fn first_after(order: &OrderReader<'_>, rows: u32, after: RowOrder) -> Result<u32, Error> {
    let (mut low, mut high) = (0, rows);
    while low < high {
        let middle = low + (high - low) / 2;
        if order.get(middle)? <= after {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_page_gave_is_a_cursor() {
        let order = (7, TimeMs::new(1_000).unwrap(), 3);
        let cursor = Cursor { until: 9, place: (1, 600), order };
        assert_eq!(cursor.text(), "9-1-600-7-1000-3");
        assert_eq!(cursor.text().parse(), Ok(cursor));
        for other in ["", "9", "9-1-600-7-1000", "9-1-600-7-1000-3-4", "9-1-600-7-1000-+3", "x"] {
            assert_eq!(other.parse::<Cursor>().unwrap_err().param(), Some("after"), "{other}");
        }
    }
}
