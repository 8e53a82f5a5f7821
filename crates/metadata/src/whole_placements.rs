//! Placements as entries of the first format list them: every range of every setting, with host ids. They are read, and
//! not written any more.

use henge_base::HostId;
use henge_model::{Replication, TokenRange};
use henge_ring::{MemberIds, MemberNumber, Placement, ReplicaSet};
use serde::{Deserialize, Serialize};

/// All placements by setting.
pub type WholePlacements = Vec<(Replication, WholePlacement)>;

/// The replicas of every token under one setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholePlacement {
    ranges: Vec<WholeRange>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct WholeRange {
    range: TokenRange,
    read: Vec<HostId>,
    write: Vec<HostId>,
    since: u64,
}

impl WholePlacement {
    /// The placement over members by number.
    pub(crate) fn over(&self, ids: &MemberIds) -> Placement {
        let number = |host: &HostId| ids.iter().position(|id| id == host).map(|at| at as MemberNumber);
        let set = |range: &WholeRange| {
            let readers: Vec<MemberNumber> = range.read.iter().filter_map(number).collect();
            let pending = range.write.iter().filter(|host| !range.read.contains(host));
            let pending: Vec<MemberNumber> = pending.filter_map(number).collect();
            (range.range.end, ReplicaSet::new(&readers, &pending, range.since))
        };
        Placement::new(ids.clone(), self.ranges.iter().map(set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_base::Random;
    use henge_model::Token;

    #[test]
    fn ranges_with_host_ids_become_a_placement() {
        let mut random = Random::new(1);
        let ids: MemberIds = (0..3).map(|_| HostId::random(&mut random)).collect();
        let range = |start, end, read: &[usize], write: &[usize]| WholeRange {
            range: TokenRange { start: Token(start), end: Token(end) },
            read: read.iter().map(|at| ids[*at]).collect(),
            write: write.iter().map(|at| ids[*at]).collect(),
            since: 7,
        };
        let whole =
            WholePlacement { ranges: vec![range(20, 10, &[0, 1], &[0, 1]), range(10, 20, &[1, 0], &[2, 1, 0])] };
        let sets = [(Token(10), ReplicaSet::new(&[0, 1], &[], 7)), (Token(20), ReplicaSet::new(&[1, 0], &[2], 7))];
        assert_eq!(whole.over(&ids), Placement::new(ids, sets));
    }
}
