//! Errors: of one replica, and of a request as a whole.

use crate::Refusal;
use henge_base::HostId;
use henge_model::{Consistency, WriteType};

/// Why one replica did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplicaError {
    /// Nothing left this node: the replica did and will do nothing by this request.
    #[error("the request was not sent")]
    NotSent,
    /// No answer by the deadline, or the connection broke: it may have been done, or be done yet.
    #[error("no answer")]
    Unknown,
    /// The replica answered that it would not.
    #[error("refused: {0}")]
    Refused(Refusal),
}

/// Why a write was not acknowledged. Only `Unavailable` and `Invalid` say that nothing was or will be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Too few replicas are up; nothing was sent.
    #[error("Cannot achieve consistency level {consistency}: {required} replicas required but only {alive} alive")]
    Unavailable {
        /// The level asked for.
        consistency: Consistency,
        /// Replicas it needs; at EACH_QUORUM, in the datacentre that lacks them.
        required: u32,
        /// The number of these that are up.
        alive: u32,
    },
    /// Too few replicas acknowledged in time. The write may be, or become, visible.
    #[error("Operation timed out - received only {received} of {block_for} responses")]
    Timeout {
        /// The level asked for.
        consistency: Consistency,
        /// Acknowledgements; fewer than `block_for`.
        received: u32,
        /// Acknowledgements needed.
        block_for: u32,
        /// The kind of write.
        write_type: WriteType,
    },
    /// So many replicas refused that the level cannot be met. Others may have written all the same.
    #[error("Operation failed - received {received} of {block_for} responses, {}", why(failures))]
    Failure {
        /// The level asked for.
        consistency: Consistency,
        /// Acknowledgements; fewer than `block_for`.
        received: u32,
        /// Acknowledgements needed.
        block_for: u32,
        /// The replicas that refused, with their reasons.
        failures: Vec<(HostId, Refusal)>,
        /// The kind of write.
        write_type: WriteType,
    },
    /// A conditional write was proposed, and too few replicas answered to know whether it is decided. It may be, or become so.
    #[error("CAS operation result is unknown - proposal accepted by {received} but not a quorum.")]
    Undecided {
        /// SERIAL or LOCAL_SERIAL.
        consistency: Consistency,
        /// Replicas that accepted it.
        received: u32,
        /// Replicas that decide.
        block_for: u32,
    },
    /// The level makes no sense for a write.
    #[error("{0}")]
    Invalid(String),
}

/// Why a read was not answered. None of them says anything about the data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Too few replicas are up, or can be sent the request.
    #[error("Cannot achieve consistency level {consistency}: {required} replicas required but only {alive} alive")]
    Unavailable {
        /// The level asked for.
        consistency: Consistency,
        /// Replicas it needs; at EACH_QUORUM, in the datacentre that lacks them.
        required: u32,
        /// The number of these that are up.
        alive: u32,
    },
    /// Too few replicas answered in time, or too few took what they lacked.
    #[error("Operation timed out - received only {received} of {block_for} responses")]
    Timeout {
        /// The level asked for.
        consistency: Consistency,
        /// Answers; fewer than `block_for`.
        received: u32,
        /// Answers needed.
        block_for: u32,
        /// True if rows, not only digests, were among the answers.
        data_present: bool,
    },
    /// So many replicas refused that the level cannot be met.
    #[error("Operation failed - received {received} of {block_for} responses, {}", why(failures))]
    Failure {
        /// The level asked for.
        consistency: Consistency,
        /// Answers; fewer than `block_for`.
        received: u32,
        /// Answers needed.
        block_for: u32,
        /// The replicas that refused, with their reasons.
        failures: Vec<(HostId, Refusal)>,
        /// True if rows, not only digests, were among the answers.
        data_present: bool,
    },
    /// The level makes no sense for a read.
    #[error("{0}")]
    Invalid(String),
}

/// The number of refusals, and the reason of the first.
fn why(failures: &[(HostId, Refusal)]) -> String {
    let first = failures.first().map_or(Refusal::Other, |(_, refusal)| *refusal);
    format!("{} replicas failed: {first}", failures.len())
}
