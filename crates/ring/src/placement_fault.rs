//! The rules that hold for every placement.

use crate::Placement;
use henge_base::HostId;
use henge_model::{Token, TokenRange};
use std::fmt;

/// A broken rule of placements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacementFault {
    /// The range does not start where the one before it ends: tokens are left out or held twice.
    Gap(TokenRange),
    /// Ends are not in ascending order from here on, so that lookups miss ranges.
    Order(Token),
    /// A range names a node twice, which would count twice for a level.
    Twice(HostId),
    /// A node is read although it takes no writes.
    ReadOnly(HostId),
}

impl fmt::Display for PlacementFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlacementFault::Gap(range) => {
                write!(f, "the range after {} does not start where the one before ends", range.start)
            }
            PlacementFault::Order(end) => write!(f, "the range up to {end} is not in order"),
            PlacementFault::Twice(host) => write!(f, "a range names host {host} twice"),
            PlacementFault::ReadOnly(host) => write!(f, "host {host} is read but takes no writes"),
        }
    }
}

impl Placement {
    /// The first broken rule (I22 within one epoch: every read quorum meets every write quorum).
    pub fn check(&self) -> Result<(), PlacementFault> {
        let before = self.ranges.iter().cycle().skip(self.ranges.len().saturating_sub(1));
        for (placed, before) in self.ranges.iter().zip(before) {
            if placed.range.start != before.range.end {
                return Err(PlacementFault::Gap(placed.range));
            }
            for hosts in [&placed.read, &placed.write] {
                let twice = hosts.iter().enumerate().find(|(at, host)| hosts[..*at].contains(host));
                if let Some((_, host)) = twice {
                    return Err(PlacementFault::Twice(*host));
                }
            }
            if let Some(host) = placed.read.iter().find(|host| !placed.write.contains(host)) {
                return Err(PlacementFault::ReadOnly(*host));
            }
        }
        match self.ranges.windows(2).find(|pair| pair[0].range.end >= pair[1].range.end) {
            Some(pair) => Err(PlacementFault::Order(pair[1].range.end)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PlacedRange;
    use henge_base::Random;

    #[test]
    fn each_rule_can_be_broken() {
        let mut random = Random::new(1);
        let [a, b]: [HostId; 2] = std::array::from_fn(|_| HostId::random(&mut random));
        let range = |start, end| TokenRange { start: Token(start), end: Token(end) };
        let placed = |start, end| PlacedRange::stable(range(start, end), vec![a, b]);
        let sound = Placement { ranges: vec![placed(30, 10), placed(10, 20), placed(20, 30)] };
        assert_eq!(sound.check(), Ok(()));
        assert_eq!(Placement::default().check(), Ok(()));
        assert_eq!(Placement::on_one_host(a).check(), Ok(()));
        let broken = |at: usize, placed: PlacedRange| {
            let mut ranges = sound.ranges.clone();
            ranges[at] = placed;
            Placement { ranges }.check()
        };
        assert_eq!(broken(1, placed(11, 20)), Err(PlacementFault::Gap(range(11, 20))));
        assert_eq!(broken(0, placed(31, 10)), Err(PlacementFault::Gap(range(31, 10))));
        let read_only = PlacedRange { write: vec![a], ..placed(10, 20) };
        assert_eq!(broken(1, read_only), Err(PlacementFault::ReadOnly(b)));
        let twice = PlacedRange { read: vec![a, a], ..placed(10, 20) };
        assert_eq!(broken(1, twice), Err(PlacementFault::Twice(a)));
        let turned = Placement { ranges: vec![placed(20, 10), placed(10, 30), placed(30, 20)] };
        assert_eq!(turned.check(), Err(PlacementFault::Order(Token(20))));
    }
}
