//! What clients did and what they were told: the evidence that checks go by.

use henge_base::Micros;
use henge_model::Consistency;

/// How an operation ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Still under way, its client or coordinator died, or the answer was a timeout: anything may have happened.
    Unknown,
    /// Done.
    Ok,
    /// Certainly not done, and never will be.
    Failed,
}

/// A version of a register: its timestamp and its value, which is unique.
pub(crate) type Version = (Micros, i64);

/// What an operation was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Wrote this version.
    Write(Version),
    /// Deleted at this timestamp: reads see nothing, or something newer.
    Delete(Micros),
    /// Read; what was found, once it ended well.
    Read(Option<Version>),
    /// Looked for by its value through an index; one that is found was read.
    Find(Version),
}

/// One operation on one register.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) key: i64,
    pub(crate) deed: Deed,
    pub(crate) consistency: Consistency,
    /// The machine that coordinated it; for the eyes of whoever reads a violation.
    #[allow(dead_code)]
    pub(crate) machine: usize,
    /// Simulated microseconds.
    pub(crate) began: u64,
    /// `None` while it is under way.
    pub(crate) ended: Option<u64>,
    pub(crate) ending: Ending,
    /// What the client was told, if it was not good.
    pub(crate) told: String,
}

/// All operations in the order in which they began.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) operations: Vec<Operation>,
}

impl History {
    /// An operation begins; its number.
    pub(crate) fn begin(&mut self, operation: Operation) -> usize {
        self.operations.push(operation);
        self.operations.len() - 1
    }

    /// Writes and deletes of a key as (timestamp, value or deletion), with their operations.
    pub(crate) fn changes(&self, key: i64) -> impl Iterator<Item = (Micros, &Operation)> {
        self.operations.iter().filter(move |o| o.key == key).filter_map(|o| match o.deed {
            Deed::Write((timestamp, _)) | Deed::Delete(timestamp) => Some((timestamp, o)),
            Deed::Read(_) | Deed::Find(_) => None,
        })
    }

    /// The last versions that were written to a key, or were meant to be, newest first.
    pub(crate) fn written(&self, key: i64) -> impl Iterator<Item = Version> {
        let of_key = self.operations.iter().rev().filter(move |o| o.key == key);
        of_key.filter_map(|o| if let Deed::Write(version) = o.deed { Some(version) } else { None })
    }

    /// How many ended so.
    pub(crate) fn count(&self, ending: Ending) -> usize {
        self.operations.iter().filter(|o| o.ending == ending).count()
    }
}
