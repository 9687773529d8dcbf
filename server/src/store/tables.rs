//! Every table of the data file, declared in one place, and how their keys are encoded.
//!
//! Integers in keys are big-endian, so that LMDB's order of bytes is the order of numbers. A key has at
//! most 511 bytes; texts that may be longer are keyed by [`text_key`].

use eventhub_core::block_users::BlockUsers;
use eventhub_core::part::{BLOCK_USERS, ChunkKey};
use eventhub_core::{EventId, UserId};
use heed::byteorder::BigEndian;
use heed::types::{Bytes, DecodeIgnore, Str, U32, U64, Unit};
use heed::{CommitOrAbort, Database, DatabaseFlags, Env, RoTxn, WithoutTls};
use xxhash_rust::xxh3::xxh3_128;

use super::damaged;
use super::failure::corrupt;
use crate::engine::EngineError;

/// The environment, whose read transactions may move between threads.
pub(crate) type StoreEnv = Env<WithoutTls>;
/// A 4-byte number.
pub(crate) type BeU32 = U32<BigEndian>;
/// An 8-byte number.
pub(crate) type BeU64 = U64<BigEndian>;

/// What `meta` says of the layout of all tables; a file with another number is not opened.
pub(crate) const FORMAT_VERSION: u64 = 3;
/// The scope of `keys` under which user properties stand; no event type has this number.
pub(crate) const USER_SCOPE: u32 = u32::MAX;

const PLAIN: DatabaseFlags = DatabaseFlags::empty();

/// Rows of `meta`.
pub(crate) mod meta {
    /// The layout of all tables.
    pub(crate) const FORMAT: &str = "format_version";
    /// The number that the next event gets.
    pub(crate) const NEXT_EVENT: &str = "next_event_id";
    /// The number that the next set of properties or merge of persons gets.
    pub(crate) const NEXT_SEQUENCE: &str = "next_sequence";
    /// A number above those of all deleted users. Every other user has a row in `user_names`, so that the
    /// greater of the two says which number the next user gets.
    pub(crate) const USERS_END: &str = "users_end";
    /// How many events of deleted users were left out when parts were made.
    pub(crate) const DROPPED_EVENTS: &str = "dropped_events";
    /// Seed of the hashes of insert ids, drawn when the store is made.
    pub(crate) const HASH_SEED: &str = "hash_seed";
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $key:ty => $value:ty, $flags:expr;)*) => {
        /// The tables. Keys and values of several fields are their concatenation, integers big-endian.
        #[derive(Clone, Copy)]
        pub(crate) struct Tables {
            $($(#[$doc])* pub(crate) $name: Database<'static, $key, $value>,)*
        }

        const TABLES: &[(&str, DatabaseFlags)] = &[$((stringify!($name), $flags)),*];

        impl Tables {
            /// How many there are.
            pub(crate) const COUNT: u32 = TABLES.len() as u32;

            /// Opens every table, making those that are missing.
            pub(crate) fn create(env: &StoreEnv) -> Result<Self, EngineError> {
                let wtxn = env.write_txn()?;
                let opened = env.create_databases_and_commit(wtxn, |opener, wtxn| {
                    let all = [$((stringify!($name), $flags)),*].map(|(name, flags)| {
                        let mut options = opener.database_options().types::<Bytes, Bytes>();
                        options.name(name).flags(flags).create(wtxn)
                    });
                    Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit(all))
                })?;
                let [$($name),*] = opened.commit().ok_or_else(missing_table)?;
                Ok(Self { $($name: $name?.remap_types()),* })
            }

            /// Opens every table of a store that another process may be writing.
            pub(crate) fn open(env: &StoreEnv) -> Result<Self, EngineError> {
                let rtxn = env.read_txn()?;
                let opened = env.open_databases_and_commit(rtxn, |opener, rtxn| {
                    let all = [$((stringify!($name), $flags)),*].map(|(name, flags)| {
                        let mut options = opener.database_options().types::<Bytes, Bytes>();
                        options.name(name).flags(flags).open(rtxn)
                    });
                    Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit(all))
                })?;
                let [$($name),*] = opened.commit().ok_or_else(missing_table)?;
                Ok(Self {
                    $($name: $name?.ok_or_else(|| future_table(stringify!($name)))?.remap_types(),)*
                })
            }

            /// Pages of the data file that hold rows; the others are free to be written again.
            pub(crate) fn pages(&self, rtxn: &RoTxn<'_>) -> Result<u64, EngineError> {
                let all = [$(self.$name.stat(rtxn)?),*];
                let pages = all.map(|of| of.branch_pages + of.leaf_pages + of.overflow_pages);
                Ok(pages.iter().sum::<usize>() as u64)
            }
        }
    };
}

tables! {
    /// One row per fact about the whole store; see [`meta`].
    meta: Str => BeU64, PLAIN;
    /// Name of an event type -> its number.
    event_types: Str => BeU32, PLAIN;
    /// Number of an event type -> its name.
    event_type_names: BeU32 => Str, PLAIN;
    /// External id -> user.
    users: Str => BeU32, PLAIN;
    /// User -> external id.
    user_names: BeU32 => Str, PLAIN;
    /// (scope u32, key) -> (number of the key u32, values kept for it u32). A scope is an event type or
    /// `USER_SCOPE`.
    keys: Bytes => Bytes, PLAIN;
    /// (event type u32, key number u32, `text_key` of a value) -> the value if its key is shortened,
    /// else nothing. Bounded per key.
    event_values: Bytes => Bytes, PLAIN;
    /// Journal sequence of a merge of persons -> (`from` u32, `to` u32) as they were given.
    identity: BeU64 => Bytes, PLAIN;
    /// Canonical user of a person of several ids -> its merges in order, each (sequence u64, the root
    /// that stayed u32, the root that joined it u32).
    persons: BeU32 => Bytes, PLAIN;
    /// Block of users -> its users whose canonical user is another one, as `eventhub_core::persons`
    /// encodes them.
    canonical: BeU32 => Bytes, PLAIN;
    /// Users who are nobody's any more, as long as parts or the tail may hold their events.
    deleted_users: BeU32 => Unit, PLAIN;
    /// (user u32, key number u32) -> (journal sequence of the set u64, value), per own id, so that an
    /// alias can be taken back. A value of the byte 0xff alone, which no text contains, says that the property was
    /// made absent.
    user_props: Bytes => Bytes, PLAIN;
    /// (`user_value_key` of a value, block of users u32) -> the users of the block on whose own id it is
    /// set, as `eventhub_core::block_users` encodes them.
    user_prop_index: Bytes => Bytes, PLAIN;
    /// Number of the first event -> a record of the newest events; see the module `tail`.
    tail: BeU64 => Bytes, PLAIN;
    /// (event type u32, bucket u32, part u64) -> the part's header.
    parts: Bytes => Bytes, PLAIN;
    /// (part u64, column u32, chunk u32) -> the chunk.
    columns: Bytes => Bytes, PLAIN;
    /// (day u32, run u64, first hash u128) -> sorted (hash u128, event u64) and a checksum; see the
    /// module `insert_runs`.
    insert_ids: Bytes => Bytes, PLAIN;
    /// (hash of a user and a client u128, first counter u64) -> (counter after the last u64, event of the
    /// first u64): the tracker's own insert ids; see the module `insert_ranges`.
    insert_ranges: Bytes => Bytes, PLAIN;
    /// Fingerprint of an imported file -> how many of its rows are stored.
    imports: Bytes => BeU64, PLAIN;
    /// Name of a saved view -> the JSON object that was saved.
    views: Str => Str, PLAIN;
}

/// A file of an older version is sound; whoever writes to it makes what it lacks.
fn future_table(name: &str) -> EngineError {
    EngineError::Storage(format!(
        "the data file is of an older version, without the table {name}: start the server once, which makes it"
    ))
}

fn missing_table() -> EngineError {
    damaged("a table is missing from the data file")
}

/// Bytes of a text that stand in a key as they are; with the numbers around them, keys keep below 511.
const WHOLE_TEXT_MAX: usize = 480;
/// What ends the text of a value in `user_prop_index`. No text contains it, nor does a shortened one go on
/// with it, so no key of another value begins like those of a value, and they stand together.
const VALUE_END: u8 = 0xfe;
/// Bytes of a longer text that stand in a key, so that a prefix read finds it.
pub(crate) const TEXT_PREFIX: usize = 64;

/// Appends a text to a key: whole, or its first 64 bytes, a byte that no text contains, and its hash.
pub(crate) fn text_key(key: &mut Vec<u8>, text: &str) {
    if is_shortened(text) {
        key.extend_from_slice(&text.as_bytes()[..TEXT_PREFIX]);
        key.push(0xff);
        key.extend_from_slice(&xxh3_128(text.as_bytes()).to_be_bytes());
    } else {
        key.extend_from_slice(text.as_bytes());
    }
}

/// Whether the key of a text does not hold it whole.
pub(crate) const fn is_shortened(text: &str) -> bool {
    text.len() > WHOLE_TEXT_MAX
}

/// The text that a key's end holds whole, `None` when it is shortened.
pub(crate) fn whole_text(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key).ok()
}

/// Key of a property key within its scope.
pub(crate) fn scoped_key(scope: u32, key: &str) -> Vec<u8> {
    [&scope.to_be_bytes(), key.as_bytes()].concat()
}

/// Key of a value of an event property.
pub(crate) fn event_value_key(event_type: u32, number: u32, value: &str) -> Vec<u8> {
    let mut key = [event_type.to_be_bytes(), number.to_be_bytes()].concat();
    text_key(&mut key, value);
    key
}

/// Key of a user's own property.
pub(crate) fn user_prop_key(user: UserId, number: u32) -> [u8; 8] {
    joined(user, number)
}

/// What the keys of a value of a user property begin with: (key number u32, `text_key`, `VALUE_END`).
pub(crate) fn user_value_key(number: u32, value: &str) -> Vec<u8> {
    let mut key = number.to_be_bytes().to_vec();
    text_key(&mut key, value);
    key.push(VALUE_END);
    key
}

/// The text that a [`user_value_key`] holds whole, `None` when it is shortened.
pub(crate) fn whole_user_value(value_key: &[u8]) -> Option<&str> {
    whole_text(value_key.get(4..value_key.len() - 1)?)
}

/// Key of a row of `user_prop_index`.
pub(crate) fn user_index_key(value_key: &[u8], block: u32) -> Vec<u8> {
    [value_key, &block.to_be_bytes()].concat()
}

/// A row of `user_prop_index`: the [`user_value_key`], the block, the users of the block.
pub(crate) fn decode_user_index<'r>(
    (key, users): (&'r [u8], &'r [u8]),
) -> Result<(&'r [u8], u32, BlockUsers<'r>), EngineError> {
    let (value_key, block) = key.split_last_chunk().ok_or_else(|| damaged("a key is too short"))?;
    let block = u32::from_be_bytes(*block);
    if block > UserId::MAX / BLOCK_USERS || value_key.last() != Some(&VALUE_END) {
        return Err(damaged("a key of the index of user properties is malformed"));
    }
    Ok((value_key, block, BlockUsers::open(users).map_err(corrupt)?))
}

/// Two numbers as 8 bytes.
pub(crate) fn joined(high: u32, low: u32) -> [u8; 8] {
    (u64::from(high) << 32 | u64::from(low)).to_be_bytes()
}

/// The numbers of [`joined`].
pub(crate) fn split(bytes: &[u8]) -> Result<(u32, u32), EngineError> {
    let (high, low) = bytes.split_at_checked(4).ok_or_else(|| damaged("a pair is too short"))?;
    Ok((be_u32(high)?, be_u32(low)?))
}

/// A 4-byte number.
pub(crate) fn be_u32(bytes: &[u8]) -> Result<u32, EngineError> {
    bytes.try_into().map(u32::from_be_bytes).map_err(|_| damaged("a number is not 4 bytes long"))
}

/// An 8-byte number.
pub(crate) fn be_u64(bytes: &[u8]) -> Result<u64, EngineError> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| damaged("a number is not 8 bytes long"))
}

/// Where a part stands: its event type, its bucket of time, its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PartKey {
    pub(crate) event_type: u32,
    pub(crate) bucket: u32,
    pub(crate) part: u64,
}

impl PartKey {
    pub(crate) fn encode(self) -> [u8; 16] {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&joined(self.event_type, self.bucket));
        key[8..].copy_from_slice(&self.part.to_be_bytes());
        key
    }

    pub(crate) fn decode(key: &[u8]) -> Result<Self, EngineError> {
        let (place, part) =
            key.split_at_checked(8).ok_or_else(|| damaged("a part's key is too short"))?;
        let (event_type, bucket) = split(place)?;
        Ok(Self { event_type, bucket, part: be_u64(part)? })
    }
}

/// Key of a chunk.
pub(crate) fn column_key(part: u64, key: ChunkKey) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&part.to_be_bytes());
    bytes[8..].copy_from_slice(&joined(key.column, key.chunk));
    bytes
}

/// The part and chunk that a key of `columns` names.
pub(crate) fn decode_column_key(key: &[u8]) -> Result<(u64, ChunkKey), EngineError> {
    let (part, place) =
        key.split_at_checked(8).ok_or_else(|| damaged("a chunk's key is too short"))?;
    let (column, chunk) = split(place)?;
    Ok((be_u64(part)?, ChunkKey { column, chunk }))
}

/// Key of a page of a run of insert ids.
pub(crate) fn insert_key(day: u32, run: u64, first: u128) -> [u8; 28] {
    let mut key = [0; 28];
    key[..4].copy_from_slice(&day.to_be_bytes());
    key[4..12].copy_from_slice(&run.to_be_bytes());
    key[12..].copy_from_slice(&first.to_be_bytes());
    key
}

/// The day and run that a key of `insert_ids` names.
pub(crate) fn decode_insert_key(key: &[u8]) -> Result<(u32, u64), EngineError> {
    if key.len() != 28 {
        return Err(damaged("a key of insert ids is not 28 bytes long"));
    }
    Ok((be_u32(&key[..4])?, be_u64(&key[4..12])?))
}

/// The value of `user_props` for a property that was made absent.
const ABSENT: &[u8] = &[0xff];

/// The value of `user_props`: when it was set, and what; no text when it was made absent.
pub(crate) fn encode_user_prop(sequence: u64, value: Option<&str>) -> Vec<u8> {
    [&sequence.to_be_bytes()[..], value.map_or(ABSENT, str::as_bytes)].concat()
}

/// What [`encode_user_prop`] wrote.
pub(crate) fn decode_user_prop(row: &[u8]) -> Result<(u64, Option<&str>), EngineError> {
    let (sequence, value) =
        row.split_at_checked(8).ok_or_else(|| damaged("a user property is too short"))?;
    let sequence = be_u64(sequence)?;
    if value == ABSENT {
        return Ok((sequence, None));
    }
    let text = std::str::from_utf8(value).map_err(|_| damaged("a user property is not text"))?;
    Ok((sequence, Some(text)))
}

/// The value of `keys`: the key's number, and how many of its values are kept.
pub(crate) fn decode_key_row(row: &[u8]) -> Result<(u32, u32), EngineError> {
    split(row)
}

/// The number of the event that follows the last one stored.
pub(crate) fn next_event(tables: &Tables, rtxn: &RoTxn<'_>) -> Result<EventId, EngineError> {
    Ok(tables.meta.get(rtxn, meta::NEXT_EVENT)?.unwrap_or(0))
}

/// The number that the next new user gets; all users, deleted ones too, have numbers below.
pub(crate) fn next_user(tables: &Tables, rtxn: &RoTxn<'_>) -> Result<UserId, EngineError> {
    let last = tables.user_names.remap_data_type::<DecodeIgnore>().last(rtxn)?;
    let after_last = last.map_or(0, |(user, ())| u64::from(user) + 1);
    let users_end = tables.meta.get(rtxn, meta::USERS_END)?.unwrap_or(0);
    let next = UserId::try_from(after_last.max(users_end));
    next.map_err(|_| damaged("a user has the number that is never given out"))
}

/// How many events were dropped, since the data folder was made.
pub(crate) fn dropped_events(tables: &Tables, rtxn: &RoTxn<'_>) -> Result<u64, EngineError> {
    Ok(tables.meta.get(rtxn, meta::DROPPED_EVENTS)?.unwrap_or(0))
}
