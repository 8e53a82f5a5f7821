//! Plans that hold no longer. A plan rests on the placement of one epoch. Replicas refuse what was planned before their range changed hands
//! (I23), and a coordinator answers only what was planned by the placement that it knows when it answers.
//!
//! - Before anything is sent, a placement that holds no longer is replaced by the newest one.
//! - Reads and the beginnings of Paxos rounds are repeated once the coordinator has caught up: they change nothing that a client asked for.
//! - A write is sent again, with the same stamp and identity, to the replicas of the newer plan: where it was made already, that changes
//!   nothing. If the range changes hands too often, its outcome is told to be unknown. An addition to a counter is never repeated.

use crate::plan::required_answers;
use crate::{KeyspacePlacement, ReadError, Refusal, Replicas, WriteError, WriteType};
use henge_base::HostId;
use henge_model::{Consistency, TokenRange};

/// The placement by which a request is planned that has sent nothing yet: the newest one, if its own does not hold any more.
pub(crate) fn newest<R: Replicas>(replicas: &R, placed: KeyspacePlacement, tokens: TokenRange) -> KeyspacePlacement {
    match replicas.holds(&placed, tokens) {
        true => placed,
        false => replicas.keyspace_placement(&placed.keyspace).unwrap_or(placed),
    }
}

/// The placement by which a stale request is planned again, once this node has caught up with those that refused it. `None` if it knows
/// none but the one that they refused.
pub async fn newer_placement<R: Replicas>(
    replicas: &R,
    placed: &KeyspacePlacement,
    tokens: TokenRange,
) -> Option<KeyspacePlacement> {
    replicas.catch_up().await;
    if replicas.holds(placed, tokens) {
        return None;
    }
    replicas.keyspace_placement(&placed.keyspace)
}

/// The error of a read whose plan does not hold at its end: what its replicas answered may be no longer theirs to answer.
pub(crate) fn stale_read<R: Replicas>(replicas: &R, placed: &KeyspacePlacement, consistency: Consistency) -> ReadError {
    let block_for = required_answers(replicas, placed, consistency).block_for();
    let failures = vec![(replicas.local(), Refusal::StaleEpoch)];
    ReadError::Failure { consistency, received: 0, block_for, failures, data_present: false }
}

/// The outcome of a write that replicas have acknowledged: unknown if its plan does not hold any more, since replicas that are about to own
/// the range may lack it.
pub(crate) fn confirm_write<R: Replicas>(
    replicas: &R,
    placed: &KeyspacePlacement,
    tokens: TokenRange,
    (consistency, write_type): (Consistency, WriteType),
) -> Result<(), WriteError> {
    if replicas.holds(placed, tokens) {
        return Ok(());
    }
    let block_for = required_answers(replicas, placed, consistency).block_for();
    Err(WriteError::Timeout { consistency, received: block_for.saturating_sub(1), block_for, write_type })
}

/// True if a replica refused because the plan was made before its range changed hands.
pub(crate) fn names_stale_plan(failures: &[(HostId, Refusal)]) -> bool {
    failures.iter().any(|(_, refusal)| *refusal == Refusal::StaleEpoch)
}

impl ReadError {
    /// True if the read was refused, or is not answered, because the plan was made before a range changed hands.
    pub fn is_of_stale_plan(&self) -> bool {
        matches!(self, ReadError::Failure { failures, .. } if names_stale_plan(failures))
    }
}

#[cfg(test)]
mod tests;
