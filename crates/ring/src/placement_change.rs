//! The difference between two placements: the ranges whose replicas are others, and the ends that are gone. An entry of
//! the metadata log holds it, so that an entry is as long as the change.

use crate::hosts::{MemberIds, MemberNumber};
use crate::placement_fault::check_order;
use crate::replica_set::{ReplicaSet, SetRef};
use crate::replica_sets::{DistinctSets, ReplicaSets};
use crate::{Hosts, PlacedRange, Placement, PlacementFault};
use henge_base::HostId;
use henge_model::Token;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The difference between two placements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementChange {
    /// The distinct replica sets of the changed ranges.
    sets: ReplicaSets,
    /// The last token of each changed or new range, ascending.
    ends: Vec<Token>,
    /// The replica set of each of them, a number of `sets`.
    set_of: Vec<u32>,
    /// The last tokens of ranges that are joined with the one behind, ascending.
    gone: Vec<Token>,
}

impl PlacementChange {
    /// True if nothing changes.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.gone.is_empty()
    }

    /// The number of ranges that change.
    pub fn len(&self) -> usize {
        self.ends.len() + self.gone.len()
    }

    /// The change that leads from nothing to a placement.
    pub fn whole(placement: &Placement) -> PlacementChange {
        let (ends, set_of) = (placement.ends.to_vec(), placement.set_of.clone());
        PlacementChange { sets: placement.sets.clone(), ends, set_of, gone: Vec::new() }
    }

    /// The change that leads from `old` to `new`, which says itself since when each range is held.
    pub fn as_told(old: &Placement, new: &Placement) -> PlacementChange {
        let mut changed = Ranges::default();
        for (at, end) in new.ends.iter().enumerate() {
            let before = old.ends.binary_search(end).ok().map(|at| old.set_at(at));
            if before != Some(new.set_at(at)) {
                changed.add(*end, new.set_at(at));
            }
        }
        changed.into_change(gone_ends(old, new))
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
        let gone = gone_ends(old, new);
        let joined = joined_ranges(old, new, &gone);
        let mut changed = Ranges::default();
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
                changed.add(end, ReplicaSet::new(&readers, &writers[readers.len()..], since).as_ref());
            }
        }
        changed.into_change(gone)
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

/// The ends of old ranges that are none of new ones.
fn gone_ends(old: &Placement, new: &Placement) -> Vec<Token> {
    old.ends.iter().filter(|end| new.ends.binary_search(end).is_err()).copied().collect()
}

/// Ranges that are gathered, by their ends in ascending order.
#[derive(Default)]
struct Ranges {
    ends: Vec<Token>,
    set_of: Vec<u32>,
    sets: DistinctSets,
}

impl Ranges {
    fn add(&mut self, end: Token, set: SetRef<'_>) {
        self.ends.push(end);
        self.set_of.push(self.sets.add(set));
    }

    fn into_change(self, gone: Vec<Token>) -> PlacementChange {
        PlacementChange { sets: self.sets.into_sets(), ends: self.ends, set_of: self.set_of, gone }
    }
}

impl Placement {
    /// The placement after a change, over members by number.
    pub fn apply(&self, change: &PlacementChange, ids: &MemberIds) -> Result<Placement, PlacementFault> {
        change.check(ids)?;
        let placement = match self.ends.is_empty() && change.gone.is_empty() {
            true => change.to_placement(ids),
            false => self.merged_with(change, ids)?,
        };
        placement.check().map(|()| placement)
    }

    fn merged_with(&self, change: &PlacementChange, ids: &MemberIds) -> Result<Placement, PlacementFault> {
        let mut merged = Ranges::default();
        let mut changed =
            change.ends.iter().copied().zip(change.set_of.iter().map(|set| change.sets.at(*set))).peekable();
        let mut gone = change.gone.iter().copied().peekable();
        for (at, end) in self.ends.iter().copied().enumerate() {
            while let Some((new, set)) = changed.next_if(|(new, _)| *new < end) {
                merged.add(new, set);
            }
            let is_gone = gone.next_if_eq(&end).is_some();
            match changed.next_if(|(new, _)| *new == end) {
                Some((_, set)) => merged.add(end, set),
                None if is_gone => {}
                None => merged.add(end, self.set_at(at)),
            }
        }
        changed.for_each(|(new, set)| merged.add(new, set));
        // An end that is not there holds up those behind it.
        if let Some(missing) = gone.next() {
            return Err(PlacementFault::Missing(missing));
        }
        let ends = if merged.ends == *self.ends { Arc::clone(&self.ends) } else { merged.ends.into() };
        let mut set_of = merged.set_of;
        set_of.shrink_to_fit();
        Ok(Placement { ids: Arc::clone(ids), ends, set_of, sets: merged.sets.into_sets() })
    }
}

impl PlacementChange {
    /// The first reason why it fits no placement.
    fn check(&self, ids: &MemberIds) -> Result<(), PlacementFault> {
        if self.ends.len() != self.set_of.len() {
            return Err(PlacementFault::Lengths);
        }
        for ends in [&self.ends, &self.gone] {
            check_order(ends)?;
        }
        if let Some(set) = self.set_of.iter().find(|set| **set as usize >= self.sets.len()) {
            return Err(PlacementFault::UnknownSet(*set));
        }
        match self.sets.unknown_member(ids.len()) {
            Some(number) => Err(PlacementFault::UnknownMember(number)),
            None => Ok(()),
        }
    }

    /// The placement that it leads to from nothing.
    fn to_placement(&self, ids: &MemberIds) -> Placement {
        let (ends, set_of) = (self.ends.as_slice().into(), self.set_of.clone());
        Placement { ids: Arc::clone(ids), ends, set_of, sets: self.sets.clone() }
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
        let sets = |members: &[MemberNumber]| {
            let mut sets = DistinctSets::default();
            sets.add(ReplicaSet::new(members, &[], 1).as_ref());
            sets.into_sets()
        };
        let (ends, set_of, none) = (vec![Token(10)], vec![0], PlacementChange::default());
        let gone = PlacementChange { gone: vec![Token(11)], ..none.clone() };
        assert_eq!(apply(gone), PlacementFault::Missing(Token(11)));
        let turned = PlacementChange { gone: vec![Token(10), Token(10)], ..none.clone() };
        assert_eq!(apply(turned), PlacementFault::Order(Token(10)));
        let unknown = PlacementChange { ends: ends.clone(), set_of: set_of.clone(), ..none.clone() };
        assert_eq!(apply(unknown), PlacementFault::UnknownSet(0));
        let of = |members| PlacementChange {
            sets: sets(members),
            ends: ends.clone(),
            set_of: set_of.clone(),
            gone: Vec::new(),
        };
        assert_eq!(apply(of(&[1, 4])), PlacementFault::UnknownMember(4));
        assert_eq!(apply(of(&[1, 1])), PlacementFault::Twice(ids()[1]));
        assert_eq!(apply(PlacementChange { set_of: vec![0, 0], ..of(&[1]) }), PlacementFault::Lengths);
        let turned = PlacementChange { ends: vec![Token(10), Token(5)], set_of: vec![0, 0], ..of(&[1]) };
        assert_eq!(apply(turned), PlacementFault::Order(Token(5)));
    }
}
