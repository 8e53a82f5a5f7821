//! Reads: by key, by an index, or by a round of Paxos, by the newest placement of what is read.

use crate::command_partition::{partition_of, without_probe};
use crate::index_read::read_by_index;
use crate::key_read::read_by_key;
use crate::paxos::serial_read;
use crate::plan_epoch::{newer_placement, newest, stale_read};
use crate::{Read, ReadError, Replicas};
use henge_model::{Consistency, Replication, RowBlock, TokenRange};

/// Reads rows, tombstones included. Before it returns, replicas that lacked a part of the answer have it, so that no later read at
/// this level sees less. A policy without repairs leaves them as they are.
///
/// The answer may hold fewer live rows than the limit although there are more; it says so by `more`, and is not empty then.
pub async fn read<R: Replicas>(replicas: &R, mut read: Read) -> Result<RowBlock, ReadError> {
    if read.consistency.is_serial() && partition_of(&read.command).is_some() {
        if *read.placed.replication != Replication::Local {
            return Box::pin(serial_read(replicas, read)).await;
        }
        // One copy, which has no conditional writes.
        read.command = without_probe(read.command);
        read.consistency = Consistency::One;
    }
    let tokens = read.command.tokens();
    if !tokens.is_one() {
        // It was cut where the placement says: whoever cut it does so again.
        return match replicas.holds(&read.placed, tokens) {
            true => read_by_plan(replicas, &read, tokens).await,
            false => Err(stale_read(replicas, &read.placed, read.consistency)),
        };
    }
    read.placed = newest(replicas, read.placed, tokens);
    for _ in 1..replicas.limits().plans {
        let outcome = read_by_plan(replicas, &read, tokens).await;
        if !outcome.as_ref().is_err_and(ReadError::is_of_stale_plan) {
            return outcome;
        }
        let Some(placed) = newer_placement(replicas, &read.placed, tokens).await else { return outcome };
        read.placed = placed;
    }
    read_by_plan(replicas, &read, tokens).await
}

/// Reads by the placement of the request, which has to hold at the end too.
async fn read_by_plan<R: Replicas>(replicas: &R, read: &Read, tokens: TokenRange) -> Result<RowBlock, ReadError> {
    let outcome = match read.command.probe {
        Some(_) => Box::pin(read_by_index(replicas, read)).await,
        None => read_by_key(replicas, read).await,
    };
    if outcome.is_ok() && !replicas.holds(&read.placed, tokens) {
        return Err(stale_read(replicas, &read.placed, read.consistency));
    }
    outcome
}

#[cfg(test)]
mod tests;
