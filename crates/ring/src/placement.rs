//! Placements: the replicas of each range, as a replication strategy computes them and the metadata log keeps them.

use crate::hosts::{Hosts, MemberIds};
use crate::replica_set::{ReplicaSet, SetRef};
use crate::replica_sets::{DistinctSets, ReplicaSets};
use henge_base::HostId;
use henge_model::{Token, TokenRange};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A range and its replicas, the primary first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedRange<'a> {
    /// The tokens.
    pub range: TokenRange,
    /// The replicas that answer reads. Distinct, in the order of the strategy.
    pub read: Hosts<'a>,
    /// The replicas that take writes: the readers, then nodes about to become readers. Distinct.
    pub write: Hosts<'a>,
    /// The index of the log entry that last changed the range's replicas; 0 if computed by a strategy.
    pub since: u64,
}

/// The replicas of every token under one replication setting, in flat lists: about 34 bytes for each range if every range
/// has a set of three replicas of its own (`examples/many_members.rs`). Cheap to look up, not to change.
#[derive(Clone, Debug)]
pub struct Placement {
    pub(crate) ids: MemberIds,
    /// The last token of each range, ascending. A range starts where the one before ends, the first where the last
    /// ends. Empty without members. Placements of several settings share them.
    pub(crate) ends: Arc<[Token]>,
    /// The replica set of each range, a number of `sets`.
    pub(crate) set_of: Vec<u32>,
    /// The distinct replica sets.
    pub(crate) sets: ReplicaSets,
}

impl Default for Placement {
    fn default() -> Placement {
        let (set_of, sets) = (Vec::new(), ReplicaSets::default());
        Placement { ids: MemberIds::default(), ends: Arc::default(), set_of, sets }
    }
}

impl Placement {
    /// The placement of ranges by their last tokens, in ascending order, on members by number.
    pub fn new(ids: MemberIds, ranges: impl IntoIterator<Item = (Token, ReplicaSet)>) -> Placement {
        let (mut ends, mut set_of, mut sets) = (Vec::new(), Vec::new(), DistinctSets::default());
        for (end, set) in ranges {
            ends.push(end);
            set_of.push(sets.add(set.as_ref()));
        }
        set_of.shrink_to_fit();
        Placement { ids, ends: ends.into(), set_of, sets: sets.into_sets() }
    }

    /// Holds the ends of the ranges together with another placement, if they are the same.
    pub fn share_ends(&mut self, other: &Placement) {
        if self.ends == other.ends {
            self.ends = Arc::clone(&other.ends);
        }
    }

    /// The placement of every token on one node.
    pub fn on_one_host(host: HostId) -> Placement {
        Placement::new([host].into(), [(TokenRange::FULL.end, ReplicaSet::new(&[0], &[], 0))])
    }

    /// The range that contains `token`; `None` only if there are no ranges.
    pub fn replicas(&self, token: Token) -> Option<PlacedRange<'_>> {
        let at = self.ends.partition_point(|end| *end < token);
        // A token beyond the last end belongs to the first range, which wraps.
        self.range_at(if at == self.ends.len() { 0 } else { at })
    }

    /// The ranges, sorted by their last tokens. Only the first one may wrap.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = PlacedRange<'_>> + Clone {
        (0..self.ends.len()).map(|at| self.range_at(at).expect("there are as many ranges as ends"))
    }

    /// The ranges that hold some of these tokens.
    pub fn ranges_over(&self, tokens: TokenRange) -> impl Iterator<Item = PlacedRange<'_>> {
        let count = self.ends.len();
        let number_of = |token: Token| self.ends.partition_point(|end| *end < token);
        let first = || number_of(Token(tokens.start.0.saturating_add(1)));
        let (first, last) = match tokens.start.cmp(&tokens.end) {
            Ordering::Less => (first(), number_of(tokens.end)),
            Ordering::Equal => (0, count),
            Ordering::Greater => (first(), count + number_of(tokens.end)),
        };
        // Tokens beyond the last end belong to the first range, which may be met from both sides.
        let behind = last.saturating_add(1).min(first + count);
        (first..behind).filter_map(move |at| self.range_at(at.checked_rem(count)?))
    }

    /// True if, in every range that changed in entry `since` or later, those of its writers that are no such hosts are too few for a quorum
    /// of as many replicas as are read: of all of them, and of those in each datacentre where some only take writes. One that is `absent` for
    /// good counts as no such host, unless it is the only one.
    pub fn has_majorities<D: PartialEq>(
        &self,
        since: u64,
        is_such: impl Fn(HostId) -> bool,
        absent: Option<HostId>,
        datacenter: impl Fn(HostId) -> D,
    ) -> bool {
        self.sets.iter().filter(|set| set.since >= since).all(|set| {
            let leaves_minority = |is_counted: &dyn Fn(HostId) -> bool| {
                let count = |numbers| Hosts::new(numbers, &self.ids).iter().filter(|host| is_counted(*host)).count();
                let left: Vec<HostId> = Hosts::new(set.members, &self.ids)
                    .iter()
                    .filter(|host| is_counted(*host) && !is_such(*host))
                    .collect();
                left.len() <= count(set.readers()) / 2 || left.iter().all(|host| Some(*host) == absent)
            };
            let mut pending = Hosts::new(set.pending(), &self.ids).iter();
            leaves_minority(&|_| true)
                && pending.all(|host| leaves_minority(&|other| datacenter(other) == datacenter(host)))
        })
    }

    /// True if, in every range that changed in entry `since` or later, those of its writers that are no such hosts are too few to make a
    /// quorum of its readers of a step before, of which there may have been one less: of all of them, and of those in each datacentre.
    /// `lowers` says that the readers of before are all writers.
    pub fn leaves_minorities<D: Ord>(
        &self,
        since: u64,
        lowers: bool,
        is_such: impl Fn(HostId) -> bool,
        datacenter: impl Fn(HostId) -> D,
    ) -> bool {
        let is_minority = |all: usize, readers: usize, left: usize| {
            let before = if lowers { all } else { readers.max(1) - 1 };
            left <= before / 2
        };
        self.sets.iter().filter(|set| set.since >= since).all(|set| {
            // Writers, readers, and writers that are no such hosts.
            let mut by_datacenter: BTreeMap<D, (usize, usize, usize)> = BTreeMap::new();
            for (at, host) in Hosts::new(set.members, &self.ids).iter().enumerate() {
                let counts = by_datacenter.entry(datacenter(host)).or_default();
                counts.0 += 1;
                counts.1 += usize::from(at < set.readers().len());
                counts.2 += usize::from(!is_such(host));
            }
            let left = by_datacenter.values().map(|counts| counts.2).sum();
            is_minority(set.members.len(), set.readers().len(), left)
                && by_datacenter.values().all(|(all, readers, left)| is_minority(*all, *readers, *left))
        })
    }

    /// This placement, with each range held since the later of the entries since which it and `other` hold it.
    pub fn since_both(&self, other: &Placement) -> Placement {
        let ranges = (0..self.ends.len()).filter_map(|at| self.range_at(at).map(|placed| (at, placed)));
        let later = ranges.map(|(at, placed)| {
            let since = other.ranges_over(placed.range).map(|range| range.since).fold(placed.since, u64::max);
            let set = self.set_at(at);
            (placed.range.end, ReplicaSet::new(set.readers(), set.pending(), since))
        });
        Placement::new(self.ids.clone(), later)
    }

    /// True if every range has the same readers as in another placement, in any order.
    pub fn has_readers_of(&self, other: &Placement) -> bool {
        common_ranges(self, other).into_iter().all(|range| {
            let readers = |of: &Placement| {
                let mut readers = of.replicas(range.end).map_or(Hosts::NONE, |placed| placed.read).to_vec();
                readers.sort();
                readers
            };
            readers(self) == readers(other)
        })
    }

    /// True if no range that holds some of these tokens has other replicas since a later entry than `index`.
    pub fn is_unchanged_since(&self, tokens: TokenRange, index: u64) -> bool {
        self.ranges_over(tokens).all(|placed| placed.since <= index)
    }

    fn range_at(&self, at: usize) -> Option<PlacedRange<'_>> {
        let end = *self.ends.get(at)?;
        let before = at.checked_sub(1).unwrap_or(self.ends.len() - 1);
        let set = self.set_at(at);
        Some(PlacedRange {
            range: TokenRange { start: self.ends[before], end },
            read: Hosts::new(set.readers(), &self.ids),
            write: Hosts::new(set.members, &self.ids),
            since: set.since,
        })
    }

    /// The replica set of a range by its index.
    pub(crate) fn set_at(&self, at: usize) -> SetRef<'_> {
        self.sets.at(self.set_of[at])
    }

    /// The ranges that each node has to fetch when `new` replaces `old`: those whose writes it takes in `new` but not
    /// in `old`. In ring order, cut so that each has one set of replicas in both placements.
    pub fn ranges_to_fetch(old: &Placement, new: &Placement) -> Vec<(TokenRange, HostId)> {
        let mut moved = Vec::new();
        for range in common_ranges(old, new) {
            let before = old.replicas(range.end).map_or(Hosts::NONE, |placed| placed.write);
            let after = new.replicas(range.end).map_or(Hosts::NONE, |placed| placed.write);
            moved.extend(after.iter().filter(|host| !before.contains(*host)).map(|host| (range, host)));
        }
        moved
    }
}

/// Two placements are equal if they give every token the same replicas since the same entry, however they are stored.
impl PartialEq for Placement {
    fn eq(&self, other: &Placement) -> bool {
        self.ends == other.ends && self.ranges().eq(other.ranges())
    }
}

impl Eq for Placement {}

/// The ring, cut at every end of a range in either placement.
pub(crate) fn common_ranges(old: &Placement, new: &Placement) -> Vec<TokenRange> {
    let mut ends: Vec<Token> = old.ends.iter().chain(&*new.ends).copied().collect();
    ends.sort_unstable();
    ends.dedup();
    let Some(mut start) = ends.last().copied() else { return Vec::new() };
    let cut = |end| TokenRange { start: std::mem::replace(&mut start, end), end };
    ends.into_iter().map(cut).collect()
}

#[cfg(test)]
mod tests;
