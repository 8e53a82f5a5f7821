//! Once a second: a heartbeat, an exchange with a peer or three, and the detector's verdicts laid out for requests.

use crate::cluster::catch_up;
use crate::cluster::events::ClusterEvent;
use crate::coordinator::hints::HintQueue;
use crate::ground::world::{To, World};
use crate::peers::control;
use crate::peers::header::Kind;
use crate::shared::Shared;
use henge_base::{Bytes, HostId, Random};
use henge_gossip::{Event, Fact, Message};
use henge_metadata::Epoch;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Between two rounds.
const ROUND: Duration = Duration::from_secs(1);
/// Peers spoken to in a round.
const FANOUT: usize = 3;

/// What wakes gossip, and whom it wakes.
pub(crate) struct Talk {
    /// Begins a round at once.
    pub(crate) kick: Notify,
    pub(crate) hints: Arc<HintQueue>,
}

/// Runs rounds until the node ends.
pub(crate) async fn run<W: World>(shared: Arc<Shared<W>>, talk: Arc<Talk>) {
    let mut random = Random::new(shared.world.random("gossip"));
    loop {
        round(&shared, &mut random);
        settle(&shared, &talk);
        tokio::select! {
            biased;
            () = talk.kick.notified() => {}
            () = shared.pause(ROUND) => {}
        }
    }
}

fn round<W: World>(shared: &Arc<Shared<W>>, random: &mut Random) {
    let mut peers: Vec<HostId> =
        shared.view.load().state.members.keys().copied().filter(|m| *m != shared.local()).collect();
    random.shuffle(&mut peers);
    let now = shared.world.mono();
    let (opening, unmet) = {
        let mut gossip = shared.gossip.lock();
        for (peer, at) in shared.liveness.take_answered() {
            gossip.evidence(peer, at);
        }
        gossip.set(Fact::Epoch { lineage: shared.epoch().lineage, index: shared.epoch().index });
        gossip.tick(now);
        let unmet: Vec<HostId> = gossip.unmet(now).collect();
        (gossip.open(), unmet)
    };
    // Whoever has news but never answered us is met on purpose: in a large cluster chance alone takes long.
    for peer in unmet.into_iter().take(FANOUT).chain(peers.into_iter().take(FANOUT)) {
        send(shared, peer, &opening);
    }
}

fn send<W: World>(shared: &Shared<W>, to: HostId, message: &Message) {
    let bytes = shared.message(Kind::Gossip, &control::encode(message));
    shared.world.tell(to, bytes);
}

/// A message of gossip arrived.
pub(crate) fn heard<W: World>(shared: &Arc<Shared<W>>, talk: &Talk, from: HostId, body: &Bytes) {
    let Ok(message) = control::decode::<Message>(body) else { return };
    if !shared.view.load().state.members.contains_key(&from) {
        return;
    }
    let answer = shared.gossip.lock().on_message(from, message, shared.world.mono());
    if let Some(answer) = answer {
        send(shared, from, &answer);
    }
    // Whoever answered is up from this moment on.
    settle(shared, talk);
}

/// Applies what gossip concluded: who is up, and whether there is a newer epoch to fetch.
fn settle<W: World>(shared: &Arc<Shared<W>>, talk: &Talk) {
    let (events, newest) = {
        let mut gossip = shared.gossip.lock();
        (gossip.poll(shared.world.mono()), gossip.newest_epoch())
    };
    for event in events {
        apply(shared, &talk.hints, &event);
    }
    if let Some((peer, lineage, index)) = newest {
        let (epoch, peer) = (Epoch { lineage, index }, To::Host(peer));
        if epoch > shared.epoch() && catch_up::may_follow(shared, peer) {
            // A task of its own: a peer that is slow to answer must not hold up heartbeats.
            let job = Arc::clone(shared);
            shared.world.spawn("catch up", async move {
                catch_up::towards(&job, epoch, peer).await;
            });
        }
    }
}

fn apply<W: World>(shared: &Shared<W>, hints: &HintQueue, event: &Event) {
    let (host, up) = match event {
        Event::Up(host) => (*host, true),
        Event::Down(host) => (*host, false),
    };
    let view = shared.view.load();
    let Some(member) = view.state.members.get(&host) else { return };
    if !shared.liveness.set(host, up, shared.world.mono()) {
        return;
    }
    tracing::info!(peer = %host, "{}", if up { "peer is UP" } else { "peer is DOWN" });
    shared.metrics.peer_up(host, up);
    if up {
        hints.deliver.notify_one();
    }
    // Nobody may be listening.
    let address = member.rpc_address;
    let _ = shared.events.send(if up { ClusterEvent::Up(address) } else { ClusterEvent::Down(address) });
}
