//! The fence before a replica: a request is served only by an owner of its range, and only if its sender knew the range's last change
//! of placement.

use crate::cluster::Cluster;
use crate::cluster::system_keyspaces;
use crate::ground::world::{To, World};
use crate::peers::header::Header;
use crate::replica::LocalReplica;
use henge_base::HostId;
use henge_coordinator::{Refusal, ReplicaError};
use henge_metadata::Epoch;
use henge_model::{StorageId, Token};
use std::sync::Arc;

/// The access of a request to the rows of its range.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A request from a peer for rows, on a node that has caught up with the peer's epoch if it could.
pub(crate) struct PeerRequest<'a, W> {
    header: Header,
    cluster: &'a Cluster<W>,
    local: HostId,
    /// The epoch that this node had come to before it looked at the request.
    known: Epoch,
    unknown_when_behind: bool,
}

impl<'a, W: World> PeerRequest<'a, W> {
    /// Catches up with the peer first, if this node is behind it.
    pub(crate) async fn receive(
        replica: &LocalReplica<W>,
        cluster: &'a Arc<Cluster<W>>,
        from: HostId,
        header: Header,
    ) -> Self {
        cluster.catch_up_for_request(header.epoch, To::Host(from)).await;
        let (local, faults) = (replica.context.host(), replica.context.options.faults);
        let unknown_when_behind = faults.unknown_when_behind;
        PeerRequest { header, cluster, local, known: cluster.epoch(), unknown_when_behind }
    }

    /// Refuses what this node may not serve.
    pub(crate) fn admit(&self, storage: StorageId, token: Token, access: Access) -> Result<(), Refusal> {
        self.check(storage, token, access).map_err(|refusal| self.refusal(ReplicaError::Refused(refusal)))
    }

    fn check(&self, storage: StorageId, token: Token, access: Access) -> Result<(), Refusal> {
        let view = self.cluster.view();
        if system_keyspaces::is_computed(storage) {
            return Err(Refusal::Other);
        }
        let placed = view.placed_of(storage).ok_or(Refusal::UnknownTable)?;
        let range = placed.placement.replicas(token).ok_or(Refusal::Other)?;
        let owners = if access == Access::Read { range.read } else { range.write };
        let epoch = self.header.epoch;
        let is_stale = epoch.lineage != view.epoch().lineage || epoch.index < range.since;
        if is_stale || !owners.contains(self.local) { Err(Refusal::StaleEpoch) } else { Ok(()) }
    }

    /// The refusal of a request that fails. What this node would refuse for want of knowledge, it refuses as one that is behind if the
    /// sender's epoch is above the one that this node had come to: a table that it has not heard of yet is no table that is gone.
    pub(crate) fn refusal(&self, error: ReplicaError) -> Refusal {
        let is_behind = self.header.epoch > self.known && !self.unknown_when_behind;
        match error {
            ReplicaError::Refused(Refusal::UnknownTable | Refusal::StaleEpoch) if is_behind => Refusal::Behind,
            ReplicaError::Refused(refusal) => refusal,
            ReplicaError::NotSent | ReplicaError::Unknown => Refusal::Other,
        }
    }
}
