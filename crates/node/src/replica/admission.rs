//! Admission to a replica: a request is served only by an owner of its range, and only if its sender knew the range's last change of
//! placement.

use crate::cluster::Cluster;
use crate::cluster::system_keyspaces;
use crate::cluster::view::View;
use crate::ground::world::{To, World};
use crate::peers::header::Header;
use crate::replica::LocalReplica;
use henge_base::{HostId, Mono};
use henge_coordinator::{Refusal, ReplicaError};
use henge_metadata::Epoch;
use henge_model::{Key, Mutation, ReadCommand, StorageId, TokenRange};
use std::sync::Arc;

/// The access of a request to the rows of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    /// A decision of Paxos, which stands whatever has become of its range since: a writer of the range takes it, unless it is behind.
    Commit,
}

/// Rows that a request reads or writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) storage: StorageId,
    pub(crate) tokens: TokenRange,
}

impl Place {
    /// The partition of a key.
    pub(crate) fn of_key(key: &[u8]) -> Option<Place> {
        let (storage, token) = Key::storage_id(key).zip(Key::token(key))?;
        Some(Place { storage, tokens: TokenRange::of_one(token) })
    }

    /// The partition of a mutation.
    pub(crate) fn of_mutation(mutation: &Mutation) -> Option<Place> {
        Place::of_key(&mutation.rows.first()?.0)
    }

    /// The rows of a read.
    pub(crate) fn of_read(command: &ReadCommand) -> Place {
        Place { storage: command.storage_id, tokens: command.tokens() }
    }
}

/// Refuses a request that was planned at an epoch before its range changed hands, or that is for others. Requests of this node's own
/// coordinators too: they may have waited since they were planned.
pub(crate) fn check_fence(
    view: &View,
    local: HostId,
    epoch: Epoch,
    place: Place,
    access: Access,
) -> Result<(), Refusal> {
    let placed = view.placed_of(place.storage).ok_or(Refusal::UnknownTable)?;
    let is_owner = placed.placement.ranges_over(place.tokens).all(|range| match access {
        Access::Read => range.read.contains(local),
        Access::Write | Access::Commit => range.write.contains(local),
    });
    // A sender that is ahead knows every change that this node knows.
    let is_ahead = epoch.lineage == view.epoch().lineage && epoch.index > view.epoch().index;
    let is_stale =
        access != Access::Commit && !is_ahead && !view.is_unchanged_since(epoch, &placed.placement, place.tokens);
    // What this node does not know yet may be that it loses the range and gains it anew: then it deletes what it took before.
    let may_be_deleted = is_ahead && access != Access::Read;
    if is_stale || !is_owner || may_be_deleted { Err(Refusal::StaleEpoch) } else { Ok(()) }
}

/// A request from a peer for rows, on a node that has caught up with the peer's epoch if it could.
pub(crate) struct PeerRequest<'a, W> {
    header: Header,
    deadline: Mono,
    replica: &'a LocalReplica<W>,
    cluster: &'a Cluster<W>,
    local: HostId,
    /// The epoch that this node had come to before it looked at the request.
    known: Epoch,
    unknown_when_behind: bool,
    serves_stale_plans: bool,
}

impl<'a, W: World> PeerRequest<'a, W> {
    /// Catches up with the peer first, if this node is behind it.
    pub(crate) async fn receive(
        replica: &'a LocalReplica<W>,
        cluster: &'a Arc<Cluster<W>>,
        from: HostId,
        (header, deadline): (Header, Mono),
    ) -> Self {
        cluster.catch_up_for_request(header.epoch, To::Host(from)).await;
        let (local, faults) = (replica.context.host(), replica.context.options.faults);
        let (unknown_when_behind, serves_stale_plans) = (faults.unknown_when_behind, faults.serve_stale_plans);
        let known = cluster.epoch();
        PeerRequest { header, deadline, replica, cluster, local, known, unknown_when_behind, serves_stale_plans }
    }

    /// The moment from which on the peer does not wait any more.
    pub(crate) fn deadline(&self) -> Mono {
        self.deadline
    }

    /// Refuses what this node may not serve, and what nobody waits for any more.
    pub(crate) fn admit(&self, place: Place, access: Access) -> Result<(), Refusal> {
        self.replica.check_time(self.deadline).map_err(|late| self.refusal(late))?;
        let admitted = match system_keyspaces::is_computed(place.storage) {
            true => Err(Refusal::Other),
            false if self.serves_stale_plans => Ok(()),
            false => check_fence(&self.cluster.view(), self.local, self.header.epoch, place, access),
        };
        admitted.map_err(|refusal| self.refusal(ReplicaError::Refused(refusal)))
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
