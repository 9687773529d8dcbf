//! Storing a bulk: parts that are made already, and the names and users of their events.

use eventhub_core::part::PartBuilder;
use heed::RwTxn;

use super::super::bulk::Batch;
use super::super::failure::Failure;
use super::super::job::Progress;
use super::super::tables::{PartKey, Tables, meta};
use super::{Known, Writer};
use crate::engine::EngineError;

impl Writer {
    /// Stores a batch and the rows of its parts by one transaction.
    pub(super) fn store_bulk(
        &mut self,
        batch: &Batch,
        parts: &[(PartKey, Vec<u8>)],
    ) -> Result<Progress, EngineError> {
        if self.shared.published().tail.events() != 0 {
            return Err(EngineError::Storage(
                "a bulk follows a tail that is not sealed".to_owned(),
            ));
        }
        let stored = self.try_bulk(batch, parts);
        if stored.is_err() {
            // What is remembered of names and users may not be stored.
            self.known = None;
        }
        stored.map(|()| Progress::Done)
    }

    fn try_bulk(&mut self, batch: &Batch, parts: &[(PartKey, Vec<u8>)]) -> Result<(), EngineError> {
        let env = self.shared.env.clone();
        let tables = self.tables;
        let mut wtxn = env.write_txn()?;
        let known = Known::of(&mut self.known, &tables, &wtxn)?;
        match known.store(&tables, &mut wtxn, batch) {
            Ok(()) => {}
            Err(Failure::Refused(error)) => return Err(error.into()),
            Err(Failure::Lost(error)) => return Err(error),
        }
        for (key, header) in parts {
            tables.parts.put(&mut wtxn, &key.encode(), header)?;
        }
        tables.imports.put(&mut wtxn, &batch.progress.fingerprint, &batch.progress.rows)?;
        tables.meta.put(&mut wtxn, meta::NEXT_EVENT, &known.next_event)?;
        self.commit(wtxn)
    }
}

impl Known {
    fn store(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        batch: &Batch,
    ) -> Result<(), Failure> {
        // The numbers were given out by whoever made the parts, from what was stored then.
        let next = (self.next_event, self.users.next(), self.next_sequence);
        if next != (batch.first_event, batch.first_user, batch.sequence) {
            let error = "a bulk does not follow the last event, user and change".to_owned();
            return Err(EngineError::Storage(error).into());
        }
        self.users.admit(batch.users.len())?;
        self.names.admit_types(&batch.types)?;
        for (number, name) in (batch.first_type..).zip(&batch.types) {
            if self.names.event_type(tables, wtxn, name)? != number {
                let error = format!("a bulk gives the event type {name} a number of its own");
                return Err(EngineError::Storage(error).into());
            }
        }
        for builder in batch.builders() {
            let keys = builder.keys();
            self.names.admit_keys(tables, wtxn, builder.event_type(), &keys)?;
            self.see(tables, wtxn, builder, &keys)?;
        }
        self.names.flush(tables, wtxn)?;
        self.users.create_all(tables, wtxn, &batch.users)?;
        self.next_event += batch.events();
        Ok(())
    }

    fn see(
        &mut self,
        tables: &Tables,
        wtxn: &mut RwTxn<'_>,
        builder: &PartBuilder,
        keys: &[&str],
    ) -> Result<(), EngineError> {
        for (place, key) in keys.iter().enumerate() {
            for value in builder.values(place) {
                if !self.names.see(tables, wtxn, builder.event_type(), key, value)? {
                    break;
                }
            }
        }
        Ok(())
    }
}
