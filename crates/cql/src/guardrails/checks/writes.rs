//! Guardrails on INSERT, UPDATE and DELETE.

use crate::error::Error;
use crate::guardrails::{CrossedLimit, Guard, Threshold};
use henge_model::Consistency;
use std::collections::BTreeSet;

impl Guard<'_> {
    /// Applies the guardrail on consistency levels to those of a write. The serial level counts even without a
    /// condition.
    pub fn write_levels(&self, level: Consistency, serial: Consistency) -> Result<(), Error> {
        let Some(writes) = self.settings().map(|settings| &settings.writes) else { return Ok(()) };
        if writes.levels.knows_nothing_of(&level) && writes.levels.knows_nothing_of(&serial) {
            return Ok(());
        }
        let given = BTreeSet::from([level, serial]);
        self.check_values(&writes.levels, "write_consistency_levels", "write consistency levels", &given)
    }

    /// Applies the guardrail on the size of a value in bytes. `column` returns its column's name.
    #[inline]
    pub(crate) fn value_size<'n>(&self, bytes: usize, column: impl FnOnce() -> &'n str) -> Result<(), Error> {
        let Some(settings) = self.settings() else { return Ok(()) };
        self.check_threshold(
            "column_value_size",
            settings.writes.value_size.above(bytes as u64),
            |limit: CrossedLimit| format!("Value of column '{}' has size {bytes}, {}", column(), limit.exceeds()),
        )
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
