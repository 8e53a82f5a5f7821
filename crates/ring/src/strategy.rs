//! The replication strategies: the replicas of a token, in order. Drivers compute the same from the tokens and racks
//! they are told, so both follow Cassandra 5's rules exactly.

use crate::{MemberIds, MemberNumber, Placement, ReplicaSet, Ring};
use henge_model::Replication;
use std::collections::{BTreeMap, BTreeSet};

/// A strategy, with the facts about one ring that it needs.
pub(crate) enum Strategy<'a> {
    Simple { ring: &'a Ring, factor: usize },
    Topology { ring: &'a Ring, places: Vec<Location>, wanted: Vec<ReplicaQuota> },
}

/// The datacentre and rack of a member, as numbers.
#[derive(Clone, Copy)]
pub(crate) struct Location {
    /// The index of the datacentre in `wanted`; `None` if the replication setting does not name it.
    datacenter: Option<usize>,
    /// The number of the rack among those of all datacentres.
    rack: usize,
}

/// The replicas that a datacentre still needs in a walk.
#[derive(Clone, Copy)]
pub(crate) struct ReplicaQuota {
    replicas: usize,
    /// The number of members that may be taken from racks with a replica: the excess of the factor over the racks.
    rack_repeats: usize,
}

impl Ring {
    /// The placement of every token under `replication`, with one range per token of the ring, over this ring's members
    /// in the order of their ids. [`Replication::Local`] has no ranges, for each node keeps its own rows.
    pub fn place(&self, replication: &Replication) -> Placement {
        let Some(walk) = strategy_over(self, replication) else { return Placement::default() };
        let ids: MemberIds = self.members.iter().map(|member| member.id).collect();
        let ranges = self.tokens.iter().enumerate().map(|(at, (end, _))| {
            let readers: Vec<MemberNumber> = walk.replicas(at).into_iter().map(|at| at as MemberNumber).collect();
            (*end, ReplicaSet::new(&readers, &[], 0))
        });
        let placement = Placement::new(ids, ranges);
        debug_assert_eq!(placement.check(), Ok(()));
        placement
    }
}

/// The strategy of `replication` over `ring`; `None` if it has none.
fn strategy_over<'a>(ring: &'a Ring, replication: &Replication) -> Option<Strategy<'a>> {
    match replication {
        Replication::Local => None,
        Replication::Simple { factor } => Some(Strategy::Simple { ring, factor: *factor as usize }),
        Replication::NetworkTopology { factors } => Some(topology_strategy(ring, factors)),
    }
}

impl Strategy<'_> {
    /// The replicas of the range that ends at the ring's token number `at`, as indexes of its members.
    pub(crate) fn replicas(&self, at: usize) -> Vec<usize> {
        match self {
            Strategy::Simple { ring, factor } => next_members(ring, *factor, at),
            Strategy::Topology { ring, places, wanted } => rack_aware_members(ring, places, wanted.clone(), at),
        }
    }
}

/// The next `factor` members round the ring.
fn next_members(ring: &Ring, factor: usize, at: usize) -> Vec<usize> {
    let factor = factor.min(ring.members.len());
    let mut chosen = Vec::with_capacity(factor);
    for member in ring.owners_from(at) {
        if chosen.len() == factor {
            break;
        }
        if !chosen.contains(&member) {
            chosen.push(member);
        }
    }
    chosen
}

/// The strategy of `NetworkTopologyStrategy`. Only members that own tokens, and their racks, are counted; others are
/// not on the ring.
fn topology_strategy<'a>(ring: &'a Ring, factors: &BTreeMap<String, u32>) -> Strategy<'a> {
    let owners: BTreeSet<usize> = ring.tokens.iter().map(|(_, member)| *member).collect();
    let mut nodes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut racks: BTreeSet<(&str, &str)> = BTreeSet::new();
    for member in owners.iter().map(|at| &ring.members[*at]) {
        *nodes.entry(&member.datacenter).or_default() += 1;
        racks.insert((&member.datacenter, &member.rack));
    }
    let wanted = factors.iter().map(|(datacenter, factor)| {
        let racks = racks.iter().filter(|(of, _)| of == datacenter).count();
        let nodes = nodes.get(datacenter.as_str()).copied().unwrap_or(0);
        let factor = *factor as usize;
        ReplicaQuota { replicas: factor.min(nodes), rack_repeats: factor.saturating_sub(racks) }
    });
    let racks: Vec<(&str, &str)> = racks.iter().copied().collect();
    let places = ring.members.iter().map(|member| Location {
        datacenter: factors.keys().position(|datacenter| *datacenter == member.datacenter),
        rack: racks.partition_point(|rack| *rack < (member.datacenter.as_str(), member.rack.as_str())),
    });
    Strategy::Topology { ring, wanted: wanted.collect(), places: places.collect() }
}

/// Walks once round the ring. A member of a rack not met yet is always taken, one of a rack met before only while its
/// datacentre has repeats left. No member is put aside for later: with fewer racks than copies, the first met fill the
/// difference.
fn rack_aware_members(ring: &Ring, places: &[Location], mut wanted: Vec<ReplicaQuota>, at: usize) -> Vec<usize> {
    let mut left: usize = wanted.iter().map(|of| of.replicas).sum();
    let mut chosen = Vec::with_capacity(left);
    let mut racks_met = BTreeSet::new();
    for member in ring.owners_from(at) {
        if left == 0 {
            break;
        }
        let Some(of) = places[member].datacenter.map(|datacenter| &mut wanted[datacenter]) else { continue };
        if of.replicas == 0 || chosen.contains(&member) {
            continue;
        }
        if !racks_met.insert(places[member].rack) {
            if of.rack_repeats == 0 {
                continue;
            }
            of.rack_repeats -= 1;
        }
        of.replicas -= 1;
        left -= 1;
        chosen.push(member);
    }
    chosen
}
