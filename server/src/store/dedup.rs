//! Whether an event came before: insert ids, known by a hash of the user's external id and theirs.
//!
//! Events of the tail are looked up in memory, sealed ones in the runs on disk. A Bloom filter stands in
//! front of the runs; after a start it is filled in the background, while the runs themselves answer.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use eventhub_core::limits::{EXTERNAL_ID_BYTES_MAX, INSERT_ID_BYTES_MAX};
use eventhub_core::{EventId, ExternalId, NewEvent};
use heed::RoTxn;
use probabilistic_collections::bloom::BloomFilter;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::hashed::{HalfBuilder, HashBuilder};
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

const LENGTH_BYTES: usize = 8;
const HASHED_BYTES_MAX: usize = LENGTH_BYTES + EXTERNAL_ID_BYTES_MAX + INSERT_ID_BYTES_MAX;
/// Ids that there may be room for without being needed.
const TAIL_SPARE_MAX: usize = 1 << 20;

/// A set of hashes that may claim to hold one it does not.
pub(crate) struct Filter {
    bloom: BloomFilter<u128, HalfBuilder>,
    ids: u64,
    ids_max: u64,
}

impl Filter {
    /// A filter with room for twice the ids there are.
    pub(crate) fn new(ids: u64) -> Self {
        let ids_max = (2 * ids).clamp(FILTER_IDS_MIN, FILTER_IDS_MAX);
        // The ids are seeded hashes, whose halves are as good as two hashes of them.
        let hashers = [HalfBuilder::Lower, HalfBuilder::Upper];
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

impl InsertKey {
    /// By what an event's insert id is remembered, if it has one; the seed is the store's own.
    pub(crate) fn of(event: &NewEvent, seed: u64) -> Option<Self> {
        let insert_id = event.insert_id.as_ref()?;
        Some(match insert_id.counted() {
            Some((client, counter)) => Self::Counted(hash(&event.user, client, seed), counter),
            None => Self::Hash(hash(&event.user, insert_id.as_str(), seed)),
        })
    }
}

fn hash(user: &ExternalId, text: &str, seed: u64) -> u128 {
    let user = user.as_str().as_bytes();
    let mut bytes = [0; HASHED_BYTES_MAX];
    let length = LENGTH_BYTES + user.len() + text.len();
    // The length keeps ("ab", "c") apart from ("a", "bc").
    bytes[..LENGTH_BYTES].copy_from_slice(&(user.len() as u64).to_le_bytes());
    bytes[LENGTH_BYTES..length - text.len()].copy_from_slice(user);
    bytes[length - text.len()..length].copy_from_slice(text.as_bytes());
    xxh3_128_with_seed(&bytes[..length], seed)
}

/// What the writer knows of insert ids.
pub(crate) struct Dedup {
    /// Ids of the tail, of the transaction under way, and of `leaving`.
    tail: HashMap<u128, EventId, HashBuilder>,
    /// Ids of the transaction under way.
    fresh: Vec<u128>,
    /// Ids of sealed events, which move from `tail` to the filter little by little.
    leaving: VecDeque<Vec<u128>>,
    runs: Arc<BTreeSet<RunId>>,
    filter: Option<Filter>,
}

impl Dedup {
    /// Begins with the records of the tail and the runs on disk, without a filter unless none is needed.
    pub(crate) fn load<'r>(
        runs: BTreeSet<RunId>,
        records: impl Iterator<Item = &'r Record>,
    ) -> Result<Self, EngineError> {
        let filter = runs.is_empty().then(|| Filter::new(0));
        let mut dedup = Self {
            tail: HashMap::default(),
            fresh: Vec::new(),
            leaving: VecDeque::new(),
            runs: Arc::new(runs),
            filter,
        };
        for record in records {
            each_hash(record, |hash, id| {
                dedup.tail.insert(hash, id);
            })?;
        }
        Ok(dedup)
    }

    /// The event that came with this hash before.
    pub(crate) fn find(
        &self,
        tables: &Tables,
        rtxn: &RoTxn<'_>,
        hash: u128,
    ) -> Result<Option<EventId>, EngineError> {
        if let Some(id) = self.tail.get(&hash) {
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
        self.tail.insert(hash, id);
        self.fresh.push(hash);
    }

    /// The transaction is durable.
    pub(crate) fn keep(&mut self) {
        self.fresh.clear();
    }

    /// The transaction is lost.
    pub(crate) fn forget(&mut self) {
        for hash in self.fresh.drain(..) {
            self.tail.remove(&hash);
        }
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

    /// Events with these ids left the tail; the ids stand in a run that is looked up.
    pub(crate) fn sealed(&mut self, hashes: Vec<u128>) {
        self.leaving.push_back(hashes);
    }

    /// Moves some ids of sealed events from the tail's to the filter. All of them at once would take long.
    pub(crate) fn move_sealed(&mut self, mut at_most: usize) {
        while let Some(hashes) = self.leaving.front_mut() {
            let kept = hashes.len().saturating_sub(at_most);
            at_most -= hashes.len() - kept;
            for hash in hashes.drain(kept..) {
                self.tail.remove(&hash);
                if let Some(filter) = &mut self.filter {
                    filter.insert(hash);
                }
            }
            if kept > 0 {
                return;
            }
            self.leaving.pop_front();
            if self.tail.capacity() > TAIL_SPARE_MAX && self.tail.len() < self.tail.capacity() / 8 {
                // A tail that was long for once leaves no memory behind.
                self.tail.shrink_to(2 * self.tail.len());
            }
        }
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
