//! The rules that hold for every placement.

use crate::Placement;
use crate::hosts::MemberNumber;
use henge_base::HostId;
use henge_model::Token;
use std::fmt;

/// A broken rule of placements, or a change that does not fit one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacementFault {
    /// Ends are not in ascending order from here on, so that look-ups miss ranges.
    Order(Token),
    /// A range names a node twice, which would count twice for a level.
    Twice(HostId),
    /// A change ends a range that is not there.
    Missing(Token),
    /// A change names a replica set that it does not have.
    UnknownSet(u32),
    /// A change names a member that never joined.
    UnknownMember(MemberNumber),
}

impl fmt::Display for PlacementFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlacementFault::Order(end) => write!(f, "the range up to {end} is not in order"),
            PlacementFault::Twice(host) => write!(f, "a range names host {host} twice"),
            PlacementFault::Missing(end) => write!(f, "no range ends at {end}"),
            PlacementFault::UnknownSet(number) => write!(f, "there is no replica set {number}"),
            PlacementFault::UnknownMember(number) => write!(f, "no member has the number {number}"),
        }
    }
}

impl std::error::Error for PlacementFault {}

impl Placement {
    /// The first broken rule (I22 within one epoch: every read quorum meets every write quorum). That ranges leave no
    /// gap and that readers take writes follows from the form in which they are stored.
    pub fn check(&self) -> Result<(), PlacementFault> {
        if let Some(member) = self.sets.iter().find_map(|set| set.repeated_member()) {
            return Err(PlacementFault::Twice(self.ids[usize::from(member)]));
        }
        match self.ends.windows(2).find(|pair| pair[0] >= pair[1]) {
            Some(pair) => Err(PlacementFault::Order(pair[1])),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReplicaSet;
    use henge_base::Random;

    #[test]
    fn each_rule_can_be_broken() {
        let mut random = Random::new(1);
        let hosts: [HostId; 2] = std::array::from_fn(|_| HostId::random(&mut random));
        let placement = |ranges: &[(i64, &[u16])]| {
            let ranges = ranges.iter().map(|(end, members)| (Token(*end), ReplicaSet::new(members, &[], 0)));
            Placement::new(hosts.into(), ranges)
        };
        assert_eq!(placement(&[(10, &[0, 1]), (20, &[1, 0])]).check(), Ok(()));
        assert_eq!(Placement::default().check(), Ok(()));
        assert_eq!(Placement::on_one_host(hosts[0]).check(), Ok(()));
        let twice = placement(&[(10, &[0, 1]), (20, &[1, 1])]);
        assert_eq!(twice.check(), Err(PlacementFault::Twice(hosts[1])));
        let turned = placement(&[(20, &[0]), (10, &[1])]);
        assert_eq!(turned.check(), Err(PlacementFault::Order(Token(10))));
    }
}
