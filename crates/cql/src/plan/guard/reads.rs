//! Guardrails of SELECT, applied to its plan.

use crate::error::Error;
use crate::guardrails::{CrossedLimit, Guard, Guardrails, ReadGuardrails};
use crate::plan::SelectPlan;
use crate::system_keyspaces::is_system;
use henge_model::Consistency;
use std::collections::BTreeSet;

impl Guardrails {
    /// True if a read of one row, without IN and GROUP BY, is neither refused nor warned about.
    #[inline]
    pub fn pass_single_row(&self, plan: &SelectPlan, page_size: Option<u32>, level: Consistency) -> bool {
        let page = page_size.map_or(0, u64::from);
        let filters = !plan.allows_filtering || self.reads.allow_filtering;
        filters && self.reads.page_size.above(page).is_none() && self.reads.levels.knows_nothing_of(&level)
    }
}

impl SelectPlan {
    /// Applies the guardrails that need no bound values.
    pub fn guard(&self, guard: &Guard<'_>, page_size: Option<u32>, level: Consistency) -> Result<(), Error> {
        if let Some(settings) = guard.settings() {
            self.guard_by(&settings.reads, guard, page_size, level)?;
        }
        self.warn_of_aggregation(guard);
        Ok(())
    }

    fn guard_by(
        &self,
        reads: &ReadGuardrails,
        guard: &Guard<'_>,
        page_size: Option<u32>,
        level: Consistency,
    ) -> Result<(), Error> {
        if self.is_grouped() {
            guard.check_allowed("group_by", reads.group_by, "GROUP BY functionality")?;
        }
        if !reads.allow_filtering && self.allows_filtering && !is_system(&self.table.keyspace) {
            let text = "Querying with ALLOW FILTERING is not allowed. ALLOW FILTERING can potentially visit all the \
                        data in the table and have unpredictable performance.";
            return Err(guard.refuse("allow_filtering", text));
        }
        let levels = BTreeSet::from([level]);
        guard.check_values(&reads.levels, "read_consistency_levels", "read consistency levels", &levels)?;
        let page = page_size.map_or(0, u64::from);
        let table = &self.table.name;
        guard.check_threshold("page_size", reads.page_size.above(page), |limit| match limit {
            CrossedLimit::Warn(limit) => {
                format!("Query for table {table} with page size {page} exceeds warning threshold of {limit}.")
            }
            CrossedLimit::Fail(limit) => {
                format!("Aborting query for table {table}, page size {page} exceeds fail threshold of {limit}.")
            }
        })
    }

    /// Applies the guardrail on the number of partitions that IN selects.
    pub(crate) fn guard_partitions(&self, guard: &Guard<'_>, partitions: usize) -> Result<(), Error> {
        let Some(reads) = guard.settings().map(|settings| &settings.reads) else { return Ok(()) };
        let table = &self.table.name;
        let crossed = reads.partition_keys.above(partitions as u64).filter(|_| self.has_partition_in());
        guard.check_threshold("partition_keys_in_select", crossed, |limit| match limit {
            CrossedLimit::Warn(limit) => format!(
                "Query with partition keys in IN clause on table {table}, with number of partition keys {partitions} \
                 exceeds warning threshold of {limit}."
            ),
            CrossedLimit::Fail(limit) => format!(
                "Aborting query with partition keys in IN clause on table {table}, number of partition keys \
                 {partitions} exceeds fail threshold of {limit}."
            ),
        })
    }

    /// Warns of an aggregation over more than one partition. It is no setting, so that it cannot be switched off.
    fn warn_of_aggregation(&self, guard: &Guard<'_>) {
        if !self.is_aggregate() && !self.is_grouped() {
            return;
        }
        if !self.restricts_partition() {
            guard.warn("Aggregation query used without partition key".to_owned());
        } else if self.has_partition_in() {
            guard.warn("Aggregation query used on multiple partition keys (IN restriction)".to_owned());
        }
    }
}
