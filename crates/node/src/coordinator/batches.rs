//! Keeping batches: two nodes hold a batch until it is written, and write it themselves if that takes too long.
//!
//! As in Apache Cassandra they are nodes of the coordinator's datacentre, of other racks where possible. The coordinator keeps a batch
//! itself only where there are not two others.

use crate::coordinator::Coordinator;
use crate::ground::world::World;
use crate::peers::messages::data::BatchMessage;
use futures_util::stream::{FuturesUnordered, StreamExt};
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_coordinator::{LoggedBatch, Recipient, ReplicaError, Replicas, Work};
use henge_ring::Member;
use std::future::Future;
use std::time::Duration;

/// Nodes that keep a batch, where there are as many.
const KEEPERS: usize = 2;
/// Time after which another node is asked in place of one that has not answered.
const STAND_IN_DELAY: Duration = Duration::from_millis(100);

/// Has a batch kept; gives who keeps it, once enough nodes have it on disk. A node that refuses or is silent is replaced while there is
/// another; an error names the last one that did not keep it.
pub(super) async fn log<W: World>(
    coordinator: &Coordinator<W>,
    mutations: Vec<Bytes>,
    created: Micros,
    deadline: Mono,
) -> Result<LoggedBatch, (HostId, ReplicaError)> {
    let random = || u128::from(coordinator.context().world.random("batch"));
    let number = (random() << 64) | random();
    let message = BatchMessage::Keep { created, number, mutations };
    let candidates = candidates(coordinator);
    let needed = KEEPERS.min(candidates.len());
    let mut candidates = candidates.into_iter();
    let ask = |host: HostId| {
        let kept = send(coordinator, host, &message, deadline);
        async move { (host, kept.await) }
    };
    let mut asked: FuturesUnordered<_> = candidates.by_ref().take(needed).map(ask).collect();
    let mut late = Box::pin(coordinator.context().pause(STAND_IN_DELAY));
    let mut hosts = Vec::with_capacity(needed);
    loop {
        tokio::select! {
            biased;
            answered = asked.next() => match answered {
                Some((host, Ok(()))) => hosts.push(host),
                Some((host, Err(error))) => match candidates.next() {
                    Some(stand_in) => asked.push(ask(stand_in)),
                    None if hosts.len() + asked.len() < needed => return Err((host, error)),
                    None => {}
                },
                None => return Err((coordinator.local(), ReplicaError::Unknown)),
            },
            () = &mut late => {
                candidates.next().into_iter().for_each(|stand_in| asked.push(ask(stand_in)));
                late = Box::pin(coordinator.context().pause(STAND_IN_DELAY));
            }
        }
        if hosts.len() == needed {
            return Ok(LoggedBatch { created, number, hosts });
        }
    }
}

/// Tells a keeper to forget batches. One that does not hear of it writes them again, which changes nothing.
pub(crate) async fn forget<W: World>(coordinator: &Coordinator<W>, keeper: HostId, batches: Vec<(Micros, u128)>) {
    let deadline = coordinator.context().deadline_after(coordinator.context().options.write_timeout);
    let _ = send(coordinator, keeper, &BatchMessage::Forget { batches }, deadline).await;
}

fn send<W: World>(
    coordinator: &Coordinator<W>,
    host: HostId,
    message: &BatchMessage,
    deadline: Mono,
) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<W> {
    coordinator.note(|| format!("Sending BATCH_STORE_REQ message to {}", coordinator.name_of(host)));
    let own = (host == coordinator.local()).then(|| (coordinator.replica().clone(), message.clone()));
    let epoch = coordinator.cluster().epoch();
    let call = own.is_none().then(|| coordinator.call(Work::Write, Recipient { host, epoch }, message, deadline));
    async move {
        match (own, call) {
            (Some((replica, message)), _) => replica.keep_batch(message, epoch).await,
            (None, Some(call)) => call.await,
            (None, None) => Err(ReplicaError::NotSent),
        }
    }
}

/// The nodes that may keep a batch, in the order in which they are asked: live members of this datacentre, of other racks first, then this
/// node, and members that answer nobody last.
fn candidates<W: World>(coordinator: &Coordinator<W>) -> Vec<HostId> {
    let view = coordinator.cluster().view();
    let members = &view.state.members;
    let Some(own) = members.get(&coordinator.local()) else { return vec![coordinator.local()] };
    // One that comes or goes may be no member when the batch is replayed.
    let comes_or_goes = |host| view.state.plan.as_ref().is_some_and(|plan| plan.kind.comes_or_goes(host));
    let is_near = |member: &Member| member.id != own.id && member.datacenter == own.datacenter;
    let near = members.values().filter(|m| is_near(m) && coordinator.alive(m.id) && !comes_or_goes(m.id));
    let now = coordinator.mono();
    let near = near.map(|m| {
        let is_silent = coordinator.standing(m.id, Work::Write, now).is_silent;
        (is_silent, m.rack == own.rack, coordinator.context().world.random("batch"), m.id)
    });
    let mut near: Vec<(bool, bool, u64, HostId)> = near.collect();
    near.sort_unstable();
    let (silent, near): (Vec<_>, Vec<_>) = near.into_iter().partition(|(is_silent, ..)| *is_silent);
    let hosts = |members: Vec<(bool, bool, u64, HostId)>| members.into_iter().map(|(.., host)| host);
    hosts(near).chain([own.id]).chain(hosts(silent)).collect()
}
