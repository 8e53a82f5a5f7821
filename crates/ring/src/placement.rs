//! Placements: the replicas of each range, as a replication strategy computes them and the metadata log keeps them.

use henge_base::HostId;
use henge_model::{Token, TokenRange};
use serde::{Deserialize, Serialize};

/// A range and its replicas, the primary first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedRange {
    /// The tokens.
    pub range: TokenRange,
    /// The replicas that answer reads. Distinct, in the order of the strategy.
    pub read: Vec<HostId>,
    /// The replicas that take writes: the readers, and nodes about to become readers. Distinct, in the order of the
    /// strategy.
    pub write: Vec<HostId>,
    /// The index of the log entry that last changed the range's replicas; 0 if computed by a strategy.
    pub since: u64,
}

impl PlacedRange {
    /// A range whose readers and writers are `hosts`.
    pub fn stable(range: TokenRange, hosts: Vec<HostId>) -> PlacedRange {
        PlacedRange { range, write: hosts.clone(), read: hosts, since: 0 }
    }
}

/// The replicas of every token under one replication setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The ranges, sorted by end. Each starts where the one before ends, the first where the last ends. Empty without
    /// members.
    pub ranges: Vec<PlacedRange>,
}

impl Placement {
    /// The placement of every token on one node.
    pub fn on_one_host(host: HostId) -> Placement {
        Placement { ranges: vec![PlacedRange::stable(TokenRange::FULL, vec![host])] }
    }

    /// The range that contains `token`; `None` only if there are no ranges.
    pub fn replicas(&self, token: Token) -> Option<&PlacedRange> {
        let at = self.ranges.partition_point(|placed| placed.range.end < token);
        // A token beyond the last end belongs to the first range, which wraps.
        self.ranges.get(at).or_else(|| self.ranges.first())
    }

    /// The ranges that each node has to fetch when `new` replaces `old`: those whose writes it takes in `new` but not
    /// in `old`. In ring order, cut so that each has one set of replicas in both placements.
    pub fn ranges_to_fetch(old: &Placement, new: &Placement) -> Vec<(TokenRange, HostId)> {
        let mut moved = Vec::new();
        for range in common_ranges(old, new) {
            let before = old.replicas(range.end).map_or(&[][..], |placed| &placed.write);
            let after = new.replicas(range.end).map_or(&[][..], |placed| &placed.write);
            moved.extend(after.iter().filter(|host| !before.contains(host)).map(|host| (range, *host)));
        }
        moved
    }
}

/// The ring, cut at every end of a range in either placement.
fn common_ranges(old: &Placement, new: &Placement) -> Vec<TokenRange> {
    let mut ends: Vec<Token> = old.ranges.iter().chain(&new.ranges).map(|placed| placed.range.end).collect();
    ends.sort_unstable();
    ends.dedup();
    let Some(mut start) = ends.last().copied() else { return Vec::new() };
    let cut = |end| TokenRange { start: std::mem::replace(&mut start, end), end };
    ends.into_iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Random;

    fn hosts() -> [HostId; 3] {
        let mut random = Random::new(1);
        std::array::from_fn(|_| HostId::random(&mut random))
    }

    fn placement(ranges: &[(i64, i64, &[HostId])]) -> Placement {
        let placed = |(start, end, hosts): &(i64, i64, &[HostId])| {
            PlacedRange::stable(TokenRange { start: Token(*start), end: Token(*end) }, hosts.to_vec())
        };
        Placement { ranges: ranges.iter().map(placed).collect() }
    }

    #[test]
    fn a_token_belongs_to_the_next_end_and_the_last_wraps() {
        let [a, b, c] = hosts();
        let placement = placement(&[(30, 10, &[a]), (10, 20, &[b]), (20, 30, &[c])]);
        for (token, holder) in [(i64::MIN, a), (10, a), (11, b), (20, b), (21, c), (30, c), (31, a), (i64::MAX, a)] {
            assert_eq!(placement.replicas(Token(token)).map(|placed| placed.read[0]), Some(holder), "{token}");
        }
        assert_eq!(Placement::default().replicas(Token(1)), None);
    }

    #[test]
    fn one_node_holds_everything() {
        let [a, ..] = hosts();
        let placement = Placement::on_one_host(a);
        for token in [i64::MIN, -1, 0, i64::MAX] {
            assert_eq!(placement.replicas(Token(token)).map(|placed| &placed.write[..]), Some(&[a][..]));
        }
    }

    #[test]
    fn what_moves_is_what_a_node_did_not_hold() {
        let [a, b, c] = hosts();
        let old = placement(&[(30, 10, &[a, b]), (10, 30, &[b, a])]);
        let new = placement(&[(30, 10, &[a, b]), (10, 20, &[c, b]), (20, 30, &[b, c])]);
        let range = |start, end| TokenRange { start: Token(start), end: Token(end) };
        assert_eq!(Placement::ranges_to_fetch(&old, &new), vec![(range(10, 20), c), (range(20, 30), c)]);
        assert_eq!(Placement::ranges_to_fetch(&new, &old), vec![(range(10, 20), a), (range(20, 30), a)]);
        assert!(Placement::ranges_to_fetch(&old, &old).is_empty());
    }

    #[test]
    fn from_nothing_everything_moves() {
        let [a, ..] = hosts();
        let whole = Placement::on_one_host(a);
        assert_eq!(Placement::ranges_to_fetch(&Placement::default(), &whole), vec![(TokenRange::FULL, a)]);
        assert!(Placement::ranges_to_fetch(&whole, &Placement::default()).is_empty());
        let cut = placement(&[(5, 5, &[a])]);
        assert!(Placement::ranges_to_fetch(&whole, &cut).is_empty());
    }
}
