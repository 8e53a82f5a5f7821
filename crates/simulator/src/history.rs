//! The history of a run: the operations of clients and their outcomes, which the checks are based on.

use henge_base::Micros;
use henge_model::Consistency;

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
pub(crate) enum Deed {
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
    pub(crate) deed: Deed,
    pub(crate) consistency: Consistency,
    /// The machine that coordinated it; only printed with a violation.
    #[allow(dead_code)]
    pub(crate) machine: usize,
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
        self.operations.iter().filter(move |o| o.key == key).filter_map(|o| match o.deed {
            Deed::Write((timestamp, _)) | Deed::Delete(timestamp) => Some((timestamp, o)),
            Deed::Read(_) | Deed::Find(_) => None,
        })
    }

    /// The versions that operations wrote or tried to write to a register, the latest operation first.
    pub(crate) fn written_versions(&self, key: i64) -> impl Iterator<Item = Version> {
        let of_key = self.operations.iter().rev().filter(move |o| o.key == key);
        of_key.filter_map(|o| if let Deed::Write(version) = o.deed { Some(version) } else { None })
    }

    /// The number of operations with this outcome.
    pub(crate) fn count(&self, ending: Ending) -> usize {
        self.operations.iter().filter(|o| o.ending == ending).count()
    }
}
