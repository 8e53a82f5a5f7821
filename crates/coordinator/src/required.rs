//! The number of replicas that must answer, by datacentre. Pure counting: it follows from the replication setting, not from
//! the nodes that exist, so that a cluster with too few nodes refuses instead of promising less.
//!
//! A level is a list of *groups*: QUORUM is one group over all replicas, LOCAL_QUORUM one group within a datacentre, EACH_QUORUM
//! a group per datacentre. It is met when each group has its answers.

use crate::{Datacenter, Faults};
use henge_model::{Consistency, Replication, ReplicationFactor};
use smallvec::SmallVec;

/// The replicas that count for a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Everywhere,
    Within(Datacenter),
    /// A datacentre where no member stands.
    Nowhere,
}

impl Scope {
    fn holds(self, datacenter: Option<Datacenter>) -> bool {
        match self {
            Scope::Everywhere => true,
            Scope::Within(here) => datacenter == Some(here),
            Scope::Nowhere => false,
        }
    }

    fn of(datacenter: Option<Datacenter>) -> Scope {
        datacenter.map_or(Scope::Nowhere, Scope::Within)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) scope: Scope,
    pub(crate) block_for: u32,
}

/// Too few replicas are up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shortage {
    pub(crate) required: u32,
    pub(crate) alive: u32,
}

/// The answers that a level needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequiredAnswers {
    pub(crate) groups: SmallVec<[Group; 1]>,
}

/// The datacentres that a coordinator knows, for levels that depend on them.
pub(crate) trait Places {
    fn here(&self) -> Option<Datacenter>;
    fn datacenter_named(&self, name: &str) -> Option<Datacenter>;
}

impl RequiredAnswers {
    /// The answers that `level` needs in a keyspace. ANY needs one, as ONE does, where no hint takes its place. SERIAL levels,
    /// which have their own counting, count as QUORUM and LOCAL_QUORUM.
    pub(crate) fn of(
        level: Consistency,
        replication: &Replication,
        places: &impl Places,
        faults: Faults,
    ) -> RequiredAnswers {
        let one = |scope, block_for: u32| RequiredAnswers {
            groups: SmallVec::from([Group { scope, block_for: block_for.max(1) }]),
        };
        let quorum = |factor: ReplicationFactor| majority(factor, faults);
        let everywhere = |block_for| one(Scope::Everywhere, block_for);
        match level {
            Consistency::Any | Consistency::One => everywhere(1),
            Consistency::Two => everywhere(2),
            Consistency::Three => everywhere(3),
            Consistency::Quorum | Consistency::Serial => everywhere(quorum(total(replication))),
            Consistency::All => everywhere(total(replication)),
            Consistency::LocalOne => one(local_scope(replication, places), 1),
            Consistency::LocalQuorum | Consistency::LocalSerial => {
                one(local_scope(replication, places), quorum(local_factor(replication, places)))
            }
            Consistency::EachQuorum => match replication {
                Replication::NetworkTopology { factors } => {
                    let held = factors.iter().filter(|(_, factor)| **factor > 0);
                    let group = |name: &str, factor| Group {
                        scope: Scope::of(places.datacenter_named(name)),
                        block_for: quorum(factor),
                    };
                    let groups: SmallVec<[Group; 1]> = held.map(|(name, factor)| group(name, *factor)).collect();
                    if groups.is_empty() { everywhere(1) } else { RequiredAnswers { groups } }
                }
                _ => everywhere(quorum(total(replication))),
            },
        }
    }

    /// The same for a write while `pending` replicas, which are about to own the range, stand in these datacentres: each of
    /// them raises what is needed, so that the level holds before and after the change.
    pub(crate) fn with_pending(
        mut self,
        pending: impl Iterator<Item = Option<Datacenter>>,
        faults: Faults,
    ) -> RequiredAnswers {
        // With an odd number of replicas, each second pending one leaves the majority of all as it is.
        let counts = |number: usize| !faults.majority_of_all || number.is_multiple_of(2);
        for (_, datacenter) in pending.enumerate().filter(|(number, _)| counts(*number)) {
            if let Some(at) = self.group_of(|| datacenter) {
                self.groups[at].block_for += 1;
            }
        }
        debug_assert!(self.groups.iter().all(|group| group.block_for > 0), "no level is met by nobody");
        self
    }

    /// The group for which an answer from a datacentre counts; most levels need not ask which it is.
    pub(crate) fn group_of(&self, datacenter: impl FnOnce() -> Option<Datacenter>) -> Option<usize> {
        if let [Group { scope: Scope::Everywhere, .. }] = self.groups[..] {
            return Some(0);
        }
        let datacenter = datacenter();
        self.groups.iter().position(|group| group.scope.holds(datacenter))
    }

    /// Answers needed in all.
    pub(crate) fn block_for(&self) -> u32 {
        self.groups.iter().map(|group| group.block_for).sum()
    }

    /// Checks that enough replicas are up. Each is given by the group it counts for.
    pub(crate) fn check(&self, alive: impl Iterator<Item = usize>) -> Result<(), Shortage> {
        let mut counts: SmallVec<[u32; 3]> = SmallVec::from_elem(0, self.groups.len());
        alive.for_each(|group| counts[group] += 1);
        let short = self.groups.iter().zip(counts).find(|(group, alive)| *alive < group.block_for);
        short.map_or(Ok(()), |(group, alive)| Err(Shortage { required: group.block_for, alive }))
    }
}

/// Copies in all datacentres.
fn total(replication: &Replication) -> ReplicationFactor {
    match replication {
        Replication::Local => 1,
        Replication::Simple { factor } => *factor,
        Replication::NetworkTopology { factors } => factors.values().sum(),
    }
}

fn local_scope(replication: &Replication, places: &impl Places) -> Scope {
    match replication {
        Replication::Local => Scope::Everywhere,
        _ => Scope::of(places.here()),
    }
}

/// The number of replicas whose majority is a local quorum. A strategy without datacentres has one number for all.
fn local_factor(replication: &Replication, places: &impl Places) -> ReplicationFactor {
    let Replication::NetworkTopology { factors } = replication else { return total(replication) };
    let Some(here) = places.here() else { return 0 };
    factors.iter().find(|(name, _)| places.datacenter_named(name) == Some(here)).map_or(0, |(_, factor)| *factor)
}

fn majority(factor: ReplicationFactor, faults: Faults) -> u32 {
    let quorum = factor / 2 + 1;
    if faults.quorum_off_by_one { (quorum - 1).max(1) } else { quorum }
}

#[cfg(test)]
mod tests;
