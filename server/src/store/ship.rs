//! Sends what sealing and merging make to the writer, in transactions of a bounded size.

use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use eventhub_core::part::ChunkKey;

use super::insert_runs::Page;
use super::job::{Piece, Progress, Task};
use super::request::Pending;
use super::shared::Shared;
use crate::engine::EngineError;
use crate::priority::Yielding;

/// Bytes of pieces that are stored in one transaction, or one piece more, while clients may wait.
const TRANSACTION_BYTES: usize = 2 << 20;
/// The same where no client waits, so that few commits write much.
const BULK_TRANSACTION_BYTES: usize = 16 << 20;

/// Collects pieces and the numbers of the parts they belong to.
///
/// One transaction may be under way while the pieces of the next are made.
pub(crate) struct Shipper<'a> {
    shared: &'a Shared,
    bytes_max: usize,
    pieces: Vec<Piece>,
    bytes: usize,
    under_way: Option<Pending<Progress>>,
    work: Rc<Yielding>,
    parts: Vec<u64>,
}

impl<'a> Shipper<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self::with_bytes(shared, TRANSACTION_BYTES)
    }

    /// A shipper for a store that nobody else writes to.
    pub(crate) fn bulk(shared: &'a Shared) -> Self {
        Self::with_bytes(shared, BULK_TRANSACTION_BYTES)
    }

    fn with_bytes(shared: &'a Shared, bytes_max: usize) -> Self {
        let (pieces, parts) = Default::default();
        let work = Rc::new(Yielding::new(&shared.questions));
        Self { shared, bytes_max, pieces, bytes: 0, under_way: None, work, parts }
    }

    /// The work that makes the pieces, to wait for questions within it too.
    pub(crate) fn work(&self) -> Rc<Yielding> {
        Rc::clone(&self.work)
    }

    /// The number of a new part, whose chunks are swept away unless it is published.
    pub(crate) fn new_part(&mut self) -> u64 {
        let part = self.shared.next_number.fetch_add(1, Relaxed);
        self.parts.push(part);
        part
    }

    pub(crate) fn chunk(
        &mut self,
        part: u64,
        key: ChunkKey,
        bytes: Vec<u8>,
    ) -> Result<(), EngineError> {
        self.work.give_way();
        self.bytes += bytes.len();
        self.pieces.push(Piece::Chunk(part, key, bytes));
        self.ship_when_full()
    }

    pub(crate) fn page(&mut self, page: Page) -> Result<(), EngineError> {
        self.work.give_way();
        self.bytes += page.bytes.len();
        self.pieces.push(Piece::Page(page));
        self.ship_when_full()
    }

    /// Stores what remains, and waits until all is stored.
    pub(crate) fn ship(&mut self) -> Result<(), EngineError> {
        self.send()?;
        self.settle()
    }

    /// Gives up: the numbers of the parts whose chunks are to be deleted.
    pub(crate) fn abandon(mut self) -> Vec<u64> {
        // What is under way would be stored after the deletion.
        if let Err(error) = self.settle() {
            tracing::debug!("given up: {error}");
        }
        self.parts
    }

    fn ship_when_full(&mut self) -> Result<(), EngineError> {
        if self.bytes < self.bytes_max { Ok(()) } else { self.send() }
    }

    fn send(&mut self) -> Result<(), EngineError> {
        self.bytes = 0;
        if self.pieces.is_empty() {
            return Ok(());
        }
        self.settle()?;
        let pieces = std::mem::take(&mut self.pieces);
        self.under_way = Some(self.shared.begin(Task::Put(pieces))?);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), EngineError> {
        self.under_way.take().map_or(Ok(()), |pending| pending.wait().map(drop))
    }
}

/// Has the writer do a task until there is nothing left to do; `task` makes it anew for each step.
pub(crate) fn perform_all(shared: &Shared, task: impl Fn() -> Task) -> Result<(), EngineError> {
    while shared.perform(task())? == Progress::More {}
    Ok(())
}

/// Deletes the chunks of parts that no row names; the list is empty afterwards.
pub(crate) fn sweep(shared: &Shared, parts: &mut Vec<u64>) -> Result<(), EngineError> {
    if !parts.is_empty() {
        perform_all(shared, || Task::DropChunks { parts: parts.clone() })?;
        parts.clear();
    }
    Ok(())
}
