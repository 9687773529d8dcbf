//! Opening a data file, and bringing what stands in memory to where it was.
//!
//! LMDB's file is whole after a crash. What a seal or merge had stored but not published has no row that
//! names it, and is deleted here; the tail's records are read back.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::Arc;

use eventhub_core::EventId;
use heed::{EnvFlags, EnvOpenOptions, RoTxn};
use tracing::info;

use super::dedup::Dedup;
use super::failure::damaged;
use super::insert_runs::{self, RunId};
use super::job::{Progress, drop_chunks};
use super::memory::{Published, TailView};
use super::shared::Shared;
use super::tables::{
    FORMAT_VERSION, PartKey, StoreEnv, Tables, decode_column_key, meta, next_event,
};
use super::tail::Record;
use super::writer::Writer;
use super::{StoreOptions, data_file};
use crate::engine::EngineError;

/// Read transactions open at once at most, over all processes.
const READERS_MAX: u32 = 1_024;
/// The map size is a whole number of pages of any size in use.
const MAP_UNIT_BYTES: usize = 64 << 10;

/// Opens the store of a locked folder.
pub(crate) fn open(
    folder: &Path,
    options: StoreOptions,
) -> Result<(Arc<Shared>, Writer), EngineError> {
    let env = open_env(folder, Some(options.map_size_bytes), EnvFlags::empty())?;
    env.clear_stale_readers()?;
    let tables = Tables::create(&env)?;
    prepare_meta(&env, &tables)?;
    sweep_chunks(&env, &tables)?;
    let rtxn = env.read_txn()?;
    let records = read_tail(&tables, &rtxn)?;
    let runs = insert_runs::list(&tables, &rtxn)?;
    let next_number = next_number(&tables, &rtxn, &runs)?;
    let seed = tables.meta.get(&rtxn, meta::HASH_SEED)?.unwrap_or_default();
    let version = rtxn.id();
    drop(rtxn);
    let dedup = Dedup::load(runs, records.iter().map(|record| &**record))?;
    let published =
        Published { version, tail: TailView::default(), runs: Arc::clone(dedup.runs()) };
    let shared = Shared::new(env, tables, options, published, (next_number, seed));
    let tail = TailView::default().with(records, shared.run_events());
    info!("the tail holds {} events", tail.events());
    let runs = Arc::clone(dedup.runs());
    shared.published.store(Arc::new(Published { version, tail, runs }));
    // What is due from before the start is done without waiting for the next event.
    shared.seal.wake();
    let shared = Arc::new(shared);
    let writer = Writer::new(Arc::clone(&shared), dedup);
    Ok((shared, writer))
}

/// Opens a data file that another process may be writing, to read it.
pub(crate) fn open_read_only(folder: &Path) -> Result<(StoreEnv, Tables), EngineError> {
    let file = data_file(folder);
    if !file.is_file() {
        return Err(EngineError::Storage(format!("there is no data file {}", file.display())));
    }
    let env = open_env(folder, None, EnvFlags::READ_ONLY)?;
    let tables = Tables::open(&env)?;
    let rtxn = env.read_txn()?;
    check_format(tables.meta.get(&rtxn, meta::FORMAT)?)?;
    drop(rtxn);
    Ok((env, tables))
}

/// The records of the tail, verified, in order.
pub(crate) fn read_tail(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
) -> Result<Vec<Arc<Record>>, EngineError> {
    let mut records: Vec<Arc<Record>> = Vec::new();
    for row in tables.tail.iter(rtxn)? {
        let (first, bytes) = row?;
        if records.last().is_some_and(|before| before.end() != first) {
            return Err(damaged("the tail has a gap"));
        }
        records.push(Arc::new(Record::decode(first, bytes)?));
    }
    let end: Option<EventId> = records.last().map(|record| record.end());
    if end.is_some_and(|end| Ok(end) != next_event(tables, rtxn).map_err(drop)) {
        return Err(damaged("the tail does not end with the last event"));
    }
    Ok(records)
}

fn open_env(
    folder: &Path,
    map_size_bytes: Option<usize>,
    flags: EnvFlags,
) -> Result<StoreEnv, EngineError> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.max_dbs(Tables::COUNT).max_readers(READERS_MAX);
    if let Some(bytes) = map_size_bytes {
        options.map_size(bytes.next_multiple_of(MAP_UNIT_BYTES));
    }
    // SAFETY: of the flags, those that trade durability for speed are never set; the file is written
    // only through LMDB, by the one process that holds the folder's lock.
    #[expect(unsafe_code, reason = "mapping a file is unsafe by nature")]
    let env = unsafe { options.flags(flags | EnvFlags::NO_SUB_DIR).open(data_file(folder)) };
    Ok(env?)
}

fn prepare_meta(env: &StoreEnv, tables: &Tables) -> Result<(), EngineError> {
    let mut wtxn = env.write_txn()?;
    match tables.meta.get(&wtxn, meta::FORMAT)? {
        None => {
            tables.meta.put(&mut wtxn, meta::FORMAT, &FORMAT_VERSION)?;
            let seed = RandomState::new().hash_one(FORMAT_VERSION);
            tables.meta.put(&mut wtxn, meta::HASH_SEED, &seed)?;
            tables.meta.put(&mut wtxn, meta::NEXT_EVENT, &0)?;
            tables.meta.put(&mut wtxn, meta::NEXT_SEQUENCE, &0)?;
        }
        format => check_format(format)?,
    }
    Ok(wtxn.commit()?)
}

fn check_format(format: Option<u64>) -> Result<(), EngineError> {
    if format == Some(FORMAT_VERSION) {
        return Ok(());
    }
    let found = format.map_or("no".to_owned(), |format| format.to_string());
    let message = format!("the data file has {found} format version, this is {FORMAT_VERSION}");
    Err(EngineError::Storage(message))
}

/// Deletes the chunks of parts that were never published.
fn sweep_chunks(env: &StoreEnv, tables: &Tables) -> Result<(), EngineError> {
    let rtxn = env.read_txn()?;
    let mut published = HashSet::new();
    for row in tables.parts.iter(&rtxn)? {
        published.insert(PartKey::decode(row?.0)?.part);
    }
    let mut orphans = Vec::new();
    let mut from = 0_u64;
    while let Some((key, _)) =
        tables.columns.get_greater_than_or_equal_to(&rtxn, &from.to_be_bytes()[..])?
    {
        let (part, _) = decode_column_key(key)?;
        if !published.contains(&part) {
            orphans.push(part);
        }
        from = part + 1;
    }
    drop(rtxn);
    if orphans.is_empty() {
        return Ok(());
    }
    info!("sweeping away {} parts that were never published", orphans.len());
    loop {
        let mut wtxn = env.write_txn()?;
        let progress = drop_chunks(tables, &mut wtxn, &orphans)?;
        wtxn.commit()?;
        if progress == Progress::Done {
            return Ok(());
        }
    }
}

/// A number above those of all parts and runs of insert ids.
fn next_number(
    tables: &Tables,
    rtxn: &RoTxn<'_>,
    runs: &BTreeSet<RunId>,
) -> Result<u64, EngineError> {
    let part = tables.columns.last(rtxn)?.map(|(key, _)| decode_column_key(key)).transpose()?;
    let run = runs.iter().map(|run| run.run).max();
    Ok(part.map(|(part, _)| part).max(run).map_or(0, |last| last + 1))
}
