//! Requests of coordinators on other nodes to this replica.

use crate::ground::steps::Step;
use crate::ground::world::World;
use crate::peers::messages::data::{BatchMessage, Paxos, ReadDigest, ReadRows, Write};
use crate::replica::admission::{Access, PeerRequest, Place};
use crate::replica::handle::ReplicaHandle;
use henge_base::Micros;
use henge_coordinator::{ReadKind, ReadReply, Refusal, ReplicaError};
use henge_metadata::Epoch;
use henge_model::{Digest, Mutation, ReadCommand, RowBlock};
use henge_paxos::Reply;
use henge_storage::{BatchId, LogPlace, LoggedBatch};
use std::sync::Arc;

/// Serves a write.
pub(crate) async fn write<W: World>(
    replica: &ReplicaHandle<W>,
    request: PeerRequest<'_, W>,
    Write(mutation): Write,
) -> Result<(), Refusal> {
    let mutation = Mutation::decode(mutation).map_err(|_| Refusal::Corrupt)?;
    request.admit(Place::of_mutation(&mutation).ok_or(Refusal::Corrupt)?, Access::Write)?;
    replica.note(Step::Admitted, 0);
    replica.apply(&mutation).await.map_err(|error| request.refusal(error))
}

/// Serves a read of rows.
pub(crate) async fn read_rows<W: World>(
    replica: &ReplicaHandle<W>,
    request: PeerRequest<'_, W>,
    ReadRows(command): ReadRows,
) -> Result<RowBlock, Refusal> {
    match read(replica, request, command, ReadKind::Rows).await? {
        ReadReply::Rows(block) => Ok(block),
        ReadReply::Digest(_) => Err(Refusal::Other),
    }
}

/// Serves a read of a digest.
pub(crate) async fn read_digest<W: World>(
    replica: &ReplicaHandle<W>,
    request: PeerRequest<'_, W>,
    ReadDigest(command): ReadDigest,
) -> Result<Digest, Refusal> {
    match read(replica, request, command, ReadKind::Digest).await? {
        ReadReply::Digest(digest) => Ok(digest),
        ReadReply::Rows(_) => Err(Refusal::Other),
    }
}

async fn read<W: World>(
    replica: &ReplicaHandle<W>,
    request: PeerRequest<'_, W>,
    command: Arc<ReadCommand>,
    kind: ReadKind,
) -> Result<ReadReply, Refusal> {
    request.admit(Place::of_read(&command), Access::Read)?;
    replica.note(Step::Admitted, 0);
    replica.read(command, kind, request.deadline()).await.map_err(|error| request.refusal(error))
}

/// Serves a proposer of Paxos.
pub(crate) async fn paxos<W: World>(
    replica: &ReplicaHandle<W>,
    request: PeerRequest<'_, W>,
    Paxos(asked): Paxos,
) -> Result<Reply, Refusal> {
    let asked = asked.request();
    request.admit(Place::of_key(asked.key()).ok_or(Refusal::Corrupt)?, access_of(asked))?;
    replica.note(Step::Admitted, 0);
    replica.answer_proposer(asked, request.deadline()).await.map_err(|error| request.refusal(error))
}

/// The access of a proposer's request.
pub(crate) fn access_of(asked: &henge_paxos::Request) -> Access {
    match asked {
        henge_paxos::Request::Prepare { .. } | henge_paxos::Request::Propose { .. } => Access::Write,
        henge_paxos::Request::Commit { .. } => Access::Commit,
    }
}

/// Serves a coordinator that has a batch kept, or was done with it.
pub(crate) async fn batch<W: World>(
    replica: &ReplicaHandle<W>,
    epoch: Epoch,
    message: BatchMessage,
) -> Result<(), Refusal> {
    replica.keep_batch(message, epoch).await.map_err(|error| match error {
        ReplicaError::Refused(refusal) => refusal,
        ReplicaError::NotSent | ReplicaError::Unknown => Refusal::Other,
    })
}

impl<W: World> ReplicaHandle<W> {
    /// Keeps a batch, synced, or removes some. `epoch` is how much of the metadata the batch's coordinator knew, or more.
    pub(crate) async fn keep_batch(&self, message: BatchMessage, epoch: Epoch) -> Result<(), ReplicaError> {
        match message {
            BatchMessage::Keep { created, number, mutations } => {
                self.check_room()?;
                let place = LogPlace { lineage: epoch.lineage, index: epoch.index };
                let batch = LoggedBatch { id: batch_id(created, number), place, mutations };
                self.submit(|store, ticket| store.submit_batch(&batch, ticket))?.await?;
                self.wait_until_synced().await?;
                self.note(Step::KeptBatch, batch.mutations.len());
                Ok(())
            }
            BatchMessage::Forget { batches } => {
                self.remove_batches(batches.into_iter().map(|(created, number)| batch_id(created, number))).await
            }
        }
    }

    /// Removes batches that are settled.
    pub(crate) async fn remove_batches(&self, batches: impl Iterator<Item = BatchId>) -> Result<(), ReplicaError> {
        self.submit(|store, ticket| store.submit_batch_removals(batches, ticket))?.await
    }
}

fn batch_id(created: Micros, number: u128) -> BatchId {
    BatchId { created, id: uuid::Uuid::from_u128(number) }
}
