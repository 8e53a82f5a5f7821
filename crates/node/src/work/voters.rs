//! Replacement of voters that have been down for long by members that are up.

use crate::cluster::Cluster;
use crate::cluster::propose::ChangeError;
use crate::ground::context::Context;
use crate::ground::world::World;
use crate::peers::Peers;
use crate::work::worker::{Next, StepError, Worker};
use henge_base::HostId;
use henge_metadata::Command;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Proposes other voters for those that are down, if this node is the first voter that is up.
pub(crate) struct VoterWatch<W> {
    pub(crate) context: Arc<Context<W>>,
    pub(crate) cluster: Arc<Cluster<W>>,
    pub(crate) peers: Arc<Peers<W>>,
}

impl<W: World> VoterWatch<W> {
    /// The members that should not vote, if others should vote than do, and it is this node's turn to say so.
    fn find_lost(&self) -> Option<BTreeSet<HostId>> {
        let (now, liveness) = (self.context.world.mono(), self.peers.liveness());
        let (view, own, patience) = (self.cluster.view(), self.context.host(), self.context.options.voter_patience);
        let (members, voters) = (&view.state.members, &view.state.voters);
        let is_up = |host: &HostId| *host == own || liveness.is_up(*host);
        if voters.iter().find(|voter| is_up(voter)) != Some(&own) {
            return None;
        }
        // A voter may be down for a while. A member that went down a moment ago does not become one.
        let is_unfit = |host: &&HostId| match voters.contains(host) {
            true => !is_up(host) && liveness.down_for(**host, now) >= patience,
            false => !is_up(host),
        };
        let unfit = members.keys().filter(is_unfit).copied().collect();
        (view.state.voters_without(&unfit) != *voters).then_some(unfit)
    }
}

impl<W: World> Worker for VoterWatch<W> {
    const NAME: &'static str = "voters";
    const RETRY_DELAY: Duration = POLL_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        let Some(down) = self.find_lost() else { return Ok(Next::Pause(POLL_INTERVAL)) };
        match self.cluster.change(Command::ReplaceVoters { down: down.clone() }).await {
            Ok((epoch, true)) => tracing::warn!(?down, %epoch, "voters that are down for long have been replaced"),
            // Nobody can take their place.
            Ok((_, false)) | Err(ChangeError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Next::Pause(POLL_INTERVAL))
    }

    async fn wait(&mut self) {}
}
