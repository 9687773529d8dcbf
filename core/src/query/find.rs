//! Persons that are searched for.

use alloc::vec::Vec;

use serde::Deserialize;

use super::plan::{Filter, FiltersInput, invalid};
use super::who::PAGE_DEFAULT;
use crate::Error;
use crate::limits::PAGE_MAX;

/// Which persons are searched for, and which of them are shown.
#[derive(Debug, Clone)]
pub struct FindQuery {
    /// What holds of them.
    pub filters: Vec<Filter>,
    /// How many are passed over.
    pub offset: usize,
    /// How many are shown at most.
    pub limit: usize,
}

/// The same as JSON.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindInput {
    #[serde(default)]
    filters: FiltersInput,
    offset: Option<usize>,
    limit: Option<usize>,
}

impl FindInput {
    /// The question.
    ///
    /// # Errors
    /// When a field makes no sense; the error names it by its JSON pointer.
    pub fn check(self) -> Result<FindQuery, Error> {
        let filters = self.filters.check("/filters")?;
        let limit = self.limit.unwrap_or(PAGE_DEFAULT);
        if limit == 0 || limit > PAGE_MAX {
            let message = alloc::format!("{limit} is not between 1 and {PAGE_MAX}");
            return Err(invalid("/limit", message));
        }
        Ok(FindQuery { filters, offset: self.offset.unwrap_or(0), limit })
    }
}
