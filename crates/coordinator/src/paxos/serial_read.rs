//! A read that sees every decision made before it began.

use super::begin::Begun;
use super::electorate::Electorate;
use super::propose::ProposalOutcome;
use crate::required::Shortage;
use crate::{Read, ReadError, Replicas, WriteError};
use henge_base::{Bytes, Micros};
use henge_model::{Consistency, Key, KeyRange, ReadCommand, Replication, RowBlock};
use henge_paxos::Proposal;
use std::sync::Arc;

/// True if the read can be decided by Paxos. One of several partitions is a read of a quorum instead: no round spans partitions.
pub(crate) fn is_of_one_partition(command: &ReadCommand) -> bool {
    partition(command).is_some()
}

pub(crate) async fn serial_read<R: Replicas>(replicas: &R, read: Read) -> Result<RowBlock, ReadError> {
    let Read { placed, command, consistency, deadline, .. } = read;
    // A round reads by key, without the index: the filter of the query drops the rows that the index would not name.
    let command = match command.probe {
        None => command,
        Some(_) => Arc::new(ReadCommand { probe: None, ..ReadCommand::clone(&command) }),
    };
    if *placed.replication == Replication::Local {
        // One copy, which has no conditional writes.
        let read = Read { placed, command, consistency: Consistency::One, ..read };
        return Box::pin(crate::read(replicas, read)).await;
    }
    let Some(key) = partition(&command) else {
        let message = "SERIAL/LOCAL_SERIAL consistency may only be requested for one partition at a time";
        return Err(ReadError::Invalid(message.to_owned()));
    };
    let unavailable = |Shortage { required, alive }| ReadError::Unavailable { consistency, required, alive };
    let electorate = Electorate::new(replicas, placed, command.token, key, consistency, deadline);
    let mut electorate = electorate.map_err(unavailable)?;
    let reads = [command];
    let mut after = 0;
    loop {
        let mut begun = electorate.begin(false, &reads, after).await.map_err(of_read)?;
        debug_assert_eq!(begun.blocks.len(), reads.len(), "each read has its rows");
        let block = begun.blocks.pop().ok_or_else(|| of_read(electorate.timeout(0)))?;
        after = begun.superseded.max(begun.ballot.micros);
        let is_decided = begun.stable || (begun.promised && electorate.decide_nothing(&begun, &mut after).await);
        if is_decided && electorate.holds() {
            return Ok(block);
        }
        if !is_decided {
            electorate.back_off().await.map_err(of_read)?;
        }
    }
}

impl<R: Replicas> Electorate<'_, R> {
    /// Proposes that nothing be written. True if that is decided: then no older value can be.
    async fn decide_nothing(&self, begun: &Begun, after: &mut Micros) -> bool {
        let (ballot, before) = (begun.ballot, begun.before.clone());
        match self.propose(&Proposal { ballot, original: ballot, update: None, before }).await {
            ProposalOutcome::Accepted => true,
            ProposalOutcome::Refused(by) => {
                *after = by.max(*after);
                false
            }
            // The proposal was empty, so its outcome does not matter.
            ProposalOutcome::Failed(_) | ProposalOutcome::Unknown(_) => false,
        }
    }
}

/// The beginning of the keys of the one partition that is read.
fn partition(command: &ReadCommand) -> Option<Bytes> {
    match &command.keys {
        KeyRange::One(key) => Key::partition(key.bytes()).map(|end| key.to_bytes().slice(..end)),
        KeyRange::Run { start, end, .. } => {
            let partition = start.slice(..Key::partition(start)?);
            (end[..] <= Key::prefix_end(&partition)[..]).then_some(partition)
        }
        KeyRange::Many(_) => None,
    }
}

/// The same outcome, of a read.
fn of_read(error: WriteError) -> ReadError {
    match error {
        WriteError::Unavailable { consistency, required, alive } => {
            ReadError::Unavailable { consistency, required, alive }
        }
        WriteError::Timeout { consistency, received, block_for, .. }
        | WriteError::Undecided { consistency, received, block_for } => {
            ReadError::Timeout { consistency, received, block_for, data_present: false }
        }
        WriteError::Failure { consistency, received, block_for, failures, .. } => {
            ReadError::Failure { consistency, received, block_for, failures, data_present: false }
        }
        WriteError::Invalid(message) => ReadError::Invalid(message),
    }
}
