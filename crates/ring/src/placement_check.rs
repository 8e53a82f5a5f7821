//! The rules that hold for every placement.

use crate::placement_fault::check_order;
use crate::{Placement, PlacementFault};

impl Placement {
    /// The first broken rule (I22 within one epoch: every read quorum meets every write quorum). That ranges leave no
    /// gap and that readers take writes follows from the form in which they are stored.
    pub fn check(&self) -> Result<(), PlacementFault> {
        if let Some(member) = self.sets.iter().find_map(|set| set.repeated_member()) {
            return Err(PlacementFault::Twice(self.ids[usize::from(member)]));
        }
        check_order(&self.ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReplicaSet;
    use henge_base::{HostId, Random};
    use henge_model::Token;

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
