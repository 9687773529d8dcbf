//! Several parts of one event type become one.
//!
//! Only the order of rows (12 bytes a row) and the tables from old to new codes are kept in memory; columns are read and
//! written chunk by chunk.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::layout::Sink;
use super::order::OrderReader;
use super::view::{PartView, PropertyColumns};
use super::writer::{self, SortedRows};
use crate::{Error, EventId, TimeMs, UserId};

/// Merges parts of one event type; each chunk goes to `sink` when it is complete, the header is
/// returned.
///
/// # Errors
/// When a part is damaged, there is none, they hold different types, or `sink` fails.
pub fn merge<E: From<Error>>(parts: &[PartView<'_>], sink: &mut Sink<'_, E>) -> Result<Vec<u8>, E> {
    let Some(first) = parts.first() else {
        return Err(Error::corrupt("merge", "there is no part").into());
    };
    if parts.iter().any(|part| part.event_type() != first.event_type()) {
        return Err(Error::corrupt("merge", "the parts hold different event types").into());
    }
    let inputs = parts.iter().map(OrderReader::open).collect::<Result<Vec<_>, _>>()?;
    let order = merged_order(&inputs)?;
    let properties = merged_properties(parts)?;
    writer::write(&MergedRows { event_type: first.event_type(), inputs, order, properties }, sink)
}

#[derive(Clone, Copy)]
struct MergedRow {
    user: UserId,
    input: u32,
    row: u32,
}

struct MergedProperty<'a> {
    key: &'a str,
    values: Vec<&'a str>,
    /// Per input its columns, and the new code of each old one.
    inputs: Vec<Option<(PropertyColumns<'a>, Vec<u32>)>>,
}

struct MergedRows<'a> {
    event_type: u32,
    inputs: Vec<OrderReader<'a>>,
    order: Vec<MergedRow>,
    properties: Vec<MergedProperty<'a>>,
}

/// The rows of all inputs in order. Each input is a sorted run, which the sort makes use of.
fn merged_order(inputs: &[OrderReader<'_>]) -> Result<Vec<MergedRow>, Error> {
    let mut order = Vec::new();
    for (number, input) in (0..).zip(inputs) {
        for row in input.users() {
            let (row, user) = row?;
            input.time_and_id(row)?;
            order.push(MergedRow { user, input: number, row });
        }
    }
    if u32::try_from(order.len()).is_err() {
        return Err(Error::corrupt("merge", "the parts have too many rows for one"));
    }
    let time_and_id = |at: &MergedRow| inputs[at.input as usize].time_and_id(at.row).ok();
    order.sort_by(|a, b| a.user.cmp(&b.user).then_with(|| time_and_id(a).cmp(&time_and_id(b))));
    Ok(order)
}

fn merged_properties<'a>(parts: &[PartView<'a>]) -> Result<Vec<MergedProperty<'a>>, Error> {
    let mut by_key: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (input, part) in parts.iter().enumerate() {
        for (place, key) in part.keys().enumerate() {
            by_key.entry(key).or_default().push((input, place));
        }
    }
    let merge_key = |(key, places): (&'a str, Vec<(usize, usize)>)| {
        let mut inputs: Vec<Option<(PropertyColumns<'a>, Vec<u32>)>> = Vec::new();
        inputs.resize_with(parts.len(), || None);
        let mut all: Vec<(&str, usize, u32)> = Vec::new();
        for (input, place) in places {
            let columns = parts[input].property_columns(place)?;
            for value in 0..columns.dictionary.len() {
                all.push((columns.dictionary.get(value)?, input, value));
            }
            let codes = vec![0; columns.dictionary.len() as usize + 1];
            inputs[input] = Some((columns, codes));
        }
        all.sort_by_key(|(value, ..)| *value);
        let mut values: Vec<&str> = Vec::new();
        for (value, input, old) in all {
            if values.last() != Some(&value) {
                values.push(value);
            }
            if let Some((_, codes)) = &mut inputs[input] {
                codes[old as usize + 1] = values.len() as u32;
            }
        }
        Ok(MergedProperty { key, values, inputs })
    };
    by_key.into_iter().map(merge_key).collect()
}

impl MergedRows<'_> {
    fn time_and_id(&self, row: u32) -> (TimeMs, EventId) {
        let MergedRow { input, row, .. } = self.order[row as usize];
        let read = self.inputs[input as usize].time_and_id(row);
        read.expect("every row was read when the order was made")
    }
}

impl SortedRows for MergedRows<'_> {
    fn event_type(&self) -> u32 {
        self.event_type
    }
    fn len(&self) -> u32 {
        self.order.len() as u32
    }
    fn user(&self, row: u32) -> UserId {
        self.order[row as usize].user
    }
    fn time(&self, row: u32) -> TimeMs {
        self.time_and_id(row).0
    }
    fn id(&self, row: u32) -> EventId {
        self.time_and_id(row).1
    }
    fn properties(&self) -> usize {
        self.properties.len()
    }
    fn key(&self, property: usize) -> &str {
        self.properties[property].key
    }
    fn values(&self, property: usize) -> &[&str] {
        &self.properties[property].values
    }
    fn code(&self, property: usize, row: u32) -> u32 {
        let MergedRow { input, row, .. } = self.order[row as usize];
        let Some((columns, codes)) = &self.properties[property].inputs[input as usize] else {
            return 0;
        };
        codes.get(columns.codes.code(row) as usize).copied().unwrap_or(0)
    }
}
