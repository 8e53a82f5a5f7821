//! One node's part in the gossip of its cluster.

use crate::host_state::HostState;
use crate::limits::{FORGOTTEN_MAX, HOSTS_MAX, MESSAGE_DIGESTS_MAX};
use crate::peer::Peer;
use crate::{Digest, Event, Fact, Message, Told};
use henge_base::{HostId, Mono};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::time::Duration;

/// A longer time between two polls means that this process stood still: nobody is given up for that silence.
pub const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What this node tells of itself, what it knows of others, and who seems alive. Once a second the owner calls
/// [`Gossip::tick`], sends [`Gossip::open`] to a few peers and asks [`Gossip::poll`] what changed; in between it hands in
/// what arrives. Peers are down until they answered this node.
#[derive(Clone, Debug)]
pub struct Gossip {
    pub(crate) host: HostId,
    pub(crate) own: HostState,
    pub(crate) peers: BTreeMap<HostId, Peer>,
    pub(crate) forgotten: BTreeSet<HostId>,
    /// A later generation of this host that a peer claims to know.
    pub(crate) superseded: Option<u64>,
    /// Claims that could not be true.
    pub(crate) refused: u64,
    /// Last host named in a partial opening.
    cursor: Option<HostId>,
    last_poll: Option<Mono>,
}

impl Gossip {
    /// The part of `host`. `generation` must be higher than at every start before.
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

    /// Sets a fact about this node. It costs nothing when it is as before.
    pub fn set(&mut self, fact: Fact) {
        self.own.set(fact);
    }

    /// A heartbeat of this node.
    pub fn tick(&mut self, _now: Mono) {
        self.own.advance();
    }

    /// What to open an exchange with. The same message may go to several peers.
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

    /// A request to `peer` was answered at `at`.
    pub fn evidence(&mut self, peer: HostId, at: Mono) {
        if let Some(peer) = self.peer(peer, at) {
            peer.answered(at);
        }
    }

    /// What changed since the last poll. To be asked about once a second; see [`PAUSE_MAX`].
    pub fn poll(&mut self, now: Mono) -> Vec<Event> {
        if self.last_poll.is_some_and(|last| now.since(last) > PAUSE_MAX) {
            self.peers.values_mut().for_each(|peer| peer.excuse(now));
        }
        self.last_poll = Some(now);
        let mut events = Vec::new();
        self.peers.iter_mut().for_each(|(host, peer)| peer.poll(*host, now, &mut events));
        events
    }

    /// The highest epoch that a peer which is up has told, as host, lineage and index.
    pub fn newest_epoch(&self) -> Option<(HostId, u32, u64)> {
        let epochs = self.peers.iter().filter(|(_, peer)| peer.up).filter_map(|(host, peer)| {
            peer.state.facts().find_map(|fact| match fact {
                Fact::Epoch { lineage, index } => Some((*host, lineage, index)),
                Fact::Load { .. } => None,
            })
        });
        epochs.max_by_key(|(_, lineage, index)| (*lineage, *index))
    }

    /// What `peer` tells of itself; nothing when it never was heard of.
    pub fn facts(&self, peer: HostId) -> impl Iterator<Item = Fact> {
        self.peers.get(&peer).into_iter().flat_map(|peer| peer.state.facts())
    }

    /// What is known of every host, this one included.
    pub fn told(&self) -> Vec<Told> {
        let peers =
            self.peers.iter().map(|(host, peer)| (*host, &peer.state)).filter(|(_, state)| state.generation > 0);
        std::iter::once((self.host, &self.own)).chain(peers).map(|(host, state)| state.told(host)).collect()
    }

    /// Whether `peer` is up, by the last poll.
    pub fn is_up(&self, peer: HostId) -> bool {
        self.peers.get(&peer).is_some_and(|peer| peer.up)
    }

    /// Hosts that others hear of now but that have not answered this node: worth opening an exchange with. In a large
    /// cluster chance alone takes long to meet them.
    pub fn unmet(&self, now: Mono) -> impl Iterator<Item = HostId> {
        self.peers.iter().filter(move |(_, peer)| peer.is_unmet(now)).map(|(host, _)| *host)
    }

    /// A generation later than this node's own that a peer knows: another process runs under this host's id, or its data
    /// directory was set back to an earlier state. Peers will not listen to this process.
    pub fn superseded(&self) -> Option<u64> {
        self.superseded
    }

    /// How many claims were refused as impossible.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Drops a removed host. Its id never comes back, so what others still tell of it is ignored from now on.
    pub fn forget(&mut self, host: HostId) {
        self.peers.remove(&host);
        if self.forgotten.len() < FORGOTTEN_MAX {
            self.forgotten.insert(host);
        }
    }

    /// The peer `host`, taken up if need be; `None` for this node, a removed one, and when there are too many.
    pub(crate) fn peer(&mut self, host: HostId, now: Mono) -> Option<&mut Peer> {
        if !self.may_know(host) {
            return None;
        }
        Some(self.peers.entry(host).or_insert_with(|| Peer::new(now)))
    }

    /// Whether there is a peer `host`, or may be one.
    pub(crate) fn may_know(&self, host: HostId) -> bool {
        let welcome = host != self.host && !self.forgotten.contains(&host);
        welcome && (self.peers.contains_key(&host) || self.peers.len() < HOSTS_MAX)
    }

    /// What this node knows of `host`, itself included.
    pub(crate) fn known(&self, host: HostId) -> Option<&HostState> {
        if host == self.host {
            return Some(&self.own);
        }
        self.peers.get(&host).map(|peer| &peer.state).filter(|state| state.generation > 0)
    }

    /// As [`Gossip::known`], as a digest; of generation zero when nothing is known.
    pub(crate) fn digest(&self, host: HostId) -> Digest {
        self.known(host).map_or(Digest { host, generation: 0, version: 0 }, |state| state.digest(host))
    }
}
