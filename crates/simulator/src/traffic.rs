//! Bytes that machines send each other, the peers that they have to do with, and the connections that they hold for it.

use henge_node::Class;
use std::collections::{BTreeMap, BTreeSet};

const SECOND: u64 = 1_000_000;
/// Time after which a connection is closed on which nothing was sent, as `henge-transport` has it.
const UNUSED_TIMEOUT: u64 = 45 * SECOND;
/// The same of one for bulk, and of one for control while its caller has more than so many.
const BURST_TIMEOUT: u64 = 10 * SECOND;
const CONTROL_LINKS_MAX: usize = 64;

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
    /// The connections that it opened, by class and peer, with the time when it last sent anything on each.
    connections: BTreeMap<(Class, usize), u64>,
}

impl MachineTraffic {
    /// Closes the connections that were not used for long.
    fn close_unused(&mut self, now: u64) {
        let is_open = |used: u64, timeout: u64| now < used + timeout;
        self.connections.retain(|(class, _), used| {
            is_open(*used, if *class == Class::Bulk { BURST_TIMEOUT } else { UNUSED_TIMEOUT })
        });
        if self.connections.keys().filter(|(class, _)| *class == Class::Control).count() > CONTROL_LINKS_MAX {
            self.connections.retain(|(class, _), used| *class != Class::Control || is_open(*used, BURST_TIMEOUT));
        }
    }
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

    /// Records the use of a connection, which is opened if there is none.
    pub(crate) fn record_use(&mut self, (from, to): (usize, usize), class: Class, now: u64) {
        self.machines[from].connections.insert((class, to), now);
    }

    /// The number of connections that each machine holds now: those that it opened, and those of others to it.
    pub(crate) fn connections(&mut self, now: u64) -> Vec<u64> {
        let mut held = vec![0; self.machines.len()];
        for (from, machine) in self.machines.iter_mut().enumerate() {
            machine.close_unused(now);
            for (_, to) in machine.connections.keys() {
                held[from] += 1;
                held[*to] += 1;
            }
        }
        held
    }

    /// Records a message without a reply: gossip.
    pub(crate) fn record_told(&mut self, (from, to): (usize, usize), bytes: usize) {
        self.machines[from].gossip_bytes += bytes as u64;
        self.machines[from].gossip_peers.insert(to);
        self.machines[to].gossip_peers.insert(from);
        self.record((from, to), bytes);
    }

    /// Begins to count anew. Connections stay.
    pub(crate) fn clear(&mut self) {
        for machine in &mut self.machines {
            *machine =
                MachineTraffic { connections: std::mem::take(&mut machine.connections), ..MachineTraffic::default() };
        }
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
