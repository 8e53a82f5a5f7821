//! A batch in batch logs.

use henge_base::{HostId, Micros};

/// A batch in the batch logs of some nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedBatch {
    /// The time at which its coordinator accepted it.
    pub created: Micros,
    /// Its random number.
    pub number: u128,
    /// The nodes that keep it.
    pub hosts: Vec<HostId>,
}
