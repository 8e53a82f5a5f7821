//! The replication strategies: from a token, which members hold it, and in which order. Drivers compute the same
//! from the tokens and racks they are told, so both follow Cassandra 5's rules to the letter.

use crate::Ring;
use henge_model::Replication;
use std::collections::{BTreeMap, BTreeSet};

/// A strategy with what it needs to know of one ring.
pub(crate) enum Walk<'a> {
    Simple { ring: &'a Ring, factor: usize },
    Topology { ring: &'a Ring, places: Vec<Place>, wanted: Vec<Wanted> },
}

/// Where a member stands, as numbers.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Place of its datacentre's entry in `wanted`; `None` when the setting doesn't name it.
    datacenter: Option<usize>,
    /// Number of its rack among those of all datacentres.
    rack: usize,
}

/// How many replicas a datacentre is still to get in a walk.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    replicas: usize,
    /// How many members may be taken from racks that have one already: as many as the factor exceeds the racks.
    rack_repeats: usize,
}

/// The strategy of `replication` over `ring`; `None` when it has none.
pub(crate) fn walk<'a>(ring: &'a Ring, replication: &Replication) -> Option<Walk<'a>> {
    match replication {
        Replication::Local => None,
        Replication::Simple { factor } => Some(Walk::Simple { ring, factor: *factor as usize }),
        Replication::NetworkTopology { factors } => Some(topology(ring, factors)),
    }
}

impl Walk<'_> {
    /// The replicas of the range that ends at the ring's token number `at`, as places in its members.
    pub(crate) fn replicas(&self, at: usize) -> Vec<usize> {
        match self {
            Walk::Simple { ring, factor } => simple(ring, *factor, at),
            Walk::Topology { ring, places, wanted } => spread(ring, places, wanted.clone(), at),
        }
    }
}

/// The next `factor` members round the ring.
fn simple(ring: &Ring, factor: usize, at: usize) -> Vec<usize> {
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

/// Members that own tokens count, and their racks; others are not on the ring.
fn topology<'a>(ring: &'a Ring, factors: &BTreeMap<String, u32>) -> Walk<'a> {
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
        Wanted { replicas: factor.min(nodes), rack_repeats: factor.saturating_sub(racks) }
    });
    let racks: Vec<(&str, &str)> = racks.iter().copied().collect();
    let places = ring.members.iter().map(|member| Place {
        datacenter: factors.keys().position(|datacenter| *datacenter == member.datacenter),
        rack: racks.partition_point(|rack| *rack < (member.datacenter.as_str(), member.rack.as_str())),
    });
    Walk::Topology { ring, wanted: wanted.collect(), places: places.collect() }
}

/// Once round the ring: a member of a rack not met yet is always taken, one of a rack met before only while its datacentre
/// has repeats left. Nobody is put aside for later: with fewer racks than copies the first met fill the difference.
fn spread(ring: &Ring, places: &[Place], mut wanted: Vec<Wanted>, at: usize) -> Vec<usize> {
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
