//! Operations and their outcomes in words.

use crate::size_text::size_text;
use crate::{OperationOutcome, OperationRequest, RepairedTable, RestoredName, RestoredTable};
use std::fmt;

impl fmt::Display for OperationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OperationRequest::Flush(named) => named.write_behind(f, "flush"),
            OperationRequest::Compact(named) => named.write_behind(f, "compact"),
            OperationRequest::Snapshot { name } => write!(f, "snapshot {name}"),
            OperationRequest::RemoveMember { host_id, force: false } => write!(f, "removenode {host_id}"),
            OperationRequest::RemoveMember { host_id, force: true } => write!(f, "removenode {host_id} --force"),
            OperationRequest::Decommission { force: false } => f.write_str("decommission"),
            OperationRequest::Decommission { force: true } => f.write_str("decommission --force"),
            OperationRequest::AbortPlan => f.write_str("abort"),
            OperationRequest::PauseHandoff => f.write_str("pausehandoff"),
            OperationRequest::ResumeHandoff => f.write_str("resumehandoff"),
            OperationRequest::TruncateHints { host_id: None } => f.write_str("truncatehints"),
            OperationRequest::TruncateHints { host_id: Some(host_id) } => write!(f, "truncatehints {host_id}"),
            OperationRequest::Repair { keyspace, table } => {
                f.write_str("repair")?;
                keyspace.iter().chain(table).try_for_each(|name| write!(f, " {name}"))
            }
            OperationRequest::BackUp { to, name, .. } => write!(f, "backup {to} {name}"),
            OperationRequest::Restore { from, name, table: None } => write!(f, "restore {from} {name}"),
            OperationRequest::Restore { from, name, table: Some(RestoredName { keyspace, table, new_name }) } => {
                write!(f, "restore {from} {name} --table {keyspace}.{table}")?;
                new_name.iter().try_for_each(|name| write!(f, " --as {name}"))
            }
            OperationRequest::SetLoggingLevel { logger, level } => {
                f.write_str("setlogginglevel")?;
                logger.iter().chain(level).try_for_each(|word| write!(f, " {word}"))
            }
            OperationRequest::FinaliseUpgrade => f.write_str("finaliseupgrade"),
            OperationRequest::BeginLineage { hash } => write!(f, "overridemetadata {hash}"),
        }
    }
}

impl fmt::Display for OperationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OperationOutcome::Flushed { memory_bytes } => {
                write!(f, "Flushed {} from memory, which all tables share, to files", size_text(*memory_bytes))
            }
            OperationOutcome::Compacted { named, before_bytes, after_bytes } => {
                write!(f, "Compacted {named}: {} in files to {}", size_text(*before_bytes), size_text(*after_bytes))
            }
            OperationOutcome::SnapshotTaken { snapshot } => {
                write!(f, "Snapshot {}: {} of data in {}", snapshot.name, size_text(snapshot.bytes), snapshot.path)
            }
            OperationOutcome::MemberRemoved { host_id } => write!(f, "Removed {host_id}; it cannot come back"),
            OperationOutcome::Leaving { plan: Some(plan) } => write!(
                f,
                "Began plan {plan}: the node serves until its rows are with others, and then ends; henge admin plan shows how far it is"
            ),
            OperationOutcome::Leaving { plan: None } => f.write_str("The node is no member any more, and ends"),
            OperationOutcome::PlanAborted { plan } => write!(f, "Took plan {plan} back"),
            OperationOutcome::HandoffPaused => f.write_str("Hints are kept and not delivered"),
            OperationOutcome::HandoffResumed => f.write_str("Hints are delivered"),
            OperationOutcome::HintsTruncated { count } => {
                write!(f, "Removed {count} hints; only repair brings what they held")
            }
            OperationOutcome::Repaired { tables } => {
                let sum = |of: fn(&RepairedTable) -> u64| tables.iter().map(of).sum::<u64>();
                let (compared, mended) = (sum(|table| table.rows), sum(|table| table.mended_rows));
                let bytes = size_text(sum(|table| table.mended_bytes));
                write!(f, "Repaired {} tables: {compared} rows compared, {mended} rows mended, {bytes}", tables.len())
            }
            OperationOutcome::BackedUp { name, nodes, bytes, written_bytes } => write!(
                f,
                "Backup {name}: {} of {nodes} nodes, {} of them new",
                size_text(*bytes),
                size_text(*written_bytes)
            ),
            OperationOutcome::Restored { tables, damaged_rows } => {
                let sum = |of: fn(&RestoredTable) -> u64| tables.iter().map(of).sum::<u64>();
                let (rows, bytes) = (sum(|table| table.rows), sum(|table| table.bytes));
                write!(f, "Restored {} tables: {rows} rows, {}", tables.len(), size_text(bytes))?;
                match damaged_rows {
                    0 => Ok(()),
                    damaged => write!(f, "; {damaged} rows were damaged on a node and left out"),
                }
            }
            OperationOutcome::LoggingLevelSet { filter } => {
                write!(f, "The log goes by {filter} until SIGHUP or a restart")
            }
            OperationOutcome::UpgradeFinalised { version } => write!(
                f,
                "The cluster writes version {version} of the formats; a release that does not speak it cannot be started any more"
            ),
            OperationOutcome::LineageBegun { lineage, index } => {
                write!(f, "Began lineage {lineage} of the metadata log at entry {index}")
            }
        }
    }
}
