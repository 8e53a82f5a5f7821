//! What coordinators on other nodes ask of this replica.

use crate::ground::world::World;
use crate::peers::batch_log::BatchMessage;
use crate::peers::control;
use crate::peers::header::{Header, Kind, Status};
use crate::peers::refusals::status;
use crate::replica::LocalReplica;
use crate::replica::admission::{Access, PeerRequest};
use crate::replica::handle::ReplicaHandle;
use henge_base::Bytes;
use henge_coordinator::{ReadKind, ReadReply, ReplicaError};
use henge_metadata::Epoch;
use henge_model::{Key, Mutation, ReadCommand};
use henge_storage::LogPlace;
use std::sync::Arc;

/// Serves a write.
pub(crate) async fn write<W: World>(replica: &ReplicaHandle<W>, request: PeerRequest<'_, W>) -> Result<Bytes, Status> {
    let mutation = Mutation::decode(request.body.clone()).map_err(|_| Status::Corrupt)?;
    let first = mutation.rows.first().map(|(key, _)| key);
    let place = first.and_then(|key| Key::storage_id(key).zip(Key::token(key)));
    let (storage, token) = place.ok_or(Status::Corrupt)?;
    request.admit(storage, token, Access::Write)?;
    replica.apply_decoded(mutation).await.map_err(|error| request.status(error))?;
    Ok(Bytes::new())
}

/// Serves a read, of rows or of a digest.
pub(crate) async fn read<W: World>(replica: &ReplicaHandle<W>, request: PeerRequest<'_, W>) -> Result<Bytes, Status> {
    let command = ReadCommand::decode(request.body.clone()).map_err(|_| Status::Unsupported)?;
    request.admit(command.storage_id, command.token, Access::Read)?;
    let kind = if request.header.kind == Kind::ReadDigest { ReadKind::Digest } else { ReadKind::Rows };
    match replica.read(Arc::new(command), kind).await.map_err(|error| request.status(error))? {
        ReadReply::Rows(block) => Ok(block.encode()),
        ReadReply::Digest(digest) => Ok(Bytes::copy_from_slice(&digest.0)),
    }
}

/// Serves a proposer of Paxos.
pub(crate) async fn paxos<W: World>(replica: &ReplicaHandle<W>, request: PeerRequest<'_, W>) -> Result<Bytes, Status> {
    let asked = henge_paxos::Request::decode(&request.body).map_err(|_| Status::Unsupported)?;
    let place = Key::storage_id(asked.key()).zip(Key::token(asked.key()));
    let (storage, token) = place.ok_or(Status::Corrupt)?;
    request.admit(storage, token, Access::Write)?;
    let reply = replica.answer_proposer(asked).await.map_err(|error| request.status(error))?;
    Ok(reply.encode())
}

/// Serves a coordinator that has a batch kept, or was done with it.
pub(crate) async fn batch<W: World>(replica: &LocalReplica<W>, header: &Header, body: &Bytes) -> Result<Bytes, Status> {
    let message = control::decode::<BatchMessage>(body).map_err(|_| Status::Unsupported)?;
    replica.keep_batch(message, header.epoch).await.map_err(status)?;
    Ok(Bytes::new())
}

impl<W: World> LocalReplica<W> {
    /// Stores a batch, or removes one. `epoch` is how much of the metadata the batch's coordinator knew, or more.
    pub(crate) async fn keep_batch(&self, message: BatchMessage, epoch: Epoch) -> Result<(), ReplicaError> {
        match message {
            BatchMessage::Keep { created, number, mutations } => {
                let place = LogPlace { lineage: epoch.lineage, index: epoch.index };
                self.store_batch(batch_id(created, number), place, mutations).await
            }
            BatchMessage::Forget { created, number } => self.remove_batch(batch_id(created, number)).await,
        }
    }
}

fn batch_id(created: henge_base::Micros, number: u128) -> henge_storage::BatchId {
    henge_storage::BatchId { created, id: uuid::Uuid::from_u128(number) }
}
