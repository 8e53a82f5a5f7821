//! Writing: every other replica gets the same bytes, and as many are awaited as the level needs.

mod any;
mod routes;
mod sending;

pub use sending::Write;

use crate::limits::{REPEAT_DELAY, REPEATS_MAX};
use crate::plan::WritePlan;
use crate::plan_epoch::{confirm_write, newer_placement, newest};
use crate::required::Shortage;
use crate::tally::{Loss, Tally};
use crate::{KeyspacePlacement, ReplicaError, Replicas, WriteError};
use henge_base::HostId;
use henge_model::{Consistency, Token, TokenRange};
use sending::{failure, send};
use smallvec::SmallVec;

/// Writes to all replicas, those in other datacentres included, and returns when enough have acknowledged; the rest goes on
/// in the node. Replicas that are down are owed a hint. A write whose range changes hands meanwhile is sent again, to the
/// replicas of then: the same mutation, which changes nothing where it is already.
pub async fn write<R: Replicas>(replicas: &R, mut write: Write) -> Result<(), WriteError> {
    let tokens = TokenRange::of_one(write.token);
    write.placed = newest(replicas, write.placed, tokens);
    let mut planned = plan(replicas, &write.placed, write.token, write.consistency)?;
    if write.consistency == Consistency::Any {
        return any::write(replicas, &write, &planned).await;
    }
    let mut plans = 1;
    loop {
        let Attempt { outcome, was_stale } = attempt(replicas, &write, &planned).await;
        let outcome = if plans == 1 { outcome } else { outcome.map_err(unknown) };
        let confirmed = match outcome {
            Ok(()) => confirm_write(replicas, &write.placed, tokens, (write.consistency, write.write_type)),
            Err(error) if was_stale => Err(error),
            error => return error,
        };
        let Err(error) = confirmed else { return Ok(()) };
        if plans == replicas.limits().plans {
            return Err(error);
        }
        let Some(placed) = newer_placement(replicas, &write.placed, tokens).await else { return Err(error) };
        write.placed = placed;
        // Too few replicas are up now: what was sent before may be there all the same.
        let Ok(next) = plan(replicas, &write.placed, write.token, write.consistency) else { return Err(error) };
        planned = next;
        plans += 1;
    }
}

/// The error of a write that was sent before by another plan: no refusal of now says that it is nowhere.
fn unknown(error: WriteError) -> WriteError {
    match error {
        WriteError::Failure { consistency, received, block_for, write_type, .. } => {
            WriteError::Timeout { consistency, received, block_for, write_type }
        }
        other => other,
    }
}

/// The end of a write by one plan.
struct Attempt {
    outcome: Result<(), WriteError>,
    /// True if a replica refused because the plan was made before its range changed hands.
    was_stale: bool,
}

/// Writes by one plan.
async fn attempt<R: Replicas>(replicas: &R, write: &Write, plan: &WritePlan) -> Attempt {
    replicas.note(|| {
        let (needed, targets) = (plan.required.block_for(), plan.targets.len());
        format!("Writing at {} to {targets} replicas: {needed} have to confirm", write.consistency)
    });
    let mut tally = Tally::new(&plan.required);
    let loss = send_until_met(replicas, write, plan, &mut tally).await;
    let was_stale = tally.was_stale();
    Attempt { outcome: loss.map_err(|loss| failure(write, plan, tally, loss)), was_stale }
}

/// Sends a write, and waits until the level is met or cannot be any more.
async fn send_until_met<R: Replicas>(
    replicas: &R,
    write: &Write,
    plan: &WritePlan,
    tally: &mut Tally<'_>,
) -> Result<(), Loss> {
    let mut under_way = send(replicas, write, plan, tally);
    owe_absent(replicas, write, plan);
    let (mut unanswered, mut repeats) = (RepeatTargets::new(), 0);
    while !tally.is_met() {
        if let Some(loss) = tally.loss() {
            let is_in_time = replicas.mono() + 2 * REPEAT_DELAY < write.deadline;
            if loss == Loss::Refused || repeats == REPEATS_MAX || !is_in_time || unanswered.is_empty() {
                return Err(loss);
            }
            // A link that broke is there again soon; what a replica has already it takes again.
            repeats += 1;
            replicas.pause(REPEAT_DELAY * repeats).await;
            for (host, group, error) in std::mem::take(&mut unanswered) {
                if !tally.lacks(group) {
                    unanswered.push((host, group, error));
                    continue;
                }
                tally.count_repeat(group, error);
                under_way.push((host, group), replicas.write(plan.recipient(host), &write.mutation, write.deadline));
            }
        }
        debug_assert_eq!(tally.open(), under_way.labels().count());
        match under_way.next().await {
            Some(((_, group), Ok(()))) => tally.count_answer(group),
            Some(((host, group), Err(error))) => {
                tally.count_failure(group, host, error);
                if matches!(error, ReplicaError::NotSent | ReplicaError::Unknown) {
                    unanswered.push((host, group, error));
                }
            }
            None => return Err(Loss::Silent),
        }
    }
    Ok(())
}

/// Checks that a write could be sent now, so that a request of several writes is refused as a whole.
pub fn check_write<R: Replicas>(
    replicas: &R,
    placed: &KeyspacePlacement,
    token: Token,
    consistency: Consistency,
) -> Result<(), WriteError> {
    plan(replicas, placed, token, consistency).map(|_| ())
}

fn plan<R: Replicas>(
    replicas: &R,
    placed: &KeyspacePlacement,
    token: Token,
    consistency: Consistency,
) -> Result<WritePlan, WriteError> {
    if consistency.is_serial() {
        return Err(WriteError::Invalid(format!("{consistency} is for conditional writes only")));
    }
    let unavailable = |Shortage { required, alive }| WriteError::Unavailable { consistency, required, alive };
    WritePlan::new(replicas, placed, token, consistency).map_err(unavailable)
}

/// Replicas that could not be sent a write, or whose acknowledgement was lost, by group.
type RepeatTargets = SmallVec<[(HostId, usize, ReplicaError); 1]>;

/// Owes hints to the replicas that are down. After the others were sent to, for it may cost more.
fn owe_absent<R: Replicas>(replicas: &R, write: &Write, plan: &WritePlan) {
    for target in plan.targets.iter().filter(|target| !target.alive) {
        replicas.owe(target.host, write.mutation.bytes().clone());
    }
}

#[cfg(test)]
mod tests;
