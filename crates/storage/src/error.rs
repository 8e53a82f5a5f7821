//! Errors of reads and writes of rows.

use crate::EngineError;
use henge_model::RowError;

/// A read was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No table has this storage id, or none any more.
    #[error("no table has this storage id")]
    UnknownTable,
    /// A stored row is damaged. Other rows can be read.
    #[error("a stored row cannot be read: {0}")]
    Row(#[from] RowError),
    /// The table has no such index, or it is not built yet.
    #[error("the index is not built on this replica")]
    NoIndex,
    /// More deletions of ranges than a read takes in.
    #[error(
        "more than {0} deletions of ranges in one partition: delete the partition as a whole, or read a smaller part of it"
    )]
    Tombstones(usize),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A write was not made, or is not known to have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The queue is full, or compaction is behind; nothing was written.
    #[error("this replica takes no more writes at the moment")]
    Stalled,
    /// The disk is full; nothing was written.
    #[error("the disk is full")]
    Full,
    /// No table has this storage id, or none any more; nothing was written.
    #[error("no table has this storage id")]
    UnknownTable,
    /// It was issued before the table's fence: a deletion that covers it may be forgotten already. Nothing was written.
    #[error("the write comes too late: deletions of its time have been purged")]
    Fenced,
    /// A replacement found that its partition was written meanwhile; nothing was replaced.
    #[error("the partition was written meanwhile")]
    Changed,
    /// The engine failed: whether the write is there is unknown.
    #[error(transparent)]
    Engine(EngineError),
}

impl From<EngineError> for WriteError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Stalled => WriteError::Stalled,
            EngineError::Full => WriteError::Full,
            other => WriteError::Engine(other),
        }
    }
}
