//! The steps of an exchange: opening, answer, close. Messages may arrive late, repeated or forged.

use crate::gossip::Gossip;
use crate::limits::{GENERATION_STEP_MAX, MESSAGE_BYTES_MAX, MESSAGE_FRAME_BYTES, VERSION_MAX};
use crate::{Delta, Digest, Message};
use henge_base::{HostId, Mono};
use std::cmp::Reverse;

impl Gossip {
    /// Handles a message of `from`, whose identity the transport has verified; the message to answer with, if any.
    pub fn on_message(&mut self, from: HostId, message: Message, now: Mono) -> Option<Message> {
        if !self.may_know(from) {
            return None;
        }
        match message {
            Message::Open { digests, whole } => Some(self.answer_open(&digests, whole)),
            Message::Answer { deltas, wants } => {
                self.apply_deltas(&deltas, now);
                self.record_answer(from, now);
                Some(Message::Close { deltas: self.deltas(wants, MESSAGE_BYTES_MAX - MESSAGE_FRAME_BYTES) })
            }
            Message::Close { deltas } => {
                self.apply_deltas(&deltas, now);
                self.record_answer(from, now);
                None
            }
        }
    }

    fn answer_open(&mut self, digests: &[Digest], whole: bool) -> Message {
        let mut room = MESSAGE_BYTES_MAX - MESSAGE_FRAME_BYTES;
        let mut wants = Vec::new();
        for digest in digests {
            let known = self.digest(digest.host);
            let ahead = (digest.generation, digest.version) > (known.generation, known.version);
            if digest.host == self.host {
                self.heed_claim(digest);
            } else if ahead && self.may_know(digest.host) && self.is_plausible(digest) {
                // Half of the message is for what the peer lacks.
                let rest = room.checked_sub(known.wire_len()).filter(|rest| *rest >= MESSAGE_BYTES_MAX / 2);
                let Some(rest) = rest else { continue };
                room = rest;
                wants.push(known);
            }
        }
        let mut lacking = digests.to_vec();
        if whole {
            lacking.extend(self.missing_digests(digests));
        }
        Message::Answer { deltas: self.deltas(lacking, room), wants }
    }

    /// Digests of the hosts known here that `digests` do not name. They have generation zero, for the peer knows
    /// nothing of them.
    fn missing_digests(&self, digests: &[Digest]) -> Vec<Digest> {
        let mut named: Vec<HostId> = digests.iter().map(|digest| digest.host).collect();
        named.sort_unstable();
        let hosts = self.peers.keys().copied().chain([self.host]);
        let unnamed = hosts.filter(|host| named.binary_search(host).is_err());
        unnamed.map(|host| Digest { host, generation: 0, version: 0 }).collect()
    }

    /// The deltas that a peer at `digests` lacks, as many as `room` bytes hold: this node's own first, then those of the
    /// hosts furthest behind.
    fn deltas(&self, digests: Vec<Digest>, mut room: usize) -> Vec<Delta> {
        let lead = |digest: Digest| {
            let state = self.host_state(digest.host)?;
            state.versions_ahead(&digest).map(|lead| (Reverse((digest.host == self.host, lead)), digest))
        };
        let mut behind: Vec<_> = digests.into_iter().filter_map(lead).collect();
        behind.sort_by_key(|(lead, digest)| (*lead, digest.host));
        let mut deltas = Vec::new();
        for (_, digest) in behind {
            let Some(delta) = self.host_state(digest.host).map(|state| state.delta(&digest)) else { continue };
            let Some(rest) = room.checked_sub(delta.wire_len()) else { break };
            room = rest;
            deltas.push(delta);
        }
        deltas
    }

    fn apply_deltas(&mut self, deltas: &[Delta], now: Mono) {
        for delta in deltas {
            if delta.upto.host == self.host {
                self.heed_claim(&delta.upto);
                continue;
            }
            let sound = self.is_plausible(&delta.upto) && is_consistent(delta);
            if !sound {
                self.refused += 1;
            } else if let Some(peer) = self.peer(delta.upto.host, now) {
                peer.apply(delta, now);
            }
        }
    }

    /// True if the host can have this generation and version. A forged generation far in the future would make the host
    /// unheard for ever.
    pub(crate) fn is_plausible(&self, digest: &Digest) -> bool {
        let known = self.host_state(digest.host).map_or(0, |state| state.generation).max(self.own.generation);
        let latest = known.saturating_add(GENERATION_STEP_MAX);
        (1..=latest).contains(&digest.generation) && digest.version <= VERSION_MAX
    }

    /// Reacts to a claim about this node. Its facts are never taken over. If it claims a later version than this node
    /// has sent, this node moves beyond it, for peers would ignore the lower one.
    fn heed_claim(&mut self, digest: &Digest) {
        if !self.is_plausible(digest) {
            self.refused += u64::from(digest.generation > 0);
        } else if digest.generation > self.own.generation {
            self.superseded = self.superseded.max(Some(digest.generation));
        } else if digest.generation == self.own.generation && digest.version > self.own.version {
            self.own.overtake(digest.version);
        }
    }
}

/// True if the versions of a delta are consistent with each other.
fn is_consistent(delta: &Delta) -> bool {
    delta.since <= delta.upto.version
        && delta.facts.iter().all(|(_, version)| (delta.since + 1..=delta.upto.version).contains(version))
}
