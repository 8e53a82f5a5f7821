//! The members that agree on the log's entries: how many, and which.

use crate::{Change, ClusterState};
use henge_base::HostId;
use henge_ring::Member;
use std::collections::{BTreeMap, BTreeSet};

/// Voters of a cluster of so many members. Two voters would be worse than one: the log would stop with either of them.
fn voter_count(members: usize) -> usize {
    match members {
        0..=2 => members.min(1),
        3..=4 => 3,
        _ => 5,
    }
}

impl ClusterState {
    /// The voters that this cluster should have while some of its members are down. Those that are joining do not vote. Present voters stay; those
    /// that are down make room for members that are up, if there are any. New ones come from datacentres, and then racks, that have the fewest.
    pub fn voters_without(&self, down: &BTreeSet<HostId>) -> Vec<HostId> {
        let members = || self.members.values().filter(|member| !self.is_newcomer(member.id));
        let wanted = voter_count(members().count());
        let present: Vec<&Member> = self.voters.iter().filter_map(|voter| self.members.get(voter)).collect();
        let (kept, lost): (Vec<&Member>, Vec<&Member>) = present.into_iter().partition(|m| !down.contains(&m.id));
        let mut chosen: Vec<&Member> = kept.into_iter().take(wanted).collect();
        while chosen.len() < wanted {
            let candidates = members().filter(|member| !down.contains(&member.id));
            let Some(next) = next_voter(&chosen, candidates) else { break };
            chosen.push(next);
        }
        let missing = wanted - chosen.len();
        chosen.extend(lost.into_iter().take(missing));
        chosen.into_iter().map(|member| member.id).collect()
    }
}

/// The change of voters, if there should be others while some members are down.
pub(crate) fn voters_change(state: &ClusterState, down: &BTreeSet<HostId>) -> Option<Change> {
    let voters = state.voters_without(down);
    (voters != state.voters).then_some(Change::Voters(voters))
}

/// The candidate whose datacentre, and then rack, has the fewest voters.
fn next_voter<'m>(chosen: &[&Member], candidates: impl Iterator<Item = &'m Member>) -> Option<&'m Member> {
    let (mut datacenters, mut racks) = (BTreeMap::new(), BTreeMap::new());
    for voter in chosen {
        *datacenters.entry(&voter.datacenter).or_insert(0) += 1;
        *racks.entry((&voter.datacenter, &voter.rack)).or_insert(0) += 1;
    }
    let load = |member: &Member| {
        let datacenter = datacenters.get(&member.datacenter).copied().unwrap_or(0);
        let rack = racks.get(&(&member.datacenter, &member.rack)).copied().unwrap_or(0);
        (datacenter, rack, member.id)
    };
    candidates.filter(|member| chosen.iter().all(|voter| voter.id != member.id)).min_by_key(|member| load(member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Random;
    use std::net::SocketAddr;
    use std::sync::Arc;

    /// A state with a member for each of these datacentres and racks, and the first voters.
    fn state(places: &[(&str, &str)], voters: &[usize]) -> (ClusterState, Vec<HostId>) {
        let mut state = ClusterState::default();
        let ids: Vec<HostId> = (0..places.len()).map(|n| HostId::random(&mut Random::new(n as u64))).collect();
        for (id, (datacenter, rack)) in ids.iter().zip(places) {
            let address = SocketAddr::from(([127, 0, 0, 1], 7_000));
            let (datacenter, rack) = ((*datacenter).to_owned(), (*rack).to_owned());
            let member = Member { id: *id, datacenter, rack, address, rpc_address: address, tokens: Vec::new() };
            Arc::make_mut(&mut state.members).insert(*id, member);
        }
        state.voters = voters.iter().map(|at| ids[*at]).collect();
        (state, ids)
    }

    fn chosen(state: &ClusterState, ids: &[HostId], down: &[usize]) -> BTreeSet<usize> {
        let down = down.iter().map(|at| ids[*at]).collect();
        let at = |id: &HostId| ids.iter().position(|other| other == id).unwrap();
        state.voters_without(&down).iter().map(at).collect()
    }

    #[test]
    fn one_three_or_five_vote() {
        for (members, voters) in [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5), (9, 5)] {
            let (state, ids) = state(&vec![("dc", "r"); members], &[0]);
            assert_eq!(chosen(&state, &ids, &[]).len(), voters, "{members} members");
            assert!(chosen(&state, &ids, &[]).contains(&0), "the first voter stays");
        }
    }

    #[test]
    fn voters_are_spread_over_datacentres_and_then_racks() {
        let (three, ids) = state(&[("a", "1"), ("a", "1"), ("b", "1"), ("c", "1")], &[0]);
        assert_eq!(chosen(&three, &ids, &[]), BTreeSet::from([0, 2, 3]));
        let (racks, ids) = state(&[("a", "1"), ("a", "1"), ("a", "2"), ("a", "3")], &[1]);
        assert_eq!(chosen(&racks, &ids, &[]), BTreeSet::from([1, 2, 3]));
        let (two, ids) = state(&[("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"), ("b", "2"), ("b", "3")], &[0]);
        let in_a = chosen(&two, &ids, &[]).iter().filter(|at| **at < 3).count();
        assert!((2..=3).contains(&in_a), "three and two, not {in_a} of five");
    }

    #[test]
    fn a_voter_that_is_down_makes_room_only_for_one_that_is_up() {
        let (four, ids) = state(&[("a", "1"); 4], &[0, 1, 2]);
        assert_eq!(chosen(&four, &ids, &[1]), BTreeSet::from([0, 2, 3]));
        assert_eq!(chosen(&four, &ids, &[1, 3]), BTreeSet::from([0, 1, 2]));
        let (three, ids) = state(&[("a", "1"); 3], &[0, 1, 2]);
        assert_eq!(chosen(&three, &ids, &[0]), BTreeSet::from([0, 1, 2]));
    }
}
