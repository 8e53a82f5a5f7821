//! The work of each operation, on a thread that may wait for the disk.

use super::backup::BackupPlan;
use super::{Interruption, Operations, Steps, describe_snapshot, failure, snapshot_failure};
use henge_node::{HostId, TableRepair};
use henge_operator::{Failure, FailureKind, OperationOutcome, OperationRequest, RepairedTable};
use std::fmt::Display;
use std::path::Path;
use tokio::runtime::Handle;

fn invalid(reason: impl Display) -> Failure {
    Failure::new(FailureKind::Invalid, reason)
}

fn parse_host_id(text: &str) -> Result<HostId, Failure> {
    text.parse().map(HostId).map_err(|_| invalid(format!("{text:?} is no host id")))
}

fn repaired_table(repair: TableRepair) -> RepairedTable {
    let TableRepair { keyspace, table, sessions, rows, mended_rows, mended_bytes, .. } = repair;
    RepairedTable { keyspace, table, sessions, rows, mended_rows, mended_bytes }
}

impl Operations {
    pub(super) fn work(&self, request: &OperationRequest, steps: &Steps) -> Result<OperationOutcome, Interruption> {
        match request {
            OperationRequest::Flush(named) => self.flush(named).map_err(Interruption::Failed),
            OperationRequest::Compact(named) => self.compact(named, steps),
            OperationRequest::Snapshot { name } => self.take_snapshot(name).map_err(Interruption::Failed),
            OperationRequest::RemoveMember { host_id, force } => {
                self.remove_member(host_id, *force).map_err(Interruption::Failed)
            }
            OperationRequest::Decommission { force } => self.leave(*force).map_err(Interruption::Failed),
            OperationRequest::AbortPlan => self.abort_plan().map_err(Interruption::Failed),
            OperationRequest::PauseHandoff => {
                self.node.set_handoff_paused(true);
                Ok(OperationOutcome::HandoffPaused)
            }
            OperationRequest::ResumeHandoff => {
                self.node.set_handoff_paused(false);
                Ok(OperationOutcome::HandoffResumed)
            }
            OperationRequest::TruncateHints { host_id } => {
                self.truncate_hints(host_id.as_deref()).map_err(Interruption::Failed)
            }
            OperationRequest::Repair { keyspace, table } => {
                self.repair(keyspace.as_deref(), table.as_deref()).map_err(Interruption::Failed)
            }
            OperationRequest::BackUp { to, name, bytes_per_second, without_down } => {
                let (bytes_per_second, without_down) = (*bytes_per_second, *without_down);
                self.back_up(&BackupPlan { to, name, bytes_per_second, without_down }, steps)
            }
            OperationRequest::Restore { from, name, table } => {
                self.restore((from.as_str(), name.as_str()), table.as_ref(), steps)
            }
            OperationRequest::SetLoggingLevel { logger, level } => {
                let set = self.log.set_logger(logger.as_deref(), level.as_deref());
                let filter = set.map_err(|error| Interruption::Failed(invalid(format!("{error:#}"))))?;
                Ok(OperationOutcome::LoggingLevelSet { filter })
            }
            OperationRequest::FinaliseUpgrade => self.finalise_upgrade().map_err(Interruption::Failed),
            OperationRequest::BeginLineage { hash } => self.begin_lineage(hash).map_err(Interruption::Failed),
        }
    }

    fn leave(&self, force: bool) -> Result<OperationOutcome, Failure> {
        let plan = Handle::current().block_on(self.node.leave(force)).map_err(invalid)?;
        Ok(OperationOutcome::Leaving { plan: plan.map(|plan| plan.id) })
    }

    fn abort_plan(&self) -> Result<OperationOutcome, Failure> {
        let plan = Handle::current().block_on(self.node.abort_plan()).map_err(invalid)?;
        Ok(OperationOutcome::PlanAborted { plan: plan.id })
    }

    fn remove_member(&self, host_id: &str, force: bool) -> Result<OperationOutcome, Failure> {
        let removal = self.node.remove_member(parse_host_id(host_id)?, force);
        Handle::current().block_on(removal).map_err(invalid)?;
        Ok(OperationOutcome::MemberRemoved { host_id: host_id.to_owned() })
    }

    fn truncate_hints(&self, host_id: Option<&str>) -> Result<OperationOutcome, Failure> {
        let target = host_id.map(parse_host_id).transpose()?;
        Ok(OperationOutcome::HintsTruncated { count: self.node.truncate_hints(target).map_err(failure)? })
    }

    fn begin_lineage(&self, hash: &str) -> Result<OperationOutcome, Failure> {
        let lineage = self.node.begin_lineage(hash.parse().map_err(invalid)?);
        let epoch = Handle::current().block_on(lineage).map_err(invalid)?.epoch;
        Ok(OperationOutcome::LineageBegun { lineage: epoch.lineage, index: epoch.index })
    }

    fn finalise_upgrade(&self) -> Result<OperationOutcome, Failure> {
        let version = Handle::current().block_on(self.node.finalise_upgrade()).map_err(invalid)?;
        Ok(OperationOutcome::UpgradeFinalised { version })
    }

    fn repair(&self, keyspace: Option<&str>, table: Option<&str>) -> Result<OperationOutcome, Failure> {
        let exists = self.node.tables().iter().any(|found| {
            keyspace.is_none_or(|name| found.keyspace == name) && table.is_none_or(|name| found.name == name)
        });
        if !exists {
            let names: Vec<&str> = keyspace.into_iter().chain(table).collect();
            return Err(Failure::new(FailureKind::NotFound, format!("there is no table {}", names.join("."))));
        }
        let repair = self.node.repair(keyspace.map(str::to_owned), table.map(str::to_owned));
        let tables = Handle::current().block_on(repair);
        let tables = tables.ok_or_else(|| failure("too many repairs are asked for already"))?;
        let failed = tables.iter().find(|table| table.failed > 0);
        if let Some(TableRepair { keyspace, table, failed, sessions, error, .. }) = failed {
            let all = failed + sessions;
            let reason = error.as_deref().unwrap_or("unknown");
            return Err(failure(format!(
                "Some repair failed: {failed} of {all} comparisons of {keyspace}.{table} ended early: {reason}"
            )));
        }
        Ok(OperationOutcome::Repaired { tables: tables.into_iter().map(repaired_table).collect() })
    }

    fn take_snapshot(&self, name: &str) -> Result<OperationOutcome, Failure> {
        let copy = |to: &Path| self.engine.checkpoint(to).map_err(Into::into);
        let snapshot = self.snapshots.take(name, copy).map_err(snapshot_failure)?;
        Ok(OperationOutcome::SnapshotTaken { snapshot: describe_snapshot(&snapshot) })
    }
}
