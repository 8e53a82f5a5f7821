//! One node's part in the gossip of its cluster.

use crate::host_state::HostState;
use crate::limits::{FORGOTTEN_HOSTS_MAX, HOSTS_MAX, MESSAGE_DIGESTS_MAX};
use crate::peer::Peer;
use crate::{Digest, Event, Fact, HostFacts, Message};
use henge_base::{HostId, Mono};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::time::Duration;

/// The longest time between two polls. After a longer one this process itself stood still, so no peer is judged down
/// for that silence.
pub const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The gossip state of one node: its own facts, those of its peers, and which of them seem alive. Once a second the
/// owner calls [`Gossip::tick`], sends [`Gossip::open`] to a few peers, and calls [`Gossip::poll`] for changes;
/// arriving messages go to [`Gossip::on_message`]. A peer is down until it has answered this node.
#[derive(Clone, Debug)]
pub struct Gossip {
    pub(crate) host: HostId,
    pub(crate) own: HostState,
    pub(crate) peers: BTreeMap<HostId, Peer>,
    pub(crate) forgotten: BTreeSet<HostId>,
    /// A later generation of this host that a peer claims to know; `None` if there was no such claim.
    pub(crate) superseded: Option<u64>,
    /// The number of claims refused as impossible.
    pub(crate) refused: u64,
    /// The last host named in a partial opening; the next one continues after it.
    cursor: Option<HostId>,
    last_poll: Option<Mono>,
}

impl Gossip {
    /// The state of `host` at its start. `generation` must be higher than at every earlier start.
    pub fn new(host: HostId, generation: u64) -> Gossip {
        Gossip {
            host,
            own: HostState::new(generation),
            peers: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            superseded: None,
            refused: 0,
            cursor: None,
            last_poll: None,
        }
    }

    /// Sets a fact about this node. An unchanged fact costs nothing.
    pub fn set(&mut self, fact: Fact) {
        self.own.set(fact);
    }

    /// Advances this node's heartbeat.
    pub fn tick(&mut self, _now: Mono) {
        self.own.advance();
    }

    /// The message that opens an exchange. It may be sent to several peers.
    pub fn open(&mut self) -> Message {
        let mut digests = vec![self.own.digest(self.host)];
        let whole = self.peers.len() < MESSAGE_DIGESTS_MAX;
        let after = match self.cursor.filter(|_| !whole) {
            Some(cursor) => (Excluded(cursor), Unbounded),
            None => (Unbounded, Unbounded),
        };
        let turn = self.peers.range::<HostId, _>(after).chain(&self.peers).take(MESSAGE_DIGESTS_MAX - 1);
        let turn = turn.take(self.peers.len()).map(|(host, peer)| peer.state.digest(*host));
        digests.extend(turn.filter(|digest| digest.generation > 0));
        self.cursor = digests.last().map(|digest| digest.host).filter(|_| digests.len() > 1);
        Message::Open { digests, whole }
    }

    /// Records that `peer` answered a request at `at`.
    pub fn record_answer(&mut self, peer: HostId, at: Mono) {
        if let Some(peer) = self.peer(peer, at) {
            peer.record_answer(at);
        }
    }

    /// The changes since the last poll. Call it once a second; see [`PAUSE_MAX`].
    pub fn poll(&mut self, now: Mono) -> Vec<Event> {
        if self.last_poll.is_some_and(|last| now.since(last) > PAUSE_MAX) {
            self.peers.values_mut().for_each(|peer| peer.excuse_silence(now));
        }
        self.last_poll = Some(now);
        let mut events = Vec::new();
        self.peers.iter_mut().for_each(|(host, peer)| peer.poll(*host, now, &mut events));
        events
    }

    /// The highest epoch told by a peer that is up: host, lineage and index.
    pub fn newest_epoch(&self) -> Option<(HostId, u32, u64)> {
        let epochs = self.peers.iter().filter(|(_, peer)| peer.up).filter_map(|(host, peer)| {
            peer.state.facts().find_map(|fact| match fact {
                Fact::Epoch { lineage, index } => Some((*host, lineage, index)),
                Fact::Load { .. } => None,
            })
        });
        epochs.max_by_key(|(_, lineage, index)| (*lineage, *index))
    }

    /// The facts that `peer` told about itself; empty if it was never heard of.
    pub fn facts(&self, peer: HostId) -> impl Iterator<Item = Fact> {
        self.peers.get(&peer).into_iter().flat_map(|peer| peer.state.facts())
    }

    /// The facts known of every host, this one included.
    pub fn host_facts(&self) -> Vec<HostFacts> {
        let peers =
            self.peers.iter().map(|(host, peer)| (*host, &peer.state)).filter(|(_, state)| state.generation > 0);
        std::iter::once((self.host, &self.own)).chain(peers).map(|(host, state)| state.to_host_facts(host)).collect()
    }

    /// True if `peer` was up at the last poll.
    pub fn is_up(&self, peer: HostId) -> bool {
        self.peers.get(&peer).is_some_and(|peer| peer.up)
    }

    /// Peers that other hosts currently hear of but that have not answered this node. An exchange should be opened with
    /// them: in a large cluster random choice alone takes long to reach them.
    pub fn unmet_hosts(&self, now: Mono) -> impl Iterator<Item = HostId> {
        self.peers.iter().filter(move |(_, peer)| peer.is_unmet(now)).map(|(host, _)| *host)
    }

    /// A generation of this host later than its own that a peer knows, if any: another process runs under this host's
    /// id, or its data directory was set back to an earlier state. Peers ignore this process.
    pub fn newer_generation(&self) -> Option<u64> {
        self.superseded
    }

    /// The number of claims refused as impossible.
    pub fn refused_claims(&self) -> u64 {
        self.refused
    }

    /// Drops a removed host. Its id never comes back, so later claims about it are ignored.
    pub fn forget(&mut self, host: HostId) {
        self.peers.remove(&host);
        if self.forgotten.len() < FORGOTTEN_HOSTS_MAX {
            self.forgotten.insert(host);
        }
    }

    /// The peer `host`, added if it is new; `None` for this node, for a removed host, and when there are too many
    /// peers.
    pub(crate) fn peer(&mut self, host: HostId, now: Mono) -> Option<&mut Peer> {
        if !self.may_know(host) {
            return None;
        }
        Some(self.peers.entry(host).or_insert_with(|| Peer::new(now)))
    }

    /// True if `host` is a peer or may become one.
    pub(crate) fn may_know(&self, host: HostId) -> bool {
        let welcome = host != self.host && !self.forgotten.contains(&host);
        welcome && (self.peers.contains_key(&host) || self.peers.len() < HOSTS_MAX)
    }

    /// The state known of `host`, this node included; `None` if nothing is known.
    pub(crate) fn host_state(&self, host: HostId) -> Option<&HostState> {
        if host == self.host {
            return Some(&self.own);
        }
        self.peers.get(&host).map(|peer| &peer.state).filter(|state| state.generation > 0)
    }

    /// The digest of the state known of `host`; of generation zero if nothing is known.
    pub(crate) fn digest(&self, host: HostId) -> Digest {
        self.host_state(host).map_or(Digest { host, generation: 0, version: 0 }, |state| state.digest(host))
    }
}
