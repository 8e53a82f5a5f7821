//! The barrier between two steps of a move: it is passed once no request that began before an epoch can still meet its level.
//!
//! A node passes it when it has come to the epoch and no older request is under way on any of its cores, neither of its clients nor of its
//! peers. From then on it refuses what is planned earlier. More than half of the writers of every range have to pass: without them no
//! request of an older plan meets its level.

use crate::coordinator::Coordinator;
use crate::ground::world::{To, World};
use crate::peers::messages::metadata::{Barrier, BarrierReply};
use futures_util::stream::{FuturesUnordered, StreamExt};
use henge_base::HostId;
use henge_coordinator::{Refusal, Replicas};
use henge_metadata::Epoch;
use std::collections::BTreeSet;
use std::time::Duration;

/// Requests have so long to end by themselves; then scans, the only ones that may take much longer, are cancelled.
const REQUESTS_END_TIMEOUT: Duration = Duration::from_secs(1);
/// Requests that were cancelled have so long to end.
const CANCEL_TIMEOUT: Duration = Duration::from_millis(500);
/// The time between two looks at the count.
const POLL_INTERVAL: Duration = Duration::from_millis(2);
/// A peer may take so long to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// The time between two rounds of asking.
const ROUND_PAUSE: Duration = Duration::from_millis(100);

/// The barrier was not passed in time: the step before it has to be waited for, or taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too few nodes have ended the requests that began before epoch {epoch}; {} did", passed.len())]
pub struct BarrierError {
    /// The epoch.
    pub epoch: Epoch,
    /// The nodes where none is under way.
    pub passed: BTreeSet<HostId>,
}

/// Has this node end what began before an epoch, for a peer or for itself.
pub(crate) async fn end_older_requests<W: World>(
    coordinator: &Coordinator<W>,
    from: HostId,
    Barrier { epoch }: Barrier,
) -> Result<BarrierReply, Refusal> {
    coordinator.parts.cluster.catch_up_for_request(epoch, To::Host(from)).await;
    if coordinator.cluster().epoch() < epoch {
        return Err(Refusal::Behind);
    }
    if wait_until_none_is_older(coordinator, epoch, REQUESTS_END_TIMEOUT).await {
        return Ok(BarrierReply { left: 0 });
    }
    coordinator.context().in_flight.cancel_older_than(epoch);
    wait_until_none_is_older(coordinator, epoch, CANCEL_TIMEOUT).await;
    Ok(BarrierReply { left: coordinator.context().in_flight.older_than(epoch) })
}

async fn wait_until_none_is_older<W: World>(coordinator: &Coordinator<W>, epoch: Epoch, patience: Duration) -> bool {
    let context = coordinator.context();
    let end = context.deadline_after(patience);
    while context.in_flight.older_than(epoch) > 0 {
        if context.world.mono() >= end {
            return false;
        }
        context.pause(POLL_INTERVAL).await;
    }
    true
}

/// Waits until enough nodes have passed the barrier, as long as a change of the metadata may take, and for none that is not needed: a member
/// that is down answers nothing until the time for it is over.
pub(crate) async fn pass<W: World>(coordinator: &Coordinator<W>, epoch: Epoch) -> Result<(), BarrierError> {
    let context = coordinator.context();
    let end = context.deadline_after(context.options.metadata_timeout);
    let mut passed = BTreeSet::new();
    loop {
        let members: Vec<HostId> = coordinator.cluster().view().state.members.keys().copied().collect();
        let left = members.into_iter().filter(|host| !passed.contains(host));
        let mut asked: FuturesUnordered<_> =
            left.map(|host| async move { (host, has_passed(coordinator, host, epoch).await) }).collect();
        while !coordinator.cluster().view().has_majorities(|host| passed.contains(&host)) {
            match asked.next().await {
                Some((host, true)) => _ = passed.insert(host),
                Some((_, false)) => {}
                None => break,
            }
        }
        if coordinator.cluster().view().has_majorities(|host| passed.contains(&host)) {
            return Ok(());
        }
        if context.world.mono() >= end {
            return Err(BarrierError { epoch, passed });
        }
        context.pause(ROUND_PAUSE).await;
    }
}

async fn has_passed<W: World>(coordinator: &Coordinator<W>, host: HostId, epoch: Epoch) -> bool {
    let question = Barrier { epoch };
    let left = match host == coordinator.local() {
        true => end_older_requests(coordinator, host, question).await.ok(),
        false => {
            let deadline = coordinator.context().deadline_after(ANSWER_TIMEOUT);
            coordinator.parts.peers.call(host, deadline, &question).await.ok()
        }
    };
    left.is_some_and(|reply| reply.left == 0)
}
