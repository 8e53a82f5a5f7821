//! Keeping batches: two nodes hold a batch until it is written, and write it themselves if that takes too long.
//!
//! As in Apache Cassandra they are nodes of the coordinator's datacentre, of other racks if there are any; a node that is alone keeps its
//! batches itself.

use crate::coordinator::Coordinator;
use crate::ground::world::World;
use crate::peers::messages::data::BatchMessage;
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_coordinator::{LoggedBatch, ReplicaError, Replicas, Work};

/// Nodes that keep a batch.
const KEEPERS: usize = 2;

/// Has a batch kept; gives who keeps it, once all have it on disk.
pub(super) async fn log<W: World>(
    coordinator: &Coordinator<W>,
    mutations: Vec<Bytes>,
    created: Micros,
    deadline: Mono,
) -> Result<LoggedBatch, (HostId, ReplicaError)> {
    let random = || u128::from(coordinator.context().world.random("batch"));
    let number = (random() << 64) | random();
    let hosts = keepers(coordinator);
    let message = BatchMessage::Keep { created, number, mutations };
    let asked = hosts.iter().map(|host| send(coordinator, *host, &message, deadline));
    for (host, outcome) in hosts.iter().zip(futures_util::future::join_all(asked).await) {
        outcome.map_err(|error| (*host, error))?;
    }
    Ok(LoggedBatch { created, number, hosts })
}

/// A batch was written.
pub(super) async fn forget<W: World>(coordinator: &Coordinator<W>, batch: LoggedBatch) {
    let message = BatchMessage::Forget { created: batch.created, number: batch.number };
    let deadline = coordinator.context().deadline_after(coordinator.context().options.write_timeout);
    let told = batch.hosts.iter().map(|host| send(coordinator, *host, &message, deadline));
    // Whoever does not hear of it writes it again, which changes nothing.
    futures_util::future::join_all(told).await;
}

async fn send<W: World>(
    coordinator: &Coordinator<W>,
    host: HostId,
    message: &BatchMessage,
    deadline: Mono,
) -> Result<(), ReplicaError> {
    if host == coordinator.local() {
        return coordinator.replica().keep_batch(message.clone(), coordinator.cluster().epoch()).await;
    }
    coordinator.call(Work::Write, host, message, deadline).await
}

/// Live members of this datacentre, of other racks first; this node where there are none.
fn keepers<W: World>(coordinator: &Coordinator<W>) -> Vec<HostId> {
    let view = coordinator.cluster().view();
    let members = &view.state.members;
    let Some(own) = members.get(&coordinator.local()) else { return vec![coordinator.local()] };
    let near = members.values().filter(|m| m.id != own.id && m.datacenter == own.datacenter && coordinator.alive(m.id));
    let mut near: Vec<(bool, u64, HostId)> =
        near.map(|m| (m.rack == own.rack, coordinator.context().world.random("batch"), m.id)).collect();
    near.sort_unstable();
    match near.is_empty() {
        true => vec![own.id],
        false => near.into_iter().take(KEEPERS).map(|(_, _, host)| host).collect(),
    }
}
