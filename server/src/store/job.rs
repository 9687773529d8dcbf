//! What the store's own threads ask the writer to do, each job in a transaction of its own.
//!
//! A job writes a bounded amount, so that a client's request never waits long behind it. Sealing and
//! merging write their chunks by several jobs; nobody reads them until one last job writes the row that
//! names them.

use std::collections::BTreeSet;
use std::sync::Arc;

use eventhub_core::part::ChunkKey;
use eventhub_core::{EventId, UserId};
use heed::RwTxn;

use super::bulk::Batch;
use super::dedup::Filter;
use super::deletion::count_dropped;
use super::insert_runs::{self, Page, RunId};
use super::request::Answer;
use super::tables::{PartKey, Tables, column_key};
use super::tail::Record;
use crate::engine::EngineError;

/// Chunks deleted in one transaction, of at most 1 MiB each.
const CHUNKS_DROPPED: usize = 512;

/// A task and who waits for it.
pub(crate) struct Job {
    pub(crate) task: Task,
    pub(crate) answer: Answer<Progress>,
}

/// Whether a task of many steps is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is nothing left to do.
    Done,
    /// The same task again does more.
    More,
}

/// Something of at most 1 MiB that is stored before anything names it.
pub(crate) enum Piece {
    /// A chunk of a part.
    Chunk(u64, ChunkKey, Vec<u8>),
    /// A page of a run of insert ids.
    Page(Page),
}

/// A part and those that it replaces.
pub(crate) struct Merged {
    /// Where the part stands, and its header; `None` when no event is left.
    pub(crate) new: Option<(PartKey, Vec<u8>)>,
    pub(crate) old: Vec<PartKey>,
    /// How many events of deleted users were left out.
    pub(crate) dropped: u64,
}

/// A change that maintenance makes.
pub(crate) enum Task {
    /// Stores what nobody reads yet.
    Put(Vec<Piece>),
    /// Puts parts in the place of the tail's first records.
    PublishSeal {
        parts: Vec<(PartKey, Vec<u8>)>,
        /// How many events of deleted users were left out.
        dropped: u64,
        sealed: Vec<Arc<Record>>,
        until: EventId,
        run: Option<RunId>,
        /// The insert ids in the run.
        hashes: Vec<u128>,
    },
    /// Puts parts of new events behind everything that is stored.
    PublishBulk { batch: Arc<Batch>, parts: Vec<(PartKey, Vec<u8>)> },
    /// Puts parts in the place of those they were merged from.
    PublishMerge(Vec<Merged>),
    /// Deletes some chunks of parts that no row names.
    DropChunks { parts: Vec<u64> },
    /// Forgets deleted users who have no events any more.
    ForgetDeleted { users: Vec<UserId> },
    /// Lets lookups use one run, already stored, in the place of several.
    PublishRun { run: Option<RunId>, old: Vec<RunId> },
    /// Deletes some pages of runs that lookups do not use.
    DropPages { runs: Vec<RunId> },
    /// Puts a filter in front of the runs, filled from those named.
    SetFilter { filter: Filter, filled_from: Arc<BTreeSet<RunId>> },
}

impl Task {
    /// Changes the tables; what stands in memory follows after the commit.
    pub(crate) fn store(
        &self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
    ) -> Result<Progress, EngineError> {
        match self {
            Self::Put(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Chunk(part, key, bytes) => {
                            tables.columns.put(wtxn, &column_key(*part, *key), bytes)?;
                        }
                        Piece::Page(page) => tables.insert_ids.put(wtxn, &page.key, &page.bytes)?,
                    }
                }
            }
            Self::PublishSeal { parts, dropped, sealed, .. } => {
                count_dropped(tables, wtxn, *dropped)?;
                for (key, header) in parts {
                    tables.parts.put(wtxn, &key.encode(), header)?;
                }
                for record in sealed {
                    tables.tail.delete(wtxn, &record.first())?;
                }
            }
            Self::PublishMerge(merged) => {
                for Merged { new, old, dropped } in merged {
                    count_dropped(tables, wtxn, *dropped)?;
                    if let Some((key, header)) = new {
                        tables.parts.put(wtxn, &key.encode(), header)?;
                    }
                    for key in old {
                        tables.parts.delete(wtxn, &key.encode())?;
                    }
                }
            }
            Self::DropChunks { parts } => return drop_chunks(tables, wtxn, parts),
            Self::ForgetDeleted { users } => {
                for user in users {
                    tables.deleted_users.delete(wtxn, user)?;
                }
            }
            Self::DropPages { runs } => return insert_runs::drop_some(tables, wtxn, runs),
            // A bulk changes what the writer knows, too, which therefore stores it.
            Self::PublishBulk { .. } | Self::PublishRun { .. } | Self::SetFilter { .. } => {}
        }
        Ok(Progress::Done)
    }
}

/// Deletes some chunks of the given parts.
pub(crate) fn drop_chunks(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    parts: &[u64],
) -> Result<Progress, EngineError> {
    let mut keys = Vec::new();
    for part in parts {
        let left = CHUNKS_DROPPED - keys.len();
        for row in tables.columns.prefix_iter(wtxn, &part.to_be_bytes())?.take(left) {
            keys.push(row?.0.to_vec());
        }
    }
    for key in &keys {
        tables.columns.delete(wtxn, key)?;
    }
    Ok(if keys.len() == CHUNKS_DROPPED { Progress::More } else { Progress::Done })
}
