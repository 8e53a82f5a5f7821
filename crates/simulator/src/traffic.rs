//! Bytes that machines send each other, and the peers that they have to do with.

use std::collections::BTreeSet;

/// The traffic of all machines.
#[derive(Debug)]
pub(crate) struct Traffic {
    machines: Vec<MachineTraffic>,
}

/// The traffic of one machine.
#[derive(Clone, Debug, Default)]
struct MachineTraffic {
    gossip_bytes: u64,
    bytes: u64,
    /// The peers that it gossiped with.
    gossip_peers: BTreeSet<usize>,
    /// The peers that it had to do with for any reason.
    peers: BTreeSet<usize>,
}

impl Traffic {
    pub(crate) fn new(machines: usize) -> Traffic {
        Traffic { machines: vec![MachineTraffic::default(); machines] }
    }

    /// Records a request or a reply, which a machine sends to another.
    pub(crate) fn record(&mut self, (from, to): (usize, usize), bytes: usize) {
        self.machines[from].bytes += bytes as u64;
        self.machines[from].peers.insert(to);
        self.machines[to].peers.insert(from);
    }

    /// Records a message without a reply: gossip.
    pub(crate) fn record_told(&mut self, (from, to): (usize, usize), bytes: usize) {
        self.machines[from].gossip_bytes += bytes as u64;
        self.machines[from].gossip_peers.insert(to);
        self.machines[to].gossip_peers.insert(from);
        self.record((from, to), bytes);
    }

    /// Begins to count anew.
    pub(crate) fn clear(&mut self) {
        self.machines.fill(MachineTraffic::default());
    }

    /// The bytes that each machine sent, for gossip alone.
    pub(crate) fn gossip_bytes(&self) -> Vec<u64> {
        self.machines.iter().map(|sent| sent.gossip_bytes).collect()
    }

    /// The bytes that each machine sent.
    pub(crate) fn bytes(&self) -> Vec<u64> {
        self.machines.iter().map(|sent| sent.bytes).collect()
    }

    /// The number of peers that each machine gossiped with.
    pub(crate) fn gossip_links(&self) -> Vec<u64> {
        self.machines.iter().map(|sent| sent.gossip_peers.len() as u64).collect()
    }

    /// The number of peers that each machine had to do with.
    pub(crate) fn links(&self) -> Vec<u64> {
        self.machines.iter().map(|sent| sent.peers.len() as u64).collect()
    }
}
