//! Additions to counters, as a request.

use crate::KeyspacePlacement;
use henge_base::{Bytes, Mono};
use henge_model::{Consistency, Token};

/// Additions to counters of one partition.
#[derive(Clone, Debug)]
pub struct Count {
    /// Its keyspace.
    pub placed: KeyspacePlacement,
    /// The token of the partition.
    pub token: Token,
    /// An encoded [`henge_model::Mutation`] whose cells without a path are additions.
    pub additions: Bytes,
    /// The replicas that must have the sums.
    pub consistency: Consistency,
    /// The time by which the request must be answered.
    pub deadline: Mono,
}
