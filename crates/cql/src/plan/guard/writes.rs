//! Guardrails of INSERT, UPDATE and DELETE, applied to their plans.

use crate::context::BindContext;
use crate::error::Error;
use crate::guardrails::{Guard, WriteGuardrails};
use crate::plan::{CollectionChange, CollectionPlan, ModifyPlan};
use henge_base::Micros;

impl ModifyPlan {
    /// Applies the guardrails on timestamps. Timestamps of a batch's statements are not bounded, as in Cassandra.
    pub fn guard(&self, context: &BindContext<'_>, in_batch: bool) -> Result<(), Error> {
        let Some(writes) = context.guard.settings().map(|settings| &settings.writes) else { return Ok(()) };
        if self.timestamp.is_none() {
            return Ok(());
        }
        if !self.has_timestamp_of_batch {
            let what = "User provided timestamps (USING TIMESTAMP)";
            context.guard.check_allowed("user_timestamps", writes.user_timestamps, what)?;
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
        guard.check_threshold("maximum_timestamp", self.maximum_timestamp.above(ahead), |limit| {
            let at = now.saturating_add_unsigned(limit.limit());
            format!(
                "The modification to table {table} has a timestamp {timestamp} after the maximum allowable {} threshold \
                 {at}. Timestamps too far in the future can lead to data that can't be easily overwritten",
                limit.word()
            )
        })?;
        guard.check_threshold("minimum_timestamp", self.minimum_timestamp.above(behind), |limit| {
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
    /// Applies the guardrail on list changes that read the row first. Called before that read.
    pub(crate) fn list_reads(&self, plan: &CollectionPlan) -> Result<(), Error> {
        let Some(settings) = self.settings().filter(|settings| !settings.writes.list_reads) else { return Ok(()) };
        let what = match plan.change {
            CollectionChange::PutAt(..) => "Setting of list items by index",
            CollectionChange::RemoveAt(_) => "Removal of list items by index",
            CollectionChange::RemoveValues(_) => "Removal of list items",
            _ => return Ok(()),
        };
        let what = format!("{what} requiring read before write");
        self.check_allowed("read_before_write_list_operations", settings.writes.list_reads, &what)
    }
}
