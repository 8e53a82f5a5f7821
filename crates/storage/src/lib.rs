//! Rows over an ordered key-value engine.
//!
//! - `engine`: the seam; `family`, `figures`, `engine_error` belong to it.
//! - `watched_engine`: what happens when a sync fails.
//! - `model_engine`, `model_state`: an engine in memory that can be crashed.
//! - `contract_tests`: what every engine promises, to be run over each.
//! - `removals`: removing what tables hold in ranges of the ring.
//! - `purge`, `fences`, `strays`: forgetting deletions, refusing what comes too late for it, and removing tables that are gone.
//! - `script_tests`: random scripts against a model of CQL rows, to be run over each.
//! - `indexes`, `stale`: entries of secondary indexes, and the removal of those that say nothing any more.
//! - `export`: pages of a table's rows in a range of the ring, for peers.
//! - `range_sizes`: estimates of what ranges of the ring hold.
//! - `content`, `written_leaves`: a table row by row, for comparing replicas, and the parts of it that were written to.
//! - `proven`: the parts of tables that were proven equal on their replicas, and the deletions that reads leave out by that.
//! - `directory`: whose the data directory is.
//! - `store`: what a node asks for; `read`, `tombstoned_tables`, `combiner`, `stripes`, `folds`, `hints`, `missed_writes`, `batchlog`, `acceptors`, `statistics` do the work; `error` says what can go wrong.

mod acceptors;
mod batchlog;
mod combiner;
mod content;
pub mod contract_tests;
mod directory;
mod engine;
mod engine_error;
mod error;
mod export;
mod family;
mod fences;
mod figures;
mod folds;
mod hints;
mod indexes;
mod limits;
mod missed_writes;
mod model_engine;
mod model_faults;
mod model_state;
mod proven;
mod purge;
mod range_sizes;
mod read;
mod removals;
pub mod script_tests;
mod stale;
mod statistics;
mod store;
mod strays;
mod stripes;
#[cfg(test)]
mod tests;
mod tombstoned_tables;
mod watched_engine;
mod written_leaves;

pub use batchlog::{BatchId, BatchPage, DamagedBatch, LogPlace, LoggedBatch};
pub use content::{ContentRow, ContentScan};
pub use directory::restore::{Renewal, RestoreError};
pub use directory::{
    DataDirectory, DirectoryError, DurableRecord, EngineFilesError, Snapshot, SnapshotError, Snapshots,
};
pub use engine::{Batch, Engine, EngineView, Flow, MemoryOutcome, Op, ScanEnd, ScanRange, SyncMode, Tier};
pub use engine_error::EngineError;
pub use error::{ReadError, WriteError};
pub use export::{ExportCursor, ExportPage};
pub use family::Family;
pub use figures::Figures;
pub use hints::{Hint, HintId, HintSpan};
pub use indexes::{BuiltIndex, Entries, IndexBuild, IndexSweep, StoredTable};
pub use limits::FOLD_AT_VERSIONS;
pub use missed_writes::{MissedRange, MissedWrites};
pub use model_engine::ModelEngine;
pub use model_faults::ModelFaults;
pub use proven::{Floor, LogEpoch, Proven, SettledBallots};
pub use purge::{Replacement, Sweep, SweepStep};
pub use range_sizes::ReadAllowance;
pub use removals::KeyRemoval;
pub use statistics::TableStatistics;
pub use store::metadata_log::StoredLog;
pub use store::{Outcomes, Store};
pub use stripes::Stripe;
