//! Replica sets, all in one list of member numbers: a set of three takes 22 bytes, and no allocation of its own.

use crate::PlacementFault;
use crate::hosts::MemberNumber;
use crate::replica_set::SetRef;
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Replica sets by number, from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredSets", into = "StoredSets")]
pub(crate) struct ReplicaSets {
    /// The members of all sets, one set behind the other.
    members: Vec<MemberNumber>,
    places: Vec<Place>,
}

/// The part of the members that is a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    since: u64,
    /// The index behind its last member. Its first one stands behind the last of the set before.
    end: u32,
    readers: u16,
}

impl ReplicaSets {
    /// The number of sets.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// A set by its number, which must be there.
    pub(crate) fn at(&self, number: u32) -> SetRef<'_> {
        let at = number as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.places[before].end as usize);
        let Place { since, end, readers } = self.places[at];
        SetRef { members: &self.members[start..end as usize], readers, since }
    }

    /// All sets, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = SetRef<'_>> {
        (0..self.places.len()).map(|number| self.at(number as u32))
    }

    /// The first number of a member that is not below `members`.
    pub(crate) fn unknown_member(&self, members: usize) -> Option<MemberNumber> {
        self.members.iter().copied().find(|number| usize::from(*number) >= members)
    }

    fn push(&mut self, set: SetRef<'_>) {
        self.members.extend(set.members);
        self.places.push(Place { since: set.since, end: self.members.len() as u32, readers: set.readers });
    }

    fn shrink(&mut self) {
        self.members.shrink_to_fit();
        self.places.shrink_to_fit();
    }
}

/// The stored form: lists of numbers, which are read without an allocation for each set.
#[derive(Serialize, Deserialize)]
struct StoredSets {
    members: Vec<MemberNumber>,
    /// The number of members of each set.
    lengths: Vec<u16>,
    readers: Vec<u16>,
    since: Vec<u64>,
}

impl TryFrom<StoredSets> for ReplicaSets {
    type Error = PlacementFault;

    fn try_from(stored: StoredSets) -> Result<Self, PlacementFault> {
        let StoredSets { members, lengths, readers, since } = stored;
        let mut end = 0u32;
        let sets = lengths.iter().zip(&readers).zip(&since).map(|((length, readers), since)| {
            end = end.saturating_add(u32::from(*length));
            Place { since: *since, end, readers: *readers }
        });
        let places: Vec<Place> = sets.collect();
        let fits = lengths.len() == readers.len()
            && lengths.len() == since.len()
            && end as usize == members.len()
            && lengths.iter().zip(&readers).all(|(length, readers)| readers <= length);
        if fits { Ok(ReplicaSets { members, places }) } else { Err(PlacementFault::Lengths) }
    }
}

impl From<ReplicaSets> for StoredSets {
    fn from(sets: ReplicaSets) -> Self {
        StoredSets {
            lengths: sets.iter().map(|set| set.members.len() as u16).collect(),
            readers: sets.iter().map(|set| set.readers).collect(),
            since: sets.iter().map(|set| set.since).collect(),
            members: sets.members,
        }
    }
}

/// Sets that are gathered: one that is there already is not kept twice.
#[derive(Default)]
pub(crate) struct DistinctSets {
    sets: ReplicaSets,
    /// Numbers of sets at the places that their hashes give, or behind: at most half of the places are taken.
    table: Vec<Option<u32>>,
}

/// The places of the first table, a power of two.
const FIRST_PLACES: usize = 64;

impl DistinctSets {
    /// The number of a set, which is kept if it is new.
    pub(crate) fn add(&mut self, set: SetRef<'_>) -> u32 {
        if (self.sets.len() + 1) * 2 > self.table.len() {
            self.grow();
        }
        let at = self.place_of(set);
        *self.table[at].get_or_insert_with(|| {
            self.sets.push(set);
            self.sets.len() as u32 - 1
        })
    }

    /// The sets, in the order in which they were met.
    pub(crate) fn into_sets(mut self) -> ReplicaSets {
        self.sets.shrink();
        self.sets
    }

    /// The place of a set in the table, or the free one where it would be.
    fn place_of(&self, set: SetRef<'_>) -> usize {
        let mut hasher = DefaultHasher::new();
        set.hash(&mut hasher);
        let mask = self.table.len() - 1;
        let first = hasher.finish() as usize & mask;
        let mut places = (first..=mask).chain(0..first);
        let is_its_own = |at: &usize| self.table[*at].is_none_or(|number| self.sets.at(number) == set);
        places.find(is_its_own).expect("half of the places are free")
    }

    fn grow(&mut self) {
        self.table = vec![None; (self.table.len() * 2).max(FIRST_PLACES)];
        for number in 0..self.sets.len() as u32 {
            let at = self.place_of(self.sets.at(number));
            self.table[at] = Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReplicaSet;

    fn set(number: u16) -> ReplicaSet {
        ReplicaSet::new(&[number, number / 7], &[number + 1][..usize::from(number % 2)], u64::from(number / 100))
    }

    #[test]
    fn each_set_is_kept_once_and_found_by_its_number() {
        let mut distinct = DistinctSets::default();
        for _ in 0..2 {
            for number in 0..1000 {
                assert_eq!(distinct.add(set(number).as_ref()), u32::from(number));
            }
        }
        let sets = distinct.into_sets();
        assert_eq!(sets.len(), 1000);
        assert!(sets.iter().enumerate().all(|(number, found)| found == set(number as u16).as_ref()));
        assert_eq!((sets.unknown_member(1001), sets.unknown_member(1000)), (None, Some(1000)));
    }

    #[test]
    fn sets_that_differ_in_one_thing_are_two() {
        let mut distinct = DistinctSets::default();
        let all = [([1, 2], 1), ([2, 1], 1), ([1, 2], 2)].map(|(readers, since)| ReplicaSet::new(&readers, &[], since));
        let pending = ReplicaSet::new(&[1], &[2], 1);
        let numbers = all.iter().chain([&pending]).map(|set| distinct.add(set.as_ref()));
        assert_eq!(numbers.collect::<Vec<_>>(), [0, 1, 2, 3]);
    }

    #[test]
    fn stored_sets_are_read_and_broken_ones_refused() {
        let mut distinct = DistinctSets::default();
        for number in 0..9 {
            distinct.add(set(number).as_ref());
        }
        let sets = distinct.into_sets();
        let bytes = rmp_serde::to_vec_named(&sets).unwrap();
        assert_eq!(rmp_serde::from_slice::<ReplicaSets>(&bytes).unwrap(), sets);
        let stored = |members: &[u16], lengths: &[u16], readers: &[u16], since: &[u64]| {
            let (members, lengths, readers) = (members.to_vec(), lengths.to_vec(), readers.to_vec());
            ReplicaSets::try_from(StoredSets { members, lengths, readers, since: since.to_vec() })
                .map(|sets| sets.len())
        };
        assert_eq!(stored(&[1, 2, 3], &[1, 2], &[1, 1], &[5, 6]), Ok(2));
        for broken in [
            stored(&[1, 2], &[1, 2], &[1, 1], &[5, 6]),
            stored(&[1, 2, 3, 4], &[1, 2], &[1, 1], &[5, 6]),
            stored(&[1, 2, 3], &[1, 2], &[1, 3], &[5, 6]),
            stored(&[1, 2, 3], &[1, 2], &[1], &[5, 6]),
            stored(&[1, 2, 3], &[1, 2], &[1, 1], &[5]),
        ] {
            assert_eq!(broken, Err(PlacementFault::Lengths));
        }
    }
}
