//! Placements on the way from one to another: read as one of them, and written as both.

use crate::hosts::{MemberIds, MemberNumber};
use crate::placement::common_ranges;
use crate::replica_set::ReplicaSet;
use crate::{Hosts, Placement};
use henge_base::HostId;
use henge_model::Token;
use std::collections::BTreeMap;

impl Placement {
    /// The placement that is read as this one, and where replicas that only `other` reads take writes as pending ones. Its members are
    /// numbered by `ids`; one that is not among them is left out. It is cut where either of the two is.
    pub fn with_pending_of(&self, other: &Placement, ids: &MemberIds) -> Placement {
        let numbers: BTreeMap<HostId, MemberNumber> =
            ids.iter().enumerate().map(|(at, id)| (*id, at as MemberNumber)).collect();
        let readers = |placement: &Placement, end: Token| -> Vec<MemberNumber> {
            let hosts = placement.replicas(end).map_or(Hosts::NONE, |placed| placed.read);
            hosts.iter().filter_map(|host| numbers.get(&host).copied()).collect()
        };
        let ranges = common_ranges(self, other).into_iter().map(|range| {
            let read = readers(self, range.end);
            let pending: Vec<_> = readers(other, range.end).into_iter().filter(|n| !read.contains(n)).collect();
            (range.end, ReplicaSet::new(&read, &pending, 0))
        });
        Placement::new(ids.clone(), ranges)
    }

    /// The placement that is read as this one, without pending replicas. Where `is_cut` is false for its last token, a range is joined
    /// with the one behind if that is read by the same replicas.
    pub fn without_pending(&self, is_cut: impl Fn(Token) -> bool) -> Placement {
        let count = self.ends.len();
        let readers = |at: usize| self.set_at(at % count).readers();
        let is_kept = |at: &usize| is_cut(self.ends[*at]) || readers(*at) != readers(at + 1);
        let mut kept: Vec<usize> = (0..count).filter(is_kept).collect();
        if kept.is_empty() && count > 0 {
            kept.push(count - 1);
        }
        let ranges = kept.into_iter().map(|at| (self.ends[at], ReplicaSet::new(readers(at), &[], 0)));
        Placement::new(self.ids.clone(), ranges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Random;

    fn ids() -> MemberIds {
        let mut random = Random::new(1);
        (0..5).map(|_| HostId::random(&mut random)).collect()
    }

    fn placement(ranges: &[(i64, &[u16], &[u16])]) -> Placement {
        let set = |(end, readers, pending): &(i64, &[u16], &[u16])| (Token(*end), ReplicaSet::new(readers, pending, 0));
        Placement::new(ids(), ranges.iter().map(set))
    }

    #[test]
    fn a_placement_is_read_as_one_and_written_as_both() {
        let old = placement(&[(10, &[0, 1], &[]), (30, &[1, 0], &[])]);
        let new = placement(&[(10, &[0, 1], &[]), (20, &[2, 1], &[]), (30, &[1, 2], &[])]);
        let begun = placement(&[(10, &[0, 1], &[]), (20, &[1, 0], &[2]), (30, &[1, 0], &[2])]);
        assert_eq!(old.with_pending_of(&new, &ids()), begun);
        let read = placement(&[(10, &[0, 1], &[]), (20, &[2, 1], &[0]), (30, &[1, 2], &[0])]);
        assert_eq!(new.with_pending_of(&old, &ids()), read);
        assert_eq!(Placement::default().with_pending_of(&old, &ids()).ranges().len(), 2);
    }

    #[test]
    fn what_was_cut_for_pending_replicas_is_joined_again() {
        let begun = placement(&[(10, &[0, 1], &[]), (20, &[1, 0], &[2]), (30, &[1, 0], &[2])]);
        let old = placement(&[(10, &[0, 1], &[]), (30, &[1, 0], &[])]);
        assert_eq!(begun.without_pending(|token| token != Token(20)), old);
        assert_eq!(begun.without_pending(|_| true).ranges().len(), 3);
        let one = placement(&[(10, &[0], &[]), (20, &[0], &[1])]);
        assert_eq!(one.without_pending(|_| false), placement(&[(20, &[0], &[])]));
        assert_eq!(Placement::default().without_pending(|_| false), Placement::default());
    }
}
