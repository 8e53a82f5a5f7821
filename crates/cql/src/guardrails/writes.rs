//! Guardrails on INSERT, UPDATE and DELETE.

use super::threshold::Crossed;
use super::{Guard, Listed, Threshold};
use crate::error::Error;
use henge_model::Consistency;
use std::collections::BTreeSet;

/// Guardrails on writes.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteGuardrails {
    /// `user_timestamps_enabled`.
    pub user_timestamps: bool,
    /// `read_before_write_list_operations_enabled`.
    pub list_reads: bool,
    /// `column_value_size`, in bytes.
    pub value_size: Threshold,
    /// `collection_size`, in bytes.
    pub collection_size: Threshold,
    /// `items_per_collection`.
    pub items_per_collection: Threshold,
    /// `maximum_timestamp`: microseconds after now.
    pub maximum_timestamp: Threshold,
    /// `minimum_timestamp`: microseconds before now.
    pub minimum_timestamp: Threshold,
    /// `write_consistency_levels`.
    pub levels: Listed<Consistency>,
}

impl Default for WriteGuardrails {
    fn default() -> Self {
        WriteGuardrails {
            user_timestamps: true,
            list_reads: true,
            value_size: Threshold::default(),
            collection_size: Threshold::default(),
            items_per_collection: Threshold::default(),
            maximum_timestamp: Threshold::default(),
            minimum_timestamp: Threshold::default(),
            levels: Listed::default(),
        }
    }
}

impl Guard<'_> {
    /// Applies the guardrail on consistency levels to those of a write. The serial level counts even without a
    /// condition.
    pub fn write_levels(&self, level: Consistency, serial: Consistency) -> Result<(), Error> {
        let Some(writes) = self.settings().map(|settings| &settings.writes) else { return Ok(()) };
        if writes.levels.knows_nothing_of(&level) && writes.levels.knows_nothing_of(&serial) {
            return Ok(());
        }
        let given = BTreeSet::from([level, serial]);
        writes.levels.check(self, "write_consistency_levels", "write consistency levels", &given)
    }

    /// Applies the guardrail on the size of a value in bytes. `column` returns its column's name.
    #[inline]
    pub(crate) fn value_size<'n>(&self, bytes: usize, column: impl FnOnce() -> &'n str) -> Result<(), Error> {
        let Some(settings) = self.settings() else { return Ok(()) };
        self.check_threshold("column_value_size", settings.writes.value_size.above(bytes as u64), |limit: Crossed| {
            format!("Value of column '{}' has size {bytes}, {}", column(), limit.exceeds())
        })
    }

    /// True if a guardrail on collections is set.
    #[inline]
    pub(crate) fn measures_collections(&self) -> bool {
        let unset = Threshold::default();
        self.settings().is_some_and(|settings| {
            settings.writes.items_per_collection != unset || settings.writes.collection_size != unset
        })
    }

    /// Applies the guardrail on the number of items in a collection.
    pub(crate) fn items<'n>(&self, items: usize, column: impl FnOnce() -> &'n str) -> Result<(), Error> {
        let Some(settings) = self.settings() else { return Ok(()) };
        let crossed = settings.writes.items_per_collection.above(items as u64);
        self.check_threshold("items_per_collection", crossed, |limit| {
            format!("Detected collection {} with {items} items, {}", column(), limit.exceeds())
        })
    }

    /// Applies the guardrail on the size of a collection in bytes.
    pub(crate) fn collection_size<'n>(&self, bytes: usize, column: impl FnOnce() -> &'n str) -> Result<(), Error> {
        let Some(settings) = self.settings() else { return Ok(()) };
        self.check_threshold("collection_size", settings.writes.collection_size.above(bytes as u64), |limit| {
            format!("Detected collection {} of size {bytes}, {}", column(), limit.exceeds())
        })
    }
}
