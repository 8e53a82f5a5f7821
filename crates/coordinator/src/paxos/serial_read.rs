//! A read that sees every decision made before it began.

use super::begin::Begun;
use super::electorate::Electorate;
use super::propose::ProposalOutcome;
use crate::command_partition::{partition_of, without_probe};
use crate::required::Shortage;
use crate::{Read, ReadError, ReadTurn, Replicas, SharedRead, WriteError};
use henge_base::Micros;
use henge_model::{ReadCommand, Replication, RowBlock};
use henge_paxos::Proposal;
use std::sync::Arc;

pub(crate) async fn serial_read<R: Replicas>(replicas: &R, read: Read) -> Result<RowBlock, ReadError> {
    let Read { placed, command, consistency, deadline, .. } = read;
    debug_assert!(*placed.replication != Replication::Local, "rows of one copy have no conditional writes");
    // A round reads by key, without the index: the filter of the query drops the rows that the index would not name.
    let command = without_probe(command);
    let Some(key) = partition_of(&command) else {
        let message = "SERIAL/LOCAL_SERIAL consistency may only be requested for one partition at a time";
        return Err(ReadError::Invalid(message.to_owned()));
    };
    let unavailable = |Shortage { required, alive }| ReadError::Unavailable { consistency, required, alive };
    let electorate = Electorate::new(replicas, placed, command.token, key, consistency, deadline);
    let mut electorate = electorate.map_err(unavailable)?;
    let (turn, others) = loop {
        match electorate.read_turn(&command).await {
            Some(ReadTurn::Own(turn, others)) => break (turn, others),
            Some(ReadTurn::Rows(block)) => {
                replicas.note(|| "Another SERIAL read of this node has read the rows".to_owned());
                return Ok(block);
            }
            Some(ReadTurn::Again) => electorate.check_time(0).map_err(of_read)?,
            None => return Err(of_read(electorate.timeout(0))),
        }
    };
    let (commands, number_of) = distinct_commands(command, &others);
    let blocks = electorate.read(&commands).await.map_err(of_read)?;
    drop(turn);
    let block_of = |number: usize| blocks.get(number).cloned().unwrap_or_default();
    others.into_iter().zip(number_of).for_each(|(other, number)| other.answer(block_of(number)));
    Ok(block_of(0))
}

/// The commands of a read and of those that share its round, each once, and the number of each of the others among them.
fn distinct_commands(own: Arc<ReadCommand>, others: &[SharedRead]) -> (Vec<Arc<ReadCommand>>, Vec<usize>) {
    let mut commands = vec![own];
    let mut number_of = Vec::with_capacity(others.len());
    for other in others {
        let known = commands.iter().position(|command| *command == other.command);
        number_of.push(known.unwrap_or(commands.len()));
        if known.is_none() {
            commands.push(Arc::clone(&other.command));
        }
    }
    (commands, number_of)
}

impl<R: Replicas> Electorate<'_, R> {
    /// The rows of each read, as they were at one moment since this began.
    async fn read(&mut self, reads: &[Arc<ReadCommand>]) -> Result<Vec<RowBlock>, WriteError> {
        let mut after = 0;
        loop {
            let begun = self.begin(false, reads, after).await?;
            debug_assert_eq!(begun.blocks.len(), reads.len(), "each read has its rows");
            after = begun.superseded.max(begun.ballot.micros);
            let is_decided = begun.stable || (begun.promised && self.decide_nothing(&begun, &mut after).await);
            if is_decided && self.holds() {
                return Ok(begun.blocks);
            }
            if !is_decided {
                self.back_off().await?;
            }
        }
    }

    /// Proposes that nothing be written. True if that is decided: then no older value can be.
    pub(super) async fn decide_nothing(&self, begun: &Begun, after: &mut Micros) -> bool {
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
