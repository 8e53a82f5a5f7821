//! One node's part in the gossip of its cluster.

use crate::evidence::{Link, LinkReport};
use crate::host_state::HostState;
use crate::limits::{MESSAGE_BYTES_MAX, MESSAGE_FRAME_BYTES};
use crate::partners::Partners;
use crate::peer::Peer;
use crate::{Digest, Event, Fact, HostFacts, Members, Message};
use henge_base::{HostId, Mono, Random};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;
use std::time::Duration;

/// The longest time between two polls. After a longer one this process itself stood still, so no peer is judged down
/// for that silence.
pub const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The gossip state of one node: its own facts, those of its peers, and which of them seem alive. Once a second the
/// owner calls [`Gossip::tick`], sends [`Gossip::open`] to the hosts of [`Gossip::draw_partners`], and calls
/// [`Gossip::poll`] for changes; arriving messages go to [`Gossip::on_message`].
///
/// A peer is up while its heartbeats advance, whoever relays them, and nothing refutes that this node reaches it. In a
/// cluster so small that exchanges are opened with everybody it must also have answered.
#[derive(Clone, Debug)]
pub struct Gossip {
    pub(crate) host: HostId,
    pub(crate) own: HostState,
    pub(crate) peers: BTreeMap<HostId, Peer>,
    pub(crate) members: Arc<Members>,
    partners: Partners,
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
            members: Arc::default(),
            partners: Partners::default(),
            superseded: None,
            refused: 0,
            cursor: None,
            last_poll: None,
        }
    }

    /// Sets who the members are. Peers that are none are dropped, and claims about them ignored.
    pub fn set_members(&mut self, members: Arc<Members>) {
        self.peers.retain(|host, _| members.contains(*host));
        self.members = members;
    }

    /// The members that gossip may speak of.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// The bytes of [`Gossip::open`].
    pub fn encoded_opening(&mut self) -> Vec<u8> {
        self.open().encode(&self.members)
    }

    /// Sets a fact about this node. An unchanged fact costs nothing.
    pub fn set(&mut self, fact: Fact) {
        self.own.set(fact);
    }

    /// Advances this node's heartbeat.
    pub fn tick(&mut self, _now: Mono) {
        self.own.advance();
    }

    /// The hosts to open an exchange with in this round: some of the partners, those of them that never answered, and
    /// peers that others hear of while they do not answer here.
    pub fn draw_partners(&mut self, random: &mut Random, now: Mono) -> Vec<HostId> {
        let others: Vec<HostId> = self.members.hosts().filter(|host| *host != self.host).collect();
        let peers = &self.peers;
        self.partners.renew(&others, |host| peers.get(&host).is_some_and(|peer| peer.up), random);
        let fanout = self.partners.fanout(others.len());
        let mut view: Vec<HostId> = self.partners.hosts().collect();
        random.shuffle(&mut view);
        let mut drawn: Vec<HostId> = view.iter().take(fanout).copied().collect();
        let is_unmet = |host: &&HostId| peers.get(*host).is_some_and(|peer| peer.is_unmet(now));
        drawn.extend(view.iter().filter(is_unmet).take(fanout));
        let mut suspects: Vec<HostId> = self.suspected_links(now).map(|(host, _)| host).collect();
        random.shuffle(&mut suspects);
        drawn.extend(suspects.into_iter().take(fanout));
        drawn.sort();
        drawn.dedup();
        for host in &drawn {
            if let Some(peer) = self.peer(*host, now) {
                peer.record_opening(now);
            }
        }
        drawn
    }

    /// The hosts of which partners are drawn: all others in a small cluster, a few that change slowly in a large one. Links to them are
    /// there anyway. Empty before the first round.
    pub fn partners(&self) -> impl Iterator<Item = HostId> {
        self.partners.hosts()
    }

    /// The message that opens an exchange. It may be sent to several peers.
    pub fn open(&mut self) -> Message {
        let own = self.own.digest(self.host);
        let mut room = MESSAGE_BYTES_MAX - MESSAGE_FRAME_BYTES - own.wire_len();
        let mut digests = vec![own];
        let after = self.cursor.map_or((Unbounded, Unbounded), |cursor| (Excluded(cursor), Unbounded));
        let known = self.peers.values().filter(|peer| peer.state.generation > 0).count();
        let turn = self.peers.range::<HostId, _>(after).chain(&self.peers).take(self.peers.len());
        for digest in turn.map(|(host, peer)| peer.state.digest(*host)).filter(|digest| digest.generation > 0) {
            let Some(rest) = room.checked_sub(digest.wire_len()) else { break };
            room = rest;
            digests.push(digest);
        }
        let whole = digests.len() > known;
        self.cursor = digests.last().map(|digest| digest.host).filter(|_| !whole);
        Message::Open { digests, whole }
    }

    /// Records the requests that ended on a link to `peer` since the last report.
    pub fn report(&mut self, peer: HostId, link: Link, report: LinkReport, now: Mono) {
        if let Some(peer) = self.peer(peer, now) {
            peer.report(link, report, now);
        }
    }

    /// Records that `peer` answered a message of an exchange at `at`.
    pub(crate) fn record_answer(&mut self, peer: HostId, at: Mono) {
        self.report(peer, Link::Control, LinkReport { answered: Some(at), silence: None }, at);
    }

    /// The links on which a peer seems not to answer although others hear of it: one request a second on each finds out.
    pub fn suspected_links(&self, now: Mono) -> impl Iterator<Item = (HostId, Link)> {
        let heard = self.peers.iter().filter(move |(_, peer)| peer.is_heard_of(now));
        heard.flat_map(|(host, peer)| peer.suspected_links().map(|link| (*host, link)))
    }

    /// Records that `peer` says that it shuts down: it is down from the next poll on, until a later generation of it is
    /// heard of. A generation that it cannot have is ignored.
    pub fn shut_down(&mut self, peer: HostId, generation: u64, now: Mono) {
        if self.is_plausible(&Digest { host: peer, generation, version: 0 })
            && let Some(peer) = self.peer(peer, now)
        {
            peer.shut_down(generation);
        }
    }

    /// The changes since the last poll. Call it once a second; see [`PAUSE_MAX`].
    pub fn poll(&mut self, now: Mono) -> Vec<Event> {
        if self.last_poll.is_some_and(|last| now.since(last) > PAUSE_MAX) {
            self.peers.values_mut().for_each(|peer| peer.excuse_silence(now));
        }
        self.last_poll = Some(now);
        let mut events = Vec::new();
        let must_meet = self.partners.are_all(self.members.len().saturating_sub(1));
        self.peers.iter_mut().for_each(|(host, peer)| peer.poll(*host, now, must_meet, &mut events));
        events
    }

    /// True if nothing is lost by leaving to the poll of the next round what a message of `peer` has changed. In a large cluster that is
    /// so of each peer that is up: a poll goes through all peers, and several messages come in a second.
    pub fn can_wait(&self, peer: HostId) -> bool {
        !self.partners.are_all(self.members.len().saturating_sub(1)) && self.is_up(peer)
    }

    /// The highest epoch told by a peer that is up: host, lineage and index.
    pub fn newest_epoch(&self) -> Option<(HostId, u32, u64)> {
        let epochs = self.peers.iter().filter(|(_, peer)| peer.up).filter_map(|(host, peer)| {
            peer.state.facts().find_map(|fact| match fact {
                Fact::Epoch { lineage, index } => Some((*host, lineage, index)),
                Fact::Load { .. } | Fact::ClockOffset { .. } => None,
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

    /// A generation of this host later than its own that a peer knows, if any: another process runs under this host's
    /// id, or its data directory was set back to an earlier state. Peers ignore this process.
    pub fn newer_generation(&self) -> Option<u64> {
        self.superseded
    }

    /// The number of claims refused as impossible.
    pub fn refused_claims(&self) -> u64 {
        self.refused
    }

    /// The peer `host`, added if it is new; `None` for this node and for hosts that are no members.
    pub(crate) fn peer(&mut self, host: HostId, now: Mono) -> Option<&mut Peer> {
        if !self.may_know(host) {
            return None;
        }
        Some(self.peers.entry(host).or_insert_with(|| Peer::new(now)))
    }

    /// True if `host` is a peer or may become one.
    pub(crate) fn may_know(&self, host: HostId) -> bool {
        host != self.host && self.members.contains(host)
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
