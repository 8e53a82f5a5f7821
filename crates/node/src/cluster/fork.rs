//! Two logs that part: a node whose log is not the cluster's ends.

use crate::cluster::Cluster;
use crate::ground::world::{To, World};
use crate::peers::messages::metadata::{Pull, PullReply};
use futures_util::future::join_all;
use henge_metadata::Position;
use std::time::Duration;

/// A member may take so long to say whose log is the cluster's.
const WITNESS_TIMEOUT: Duration = Duration::from_secs(2);

impl<W: World> Cluster<W> {
    /// Ends this node if most members that answer have another entry in place of its last one. One peer alone is not believed: it may be
    /// the one that is wrong.
    pub(super) async fn end_if_forked(&self, here: Position, there: Position) {
        let witnesses = self.others(To::Host(self.context.host()));
        let after = self.view().state.position();
        let question = Pull { after, snapshot: None };
        let answers = join_all(witnesses.iter().map(|peer| self.peers.ask(*peer, &question, WITNESS_TIMEOUT))).await;
        let is_fork = |reply: &PullReply| matches!(reply, PullReply::Fork(_));
        let (forks, others): (Vec<_>, Vec<_>) = answers.into_iter().flatten().partition(is_fork);
        if forks.len() > others.len() {
            self.context.world.fatal(&format!(
                "this node's metadata log is not the cluster's: it has entry {here}, and the cluster {there}. Its data directory was \
                 set back to an older copy, or a new lineage was begun without it. Replace the node: start it on an empty data \
                 directory, where it gets a new host id"
            ));
        }
    }
}
