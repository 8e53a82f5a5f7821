//! An operator's word on the metadata log: its state, and a new lineage when most voters are lost for good.

use crate::cluster::Cluster;
use crate::ground::world::World;
use henge_base::{HostId, Random};
use henge_metadata::{CommandId, EntryHash, Position};
use std::net::SocketAddr;

/// A voter on metadata, as a node sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voter {
    /// Its host id.
    pub host: HostId,
    /// The address at which peers reach it; `None` if it is no member any more.
    pub address: Option<SocketAddr>,
    /// True if it seems up.
    pub is_up: bool,
}

/// A new lineage was not begun; nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum OverrideError {
    /// The log ends elsewhere.
    #[error("this node's log ends at {0}; look at it again, and name that hash if it is the one to go on from")]
    OtherHash(Position),
    /// Most voters are there: the log goes on by itself.
    #[error("{up} of {all} voters seem up: they can still agree, and a new lineage would cut them off")]
    HasQuorum {
        /// Voters that seem up.
        up: usize,
        /// All of them.
        all: usize,
    },
    /// The log refuses it, or the entry could not be stored.
    #[error("{0}")]
    Refused(String),
}

impl<W: World> Cluster<W> {
    /// The voters on the next entry.
    pub(crate) fn voters(&self) -> Vec<Voter> {
        let (view, up, own) = (self.view(), self.peers.liveness().up(), self.context.host());
        let voter = |host: &HostId| Voter {
            host: *host,
            address: view.state.members.get(host).map(|member| member.address),
            is_up: *host == own || up.contains(host),
        };
        view.state.voters.iter().map(voter).collect()
    }

    /// Begins a new lineage behind the entry of this hash, with this node as its only voter. Members that follow vote again; one that has
    /// entries beyond the hash finds that its log is not the cluster's.
    pub(crate) async fn begin_lineage(&self, hash: EntryHash) -> Result<Position, OverrideError> {
        let state = self.current_view().state.clone();
        if state.hash != hash {
            return Err(OverrideError::OtherHash(state.position()));
        }
        let voters = self.voters();
        let up = voters.iter().filter(|voter| voter.is_up).count();
        if up > voters.len() / 2 {
            return Err(OverrideError::HasQuorum { up, all: voters.len() });
        }
        let origin = CommandId::random(&mut Random::new(self.context.world.random("command")));
        let wall = self.context.wall_us();
        let entry = henge_metadata::begin_lineage(&state, self.context.host(), origin, wall)
            .map_err(|refused| OverrideError::Refused(refused.to_string()))?;
        let position = entry.position();
        self.append(&entry).await.map_err(|error| OverrideError::Refused(error.to_string()))?;
        tracing::warn!(%hash, %position, "an operator began a new lineage of the metadata log");
        self.announce(position.epoch).await;
        Ok(position)
    }
}
