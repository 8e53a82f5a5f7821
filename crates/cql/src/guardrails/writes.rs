//! Guardrails of INSERT, UPDATE and DELETE.

use super::threshold::Crossed;
use super::{Guard, Listed, Threshold};
use crate::bind::BindContext;
use crate::error::Error;
use crate::prepare::{CollectionChange, CollectionPlan, ModifyPlan};
use henge_base::Micros;
use henge_model::Consistency;
use std::collections::BTreeSet;

/// What writes are held to.
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

impl ModifyPlan {
    /// Holds a write to the guardrails of its timestamp. Those of a batch's statements may be of any time, as in Cassandra.
    pub fn guard(&self, context: &BindContext<'_>, in_batch: bool) -> Result<(), Error> {
        let Some(writes) = context.guard.settings().map(|settings| &settings.writes) else { return Ok(()) };
        if self.timestamp.is_none() {
            return Ok(());
        }
        if !self.has_timestamp_of_batch {
            let what = "User provided timestamps (USING TIMESTAMP)";
            context.guard.allowed("user_timestamps", writes.user_timestamps, what)?;
        }
        match in_batch {
            true => Ok(()),
            false => writes.check_timestamp(context, &self.table.name, self.timestamp(context)?),
        }
    }
}

impl WriteGuardrails {
    fn check_timestamp(&self, context: &BindContext<'_>, table: &str, timestamp: Micros) -> Result<(), Error> {
        let (now, guard) = (context.now_us, &context.guard);
        let ahead = u64::try_from(timestamp.saturating_sub(now)).unwrap_or(0);
        let behind = u64::try_from(now.saturating_sub(timestamp)).unwrap_or(0);
        guard.crossed("maximum_timestamp", self.maximum_timestamp.above(ahead), |limit| {
            let at = now.saturating_add_unsigned(limit.limit());
            format!(
                "The modification to table {table} has a timestamp {timestamp} after the maximum allowable {} threshold \
                 {at}. Timestamps too far in the future can lead to data that can't be easily overwritten",
                limit.word()
            )
        })?;
        guard.crossed("minimum_timestamp", self.minimum_timestamp.above(behind), |limit| {
            let at = now.saturating_sub_unsigned(limit.limit());
            format!(
                "The modification to table {table} has a timestamp {timestamp} before the minimum allowable {} \
                 threshold {at}. Timestamps too far in the past can cause writes can be unexpectedly lost",
                limit.word()
            )
        })
    }
}

impl Guard<'_> {
    /// Holds the levels of a write to the guardrails: that of the write, and that of a condition, whether there is one or not.
    pub fn write_levels(&self, level: Consistency, serial: Consistency) -> Result<(), Error> {
        let Some(writes) = self.settings().map(|settings| &settings.writes) else { return Ok(()) };
        if writes.levels.knows_nothing_of(&level) && writes.levels.knows_nothing_of(&serial) {
            return Ok(());
        }
        let given = BTreeSet::from([level, serial]);
        writes.levels.check(self, "write_consistency_levels", "write consistency levels", &given)
    }

    /// Holds a change of a collection to the guardrails, before its row is read for it.
    pub(crate) fn list_reads(&self, plan: &CollectionPlan) -> Result<(), Error> {
        let Some(settings) = self.settings().filter(|settings| !settings.writes.list_reads) else { return Ok(()) };
        let what = match plan.change {
            CollectionChange::PutAt(..) => "Setting of list items by index",
            CollectionChange::RemoveAt(_) => "Removal of list items by index",
            CollectionChange::RemoveValues(_) => "Removal of list items",
            _ => return Ok(()),
        };
        let what = format!("{what} requiring read before write");
        self.allowed("read_before_write_list_operations", settings.writes.list_reads, &what)
    }

    /// Holds the size of one value to the guardrails. `column` gives its name.
    #[inline]
    pub(crate) fn value_size<'n>(&self, bytes: usize, column: impl FnOnce() -> &'n str) -> Result<(), Error> {
        let Some(settings) = self.settings() else { return Ok(()) };
        self.crossed("column_value_size", settings.writes.value_size.above(bytes as u64), |limit: Crossed| {
            format!("Value of column '{}' has size {bytes}, {}", column(), limit.exceeds())
        })
    }

    /// Whether collections are held to anything.
    #[inline]
    pub(crate) fn measures_collections(&self) -> bool {
        let unset = Threshold::default();
        self.settings().is_some_and(|settings| {
            settings.writes.items_per_collection != unset || settings.writes.collection_size != unset
        })
    }

    /// Holds what is written to a collection to the guardrails.
    pub(crate) fn items<'n>(&self, items: usize, column: impl FnOnce() -> &'n str) -> Result<(), Error> {
        let Some(settings) = self.settings() else { return Ok(()) };
        let crossed = settings.writes.items_per_collection.above(items as u64);
        self.crossed("items_per_collection", crossed, |limit| {
            format!("Detected collection {} with {items} items, {}", column(), limit.exceeds())
        })
    }

    /// The same of its size.
    pub(crate) fn collection_size<'n>(&self, bytes: usize, column: impl FnOnce() -> &'n str) -> Result<(), Error> {
        let Some(settings) = self.settings() else { return Ok(()) };
        self.crossed("collection_size", settings.writes.collection_size.above(bytes as u64), |limit| {
            format!("Detected collection {} of size {bytes}, {}", column(), limit.exceeds())
        })
    }
}
