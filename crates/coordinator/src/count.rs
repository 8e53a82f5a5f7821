//! Additions to counters. One replica leads each: it turns the additions into its own shards, which the others then take like any
//! write. An addition that is sent again counts again, so nothing here repeats one.

use crate::candidate::{Candidate, Candidates};
use crate::plan::WritePlan;
use crate::plan_epoch::{confirm_write, newest};
use crate::required::Shortage;
use crate::standing;
use crate::{Count, Replicas, Work, WriteError, WriteType};
use henge_base::HostId;
use henge_model::{Consistency, TokenRange};
use henge_ring::Hosts;

/// Has a replica lead the additions: this node if it is one, else the nearest that is up; another one where that one has
/// certainly added nothing. After an error other than Unavailable or Invalid the additions may or may not have been made.
pub async fn count<R: Replicas>(replicas: &R, mut count: Count) -> Result<(), WriteError> {
    let consistency = count.consistency;
    if consistency == Consistency::Any || consistency.is_serial() {
        let message = format!("Consistency level {consistency} is not supported for counters");
        return Err(WriteError::Invalid(message));
    }
    let tokens = TokenRange::of_one(count.token);
    count.placed = newest(replicas, count.placed, tokens);
    let unavailable = |Shortage { required, alive }| WriteError::Unavailable { consistency, required, alive };
    WritePlan::new(replicas, &count.placed, count.token, consistency).map_err(unavailable)?;
    let mut outcome = Err(WriteError::Unavailable { consistency, required: 1, alive: 0 });
    for Candidate { host: leader, .. } in leaders(replicas, &count) {
        outcome = replicas.count_at(leader, count.clone()).await;
        let is_refused = outcome.as_ref().is_err_and(|error| is_refused_by(leader, error));
        if !is_refused || replicas.mono() >= count.deadline {
            break;
        }
    }
    outcome?;
    confirm_write(replicas, &count.placed, tokens, (consistency, WriteType::Counter))
}

/// The replicas that may lead, in the order of reads: a silent one is asked last, since nothing may replace it once it was asked.
fn leaders<R: Replicas>(replicas: &R, count: &Count) -> Candidates {
    let holders = count.placed.placement.replicas(count.token).map_or(Hosts::NONE, |range| range.read);
    let up = holders.iter().filter(|host| replicas.alive(*host));
    let mut leaders: Candidates = up.map(|host| Candidate { host, group: 0 }).collect();
    let now = replicas.mono();
    standing::sort(&mut leaders, |host| (replicas.distance(host), replicas.standing(host, Work::Write, now)));
    leaders
}

/// True if a leader says of itself that it has certainly added nothing. Once it has, only others are named in an error.
pub fn is_refused_by(leader: HostId, error: &WriteError) -> bool {
    let WriteError::Failure { failures, .. } = error else { return false };
    failures.iter().any(|(host, refusal)| *host == leader && refusal.is_definite())
}

#[cfg(test)]
mod tests;
