//! Logged batches: writes of several partitions of which all happen or none. Other nodes keep the batch first (in their batch
//! logs), and write it if this node fails to.

use crate::under_way::UnderWay;
use crate::{ReplicaError, Replicas, Write, WriteError, WriteType, check_write, write};
use henge_base::{HostId, Micros};
use henge_model::Consistency;

/// Writes a batch. After Unavailable or Invalid nothing was or will be written. A timeout or failure of the batch log leaves
/// that open; after any later error the whole batch will be written in the end.
pub async fn logged_batch<R: Replicas>(replicas: &R, writes: Vec<Write>, issued: Micros) -> Result<(), WriteError> {
    for write in &writes {
        check_write(replicas, &write.placed, write.token, write.consistency)?;
    }
    if replicas.faults().unlogged_batches {
        for one in writes {
            write(replicas, one).await?;
        }
        return Ok(());
    }
    let Some(deadline) = writes.first().map(|write| write.deadline) else { return Ok(()) };
    let mutations = writes.iter().map(|write| write.mutation.bytes().clone()).collect();
    let logged = replicas.log_batch(mutations, issued, deadline).await.map_err(not_logged)?;
    let mut under_way = UnderWay::new();
    for one in writes {
        under_way.push((), Box::pin(write(replicas, one)));
    }
    let mut outcome = Ok(());
    while let Some(((), ended)) = under_way.next().await {
        outcome = worse(outcome, ended);
    }
    if outcome.is_ok() {
        replicas.settle_batch(logged, deadline);
    }
    outcome
}

/// The error of a node that refused to keep the batch or did not answer. Another node may keep it nevertheless.
fn not_logged((host, error): (HostId, ReplicaError)) -> WriteError {
    let (consistency, received, block_for, write_type) = (Consistency::One, 0, 1, WriteType::BatchLog);
    match error {
        ReplicaError::Refused(refusal) if refusal.is_definite() => {
            WriteError::Failure { consistency, received, block_for, failures: vec![(host, refusal)], write_type }
        }
        _ => WriteError::Timeout { consistency, received, block_for, write_type },
    }
}

/// The outcome of two parts. Once the batch is logged no error may claim that nothing was begun, and a timeout claims the
/// least.
fn worse(one: Result<(), WriteError>, other: Result<(), WriteError>) -> Result<(), WriteError> {
    let begun = |error: WriteError| match error {
        WriteError::Unavailable { consistency, required, .. } => {
            WriteError::Timeout { consistency, received: 0, block_for: required, write_type: WriteType::Batch }
        }
        other => other,
    };
    match (one, other.map_err(begun)) {
        (Ok(()), other) => other,
        (Err(_), Err(timeout @ WriteError::Timeout { .. })) => Err(timeout),
        (error, _) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;
    use crate::fake::{DEADLINE, Fake, encode, host, key, settle, value};
    use henge_model::{Mutation, Token, WriteId};

    fn batch(fake: &Fake) -> Vec<Write> {
        let write = |partition: u8| {
            let key = key(partition, 1);
            let mutation = Mutation::single(WriteId::of_repair(5), key.clone(), encode(&key, &value(5, "x"))).into();
            let (placed, token, consistency) = (fake.keyspace("3"), Token(1), Consistency::Quorum);
            Write {
                placed,
                token,
                mutation,
                consistency,
                deadline: DEADLINE,
                write_type: WriteType::Batch,
                applied: None,
            }
        };
        vec![write(1), write(2)]
    }

    #[test]
    fn a_batch_is_logged_written_and_settled() {
        let fake = Fake::new("ooo");
        assert_eq!(settle(logged_batch(&fake, batch(&fake), 5)), Ok(()));
        let log = fake.log();
        assert!(log.starts_with("log write") && log.ends_with("settle"), "{log}");
        assert_eq!(log.matches("write").count(), 6);
    }

    #[test]
    fn what_did_not_end_well_stays_logged() {
        let fake = Fake::new("orr");
        let outcome = settle(logged_batch(&fake, batch(&fake), 5));
        assert!(matches!(outcome, Err(WriteError::Failure { write_type: WriteType::Batch, .. })), "{outcome:?}");
        assert!(!fake.log().contains("settle"));
    }

    #[test]
    fn a_keeper_that_refuses_fails_the_batch_before_it_is_written() {
        let mut fake = Fake::new("ooo");
        fake.batch_log = Err((host(2), ReplicaError::Refused(Refusal::Full)));
        let outcome = settle(logged_batch(&fake, batch(&fake), 5));
        let failures = vec![(host(2), Refusal::Full)];
        let (consistency, received, block_for, write_type) = (Consistency::One, 0, 1, WriteType::BatchLog);
        assert_eq!(outcome, Err(WriteError::Failure { consistency, received, block_for, failures, write_type }));
        assert_eq!(fake.log(), "log");
    }

    #[test]
    fn nothing_is_logged_that_cannot_be_written() {
        let fake = Fake::new("odd");
        assert!(matches!(settle(logged_batch(&fake, batch(&fake), 5)), Err(WriteError::Unavailable { .. })));
        assert_eq!(fake.log(), "");
    }
}
