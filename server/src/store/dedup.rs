//! Whether an event came before: insert ids, known by a hash of the user's external id and theirs.
//!
//! Events of the tail are looked up in memory, sealed ones in the runs on disk. A Bloom filter stands in
//! front of the runs; after a start it is filled in the background, while the runs themselves answer.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use eventhub_core::{EventId, ExternalId, NewEvent};
use heed::RoTxn;
use probabilistic_collections::SipHasherBuilder;
use probabilistic_collections::bloom::BloomFilter;
use xxhash_rust::xxh3::{Xxh3, Xxh3Builder};

use super::hashed::HashBuilder;
use super::insert_runs::{self, RunId};
use super::tables::Tables;
use super::tail::Record;
use crate::engine::EngineError;

/// Of ids that are new, the part that the filter lets through nevertheless.
const FALSE_POSITIVES: f64 = 0.01;
/// Ids that the smallest filter is made for: 1.2 MB.
const FILTER_IDS_MIN: u64 = 1 << 20;
/// Ids that the largest filter is made for: 16 MB. With more it lets more through, and stays right.
const FILTER_IDS_MAX: u64 = 14 << 20;

/// A set of hashes that may claim to hold one it does not.
pub(crate) struct Filter {
    bloom: BloomFilter<u128>,
    ids: u64,
    ids_max: u64,
}

impl Filter {
    /// A filter with room for twice the ids there are.
    pub(crate) fn new(seed: u64, ids: u64) -> Self {
        let ids_max = (2 * ids).clamp(FILTER_IDS_MIN, FILTER_IDS_MAX);
        let hashers = [0, 1].map(|n| SipHasherBuilder::from_seed(seed, n));
        let bloom = BloomFilter::with_hashers(ids_max as usize, FALSE_POSITIVES, hashers);
        Self { bloom, ids: 0, ids_max }
    }

    pub(crate) fn insert(&mut self, hash: u128) {
        self.bloom.insert(&hash);
        self.ids += 1;
    }

    fn contains(&self, hash: u128) -> bool {
        self.bloom.contains(&hash)
    }

    /// Whether a larger filter would let less through.
    fn is_outgrown(&self) -> bool {
        self.ids > self.ids_max && self.ids_max < FILTER_IDS_MAX
    }
}

/// By what an insert id is remembered; the hashes are within the event's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InsertKey {
    /// The hash of the id, for some days.
    Hash(u128),
    /// The hash of the tracker's client and its counter, for ever; see [`super::insert_ranges`].
    Counted(u128, u64),
}

/// What the writer knows of insert ids.
pub(crate) struct Dedup {
    seed: u64,
    /// Ids of the transaction under way.
    fresh: HashMap<u128, EventId, HashBuilder>,
    /// Ids of the tail.
    tail: HashMap<u128, EventId, HashBuilder>,
    runs: Arc<BTreeSet<RunId>>,
    filter: Option<Filter>,
}

impl Dedup {
    /// Begins with the records of the tail and the runs on disk, without a filter unless none is needed.
    pub(crate) fn load<'r>(
        seed: u64,
        runs: BTreeSet<RunId>,
        records: impl Iterator<Item = &'r Record>,
    ) -> Result<Self, EngineError> {
        let filter = runs.is_empty().then(|| Filter::new(seed, 0));
        let (fresh, tail) = (HashMap::default(), HashMap::default());
        let mut dedup = Self { seed, fresh, tail, runs: Arc::new(runs), filter };
        for record in records {
            each_hash(record, |hash, id| {
                dedup.tail.insert(hash, id);
            })?;
        }
        Ok(dedup)
    }

    /// By what an event's insert id is remembered, if it has one.
    pub(crate) fn key(&self, event: &NewEvent) -> Option<InsertKey> {
        let insert_id = event.insert_id.as_ref()?;
        Some(match insert_id.counted() {
            Some((client, counter)) => InsertKey::Counted(self.hash(&event.user, client), counter),
            None => InsertKey::Hash(self.hash(&event.user, insert_id.as_str())),
        })
    }

    fn hash(&self, user: &ExternalId, text: &str) -> u128 {
        let user = user.as_str().as_bytes();
        let mut hasher: Xxh3 = Xxh3Builder::new().with_seed(self.seed).build();
        // The length keeps ("ab", "c") apart from ("a", "bc").
        hasher.update(&(user.len() as u64).to_le_bytes());
        hasher.update(user);
        hasher.update(text.as_bytes());
        hasher.digest128()
    }

    /// The event that came with this hash before.
    pub(crate) fn find(
        &self,
        tables: &Tables,
        rtxn: &RoTxn<'_>,
        hash: u128,
    ) -> Result<Option<EventId>, EngineError> {
        if let Some(id) = self.fresh.get(&hash).or_else(|| self.tail.get(&hash)) {
            return Ok(Some(*id));
        }
        if self.filter.as_ref().is_some_and(|filter| !filter.contains(hash)) {
            return Ok(None);
        }
        for run in self.runs.iter().rev() {
            if let Some(id) = insert_runs::find(tables, rtxn, *run, hash)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Notes an event of the transaction under way.
    pub(crate) fn note(&mut self, hash: u128, id: EventId) {
        self.fresh.insert(hash, id);
    }

    /// The transaction is durable.
    pub(crate) fn keep(&mut self) {
        self.tail.extend(self.fresh.drain());
    }

    /// The transaction is lost.
    pub(crate) fn forget(&mut self) {
        self.fresh.clear();
    }

    /// The runs in which sealed ids are looked up.
    pub(crate) fn runs(&self) -> &Arc<BTreeSet<RunId>> {
        &self.runs
    }

    /// Runs became another one, or were dropped, or one was added.
    pub(crate) fn replace_runs(&mut self, old: &[RunId], new: Option<RunId>) {
        let mut runs = BTreeSet::clone(&self.runs);
        runs.retain(|run| !old.contains(run));
        runs.extend(new);
        self.runs = Arc::new(runs);
    }

    /// Records left the tail; their ids stand in a run.
    pub(crate) fn sealed<'r>(
        &mut self,
        records: impl Iterator<Item = &'r Record>,
    ) -> Result<(), EngineError> {
        for record in records {
            each_hash(record, |hash, _| {
                self.tail.remove(&hash);
                if let Some(filter) = &mut self.filter {
                    filter.insert(hash);
                }
            })?;
        }
        // A tail that was long for once leaves no memory behind.
        self.tail.shrink_to(2 * self.tail.len());
        Ok(())
    }

    /// Puts a filter in place that holds the ids of some runs, after adding those of the others.
    pub(crate) fn set_filter(
        &mut self,
        tables: &Tables,
        rtxn: &RoTxn<'_>,
        mut filter: Filter,
        filled_from: &BTreeSet<RunId>,
    ) -> Result<(), EngineError> {
        for run in self.runs.difference(filled_from) {
            insert_runs::each(tables, rtxn, *run, |hash, _| filter.insert(hash))?;
        }
        self.filter = Some(filter);
        Ok(())
    }

    /// Whether a new filter should be made in the background.
    pub(crate) fn wants_filter(&self) -> bool {
        self.filter.as_ref().is_none_or(Filter::is_outgrown)
    }
}

/// Calls `visit` with every insert hash of a record.
pub(crate) fn each_hash(
    record: &Record,
    mut visit: impl FnMut(u128, EventId),
) -> Result<(), EngineError> {
    record.each(|id, event| {
        if let Some(hash) = event.insert_hash {
            visit(u128::from_be_bytes(hash), id);
        }
        Ok(())
    })
}
