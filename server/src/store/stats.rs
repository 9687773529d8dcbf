//! Figures about the store.

use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use heed::RoTxn;

use super::Store;
use super::recovery::{open_read_only, read_tail};
use super::tables::{StoreEnv, Tables, dropped_events, next_event};
use crate::engine::{EngineError, Stats};

impl Store {
    /// Figures about the store; those of queries are left at zero.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn stats(&self) -> Result<Stats, EngineError> {
        let snapshot = self.snapshot()?;
        let shared = &self.shared;
        let counters = &shared.counters;
        let (tail_events, tail_runs) = snapshot.tail_size();
        Ok(Stats {
            tail_events,
            tail_runs,
            commits: counters.commits.load(Relaxed),
            seals: counters.seals.load(Relaxed),
            merges: counters.merges.load(Relaxed),
            ..stored(&shared.env, &shared.tables, snapshot.rtxn())?
        })
    }
}

/// Figures about the store in a folder, which another process may be writing.
///
/// # Errors
/// When there is no store or its tables cannot be read.
pub fn stats_of(folder: &Path) -> Result<Stats, EngineError> {
    let (env, tables) = open_read_only(folder)?;
    let rtxn = env.read_txn()?;
    let records = read_tail(&tables, &rtxn)?;
    let tail_events = records.iter().map(|record| u64::from(record.events())).sum();
    Ok(Stats { tail_events, ..stored(&env, &tables, &rtxn)? })
}

fn stored(env: &StoreEnv, tables: &Tables, rtxn: &RoTxn<'_>) -> Result<Stats, EngineError> {
    let info = env.info();
    let page_bytes = u64::from(env.unnamed_database_stat().page_size);
    Ok(Stats {
        events: next_event(tables, rtxn)? - dropped_events(tables, rtxn)?,
        users: tables.users.len(rtxn)?,
        event_types: tables.event_types.len(rtxn)?,
        parts: tables.parts.len(rtxn)?,
        disk_used_bytes: (info.last_page_number as u64 + 1) * page_bytes,
        disk_data_bytes: tables.pages(rtxn)? * page_bytes,
        disk_max_bytes: info.map_size as u64,
        ..Stats::default()
    })
}
