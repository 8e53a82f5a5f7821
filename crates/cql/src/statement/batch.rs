use super::{Statement, Using};
use crate::error::Position;

/// `BEGIN BATCH ... APPLY BATCH`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Logged unless it says otherwise.
    pub kind: BatchKind,
    /// `USING TIMESTAMP`.
    pub using: Using,
    /// Inserts, updates and deletes.
    pub statements: Vec<Statement>,
    /// Where it begins.
    pub position: Position,
}

/// How a batch is kept together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchKind {
    /// All or nothing, by way of the batchlog.
    Logged,
    /// One round trip, no promise across partitions.
    Unlogged,
    /// Counter updates alone.
    Counter,
}
