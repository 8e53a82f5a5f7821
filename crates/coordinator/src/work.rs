//! Kinds of requests to replicas, and the experience that a node has with each replica.

use crate::command_partition::partition_of;
use henge_model::{KeyRange, ReadCommand};
use std::time::Duration;

/// The kinds of requests to replicas, each with latencies of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A read of one partition.
    Point = 0,
    /// A read of a range of partitions.
    Range = 1,
    /// A write, a repair, or a batch to keep.
    Write = 2,
    /// A request to an acceptor of Paxos.
    Vote = 3,
}

impl Work {
    /// The number of kinds.
    pub const COUNT: usize = 4;

    /// The work that a read is.
    pub fn of_read(command: &ReadCommand) -> Work {
        match &command.keys {
            KeyRange::One(_) => Work::Point,
            _ if partition_of(command).is_some() => Work::Point,
            KeyRange::Run { .. } | KeyRange::Many(_) => Work::Range,
        }
    }
}

/// The latest experience with a replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The time in which it is expected to answer; zero if nothing is known.
    pub expected: Duration,
    /// True if it has not answered for longer than it takes, although it was asked.
    pub is_silent: bool,
}
