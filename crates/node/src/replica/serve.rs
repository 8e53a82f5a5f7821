//! This node as a replica: serving what coordinators ask.

use crate::cluster::system_keyspaces;
use crate::coordinator::Core;
use crate::ground::world::World;
use crate::peers::header::{Header, Kind, Status};
use crate::replica::pending::status;
use crate::shared::Shared;
use henge_base::{Bytes, HostId};
use henge_coordinator::{ReadKind, ReadReply, Refusal, ReplicaError, Replicas};
use henge_metadata::Epoch;
use henge_model::{Mutation, ReadCommand, StorageId, Token};
use henge_storage::{ReadError, Tier};
use std::sync::Arc;

/// Bytes of rows in one answer; a replica that reaches it says that there is more.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Reads this node's copy. `None`: not in memory, ask again with `Tier::Disk`.
pub(crate) fn read<W: World>(
    shared: &Shared<W>,
    command: &ReadCommand,
    kind: ReadKind,
    tier: Tier,
) -> Result<Option<ReadReply>, ReplicaError> {
    let reply = match kind {
        ReadKind::Rows => shared.store.read_block(command, tier, ANSWER_BYTES_MAX).map(|b| b.map(ReadReply::Rows)),
        ReadKind::Digest => shared.store.digest(command, tier, ANSWER_BYTES_MAX).map(|d| d.map(ReadReply::Digest)),
    };
    let faults = shared.options.faults;
    let reply = reply.map(|r| r.map(|r| faults.answered(r, shared.world.wall_us())));
    reply.map_err(|error| {
        tracing::warn!(%error, "a read failed on this replica");
        shared.metrics.replica_read_errors.inc();
        refused(&error)
    })
}

fn refused(error: &ReadError) -> ReplicaError {
    ReplicaError::Refused(match error {
        ReadError::UnknownTable => Refusal::UnknownTable,
        ReadError::Row(_) => Refusal::Corrupt,
        ReadError::NoIndex => Refusal::NoIndex,
        _ => Refusal::Other,
    })
}

/// Serves a write from a peer.
pub(crate) async fn serve_write<W: World>(core: &Core<W>, from: HostId, header: &Header, body: Bytes) -> Bytes {
    let known = core.current(from, header).await;
    let shared = &core.shared;
    let Ok(mutation) = Mutation::decode(body.clone()) else { return shared.reply(Status::Corrupt, &[]) };
    let place = mutation
        .rows
        .first()
        .and_then(|(key, _)| Some((henge_model::Key::storage_id(key)?, henge_model::Key::token(key)?)));
    let Some((storage, token)) = place else { return shared.reply(Status::Corrupt, &[]) };
    if let Err(error) = admit(shared, storage, token, header.epoch, Access::Write) {
        return refuse(shared, header, known, error);
    }
    match core.apply(body).await {
        Ok(()) => shared.reply(Status::Ok, &[]),
        Err(error) => refuse(shared, header, known, error),
    }
}

/// Serves a read from a peer.
pub(crate) async fn serve_read<W: World>(core: &Core<W>, from: HostId, header: &Header, body: Bytes) -> Bytes {
    let known = core.current(from, header).await;
    let shared = &core.shared;
    let Ok(command) = ReadCommand::decode(body) else { return shared.reply(Status::Unsupported, &[]) };
    if let Err(error) = admit(shared, command.storage_id, command.token, header.epoch, Access::Read) {
        return refuse(shared, header, known, error);
    }
    let kind = if header.kind == Kind::ReadDigest { ReadKind::Digest } else { ReadKind::Rows };
    let reply = Replicas::read(core, core.local(), Arc::new(command), kind, shared.world.mono()).await;
    match reply {
        Ok(ReadReply::Rows(block)) => shared.reply(Status::Ok, &block.encode()),
        Ok(ReadReply::Digest(digest)) => shared.reply(Status::Ok, &digest.0),
        Err(error) => refuse(shared, header, known, error),
    }
}

/// The answer to a request that is refused. What this node would refuse for want of knowledge, it refuses as one that is behind
/// if the sender's epoch is above the one that it was `known` to have before it looked: a table that it has not heard of yet is no
/// table that is gone.
pub(crate) fn refuse<W: World>(shared: &Shared<W>, header: &Header, known: Epoch, error: ReplicaError) -> Bytes {
    let is_behind = header.epoch > known && !shared.options.faults.unknown_when_behind;
    let status = match status(error) {
        Status::UnknownTable | Status::StaleEpoch if is_behind => Status::Behind,
        status => status,
    };
    shared.reply(status, &[])
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// The fence (I23): a request is served only by an owner, and only if its sender knew the range's last change of placement.
pub(crate) fn admit<W: World>(
    shared: &Shared<W>,
    storage: StorageId,
    token: Token,
    epoch: Epoch,
    access: Access,
) -> Result<(), ReplicaError> {
    let view = shared.view.load();
    if system_keyspaces::is_computed(storage) {
        return Err(ReplicaError::Refused(Refusal::Other));
    }
    let placed = view.placed_of(storage).ok_or(ReplicaError::Refused(Refusal::UnknownTable))?;
    let range = placed.placement.replicas(token).ok_or(ReplicaError::Refused(Refusal::Other))?;
    let owners = if access == Access::Read { &range.read } else { &range.write };
    let stale = epoch.lineage != view.epoch().lineage || epoch.index < range.since;
    if stale || !owners.contains(&shared.local()) {
        return Err(ReplicaError::Refused(Refusal::StaleEpoch));
    }
    Ok(())
}
