//! Gossip: once a second a heartbeat, an exchange with a few peers, and the failure detector's verdicts laid out for requests.

use crate::cluster::Cluster;
use crate::cluster::events::ClusterEvent;
use crate::ground::world::{To, World};
use crate::peers::liveness::Liveness;
use crate::peers::messages::metadata::{Gossip, Probe, Shutdown};
use henge_base::{HostId, Micros, Random};
use henge_gossip::{Event, Fact, Link, Members, Message};
use henge_metadata::Epoch;
use std::sync::Arc;
use std::time::Duration;

/// Between two rounds.
const ROUND_INTERVAL: Duration = Duration::from_secs(1);
/// Between two moments at which a node tells how much it stores, as in Cassandra.
const LOAD_INTERVAL: Duration = Duration::from_secs(60);
/// Links of peers that do not answer which a round tries again.
const PROBES_MAX: usize = 30;
/// A probe that is not answered in this time is not answered.
const PROBE_TIMEOUT: Duration = Duration::from_millis(900);
/// The longest that a shutdown waits for peers to hear of it.
const SHUTDOWN_ANNOUNCEMENT_TIMEOUT: Duration = Duration::from_millis(500);

impl<W: World> Cluster<W> {
    /// Runs rounds of gossip until the node ends.
    pub(crate) async fn run_gossip(self: Arc<Self>) {
        let mut random = Random::new(self.context.world.random("gossip"));
        let mut load_told = None;
        loop {
            let now = self.context.world.mono();
            if load_told.is_none_or(|told| now.since(told) >= LOAD_INTERVAL) {
                load_told = Some(now);
                self.tell_load();
            }
            self.gossip_round(&mut random);
            self.apply_verdicts();
            tokio::select! {
                biased;
                () = self.gossip_wakeup.notified() => {}
                () = self.context.pause(ROUND_INTERVAL) => {}
            }
        }
    }

    /// Has gossip tell how much this node stores, by the storage engine's estimate.
    fn tell_load(&self) {
        let figures = self.store.figures();
        let bytes = figures.live_data_bytes.saturating_add(figures.memtable_bytes);
        self.gossip.lock().set(Fact::Load { bytes });
    }

    fn gossip_round(&self, random: &mut Random) {
        let now = self.context.world.mono();
        // Peers see by this node's clock that its disk has gone on, also while nobody writes.
        let _ = self.context.clock.stamp(self.context.now());
        let (opening, partners, silent) = {
            let mut gossip = self.gossip.lock();
            for (peer, link, report) in self.peers.liveness().take_reports() {
                gossip.report(peer, link, report, now);
            }
            let Epoch { lineage, index } = self.epoch();
            gossip.set(Fact::Epoch { lineage, index });
            gossip.set(Fact::ClockOffset { ahead_ms: self.context.clock.told_offset_ms() });
            gossip.tick(now);
            let partners = gossip.draw_partners(random, now);
            let silent: Vec<(HostId, Link)> = gossip.suspected_links(now).collect();
            (Gossip(gossip.encoded_opening().into()), partners, silent)
        };
        for peer in partners {
            self.peers.gossip(peer, &opening);
        }
        // Gossip tries the links for control itself.
        for (peer, link) in silent.into_iter().filter(|(_, link)| *link != Link::Control).take(PROBES_MAX) {
            self.probe(peer, link);
        }
    }

    /// Asks a peer for a sign of life by a link on which it did not answer; the answer, if it comes, is recorded.
    fn probe(&self, peer: HostId, link: Link) {
        let deadline = self.context.deadline_after(PROBE_TIMEOUT);
        let call = self.peers.call_by(Liveness::class_of(link), peer, deadline, &Probe { seeds: Vec::new() });
        self.context.world.spawn("probe", async move {
            // Whether it answered is all that matters.
            let _ = call.await;
        });
    }

    /// Takes a message of gossip.
    pub(crate) fn receive_gossip(self: &Arc<Self>, from: HostId, Gossip(bytes): Gossip) {
        let (answer, can_wait) = {
            let mut gossip = self.gossip.lock();
            let Ok(message) = Message::decode(&bytes, gossip.members()) else {
                tracing::debug!(peer = %from, "a message of gossip cannot be read");
                return;
            };
            let answer = gossip.on_message(from, message, self.context.world.mono());
            (answer.map(|answer| Gossip(answer.encode(gossip.members()).into())), gossip.can_wait(from))
        };
        if let Some(answer) = answer {
            self.peers.gossip(from, &answer);
        }
        // A member that answered is up from this moment on.
        if !can_wait {
            self.apply_verdicts();
        }
    }

    /// Has gossip speak of these members, and of no other host.
    pub(super) fn gossip_of(&self, members: Members) {
        self.gossip.lock().set_members(Arc::new(members));
    }

    /// A member says that this run of it shuts down: it is down from now on, so that no request waits for it.
    pub(crate) fn record_shutdown(self: &Arc<Self>, from: HostId, Shutdown { generation, lease }: Shutdown) {
        self.peers.sightings().record_end(from, lease);
        self.gossip.lock().shut_down(from, generation, self.context.world.mono());
        self.apply_verdicts();
    }

    /// Tells this node's own clients that it goes down, as peers tell theirs.
    pub(crate) fn tell_own_end(&self) {
        if let Some(member) = self.view().state.members.get(&self.context.host()) {
            // Nobody may be listening.
            let _ = self.events.send(ClusterEvent::Down(member.rpc_address));
        }
    }

    /// Tells all members that seem up that this node shuts down, and waits for their answers. `lease` is the last of its clock.
    pub(crate) async fn announce_shutdown(&self, lease: Micros) {
        if self.context.options.faults.silent_shutdown {
            return;
        }
        let shutdown = Shutdown { generation: self.context.identity.generation, lease };
        let deadline = self.context.deadline_after(SHUTDOWN_ANNOUNCEMENT_TIMEOUT);
        // Each is sent as soon as it is made; they are only awaited one after the other.
        let up = self.peers.liveness().up();
        let calls: Vec<_> = up.iter().map(|peer| (*peer, self.peers.call(*peer, deadline, &shutdown))).collect();
        for (peer, call) in calls {
            if let Err(error) = call.await {
                tracing::debug!(%peer, %error, "a peer was not told of the shutdown, and will notice it");
            }
        }
    }

    /// Applies what gossip concluded: who is up, and whether there is a newer epoch to fetch.
    fn apply_verdicts(self: &Arc<Self>) {
        let (events, newest) = {
            let mut gossip = self.gossip.lock();
            (gossip.poll(self.context.world.mono()), gossip.newest_epoch())
        };
        if !events.is_empty() {
            self.apply_events(&events);
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

    fn apply_events(&self, events: &[Event]) {
        let view = self.view();
        let verdicts = events.iter().map(|event| match event {
            Event::Up(host) => (*host, true),
            Event::Down(host) => (*host, false),
        });
        let of_members = verdicts.filter(|(host, _)| view.state.members.contains_key(host)).collect();
        for (host, up) in self.peers.liveness().set(of_members, self.context.world.mono()) {
            tracing::info!(peer = %host, "{}", if up { "peer is UP" } else { "peer is DOWN" });
            self.context.metrics.peer_up(host, up);
            if view.state.is_newcomer(host) {
                continue;
            }
            if let Some(member) = view.state.members.get(&host) {
                // Nobody may be listening.
                let address = member.rpc_address;
                let _ = self.events.send(if up { ClusterEvent::Up(address) } else { ClusterEvent::Down(address) });
            }
        }
    }
}
