//! Saved views: JSON objects that the dashboard keeps under names.

use eventhub_core::Error;
use eventhub_core::limits::VIEWS_MAX;
use heed::types::DecodeIgnore;
use heed::{RoTxn, RwTxn};

use super::failure::Failure;
use super::snapshot::Snapshot;
use super::tables::Tables;
use crate::engine::EngineError;

/// Saves a view, or deletes it where there is no text; whether there was one of that name.
pub(crate) fn save(
    tables: &Tables,
    wtxn: &mut RwTxn<'_>,
    name: &str,
    view: Option<&str>,
) -> Result<bool, Failure> {
    let Some(view) = view else { return Ok(tables.views.delete(wtxn, name)?) };
    let was_there = tables.views.get(wtxn, name)?.is_some();
    let actual = tables.views.len(wtxn)? as usize + usize::from(!was_there);
    if actual > VIEWS_MAX {
        return Err(Error::TooMany { field: "views", limit: VIEWS_MAX, actual }.into());
    }
    tables.views.put(wtxn, name, view)?;
    Ok(was_there)
}

/// The names of all views, in order of their bytes.
pub(crate) fn names(tables: &Tables, rtxn: &RoTxn<'_>) -> Result<Vec<String>, EngineError> {
    let rows = tables.views.remap_data_type::<DecodeIgnore>();
    rows.iter(rtxn)?.map(|row| Ok(row?.0.to_owned())).collect()
}

impl Snapshot {
    /// The names of all saved views, in order.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn view_names(&self) -> Result<Vec<String>, EngineError> {
        names(self.tables(), self.rtxn())
    }

    /// The saved view of a name.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn view(&self, name: &str) -> Result<Option<String>, EngineError> {
        Ok(self.tables().views.get(self.rtxn(), name)?.map(str::to_owned))
    }
}
