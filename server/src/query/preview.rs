//! Samples of persons for browsers, which answer questions from them by themselves.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use eventhub_core::part::{NOT_PICKED, OrderReader, PartView, Picked, PickedRow};
use eventhub_core::persons::{Persons, UserSet};
use eventhub_core::preview::{Drawn, Frame, UserProperty};
use eventhub_core::query::{self, NO_VALUE, UserGroups};
use eventhub_core::{Error, UserId};
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::people;
use super::scans::Asking;
use crate::engine::{EngineError, PreviewQuery};

/// Which persons a share of them holds, the same at any time.
const SEED: u64 = 0x6576_656e_7468_7562;
/// How much less is asked for than would fit, when it did not fit at first.
const LESS: f64 = 0.8;
/// Bytes that a person takes while a sample is made: its number, and its place in the order of numbers.
const PERSON_BYTES: u64 = 4 + 16;
/// Bytes that an event takes, beside its part.
const EVENT_BYTES: u64 = (size_of::<PickedRow>() + 32) as u64;

/// In which order persons are numbered: one that nobody outside this process can tell.
static ORDER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// A sample of the persons who have events of some types and times, with all these events of theirs: everyone, or as
/// many as fit. Persons are numbered in no order, and events by their own.
///
/// # Errors
/// When stored data is damaged or cannot be read, or a limit is met.
pub fn preview(asking: &Asking<'_>, query: &PreviewQuery) -> Result<Vec<u8>, EngineError> {
    let types = Types::open(asking, query)?;
    let everyone = Everyone::of(asking, &types, query.times_ms)?;
    let mut share = query.events_max as f64 / everyone.events.max(1) as f64;
    loop {
        let sample = Sample::draw(asking, &everyone, share.min(1.0))?;
        let events = sample.pick(asking, &types, query)?;
        let count: usize = events.iter().map(Vec::len).sum();
        // One person may have very many.
        let (mut of, mut most) = (count, query.events_max.saturating_mul(2));
        if count <= most {
            let frame = sample.frame(asking, &types, events, query)?;
            if frame.len() <= query.bytes_max || sample.persons.is_empty() {
                return Ok(frame);
            }
            (of, most) = (frame.len(), query.bytes_max);
        }
        share = share.min(1.0) * (most as f64 / of as f64).min(1.0) * LESS;
    }
}

/// The parts of each event type, in order of names.
struct Types<'s> {
    names: Vec<String>,
    parts: Vec<Vec<PartView<'s>>>,
    /// The same parts, opened.
    readers: Vec<Vec<OrderReader<'s>>>,
}

impl<'s> Types<'s> {
    fn open(asking: &Asking<'s>, query: &PreviewQuery) -> Result<Self, EngineError> {
        let snapshot = asking.snapshot();
        let mut names = match &query.event_types {
            Some(names) => names.clone(),
            None => snapshot.event_types()?,
        };
        names.sort_unstable();
        let needs = names.iter().map(|name| (query::Types::One(name), query.times_ms));
        let parts = asking.parts_of_each(&needs.collect::<Vec<_>>())?;
        let open = |views: &Vec<_>| views.iter().map(OrderReader::open).collect::<Result<_, _>>();
        let readers = parts.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { names, parts, readers })
    }
}

/// Everyone who has such events.
struct Everyone<'s> {
    persons: UserSet,
    count: u32,
    /// How many events.
    events: u64,
    joined: Persons<'s>,
}

impl<'s> Everyone<'s> {
    fn of(
        asking: &Asking<'s>,
        types: &Types<'_>,
        times_ms: (i64, i64),
    ) -> Result<Self, EngineError> {
        let (snapshot, watch) = (asking.snapshot(), asking.watch());
        watch.check(u64::from(snapshot.users()?) * PERSON_BYTES)?;
        let readers: Vec<_> = types.readers.iter().flatten().collect();
        let deleted = snapshot.deleted_users()?.into_iter().collect();
        let of_part = |(mut users, events): (UserSet, u64), reader: &&OrderReader<'_>| {
            watch.check(0)?;
            let found = reader.add_users(times_ms, &deleted, &mut users)?;
            Ok((users, events + found))
        };
        let (mut users, events) = readers
            .par_iter()
            .try_fold(Default::default, of_part)
            .try_reduce(Default::default, |(mut users, events), (others, more)| {
                users.unite(&others);
                Ok::<_, EngineError>((users, events + more))
            })?;
        let joined = Persons::new(snapshot.merged()?)?;
        for (user, canonical) in joined.merged_users() {
            if users.contains(user) {
                users.remove(user);
                users.insert(canonical);
            }
        }
        let count = u32::try_from(users.iter().count()).unwrap_or(u32::MAX);
        Ok(Self { persons: users, count, events, joined })
    }
}

/// The persons drawn.
struct Sample {
    drawn: Drawn,
    /// In order of their numbers.
    persons: Vec<UserId>,
    /// By user the number of its person.
    numbers: Vec<UserId>,
}

impl Sample {
    fn draw(asking: &Asking<'_>, everyone: &Everyone<'_>, share: f64) -> Result<Self, EngineError> {
        // All of a hash lie below the greatest.
        let threshold = (share * u64::MAX as f64) as u64;
        let is_drawn = |user: &UserId| xxh3_64_with_seed(&user.to_le_bytes(), SEED) <= threshold;
        let drawn = everyone.persons.iter().filter(is_drawn);
        let mut order: Vec<(u64, UserId)> =
            drawn.map(|user| (ORDER.hash_one(user), user)).collect();
        order.par_sort_unstable();
        let persons: Vec<UserId> = order.into_iter().map(|(_, user)| user).collect();
        let mut numbers = vec![NOT_PICKED; asking.snapshot().users()? as usize];
        for (number, user) in (0..).zip(&persons) {
            numbers[*user as usize] = number;
        }
        for (user, canonical) in everyone.joined.merged_users() {
            numbers[user as usize] = numbers[canonical as usize];
        }
        let drawn = Drawn { persons: persons.len() as u32, of_persons: everyone.count };
        Ok(Self { drawn, persons, numbers })
    }

    /// Their events of each type, numbered anew in their order of (time, number).
    fn pick(
        &self,
        asking: &Asking<'_>,
        types: &Types<'_>,
        query: &PreviewQuery,
    ) -> Result<Vec<Vec<PickedRow>>, EngineError> {
        let watch = asking.watch();
        let of_type = |readers: &Vec<OrderReader<'_>>| {
            let inputs: Vec<(u32, &OrderReader<'_>)> = (0..).zip(readers).collect();
            let of_part = |mut picked: Vec<PickedRow>,
                           (input, reader): &(u32, &OrderReader<'_>)| {
                watch.check(picked.len() as u64 * EVENT_BYTES)?;
                reader.pick(query.times_ms, &self.numbers, *input, &mut picked)?;
                Ok::<_, EngineError>(picked)
            };
            inputs.par_iter().try_fold(Vec::new, of_part).try_reduce(Vec::new, |mut all, more| {
                all.extend(more);
                Ok(all)
            })
        };
        let mut picked: Vec<Vec<PickedRow>> =
            types.readers.par_iter().map(of_type).collect::<Result<_, _>>()?;
        let count: usize = picked.iter().map(Vec::len).sum();
        watch.check(count as u64 * EVENT_BYTES)?;
        let mut order: Vec<&mut PickedRow> = picked.iter_mut().flatten().collect();
        order.par_sort_unstable_by_key(|row| (row.time, row.id));
        (0..).zip(order).for_each(|(number, row)| row.id = number);
        Ok(picked)
    }

    fn frame(
        &self,
        asking: &Asking<'_>,
        types: &Types<'_>,
        events: Vec<Vec<PickedRow>>,
        query: &PreviewQuery,
    ) -> Result<Vec<u8>, EngineError> {
        let opened = types.parts.iter().zip(events);
        let opened = opened.map(|(parts, events)| Picked::open(parts, events));
        let picked: Vec<Picked<'_>> = opened.collect::<Result<_, _>>()?;
        let watch = asking.watch();
        let encode = |picked: &Picked<'_>| {
            watch.check(0)?;
            Ok::<_, EngineError>(picked.encode()?.map(|part| part.to_bytes()))
        };
        let parts: Vec<_> = picked.par_iter().map(encode).collect::<Result<_, _>>()?;
        let groups = |key: &String| match people::groups(asking.snapshot(), key) {
            Err(EngineError::Invalid(Error::Invalid { message, .. })) => {
                let field = "user_properties".to_owned();
                Err(Error::Invalid { field, message: format!("{key} {message}") }.into())
            }
            groups => groups,
        };
        let groups: Vec<_> = query.user_properties.iter().map(groups).collect::<Result<_, _>>()?;
        let named = query.user_properties.iter().zip(&groups);
        let frame = Frame {
            drawn: self.drawn,
            times_ms: query.times_ms,
            all_types: query.event_types.is_none(),
            parts: types
                .names
                .iter()
                .map(String::as_str)
                .zip(parts.iter().map(Option::as_deref))
                .collect(),
            user_properties: named.map(|(key, groups)| self.property(key, groups)).collect(),
        };
        Ok(frame.encode())
    }

    /// The values of a property that those drawn have, and no others.
    fn property<'g>(&self, key: &'g str, groups: &'g UserGroups<'_>) -> UserProperty<'g> {
        let mut places = vec![0; groups.values.len()];
        let mut values = Vec::new();
        let place = |person: &UserId| {
            let group = groups.of.get(*person as usize).copied().unwrap_or(NO_VALUE);
            let Some(value) = groups.values.value(group) else { return 0 };
            let place = &mut places[group as usize];
            if *place == 0 {
                values.push(value);
                *place = values.len() as u32;
            }
            *place
        };
        let of = self.persons.iter().map(place).collect();
        UserProperty { key, values, of }
    }
}
