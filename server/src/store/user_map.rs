//! Users by hashes of their external ids: a table that takes a sixth of the memory of one by the ids.

use eventhub_core::UserId;
use hashbrown::HashTable;
use heed::RoTxn;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::tables::Tables;
use crate::engine::EngineError;

/// The hash of an external id in its upper 96 bits, nothing in the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserHash(u128);

impl UserHash {
    /// The seed is the store's own, so that nobody can choose ids that collide.
    pub(crate) fn new(id: &str, seed: u64) -> Self {
        Self(xxh3_128_with_seed(id.as_bytes(), seed) & !USER)
    }
}

/// Users by their hashes.
pub(crate) struct UserMap {
    seed: u64,
    /// A hash, and the user in the lower 32 bits.
    entries: HashTable<u128>,
}

const USER: u128 = UserId::MAX as u128;

impl UserMap {
    /// A map that knows nobody, for a store with this seed of hashes.
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed, entries: HashTable::new() }
    }

    /// Learns all users that are stored.
    pub(crate) fn load(&mut self, tables: &Tables, rtxn: &RoTxn<'_>) -> Result<(), EngineError> {
        for row in tables.users.iter(rtxn)? {
            let (id, user) = row?;
            self.insert(self.hash(id), user);
        }
        Ok(())
    }

    pub(crate) fn hash(&self, id: &str) -> UserHash {
        UserHash::new(id, self.seed)
    }

    pub(crate) fn find(&self, hash: UserHash) -> Option<UserId> {
        let entry = self.entries.find(slot(hash.0), |entry| entry & !USER == hash.0)?;
        Some(*entry as UserId)
    }

    /// Adds a user who is not known.
    pub(crate) fn insert(&mut self, hash: UserHash, user: UserId) {
        self.entries.insert_unique(slot(hash.0), hash.0 | u128::from(user), |entry| slot(*entry));
    }

    /// Forgets a user.
    pub(crate) fn remove(&mut self, hash: UserHash) {
        let entry = self.entries.find_entry(slot(hash.0), |entry| entry & !USER == hash.0);
        if let Ok(entry) = entry {
            entry.remove();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Lets go of everyone.
    pub(crate) fn clear(&mut self) {
        self.entries = HashTable::new();
    }
}

fn slot(entry: u128) -> u64 {
    (entry >> 64) as u64
}
