//! Operations: what takes long on a node. One is started by a request, answered with an id at once, and watched until it has ended.

use crate::named_tables::NamedTables;
use crate::{Failure, RestoredName, RestoredTable, Snapshot};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of an operation: unique until the node restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OperationId(pub u64);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An operation to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum OperationRequest {
    /// Write what is in memory to files. All tables share that memory: none is written by itself.
    Flush(NamedTables),
    /// Rewrite files into the fewest.
    Compact(NamedTables),
    /// Copy all data as it is now.
    Snapshot {
        /// The copy's name.
        name: String,
    },
    /// Remove a member that is down for good.
    RemoveMember {
        /// Its host id.
        host_id: String,
        /// Also if it has the only copies of rows, which are lost then.
        #[serde(default)]
        force: bool,
    },
    /// Have the node leave the cluster, once its rows are with others.
    Decommission {
        /// Also if fewer members are left than keyspaces want copies.
        #[serde(default)]
        force: bool,
    },
    /// Take the plan under way back.
    AbortPlan,
    /// Deliver no hints until that is resumed, or the node restarts.
    PauseHandoff,
    /// Deliver hints again.
    ResumeHandoff,
    /// Remove the hints for a member, or all.
    TruncateHints {
        /// The member's host id.
        host_id: Option<String>,
    },
    /// Compare what the node holds with all other replicas, and bring every replica what it lacks.
    Repair {
        /// Of one keyspace; without it, of all.
        keyspace: Option<String>,
        /// Of one table of it.
        table: Option<String>,
    },
    /// Back the cluster up.
    BackUp {
        /// The place: a folder that every member has.
        to: String,
        /// The name of the backup.
        name: String,
        /// Bytes that each member may read of its files in a second; 0 for no limit.
        bytes_per_second: u64,
        /// Leave out members that are down.
        #[serde(default)]
        without_down: bool,
    },
    /// Write the rows of a backup.
    Restore {
        /// The place.
        from: String,
        /// The name of the backup.
        name: String,
        /// One table of it; without it, all.
        table: Option<RestoredName>,
    },
    /// Change the level of a logger, until SIGHUP or a restart.
    SetLoggingLevel {
        /// The logger: a crate or a module, or `ROOT`; without it, all levels as they were configured.
        logger: Option<String>,
        /// The level; without it, none of its own.
        level: Option<String>,
    },
    /// Have the cluster write the formats of the next version, once every member speaks it.
    FinaliseUpgrade,
    /// Begin a new lineage of the metadata log, because most voters are lost for good.
    BeginLineage {
        /// The hash of the entry to go on from.
        hash: String,
    },
}

impl OperationRequest {
    /// True of one that has steps, and can be aborted between them.
    pub fn has_steps(&self) -> bool {
        use OperationRequest::{BackUp, Compact, Restore};
        matches!(self, Compact(_) | BackUp { .. } | Restore { .. })
    }
}

/// An operation that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its number.
    pub id: OperationId,
    /// The request that started it.
    pub request: OperationRequest,
    /// The start, in seconds since 1970.
    pub started_seconds: u64,
    /// Milliseconds from the start to the end, or to now.
    pub elapsed_millis: u64,
    /// Its state.
    pub state: OperationState,
}

/// The state of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OperationState {
    /// It is at work.
    Running {
        /// Its progress.
        progress: Progress,
    },
    /// It was done.
    Done {
        /// Its outcome.
        outcome: OperationOutcome,
    },
    /// It was aborted by an operator; what it had done by then stays.
    Aborted,
    /// It failed.
    Failed {
        /// The reason.
        failure: Failure,
    },
}

impl OperationState {
    /// True once nothing more happens.
    pub fn has_ended(&self) -> bool {
        !matches!(self, OperationState::Running { .. })
    }
}

/// Steps of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub done: u64,
    /// Steps in all; 0 until that is known.
    pub total: u64,
}

/// The outcome of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum OperationOutcome {
    /// Memory was written to files.
    Flushed {
        /// Bytes that memory held before.
        memory_bytes: u64,
    },
    /// Files were rewritten.
    Compacted {
        /// The tables.
        #[serde(default)]
        named: NamedTables,
        /// Bytes of these tables in files before.
        before_bytes: u64,
        /// And after.
        after_bytes: u64,
    },
    /// A copy was made.
    SnapshotTaken {
        /// The copy.
        snapshot: Snapshot,
    },
    /// A member is one no more.
    MemberRemoved {
        /// Its host id.
        host_id: String,
    },
    /// The node leaves.
    Leaving {
        /// The number of the plan; `None` if there was nothing to move.
        plan: Option<u64>,
    },
    /// A plan was taken back.
    PlanAborted {
        /// Its number.
        plan: u64,
    },
    /// Delivery of hints is paused.
    HandoffPaused,
    /// Hints are delivered.
    HandoffResumed,
    /// Hints were removed.
    HintsTruncated {
        /// Number of writes.
        count: u64,
    },
    /// Replicas were compared, and have what they lacked.
    Repaired {
        /// The tables.
        tables: Vec<RepairedTable>,
    },
    /// The cluster was backed up.
    BackedUp {
        /// The name of the backup.
        name: String,
        /// Nodes that are in it.
        nodes: u64,
        /// Bytes of their files.
        bytes: u64,
        /// Bytes that were not in the place before.
        written_bytes: u64,
    },
    /// Rows of a backup were written.
    Restored {
        /// The tables.
        tables: Vec<RestoredTable>,
        /// Rows that were damaged on a node of the backup, and left out: other nodes may have had them.
        damaged_rows: u64,
    },
    /// The log has another filter.
    LoggingLevelSet {
        /// The filter.
        filter: String,
    },
    /// The cluster writes the formats of another version.
    UpgradeFinalised {
        /// The version.
        version: u32,
    },
    /// The metadata log goes on in a new lineage.
    LineageBegun {
        /// The lineage.
        lineage: u32,
        /// Its first entry.
        index: u64,
    },
}

/// A table whose replicas were compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairedTable {
    /// The keyspace.
    pub keyspace: String,
    /// The table.
    pub table: String,
    /// Comparisons, each of the ranges that have the same replicas.
    pub sessions: u64,
    /// Rows that were compared.
    pub rows: u64,
    /// Rows that replicas lacked, counted for each of them.
    pub mended_rows: u64,
    /// Bytes of these.
    pub mended_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_tagged_by_their_operation() {
        let text = serde_json::to_string(&OperationRequest::Snapshot { name: "monday".to_owned() }).unwrap();
        assert_eq!(text, r#"{"operation":"snapshot","name":"monday"}"#);
        let flush: OperationRequest = serde_json::from_str(r#"{"operation":"flush"}"#).unwrap();
        assert_eq!(flush, OperationRequest::Flush(NamedTables::default()));
        let named = NamedTables { keyspace: Some("ks".to_owned()), tables: vec!["a".to_owned(), "b".to_owned()] };
        let compact = OperationRequest::Compact(named);
        let text = serde_json::to_string(&compact).unwrap();
        assert_eq!(text, r#"{"operation":"compact","keyspace":"ks","tables":["a","b"]}"#);
        assert_eq!(serde_json::from_str::<OperationRequest>(&text).unwrap(), compact);
        assert_eq!(compact.to_string(), "compact ks a b");
    }

    #[test]
    fn states_and_outcomes_are_read_as_they_were_written() {
        let named = NamedTables::default();
        let outcome = OperationOutcome::Compacted { named: named.clone(), before_bytes: 9, after_bytes: 4 };
        let state = OperationState::Done { outcome };
        let operation = Operation {
            id: OperationId(3),
            request: OperationRequest::Compact(named),
            started_seconds: 1,
            elapsed_millis: 2,
            state,
        };
        let text = serde_json::to_string(&operation).unwrap();
        assert_eq!(serde_json::from_str::<Operation>(&text).unwrap(), operation);
        assert!(operation.state.has_ended());
        assert!(!OperationState::Running { progress: Progress::default() }.has_ended());
    }
}
