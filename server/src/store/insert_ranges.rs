//! Insert ids of the tracker: a client counts its events up, so they are kept as ranges, for ever.
//!
//! A range is a row of `insert_ranges`: counters of one client (within one user) that follow one another and
//! whose events do, too. It is written in the transaction of its events. Events of one transaction that extend
//! ranges are noted in memory, and each row is written once.

use std::collections::HashMap;
use std::ops::Range;

use eventhub_core::EventId;
use heed::{RoTxn, RwTxn};

use super::damaged;
use super::hashed::HashBuilder;
use super::tables::{Tables, be_u64};
use crate::engine::EngineError;

/// Counters of a client, and the event of the first of them; the other events follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdRange {
    /// Hash of the client within its user.
    pub(crate) client: u128,
    pub(crate) counters: Range<u64>,
    first_event: EventId,
}

/// Ranges noted in memory at most.
const OPEN_MAX: usize = 1 << 16;

/// The ranges during one transaction, by client.
#[derive(Default)]
pub(crate) struct Ranges {
    open: HashMap<u128, Open, HashBuilder>,
}

/// A range that is being extended.
struct Open {
    range: IdRange,
    /// The first counter of the client's next range: those before it are new.
    free_until: u64,
}

impl IdRange {
    fn event_of(&self, counter: u64) -> EventId {
        self.first_event + (counter - self.counters.start)
    }

    /// The events of the counters.
    pub(crate) fn events(&self) -> Range<EventId> {
        let count = self.counters.end.saturating_sub(self.counters.start);
        self.first_event..self.first_event.saturating_add(count)
    }

    fn key(&self) -> [u8; 24] {
        key(self.client, self.counters.start)
    }

    fn value(&self) -> [u8; 16] {
        let mut value = [0; 16];
        value[..8].copy_from_slice(&self.counters.end.to_be_bytes());
        value[8..].copy_from_slice(&self.first_event.to_be_bytes());
        value
    }

    fn decode((key, value): (&[u8], &[u8])) -> Result<Self, EngineError> {
        let short = || damaged("a range of insert ids is cut short");
        let (client, start) = key.split_first_chunk::<16>().ok_or_else(short)?;
        let (end, first_event) = value.split_at_checked(8).ok_or_else(short)?;
        Ok(Self {
            client: u128::from_be_bytes(*client),
            counters: be_u64(start)?..be_u64(end)?,
            first_event: be_u64(first_event)?,
        })
    }
}

impl Ranges {
    /// The event that came with this counter before.
    pub(crate) fn find(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        client: u128,
        counter: u64,
    ) -> Result<Option<EventId>, EngineError> {
        if let Some(Open { range, free_until }) = self.open.get(&client)
            && (range.counters.start..*free_until).contains(&counter)
        {
            return Ok((counter < range.counters.end).then(|| range.event_of(counter)));
        }
        self.write(tables, wtxn, client)?;
        let before = not_after(tables, wtxn, client, counter)?;
        let found = before.filter(|range| range.counters.contains(&counter));
        Ok(found.map(|range| range.event_of(counter)))
    }

    /// Notes the event of a counter that [`Self::find`] did not find.
    pub(crate) fn note(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        (client, counter): (u128, u64),
        id: EventId,
    ) -> Result<(), EngineError> {
        let follows =
            |range: &IdRange| range.counters.end == counter && range.event_of(counter) == id;
        if let Some(Open { range, free_until }) = self.open.get_mut(&client)
            && counter < *free_until
            && follows(range)
        {
            range.counters.end += 1;
            return Ok(());
        }
        self.write(tables, wtxn, client)?;
        if self.open.len() >= OPEN_MAX {
            self.flush(tables, wtxn)?;
        }
        let before = not_after(tables, wtxn, client, counter)?.filter(follows);
        let counters = counter..counter;
        let mut range = before.unwrap_or(IdRange { client, counters, first_event: id });
        range.counters.end += 1;
        let next = tables.insert_ranges.get_greater_than(wtxn, &key(client, counter))?;
        let next = next.map(IdRange::decode).transpose()?.filter(|next| next.client == client);
        let free_until = next.map_or(u64::MAX, |next| next.counters.start);
        self.open.insert(client, Open { range, free_until });
        Ok(())
    }

    /// Writes all ranges; to be called before the transaction is committed.
    pub(crate) fn flush(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
    ) -> Result<(), EngineError> {
        let mut ranges: Vec<_> = self.open.drain().map(|(_, open)| open.range).collect();
        // In order of the keys, so that neighbours touch the same pages.
        ranges.sort_unstable_by_key(|range| (range.client, range.counters.start));
        for range in ranges {
            tables.insert_ranges.put(wtxn, &range.key(), &range.value())?;
        }
        Ok(())
    }

    /// Writes the range of a client that is being extended.
    fn write(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        client: u128,
    ) -> Result<(), EngineError> {
        let Some(Open { range, .. }) = self.open.remove(&client) else { return Ok(()) };
        Ok(tables.insert_ranges.put(wtxn, &range.key(), &range.value())?)
    }
}

/// All ranges, in order of clients and counters.
pub(crate) fn all<'t>(
    tables: &Tables,
    rtxn: &'t RoTxn<'_>,
) -> Result<impl Iterator<Item = Result<IdRange, EngineError>> + 't, EngineError> {
    let rows = tables.insert_ranges.iter(rtxn)?;
    Ok(rows.map(|row| IdRange::decode(row?)))
}

/// The client's last range that does not begin after a counter.
fn not_after(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    client: u128,
    counter: u64,
) -> Result<Option<IdRange>, EngineError> {
    let row = tables.insert_ranges.get_lower_than_or_equal_to(rtxn, &key(client, counter))?;
    let range = row.map(IdRange::decode).transpose()?;
    Ok(range.filter(|range| range.client == client))
}

fn key(client: u128, counter: u64) -> [u8; 24] {
    let mut key = [0; 24];
    key[..16].copy_from_slice(&client.to_be_bytes());
    key[16..].copy_from_slice(&counter.to_be_bytes());
    key
}
