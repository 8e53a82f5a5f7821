//! A read that sees every decision made before it began.

use super::electorate::Electorate;
use super::propose::ProposalOutcome;
use crate::required::Shortage;
use crate::{Read, ReadError, Replicas, WriteError};
use henge_base::Bytes;
use henge_model::{Consistency, Key, KeyRange, ReadCommand, Replication, RowBlock};
use henge_paxos::Proposal;
use std::sync::Arc;

/// True if the read can be decided by Paxos. One of several partitions is a read of a quorum instead: no round spans partitions.
pub(crate) fn is_of_one_partition(command: &ReadCommand) -> bool {
    partition(command).is_some()
}

pub(crate) async fn serial_read<R: Replicas>(replicas: &R, read: Read) -> Result<RowBlock, ReadError> {
    let Read { placed, command, consistency, deadline, .. } = read;
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
    let electorate = Electorate::new(replicas, &placed, command.token, key, consistency, deadline);
    let mut electorate = electorate.map_err(unavailable)?;
    let reads = [Arc::new(command)];
    let mut after = 0;
    loop {
        let mut begun = electorate.begin(false, &reads, after).await.map_err(of_read)?;
        debug_assert_eq!(begun.blocks.len(), reads.len(), "each read has its rows");
        let block = begun.blocks.pop().ok_or_else(|| of_read(electorate.timeout(0)))?;
        if begun.stable {
            return Ok(block);
        }
        after = begun.superseded.max(begun.ballot.micros);
        if begun.promised {
            let proposal =
                Proposal { ballot: begun.ballot, original: begun.ballot, update: None, before: begun.before };
            match electorate.propose(&proposal).await {
                ProposalOutcome::Accepted => return Ok(block),
                ProposalOutcome::Refused(by) => after = after.max(by),
                // The proposal was empty, so its outcome does not matter.
                ProposalOutcome::Failed(_) | ProposalOutcome::Unknown(_) => {}
            }
        }
        electorate.back_off().await.map_err(of_read)?;
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
