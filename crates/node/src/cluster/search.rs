//! Looking for members that are not where the log has them. The entry that gives a member its new address needs a majority of voters, which
//! must reach each other first; and a member that missed it may reach none that has it.

use crate::cluster::Cluster;
use crate::ground::world::{To, World};
use crate::peers::messages::metadata::ProbeReply;
use futures_util::future::join_all;
use henge_base::{HostId, Random};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

/// Whoever is at an address may take so long to answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// Addresses that are tried at a time.
const PROBES_MAX: usize = 30;
/// Members whose addresses are told to one that asks.
const MOVED_MAX: usize = 256;

impl<W: World> Cluster<W> {
    /// The members that do not seem up, or that calls do not reach.
    pub(crate) fn lost_members(&self) -> BTreeSet<HostId> {
        if self.context.options.faults.trust_logged_addresses {
            return BTreeSet::new();
        }
        let view = self.view();
        let others = view.state.members.keys().copied().filter(|host| *host != self.context.host());
        others.filter(|host| self.is_lost(*host)).collect()
    }

    fn is_lost(&self, host: HostId) -> bool {
        !self.peers.liveness().is_up(host) || self.peers.addresses().is_unreached(host)
    }

    /// Looks for members once: where seeds are, where the log has lost members and this node, and at members that may have met them.
    pub(crate) async fn search_for(&self, lost: &BTreeSet<HostId>) {
        let reached = self.others(To::Host(self.context.host())).into_iter().filter(|to| match to {
            To::Host(host) => !lost.contains(host),
            To::Address(_) => true,
        });
        let places = reached.chain(self.search_addresses(lost).into_iter().map(To::Address));
        let probes = places.map(async |to| (to, self.peers.probe(to, PROBE_TIMEOUT).await));
        for (to, answer) in join_all(probes).await {
            if let Ok((start, ProbeReply { host, moved, .. })) = answer {
                moved.into_iter().filter(|(host, _)| self.is_lost(*host)).for_each(|(host, address)| {
                    self.note_address(host, Some(address));
                });
                if let To::Address(address) = to {
                    self.take_found(host, start, address);
                }
            }
        }
    }

    /// The addresses at which a lost member may be, those by chance if there are many.
    fn search_addresses(&self, lost: &BTreeSet<HostId>) -> Vec<SocketAddr> {
        let (view, own) = (self.view(), self.context.host());
        let members = view.state.members.values();
        let (sought, others): (Vec<_>, Vec<_>) = members.partition(|m| m.id == own || lost.contains(&m.id));
        let mut addresses: BTreeSet<SocketAddr> = self.context.options.seeds.iter().copied().collect();
        addresses.extend(sought.iter().map(|member| member.address));
        addresses.remove(&self.context.options.address);
        for member in others {
            addresses.remove(&self.peers.addresses().address(member.id).unwrap_or(member.address));
        }
        let mut addresses: Vec<SocketAddr> = addresses.into_iter().collect();
        Random::new(self.context.world.random("search")).shuffle(&mut addresses);
        addresses.truncate(PROBES_MAX);
        addresses
    }

    /// Takes in that a process answers at an address. One that is not the admitted process of a member that is up is left alone: it may
    /// be on a copy of that member's disk.
    fn take_found(&self, host: HostId, start: u32, address: SocketAddr) {
        let is_admitted = self.peers.sightings().get(host).is_some_and(|seen| seen.start == start);
        if self.is_lost(host) && (is_admitted || !self.peers.liveness().is_up(host)) {
            self.note_address(host, Some(address));
        }
    }

    /// Notes where a member is, and calls it there from now on.
    pub(super) fn note_address(&self, host: HostId, address: Option<SocketAddr>) {
        if self.context.options.faults.trust_logged_addresses || host == self.context.host() {
            return;
        }
        if let Some(address) = address.and_then(|address| self.peers.addresses().note(host, address)) {
            tracing::info!(peer = %host, %address, "a member is at another address than before");
            self.context.world.learn(host, address);
            // What it knows of the metadata log is to be had from now on.
            self.gossip_wakeup.notify_one();
            self.recalls.note_members();
        }
    }

    /// Members that are not where the log has them, for one that looks for them.
    pub(super) fn moved_members(&self) -> Vec<(HostId, SocketAddr)> {
        let mut moved = self.peers.addresses().moved_members();
        moved.truncate(MOVED_MAX);
        moved
    }
}
