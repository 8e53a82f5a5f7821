//! A newcomer serves clients once its plan has ended. A node that joins or leaves asks whether it is still a member.

use crate::cluster::Cluster;
use crate::cluster::membership::JoinError;
use crate::ground::world::{To, World};
use crate::peers::ask_error::AskError;
use crate::peers::messages::metadata::Pull;
use henge_base::{HostId, Random};
use henge_coordinator::Refusal;
use std::time::Duration;

/// Between two looks of a newcomer at its plan.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// A member that is asked if this node is still one may take so long to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Members that are asked one after the other.
const ASKED_MAX: usize = 3;

impl<W: World> Cluster<W> {
    /// Returns once the plan that brings this node, if there is one, has ended: it serves clients from then on.
    pub(crate) async fn complete_join(&self) -> Result<(), JoinError> {
        let mut is_waiting = false;
        loop {
            if self.departure.has_ended() || !self.is_member() {
                return Err(JoinError::Removed(self.context.host()));
            }
            let plan = self.view().state.plan.clone();
            let Some(plan) = plan.filter(|plan| plan.kind.newcomers().contains(&self.context.host())) else {
                return Ok(());
            };
            if !std::mem::replace(&mut is_waiting, true) {
                tracing::info!("{plan}; this node serves no clients before it has ended (henge admin plan)");
            }
            self.context.pause(POLL_INTERVAL).await;
        }
    }

    /// Finds out if this node is a member no more: nobody tells it, for it is none. A member that knows as much of the log as this node
    /// says so.
    pub(crate) async fn look_for_removal(&self) {
        let question = Pull { after: self.view().state.position(), snapshot: None };
        let own = self.context.host();
        // Those that seem down are asked too: they do not gossip with a host that is no member.
        let mut others: Vec<HostId> = self.view().state.members.keys().copied().filter(|host| *host != own).collect();
        Random::new(self.context.world.random("removal")).shuffle(&mut others);
        for peer in others.into_iter().take(ASKED_MAX).map(To::Host) {
            if let Err(AskError::Refused(Refusal::Stranger)) = self.peers.ask(peer, &question, ANSWER_TIMEOUT).await {
                self.departure.end();
                return;
            }
        }
    }
}
