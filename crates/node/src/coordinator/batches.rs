//! The batch log: batches of other coordinators, kept until they are written, and written here if that takes too long.
//!
//! As in Apache Cassandra two nodes of the coordinator's datacentre keep a batch, of other racks if there are any; a node that is alone
//! keeps it itself.

use crate::cluster::view::View;
use crate::coordinator::Core;
use crate::ground::world::{Class, Lane, To, World};
use crate::peers::control::{decode, encode};
use crate::peers::header::{Header, Kind, Status};
use crate::replica::pending::status;
use crate::shared::Shared;
use crate::work::once_each::OnceEach;
use futures_util::stream::{self, StreamExt};
use henge_base::{Bytes, HostId, Micros, Mono};
use henge_coordinator::{Logged, Refusal, ReplicaError, Replicas};
use henge_metadata::Epoch;
use henge_model::{Key, Mutation};
use henge_storage::{BatchId, DamagedBatch, LogPlace, LoggedBatch};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Nodes that keep a batch.
const KEEPERS: usize = 2;
/// How often it is looked for batches that were left behind.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Batches read from the log at once.
const BATCHES_MAX: usize = 64;
/// Batches replayed at once: few, since their parts go to all replicas and take places in the tail that writes of clients need too.
const REPLAYED_AT_ONCE_MAX: usize = 2;

/// What is asked of a keeper.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Message {
    Keep { created: Micros, number: u128, mutations: Vec<Bytes> },
    Forget { created: Micros, number: u128 },
}

/// Has a batch kept; gives who keeps it, once all have it on disk.
pub(crate) async fn log<W: World>(
    core: &Core<W>,
    mutations: Vec<Bytes>,
    created: Micros,
    deadline: Mono,
) -> Result<Logged, (HostId, ReplicaError)> {
    let random = || u128::from(core.shared.world.random("batch"));
    let number = (random() << 64) | random();
    let hosts = keepers(core);
    let message = Message::Keep { created, number, mutations };
    let body = encode(&message);
    let asked = hosts.iter().map(|host| tell(core, *host, &message, &body, deadline));
    for (host, outcome) in hosts.iter().zip(futures_util::future::join_all(asked).await) {
        outcome.map_err(|error| (*host, error))?;
    }
    Ok(Logged { created, number, hosts })
}

/// A batch was written.
pub(crate) async fn forget<W: World>(core: &Core<W>, batch: Logged) {
    let message = Message::Forget { created: batch.created, number: batch.number };
    let body = encode(&message);
    let deadline = core.shared.within(core.shared.options.write_timeout);
    let told = batch.hosts.iter().map(|host| tell(core, *host, &message, &body, deadline));
    // Whoever does not hear of it writes it again, which changes nothing.
    futures_util::future::join_all(told).await;
}

async fn tell<W: World>(
    core: &Core<W>,
    host: HostId,
    message: &Message,
    body: &[u8],
    deadline: Mono,
) -> Result<(), ReplicaError> {
    if host == core.local() {
        return take(&core.shared, message.clone(), core.shared.epoch()).await;
    }
    let message = core.shared.message(Kind::Batch, body);
    let reply = core.shared.world.call(To::Host(host), Class::Request, deadline, message).await;
    core.answered(host, reply).map(|_| ())
}

/// Serves a peer.
pub(crate) async fn serve<W: World>(shared: &Arc<Shared<W>>, header: &Header, body: &Bytes) -> Bytes {
    let Ok(message) = decode::<Message>(body) else { return shared.reply(Status::Unsupported, &[]) };
    match take(shared, message, header.epoch).await {
        Ok(()) => shared.reply(Status::Ok, &[]),
        Err(error) => shared.reply(status(error), &[]),
    }
}

/// Does what is asked of a keeper. `epoch` is the coordinator's, or a later one.
async fn take<W: World>(shared: &Arc<Shared<W>>, message: Message, epoch: Epoch) -> Result<(), ReplicaError> {
    let place = LogPlace { lineage: epoch.lineage, index: epoch.index };
    if matches!(message, Message::Keep { .. }) {
        shared.check_room()?;
    }
    let job = Arc::clone(shared);
    let done = shared.world.disk(Lane::Background, move || match message {
        Message::Keep { created, number, mutations } => {
            job.store.add_batch(&LoggedBatch { id: id(created, number), place, mutations })
        }
        Message::Forget { created, number } => job.store.remove_batch(id(created, number)),
    });
    done.await.map_err(|error| {
        tracing::error!(%error, "the batch log cannot be written");
        ReplicaError::Unknown
    })
}

fn id(created: Micros, number: u128) -> BatchId {
    BatchId { created, id: uuid::Uuid::from_u128(number) }
}

/// Live members of this datacentre, of other racks first; this node where there are none.
fn keepers<W: World>(core: &Core<W>) -> Vec<HostId> {
    let view = core.shared.view.load();
    let members = &view.state.members;
    let Some(own) = members.get(&core.local()) else { return vec![core.local()] };
    let near = members.values().filter(|m| m.id != own.id && m.datacenter == own.datacenter && core.alive(m.id));
    let mut near: Vec<(bool, u64, HostId)> =
        near.map(|m| (m.rack == own.rack, core.shared.world.random("batch"), m.id)).collect();
    near.sort_unstable();
    match near.is_empty() {
        true => vec![own.id],
        false => near.into_iter().take(KEEPERS).map(|(_, _, host)| host).collect(),
    }
}

/// Writes batches whose coordinators did not come to it.
pub(crate) async fn replay<W: World>(core: Core<W>) {
    let mut damaged = OnceEach::default();
    loop {
        core.shared.pause(LOOK_EVERY).await;
        replay_all(&core, &mut damaged).await;
    }
}

/// Goes once through the batches that are old enough. One that cannot be written now keeps none from its turn.
async fn replay_all<W: World>(core: &Core<W>, damaged: &mut OnceEach<DamagedBatch>) {
    let shared = &core.shared;
    let age = 2 * shared.options.write_timeout;
    let before = shared.world.wall_us() - age.as_micros() as Micros;
    let mut after = None;
    loop {
        let job = Arc::clone(shared);
        let read = move || job.store.batches(after.as_ref(), before, BATCHES_MAX);
        let page = match shared.world.disk(Lane::Background, read).await {
            Ok(page) => page,
            Err(error) => return tracing::error!(%error, "the batch log cannot be read"),
        };
        for found in page.damaged {
            handle_damaged(shared, found, damaged).await;
        }
        let batches = stream::iter(page.batches);
        batches.for_each_concurrent(REPLAYED_AT_ONCE_MAX, |batch| replay_one(core, batch)).await;
        match page.next {
            Some(next) => after = Some(next),
            None => return,
        }
    }
}

/// Writes a batch and removes it once that is done, or once it is older than `max_hint_window`.
async fn replay_one<W: World>(core: &Core<W>, batch: LoggedBatch) {
    let shared = &core.shared;
    // Until this node knows as much of the metadata as the batch's coordinator, it cannot tell a table that is gone from one that it
    // has not heard of; and it keeps the batch, however old.
    let epoch = Epoch { lineage: batch.place.lineage, index: batch.place.index };
    if epoch > shared.epoch() && !shared.options.faults.replay_when_behind {
        return;
    }
    if written(core, &batch.mutations).await {
        shared.metrics.batches_replayed.inc();
    } else if is_too_old(shared, batch.id.created) {
        tracing::warn!("a batch that could not be written for longer than max_hint_window is given up");
        shared.metrics.batches_dropped.inc();
    } else {
        return;
    }
    let job = Arc::clone(shared);
    if let Err(error) = shared.world.disk(Lane::Background, move || job.store.remove_batch(batch.id)).await {
        tracing::error!(%error, "a batch that was written cannot be removed from the batch log");
    }
}

/// A damaged batch is logged and counted once. It is kept for those who look into it until it is older than `max_hint_window`, or
/// removed at once if not even its key can be read.
async fn handle_damaged<W: World>(shared: &Arc<Shared<W>>, found: DamagedBatch, known: &mut OnceEach<DamagedBatch>) {
    if known.is_new(&found) {
        let key = found.key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        tracing::error!(key, "a batch in the batch log is damaged and cannot be written; another node may keep it too");
        shared.metrics.batches_damaged.inc();
    }
    if found.created.is_none_or(|created| is_too_old(shared, created)) {
        let job = Arc::clone(shared);
        if let Err(error) = shared.world.disk(Lane::Background, move || job.store.remove_damaged_batch(&found)).await {
            tracing::error!(%error, "a damaged batch cannot be removed from the batch log");
        }
    }
}

fn is_too_old<W: World>(shared: &Shared<W>, created: Micros) -> bool {
    shared.world.wall_us().saturating_sub(created) > shared.options.max_hint_window.as_micros() as Micros
}

/// Writes the parts of a batch to all their replicas; says whether all of them have all of it.
async fn written<W: World>(core: &Core<W>, mutations: &[Bytes]) -> bool {
    let deadline = core.shared.within(core.shared.options.write_timeout);
    let view = core.shared.view.load_full();
    let (mut are_up, mut under_way) = (true, Vec::new());
    for mutation in mutations {
        let Some(hosts) = replicas(&view, mutation) else { return false };
        // A replica that is down is not waited for: the batch stays, and comes to its turn again.
        are_up &= hosts.iter().all(|host| core.alive(*host));
        for host in hosts.into_iter().filter(|host| core.alive(*host)) {
            under_way.push(Replicas::mend(core, host, mutation.clone(), deadline));
        }
    }
    let outcomes = futures_util::future::join_all(under_way).await;
    // A table that is gone, and deletions that have been forgotten since, make a write void for good.
    let settled = |outcome: &Result<(), ReplicaError>| {
        matches!(outcome, Ok(()) | Err(ReplicaError::Refused(Refusal::UnknownTable | Refusal::Fenced)))
    };
    are_up && outcomes.iter().all(settled)
}

/// The replicas of a mutation, none if its table is gone. `None` if it cannot be read.
fn replicas(view: &View, mutation: &Bytes) -> Option<Vec<HostId>> {
    let mutation = Mutation::decode(mutation.clone()).ok()?;
    let key = &mutation.rows.first()?.0;
    let (storage, token) = (Key::storage_id(key)?, Key::token(key)?);
    let range = view.placed_of(storage).and_then(|placed| placed.placement.replicas(token));
    Some(range.map(|range| range.write.clone()).unwrap_or_default())
}
