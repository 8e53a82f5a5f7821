//! The difference between two placements: the ranges whose replicas are others, and the ends that are gone. An entry of
//! the metadata log holds it, so that an entry is as long as the change.

use crate::hosts::{MemberIds, MemberNumber};
use crate::replica_set::ReplicaSet;
use crate::{Hosts, PlacedRange, Placement, PlacementFault};
use henge_base::HostId;
use henge_model::Token;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The difference between two placements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementChange {
    /// The distinct replica sets of the changed ranges.
    sets: Vec<ReplicaSet>,
    /// The last token of each changed or new range, with its replica set as an index of `sets`.
    changed: Vec<(Token, u32)>,
    /// The last tokens of ranges that are joined with the one behind.
    gone: Vec<Token>,
}

impl PlacementChange {
    /// True if nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty()
    }

    /// The number of ranges that change.
    pub fn len(&self) -> usize {
        self.changed.len() + self.gone.len()
    }

    /// The change that leads from nothing to a placement.
    pub fn whole(placement: &Placement) -> PlacementChange {
        let changed = placement.ends.iter().copied().zip(placement.set_of.iter().copied()).collect();
        PlacementChange { sets: placement.sets.clone(), changed, gone: Vec::new() }
    }

    /// The change that leads from `old` to `new`, which says itself since when each range is held.
    pub fn as_told(old: &Placement, new: &Placement) -> PlacementChange {
        let gone: Vec<Token> = old.ends.iter().filter(|end| new.ends.binary_search(end).is_err()).copied().collect();
        let (mut sets, mut changed) = (Sets::default(), Vec::new());
        for (at, end) in new.ends.iter().enumerate() {
            let before = old.ends.binary_search(end).ok().map(|at| old.set_at(at));
            if before != Some(new.set_at(at)) {
                changed.push((*end, sets.add(new.set_at(at).clone())));
            }
        }
        PlacementChange { sets: sets.sets, changed, gone }
    }

    /// The change that leads from `old` to `new` in the log entry `index`. A range whose tokens all keep their replicas
    /// keeps the entry since which it has them, also if it is cut or joined with another one.
    pub fn between(
        old: &Placement,
        new: &Placement,
        index: u64,
        number_of: impl Fn(HostId) -> Option<MemberNumber>,
    ) -> PlacementChange {
        let numbers = |hosts: Hosts<'_>| hosts.iter().filter_map(&number_of).collect::<Vec<_>>();
        let gone: Vec<Token> = old.ends.iter().filter(|end| new.ends.binary_search(end).is_err()).copied().collect();
        let joined = joined_ranges(old, new, &gone);
        let (mut sets, mut changed) = (Sets::default(), Vec::new());
        for placed in new.ranges() {
            let end = placed.range.end;
            let before = old.replicas(end);
            let since = before.map_or(index, |before| {
                let all = joined.get(&end).into_iter().flatten().chain([&before]);
                if all.clone().all(|old| (old.read, old.write) == (placed.read, placed.write)) {
                    all.map(|old| old.since).max().unwrap_or(index)
                } else {
                    index
                }
            });
            // The index is above every old one, so that a range of the same age has the same replicas.
            if before.is_none_or(|before| before.range.end != end || before.since != since) {
                let (readers, writers) = (numbers(placed.read), numbers(placed.write));
                changed.push((end, sets.add(ReplicaSet::new(&readers, &writers[readers.len()..], since))));
            }
        }
        PlacementChange { sets: sets.sets, changed, gone }
    }
}

/// The old ranges whose ends are gone, by the end of the new range that they are a part of.
fn joined_ranges<'a>(old: &'a Placement, new: &Placement, gone: &[Token]) -> BTreeMap<Token, Vec<PlacedRange<'a>>> {
    let mut joined: BTreeMap<Token, Vec<PlacedRange<'a>>> = BTreeMap::new();
    for end in gone {
        if let (Some(into), Some(from)) = (new.replicas(*end), old.replicas(*end)) {
            joined.entry(into.range.end).or_default().push(from);
        }
    }
    joined
}

/// Distinct replica sets, in the order in which they were met.
#[derive(Default)]
struct Sets {
    sets: Vec<ReplicaSet>,
    numbers: BTreeMap<ReplicaSet, u32>,
}

impl Sets {
    fn add(&mut self, set: ReplicaSet) -> u32 {
        *self.numbers.entry(set).or_insert_with_key(|set| {
            self.sets.push(set.clone());
            self.sets.len() as u32 - 1
        })
    }
}

impl Placement {
    /// The placement after a change, over members by number.
    pub fn apply(&self, change: &PlacementChange, ids: &MemberIds) -> Result<Placement, PlacementFault> {
        let mut ranges: BTreeMap<Token, &ReplicaSet> =
            self.ends.iter().enumerate().map(|(at, end)| (*end, self.set_at(at))).collect();
        for end in &change.gone {
            ranges.remove(end).ok_or(PlacementFault::Missing(*end))?;
        }
        for (end, set) in &change.changed {
            let set = change.sets.get(*set as usize).ok_or(PlacementFault::UnknownSet(*set))?;
            ranges.insert(*end, set);
        }
        let unknown = |set: &ReplicaSet| set.writers().iter().copied().find(|n| usize::from(*n) >= ids.len());
        if let Some(number) = change.sets.iter().find_map(unknown) {
            return Err(PlacementFault::UnknownMember(number));
        }
        let placement = Placement::new(ids.clone(), ranges.into_iter().map(|(end, set)| (end, set.clone())));
        placement.check().map(|()| placement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Random;

    fn ids() -> MemberIds {
        let mut random = Random::new(1);
        (0..4).map(|_| HostId::random(&mut random)).collect()
    }

    fn placement(ranges: &[(i64, &[MemberNumber], u64)]) -> Placement {
        let set =
            |(end, members, since): &(i64, &[MemberNumber], u64)| (Token(*end), ReplicaSet::new(members, &[], *since));
        Placement::new(ids(), ranges.iter().map(set))
    }

    fn between(old: &Placement, new: &Placement) -> PlacementChange {
        PlacementChange::between(old, new, 9, |host| ids().iter().position(|id| *id == host).map(|at| at as u16))
    }

    /// The index of the entry that each range is held since, after the change from `old` to `new`.
    fn since(old: &Placement, new: &Placement) -> Vec<(i64, u64)> {
        let after = old.apply(&between(old, new), &ids()).unwrap();
        let hosts = |placement: &Placement| placement.ranges().map(|r| (r.range, r.read.to_vec())).collect::<Vec<_>>();
        assert_eq!(hosts(&after), hosts(new));
        after.ranges().map(|placed| (placed.range.end.0, placed.since)).collect()
    }

    #[test]
    fn a_change_holds_what_it_changes() {
        let old = placement(&[(10, &[0, 1], 3), (20, &[1, 2], 4), (30, &[2, 0], 3)]);
        // A new member cuts the second range and takes part in the half before the cut.
        let new = placement(&[(10, &[0, 1], 0), (15, &[3, 1], 0), (20, &[1, 2], 0), (30, &[2, 0], 0)]);
        let change = between(&old, &new);
        assert_eq!((change.len(), change.sets.len()), (1, 1));
        assert_eq!(since(&old, &new), [(10, 3), (15, 9), (20, 4), (30, 3)]);
        assert_eq!(since(&old, &old), [(10, 3), (20, 4), (30, 3)]);
        assert!(between(&old, &old).is_empty());
    }

    #[test]
    fn a_cut_or_joined_range_keeps_its_entry_if_it_keeps_its_replicas() {
        let whole = placement(&[(20, &[0, 1], 3), (40, &[1, 0], 5)]);
        let cut = placement(&[(10, &[0, 1], 0), (20, &[0, 1], 0), (40, &[1, 0], 0)]);
        assert_eq!(since(&whole, &cut), [(10, 3), (20, 3), (40, 5)]);
        let kept = placement(&[(10, &[0, 1], 3), (20, &[0, 1], 4), (40, &[1, 0], 5)]);
        assert_eq!(since(&kept, &whole), [(20, 4), (40, 5)]);
        let joined = placement(&[(40, &[1, 0], 0)]);
        assert_eq!(since(&whole, &joined), [(40, 9)], "tokens up to 20 have other replicas");
        assert_eq!(since(&Placement::default(), &joined), [(40, 9)]);
    }

    #[test]
    fn a_placement_is_what_its_whole_change_says() {
        let all = placement(&[(10, &[0, 1], 3), (20, &[1, 2], 4), (30, &[0, 1], 3)]);
        let bytes = rmp_serde::to_vec(&PlacementChange::whole(&all)).unwrap();
        let change: PlacementChange = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!(Placement::default().apply(&change, &ids()), Ok(all));
    }

    #[test]
    fn a_change_that_does_not_fit_is_refused() {
        let old = placement(&[(10, &[0, 1], 3)]);
        let apply = |change: PlacementChange| old.apply(&change, &ids()).unwrap_err();
        let set = |members: &[MemberNumber]| vec![ReplicaSet::new(members, &[], 1)];
        let changed = vec![(Token(10), 0)];
        let gone = PlacementChange { gone: vec![Token(11)], ..PlacementChange::default() };
        assert_eq!(apply(gone), PlacementFault::Missing(Token(11)));
        let unknown = PlacementChange { sets: Vec::new(), changed: changed.clone(), gone: Vec::new() };
        assert_eq!(apply(unknown), PlacementFault::UnknownSet(0));
        let stranger = PlacementChange { sets: set(&[1, 4]), changed: changed.clone(), gone: Vec::new() };
        assert_eq!(apply(stranger), PlacementFault::UnknownMember(4));
        let twice = PlacementChange { sets: set(&[1, 1]), changed, gone: Vec::new() };
        assert_eq!(apply(twice), PlacementFault::Twice(ids()[1]));
    }
}
