//! Reads by key: as many replicas as the level needs are asked, one for rows and the others for digests. If they differ, all are asked
//! for rows, which are merged; replicas that lack something are sent it before the client is answered (blocking read repair).

use crate::candidate::Candidates;
use crate::mend::mend;
use crate::plan::ReadPlan;
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

/// A read that asks no index and no Paxos.
pub(crate) async fn read_by_key<R: Replicas>(replicas: &R, read: &Read) -> Result<RowBlock, ReadError> {
    let began = replicas.mono();
    let work = Work::of_read(&read.command);
    let ReadPlan { required, candidates, late } = plan(replicas, read, (work, began))?;
    let (command, epoch) = (Arc::clone(&read.command), read.placed.epoch);
    let Read { consistency, deadline, policy, .. } = *read;
    replicas.note(|| format!("Reading at {consistency}: {} of {} replicas", required.block_for(), candidates.len()));
    // The table's policy is for reads of one partition.
    let speculation = if work == Work::Point { policy.speculation } else { SpeculativeRetry::default() };
    late.into_iter().for_each(|host| replicas.probe(Recipient { host, epoch }, &command, work));
    let replica_read =
        ReplicaRead { replicas, command, epoch, required: &required, consistency, began, deadline, speculation, work };
    let answers = replica_read.ask(candidates, AnswerForm::OneAndDigests).await?;
    let differing = match agreed_rows(&replica_read.command, answers) {
        Ok(block) => return Ok(block),
        Err(differing) => differing,
    };
    if differing.is_mismatch {
        replicas.count(Event::DigestMismatch);
    }
    // Rows are asked of the replicas that answered, then of the spare ones.
    let mut pool = differing.pool;
    loop {
        let Answers { answers, spare } = replica_read.ask(pool, AnswerForm::Rows).await?;
        let asked: Candidates = answers.iter().map(|(candidate, _)| *candidate).chain(spare).collect();
        let reconciled = replica_read.reconcile(answers).await;
        if !policy.repairs {
            return Ok(reconciled.block);
        }
        let without = |unmended: &BTreeSet<HostId>| -> Candidates {
            asked.iter().copied().filter(|candidate| !unmended.contains(&candidate.host)).collect()
        };
        let can_do_without = |unmended: &BTreeSet<HostId>| can_be_met(&required, &without(unmended));
        let unmended = mend(replicas, reconciled.repairs, epoch, can_do_without, deadline).await;
        if unmended.is_empty() {
            return Ok(reconciled.block);
        }
        // A replica that cannot be mended, for want of room say, or that is late does not count. Others may be as many as the level needs.
        pool = without(&unmended);
        if !can_be_met(&required, &pool) || replicas.mono() >= deadline {
            let block_for = required.block_for();
            let received = block_for.saturating_sub(unmended.len() as u32);
            return Err(ReadError::Timeout { consistency, received, block_for, data_present: true });
        }
    }
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
    ReadPlan::new(replicas, &read.placed, read.command.token, consistency, seen).map_err(unavailable)
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
