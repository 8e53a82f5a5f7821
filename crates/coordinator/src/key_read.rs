//! Reads by key: as many replicas as the level needs are asked, one for rows and the others for digests. If they differ, all are asked
//! for rows, which are merged; replicas that lack something are sent it before the client is answered (blocking read repair).

use crate::candidate::Candidates;
use crate::handover::{Copies, Handover};
use crate::mend::{Mend, mend};
use crate::plan::ReadPlan;
use crate::plan_epoch::stale_read;
use crate::replica_read::{AnswerForm, Answers, ReplicaRead};
use crate::required::{RequiredAnswers, Shortage};
use crate::{Event, KeyspacePlacement, ReadError, ReadPolicy, ReadReply, Recipient, Replicas, Work};
use henge_base::{HostId, Mono};
use henge_model::{Consistency, Digest, Digester, KeyRange, ReadCommand, RowBlock, SpeculativeRetry};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows to read.
#[derive(Clone, Debug)]
pub struct Read {
    /// Replicas and replication of the table's keyspace.
    pub placed: KeyspacePlacement,
    /// The rows to read.
    pub command: Arc<ReadCommand>,
    /// The replicas that must answer.
    pub consistency: Consistency,
    /// The time by which the request must be answered.
    pub deadline: Mono,
    /// The table's options that apply to reads.
    pub policy: ReadPolicy,
}

/// A read that asks no index and no Paxos. What few reads come to stands in a box, for the future is moved with each of them.
pub(crate) async fn read_by_key<R: Replicas>(replicas: &R, read: &Read) -> Result<RowBlock, ReadError> {
    let began = replicas.mono();
    let work = Work::of_read(&read.command);
    let ReadPlan { required, candidates, late, handover } = plan(replicas, read, (work, began))?;
    let (command, epoch) = (Arc::clone(&read.command), read.placed.epoch);
    let Read { consistency, deadline, policy, .. } = *read;
    replicas.note(|| format!("Reading at {consistency}: {} of {} replicas", required.block_for(), candidates.len()));
    // The table's policy is for reads of one partition.
    let speculation = if work == Work::Point { policy.speculation } else { SpeculativeRetry::default() };
    late.into_iter().for_each(|host| replicas.probe(Recipient { host, epoch }, &command, work));
    let replica_read =
        ReplicaRead { replicas, command, epoch, required: &required, consistency, began, deadline, speculation, work };
    let answers = replica_read.ask(candidates, AnswerForm::OneAndDigests).await?;
    let copies = handover.as_ref().map(|_| Copies::of(&answers));
    match (agreed_rows(&replica_read.command, answers), handover.as_deref().zip(copies)) {
        (Ok(block), None) => Ok(block),
        (Ok(block), Some((handover, copies))) => {
            Box::pin(hand_over(replicas, read, (&required, handover), block, copies)).await
        }
        (Err(differing), _) => Box::pin(reconcile(&replica_read, read, handover.as_deref(), differing)).await,
    }
}

/// Asks all replicas for rows, merges them, and mends the replicas that lack something.
async fn reconcile<R: Replicas>(
    replica_read: &ReplicaRead<'_, R>,
    read: &Read,
    handover: Option<&Handover>,
    differing: Differing,
) -> Result<RowBlock, ReadError> {
    let ReplicaRead { replicas, required, epoch, deadline, .. } = *replica_read;
    let policy = &read.policy;
    if differing.is_mismatch {
        replicas.count(Event::DigestMismatch);
    }
    // Rows are asked of the replicas that answered, then of the spare ones.
    let mut pool = differing.pool;
    loop {
        let answers = replica_read.ask(pool, AnswerForm::Rows).await?;
        let copies = Copies::of(&answers);
        let asked: Candidates = copies.holders.iter().chain(&copies.others).copied().collect();
        let reconciled = replica_read.reconcile(answers.answers).await;
        if !policy.repairs {
            return Ok(reconciled.block);
        }
        let without = |unmended: &BTreeSet<HostId>| -> Candidates {
            asked.iter().copied().filter(|candidate| !unmended.contains(&candidate.host)).collect()
        };
        let can_do_without = |unmended: &BTreeSet<HostId>| can_be_met(required, &without(unmended));
        let mends = Mend { repairs: reconciled.repairs, event: Event::ReadRepair, epoch, deadline };
        let unmended = mend(replicas, mends, can_do_without).await;
        if unmended.is_empty() {
            let block = reconciled.block;
            return match handover {
                Some(handover) => Box::pin(hand_over(replicas, read, (required, handover), block, copies)).await,
                None => Ok(block),
            };
        }
        // A replica that cannot be mended, for want of room say, or that is late does not count. Others may be as many as the level needs.
        pool = without(&unmended);
        if !can_be_met(required, &pool) || replicas.mono() >= deadline {
            return Err(loss(replicas, read, required, unmended.len()).await);
        }
    }
}

/// Answers rows of a range that moves, once they are where a later read finds them.
async fn hand_over<R: Replicas>(
    replicas: &R,
    read: &Read,
    (required, handover): (&RequiredAnswers, &Handover),
    block: RowBlock,
    copies: Copies,
) -> Result<RowBlock, ReadError> {
    match handover.hand_over(replicas, &block, copies, (read.placed.epoch, read.deadline)).await {
        true => Ok(block),
        false => Err(loss(replicas, read, required, 1).await),
    }
}

/// The error of a read whose rows could not be sent to replicas that lack them. If that is for its plan, it is planned again.
async fn loss<R: Replicas>(replicas: &R, read: &Read, required: &RequiredAnswers, unmended: usize) -> ReadError {
    let Read { placed, consistency, deadline, .. } = read;
    if replicas.mono() < *deadline {
        replicas.catch_up().await;
        if !replicas.holds(placed, read.command.tokens()) {
            return stale_read(replicas, placed, *consistency);
        }
    }
    let block_for = required.block_for();
    let received = block_for.saturating_sub(unmended as u32);
    ReadError::Timeout { consistency: *consistency, received, block_for, data_present: true }
}

/// True if the replicas are as many as the level needs.
fn can_be_met(required: &RequiredAnswers, replicas: &Candidates) -> bool {
    let of = |group| replicas.iter().filter(|candidate| candidate.group == group).count();
    required.groups.iter().enumerate().all(|(number, group)| of(number) >= group.block_for as usize)
}

/// The replicas that may be asked, and the answers that the level needs.
pub(crate) fn plan<R: Replicas>(replicas: &R, read: &Read, seen: (Work, Mono)) -> Result<ReadPlan, ReadError> {
    let consistency = read.consistency;
    if consistency == Consistency::Any {
        return Err(ReadError::Invalid("ANY ConsistencyLevel is only supported for writes".to_owned()));
    }
    let unavailable = |Shortage { required, alive }| ReadError::Unavailable { consistency, required, alive };
    ReadPlan::new(replicas, &read.placed, read.command.token, (consistency, read.policy.repairs), seen)
        .map_err(unavailable)
}

/// Answers that do not agree, or of which none has rows.
struct Differing {
    /// The replicas to ask for rows: those that answered, then the others.
    pool: Candidates,
    /// True if a digest is known to differ from the rows. False if there were no rows to compare it with, or only a part of them.
    is_mismatch: bool,
}

/// The rows, if every digest is that of the rows; else what to ask next.
fn agreed_rows(command: &ReadCommand, answers: Answers) -> Result<RowBlock, Differing> {
    let Answers { mut answers, spare } = answers;
    let data = answers.iter_mut().enumerate().find_map(|(number, (_, reply))| match reply {
        ReadReply::Rows(block) => Some((number, std::mem::take(block))),
        ReadReply::Digest(_) => None,
    });
    let mut is_mismatch = false;
    if let Some((rows_of, mut block)) = data {
        if answers.len() == 1 {
            return Ok(block);
        }
        let full = block.live_rows(command.now_seconds) >= command.limit as usize;
        let others = answers.iter().enumerate().filter(|(number, _)| *number != rows_of).map(|(_, (_, reply))| reply);
        if all_agree(command, &block, others) {
            // A digest covers rows up to the limit: beyond it another replica may have rows that this one lacks.
            block.more |= full && matches!(command.keys, KeyRange::Run { .. });
            return Ok(block);
        }
        // A replica that stopped at its bound in bytes answers fewer rows than the others digested, so that these differ anyway.
        is_mismatch = full || !block.more;
    }
    Err(Differing { pool: answers.iter().map(|(candidate, _)| *candidate).chain(spare).collect(), is_mismatch })
}

fn all_agree<'a>(command: &ReadCommand, block: &RowBlock, mut others: impl Iterator<Item = &'a ReadReply>) -> bool {
    let Some(digest) = digest(command, block) else { return false };
    others.all(|reply| match reply {
        ReadReply::Digest(other) => *other == digest,
        ReadReply::Rows(other) => self::digest(command, other) == Some(digest),
    })
}

/// `None` if a row cannot be read.
fn digest(command: &ReadCommand, block: &RowBlock) -> Option<Digest> {
    let mut digester = Digester::new(command.now_seconds, command.purge_before);
    digester.block(block, &command.columns).ok()?;
    Some(digester.finish())
}
