//! Writes at ANY: one replica that acknowledges is enough, or one hint on this node's disk. Reads may not see the write until the hint is
//! delivered.

use super::sending::{Write, failure, send};
use crate::plan::WritePlan;
use crate::tally::{Loss, Tally};
use crate::under_way::UnderWay;
use crate::{BoxedFuture, ReplicaError, Replicas, WriteError};
use henge_base::HostId;
use std::future::poll_fn;
use std::task::Poll;

/// Writes to all replicas and returns when one has acknowledged, or a hint for one is on disk: for one that is down, or whose
/// link broke.
pub(super) async fn write<R: Replicas>(replicas: &R, write: &Write, plan: &WritePlan) -> Result<(), WriteError> {
    let mut tally = Tally::new(&plan.required);
    let mut under_way = send(replicas, write, plan, &mut tally);
    let owe = |host| replicas.owe_durably(host, write.mutation.bytes().clone());
    let absent = plan.targets.iter().filter(|target| !target.alive);
    let mut hints: UnderWay<(), BoxedFuture<bool>> = UnderWay::new();
    absent.for_each(|target| hints.push((), owe(target.host)));
    let mut time = replicas.pause(write.deadline.since(replicas.mono()));
    while !tally.is_met() {
        if tally.open() == 0 && hints.labels().next().is_none() {
            let was_sent = plan.targets.iter().any(|target| target.alive);
            let loss = tally.loss().filter(|_| was_sent).unwrap_or(Loss::Silent);
            return Err(failure(write, plan, tally, loss));
        }
        let event = poll_fn(|context| {
            if let Poll::Ready(Some(((), is_written))) = hints.poll(context) {
                return Poll::Ready(Event::Hint(is_written));
            }
            match under_way.poll(context) {
                Poll::Ready(Some(((host, group), outcome))) => Poll::Ready(Event::Answer(host, group, outcome)),
                _ => time.as_mut().poll(context).map(|()| Event::Late),
            }
        });
        match event.await {
            Event::Answer(_, group, Ok(())) => tally.count_answer(group),
            Event::Answer(host, group, Err(error)) => {
                tally.count_failure(group, host, error);
                // The node owes it to the replica anyhow; a second hint changes nothing, and this one is waited for.
                if matches!(error, ReplicaError::NotSent | ReplicaError::Unknown) && replicas.keeps_hints_for(host) {
                    hints.push((), owe(host));
                }
            }
            Event::Hint(true) => return Ok(()),
            Event::Hint(false) => {}
            // A hint that waits may be written yet.
            Event::Late => return Err(failure(write, plan, tally, Loss::Silent)),
        }
    }
    Ok(())
}

enum Event {
    Answer(HostId, usize, Result<(), ReplicaError>),
    Hint(bool),
    Late,
}
