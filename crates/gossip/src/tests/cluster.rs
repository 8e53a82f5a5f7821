//! A cluster for schedules of exchanges: nodes, a network with chosen faults, and a clock.

use crate::{Event, Fact, Gossip, Members, Message};
use henge_base::{HostId, Mono, Random};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const SECOND: Duration = Duration::from_secs(1);

pub(super) fn host(at: usize) -> HostId {
    HostId(Uuid::from_u128(at as u128 + 1))
}

/// The members that the first `count` hosts are.
pub(super) fn members(count: usize) -> Arc<Members> {
    Arc::new((0..count).map(|at| (host(at), at as u16)).collect())
}

/// A node in a cluster of the first `count` hosts.
pub(super) fn node_of(at: usize, generation: u64, count: usize) -> Gossip {
    let mut gossip = Gossip::new(host(at), generation);
    gossip.set_members(members(count));
    gossip
}

pub(super) fn epoch(index: u64) -> Fact {
    Fact::Epoch { lineage: 0, index }
}

/// A message in flight.
pub(super) struct Letter {
    due: Mono,
    from: usize,
    to: usize,
    message: Message,
}

/// Nodes with a network between them and a clock of their own.
pub(super) struct Cluster {
    pub(super) nodes: Vec<Option<Gossip>>,
    members: Arc<Members>,
    pub(super) now: Mono,
    pub(super) letters: Vec<Letter>,
    pub(super) random: Random,
    /// Probabilities, in percent, that a message is lost and that it arrives twice.
    pub(super) loss: u64,
    pub(super) repeats: u64,
    /// Ordered pairs of nodes between which no message gets through.
    pub(super) cut: BTreeSet<(usize, usize)>,
    /// Time, node and event of each event.
    pub(super) events: Vec<(Mono, usize, Event)>,
}

impl Cluster {
    pub(super) fn new(size: usize, seed: u64) -> Cluster {
        Cluster::among(size, seed, size)
    }

    /// The first `size` of so many members.
    pub(super) fn among(size: usize, seed: u64, members_count: usize) -> Cluster {
        Cluster {
            nodes: (0..size).map(|at| Some(node_of(at, 1, members_count))).collect(),
            members: members(members_count),
            now: Mono(1_000_000),
            letters: Vec::new(),
            random: Random::new(seed),
            loss: 0,
            repeats: 0,
            cut: BTreeSet::new(),
            events: Vec::new(),
        }
    }

    /// Starts a node again, as a later process.
    pub(super) fn restart(&mut self, at: usize, generation: u64) {
        self.nodes[at] = Some(node_of(at, generation, self.members.len()));
    }

    pub(super) fn node(&mut self, at: usize) -> &mut Gossip {
        self.nodes[at].as_mut().unwrap()
    }

    /// Sends a message, encoded as the node does it.
    pub(super) fn send(&mut self, from: usize, to: usize, message: &Message) {
        let bytes = message.encode(&self.members);
        assert!(bytes.len() <= crate::MESSAGE_BYTES_MAX);
        if self.cut.contains(&(from, to)) {
            return;
        }
        let copies = if self.random.chance(self.repeats, 100) { 2 } else { 1 };
        for _ in 0..copies {
            if !self.random.chance(self.loss, 100) {
                let due = self.now + Duration::from_millis(self.random.between(1, 400));
                self.letters.push(Letter { due, from, to, message: Message::decode(&bytes, &self.members).unwrap() });
            }
        }
    }

    pub(super) fn deliver_until(&mut self, until: Mono) {
        loop {
            let next = (0..self.letters.len()).min_by_key(|at| self.letters[*at].due);
            let Some(next) = next.filter(|at| self.letters[*at].due <= until) else { break };
            let letter = self.letters.swap_remove(next);
            self.now = letter.due;
            let Some(node) = self.nodes.get_mut(letter.to).and_then(Option::as_mut) else { continue };
            if let Some(answer) = node.on_message(host(letter.from), letter.message, letter.due) {
                self.send(letter.to, letter.from, &answer);
            }
        }
        self.now = until;
    }

    /// One second: each node advances its heartbeat, opens exchanges with partners, and polls.
    pub(super) fn round(&mut self) {
        for at in 0..self.nodes.len() {
            let now = self.now;
            let Some(node) = self.nodes[at].as_mut() else { continue };
            node.tick(now);
            let partners = node.draw_partners(&mut self.random, now);
            let opening = node.open();
            let events = node.poll(now);
            self.events.extend(events.into_iter().map(|event| (now, at, event)));
            for other in partners {
                self.send(at, other.0.as_u128() as usize - 1, &opening);
            }
        }
        self.deliver_until(self.now + SECOND);
    }

    pub(super) fn rounds(&mut self, count: usize) {
        (0..count).for_each(|_| self.round());
    }

    /// True if node `at` judges every running node up and every other one down.
    pub(super) fn sees_who_runs(&self, at: usize) -> bool {
        let node = self.nodes[at].as_ref().unwrap();
        (0..self.nodes.len())
            .filter(|other| *other != at)
            .all(|other| node.is_up(host(other)) == self.nodes[other].is_some())
    }

    /// The facts that every running node knows of `at`.
    pub(super) fn known_of(&self, at: usize) -> Vec<Vec<Fact>> {
        let others = self.nodes.iter().enumerate().filter(|(other, _)| *other != at);
        others.filter_map(|(_, node)| node.as_ref()).map(|node| node.facts(host(at)).collect()).collect()
    }
}
