//! Gossip: once a second a heartbeat, an exchange with a few peers, and the failure detector's verdicts laid out for requests.

use crate::cluster::Cluster;
use crate::cluster::events::ClusterEvent;
use crate::ground::world::{To, World};
use crate::peers::messages::metadata::Gossip;
use henge_base::{HostId, Random};
use henge_gossip::{Event, Fact};
use henge_metadata::Epoch;
use std::sync::Arc;
use std::time::Duration;

/// Between two rounds.
const ROUND_INTERVAL: Duration = Duration::from_secs(1);
/// Peers that a round's opening is sent to, of each kind: those by chance, and those that never answered.
const FANOUT: usize = 3;

impl<W: World> Cluster<W> {
    /// Runs rounds of gossip until the node ends.
    pub(crate) async fn run_gossip(self: Arc<Self>) {
        let mut random = Random::new(self.context.world.random("gossip"));
        loop {
            self.gossip_round(&mut random);
            self.apply_verdicts();
            tokio::select! {
                biased;
                () = self.gossip_wakeup.notified() => {}
                () = self.context.pause(ROUND_INTERVAL) => {}
            }
        }
    }

    fn gossip_round(&self, random: &mut Random) {
        let own = self.context.host();
        let mut peers: Vec<HostId> =
            self.view().state.members.keys().copied().filter(|member| *member != own).collect();
        random.shuffle(&mut peers);
        let now = self.context.world.mono();
        let (opening, unmet) = {
            let mut gossip = self.gossip.lock();
            for (peer, at) in self.peers.liveness().take_answered() {
                gossip.record_answer(peer, at);
            }
            let Epoch { lineage, index } = self.epoch();
            gossip.set(Fact::Epoch { lineage, index });
            gossip.tick(now);
            let unmet: Vec<HostId> = gossip.unmet_hosts(now).collect();
            (gossip.open(), unmet)
        };
        // Members with news that never answered are met on purpose: in a large cluster chance alone takes long.
        for peer in unmet.into_iter().take(FANOUT).chain(peers.into_iter().take(FANOUT)) {
            self.peers.gossip(peer, &opening);
        }
    }

    /// Takes a message of gossip.
    pub(crate) fn receive_gossip(self: &Arc<Self>, from: HostId, message: Gossip) {
        if !self.view().state.members.contains_key(&from) {
            return;
        }
        let answer = self.gossip.lock().on_message(from, message, self.context.world.mono());
        if let Some(answer) = answer {
            self.peers.gossip(from, &answer);
        }
        // A member that answered is up from this moment on.
        self.apply_verdicts();
    }

    /// Applies what gossip concluded: who is up, and whether there is a newer epoch to fetch.
    fn apply_verdicts(self: &Arc<Self>) {
        let (events, newest) = {
            let mut gossip = self.gossip.lock();
            (gossip.poll(self.context.world.mono()), gossip.newest_epoch())
        };
        for event in events {
            self.apply_verdict(&event);
        }
        if let Some((peer, lineage, index)) = newest {
            let (epoch, peer) = (Epoch { lineage, index }, To::Host(peer));
            if epoch > self.epoch() && self.may_pull_from(peer) {
                // A task of its own: a peer that is slow to answer must not hold up heartbeats.
                let cluster = Arc::clone(self);
                self.context.world.spawn("catch up", async move { cluster.catch_up(epoch, peer).await });
            }
        }
    }

    fn apply_verdict(&self, event: &Event) {
        let (host, up) = match event {
            Event::Up(host) => (*host, true),
            Event::Down(host) => (*host, false),
        };
        let view = self.view();
        let Some(member) = view.state.members.get(&host) else { return };
        if !self.peers.liveness().set(host, up, self.context.world.mono()) {
            return;
        }
        tracing::info!(peer = %host, "{}", if up { "peer is UP" } else { "peer is DOWN" });
        self.context.metrics.peer_up(host, up);
        // Nobody may be listening.
        let address = member.rpc_address;
        let _ = self.events.send(if up { ClusterEvent::Up(address) } else { ClusterEvent::Down(address) });
    }
}
