//! The users whom a bulk load knows: their numbers by a hash of their external ids.

use eventhub_core::UserId;
use hashbrown::HashTable;
use heed::RoTxn;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::engine::EngineError;
use crate::store::tables::{Tables, meta};

/// Users known at most between two batches; the table then takes 142 MB.
pub(super) const KNOWN_MAX: usize = 5_000_000;

/// The hash of an external id in its upper 96 bits, nothing in the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UserHash(u128);

/// Users by their hashes.
pub(super) struct UserMap {
    seed: u64,
    /// A hash, and the user in the lower 32 bits.
    entries: HashTable<u128>,
}

const USER: u128 = UserId::MAX as u128;

impl UserMap {
    /// A map that knows nobody.
    pub(super) fn new(tables: &Tables, rtxn: &RoTxn<'_>) -> Result<Self, EngineError> {
        // The store's own seed, so that nobody can choose ids that collide.
        let seed = tables.meta.get(rtxn, meta::HASH_SEED)?.unwrap_or_default();
        Ok(Self { seed, entries: HashTable::new() })
    }

    /// Learns all users that are stored.
    pub(super) fn load(&mut self, tables: &Tables, rtxn: &RoTxn<'_>) -> Result<(), EngineError> {
        for row in tables.users.iter(rtxn)? {
            let (id, user) = row?;
            self.insert(self.hash(id), user);
        }
        Ok(())
    }

    pub(super) fn hash(&self, id: &str) -> UserHash {
        UserHash(xxh3_128_with_seed(id.as_bytes(), self.seed) & !USER)
    }

    pub(super) fn find(&self, hash: UserHash) -> Option<UserId> {
        let entry = self.entries.find(slot(hash.0), |entry| entry & !USER == hash.0)?;
        Some(*entry as UserId)
    }

    /// Adds a user who is not known.
    pub(super) fn insert(&mut self, hash: UserHash, user: UserId) {
        self.entries.insert_unique(slot(hash.0), hash.0 | u128::from(user), |entry| slot(*entry));
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Lets go of everyone.
    pub(super) fn clear(&mut self) {
        self.entries = HashTable::new();
    }
}

fn slot(entry: u128) -> u64 {
    (entry >> 64) as u64
}

/// A set of users.
#[derive(Default)]
pub(super) struct UserSet {
    words: Vec<u64>,
    len: u64,
}

impl UserSet {
    pub(super) fn insert(&mut self, user: UserId) {
        let (word, bit) = (user as usize / 64, 1 << (user % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.len += u64::from(self.words[word] & bit == 0);
        self.words[word] |= bit;
    }

    /// How many there are.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }
}
