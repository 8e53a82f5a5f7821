//! The history of a run: the operations of clients of each kind and their outcomes, which the checks are based on.

use crate::levels::Copies;
use crate::registers;
use henge_base::Micros;
use henge_model::Consistency;
use std::collections::BTreeSet;

/// The outcome of an operation, as far as its client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Anything may have happened: the operation is in progress, its client or coordinator died, or the answer was a
    /// timeout.
    Unknown,
    /// The operation was acknowledged.
    Ok,
    /// The operation was not executed and never will be.
    Failed,
}

/// A version of a register: its timestamp and its value, which is unique.
pub(crate) type Version = (Micros, i64);

/// The kind of an operation, with its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperationKind {
    /// Writes this version.
    Write(Version),
    /// Deletes with this timestamp: reads see nothing, or something newer.
    Delete(Micros),
    /// Reads; the version found, once the operation has ended well.
    Read(Option<Version>),
    /// Looks up a version by its value through an index. If it is found, the operation becomes a `Read`.
    Find(Version),
}

/// One operation on one register.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) key: i64,
    pub(crate) kind: OperationKind,
    pub(crate) consistency: Consistency,
    /// The machine that coordinated it; `None` if each page was asked of another one.
    pub(crate) machine: Option<usize>,
    /// The number of that machine's datacentre.
    pub(crate) datacenter: usize,
    /// The beginning, in simulated microseconds.
    pub(crate) began: u64,
    /// The end, in simulated microseconds; `None` while the operation is in progress.
    pub(crate) ended: Option<u64>,
    pub(crate) ending: Ending,
    /// The error that the client was told; empty if there was none.
    pub(crate) told: String,
}

/// All operations, in the order of their beginnings.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The copies of registers of every level.
    pub(crate) copies: Copies,
    pub(crate) operations: Vec<Operation>,
}

impl History {
    /// Records an operation and returns its number.
    pub(crate) fn begin(&mut self, operation: Operation) -> usize {
        self.operations.push(operation);
        self.operations.len() - 1
    }

    /// The writes and deletions of a register, each with its timestamp.
    pub(crate) fn changes(&self, key: i64) -> impl Iterator<Item = (Micros, &Operation)> {
        self.operations.iter().filter(move |o| o.key == key).filter_map(|o| match o.kind {
            OperationKind::Write((timestamp, _)) | OperationKind::Delete(timestamp) => Some((timestamp, o)),
            OperationKind::Read(_) | OperationKind::Find(_) => None,
        })
    }

    /// The versions that operations wrote or tried to write to a register, the latest operation first.
    pub(crate) fn written_versions(&self, key: i64) -> impl Iterator<Item = Version> {
        let of_key = self.operations.iter().rev().filter(move |o| o.key == key);
        of_key.filter_map(|o| if let OperationKind::Write(version) = o.kind { Some(version) } else { None })
    }

    /// True if a read of a register must see what an earlier operation on it did, if that ended well before.
    pub(crate) fn overlap(&self, earlier: &Operation, read: &Operation) -> bool {
        if registers::is_leveled(read.key) {
            return self.copies.overlap((earlier.consistency, earlier.datacenter), (read.consistency, read.datacenter));
        }
        is_quorum(earlier.consistency) && is_quorum(read.consistency)
    }

    /// The number of operations with this outcome.
    pub(crate) fn count(&self, ending: Ending) -> usize {
        self.operations.iter().filter(|o| o.ending == ending).count()
    }
}

/// True for QUORUM and ALL: any two such operations share a replica.
pub(crate) fn is_quorum(consistency: Consistency) -> bool {
    matches!(consistency, Consistency::Quorum | Consistency::All)
}

/// The value of a register that is written conditionally; `None` before the first write.
pub(crate) type Value = Option<i64>;

/// The kind of an operation on such a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SwapKind {
    /// A read at SERIAL.
    Read,
    /// A conditional write of `to`, which no other operation writes, in place of `from`.
    Swap { from: Value, to: i64 },
}

/// One operation on such a register.
#[derive(Clone, Debug)]
pub(crate) struct Swap {
    pub(crate) key: i64,
    pub(crate) kind: SwapKind,
    /// The beginning, in simulated microseconds.
    pub(crate) began: u64,
    pub(crate) ended: Option<u64>,
    pub(crate) ending: Ending,
    /// The register's value found by an operation that ended well; for a swap that was applied, the one it replaced.
    pub(crate) seen: Value,
    /// All values that the register ever had, as found by a read that ended well.
    pub(crate) all: BTreeSet<i64>,
    /// True if a swap was applied.
    pub(crate) applied: bool,
    /// The error that the client was told; empty if there was none.
    pub(crate) told: String,
}

/// One logged batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) pair: i64,
    pub(crate) stamp: Micros,
    pub(crate) ending: Ending,
}

/// One addition to a counter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addition {
    pub(crate) key: i64,
    pub(crate) ending: Ending,
}

/// A write whose coordinator stamped it. Its value is its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastingWrite {
    pub(crate) key: i64,
    pub(crate) began: u64,
    /// The time at which it ended; a machine that stands still stamps it only when it goes on.
    pub(crate) ended: Option<u64>,
    pub(crate) ending: Ending,
}

/// The addition of a column.
#[derive(Clone, Debug)]
pub(crate) struct AddedColumn {
    pub(crate) name: String,
    pub(crate) ending: Ending,
    pub(crate) told: String,
}
