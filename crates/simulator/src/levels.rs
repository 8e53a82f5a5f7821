//! Levels: whether an operation must see what another one did, by the fewest copies that each of them reaches.

use henge_base::Random;
use henge_model::Consistency;

/// The copies of a row in each of two datacentres. Where machines stand in one, the second has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copies(pub(crate) [usize; 2]);

/// The fewest copies that an operation has reached once it has ended well: in each datacentre, and of all.
#[derive(Clone, Copy, Debug)]
struct Reach {
    each: [usize; 2],
    all: usize,
}

impl Copies {
    /// True if any two operations of these levels, each with the datacentre of its coordinator, share a copy.
    pub(crate) fn overlap(self, one: (Consistency, usize), other: (Consistency, usize)) -> bool {
        let (one, other) = (self.reach(one), self.reach(other));
        let share_in = |datacenter: usize| one.each[datacenter] + other.each[datacenter] > self.0[datacenter];
        share_in(0) || share_in(1) || one.all + other.all > self.total()
    }

    fn total(self) -> usize {
        self.0.iter().sum()
    }

    fn reach(self, (level, datacenter): (Consistency, usize)) -> Reach {
        match level {
            Consistency::Any | Consistency::Serial | Consistency::LocalSerial => self.any(0),
            Consistency::One => self.any(1),
            Consistency::Two => self.any(2),
            Consistency::Three => self.any(3),
            Consistency::Quorum => self.any(quorum(self.total())),
            Consistency::All => self.any(self.total()),
            Consistency::LocalOne => local(1, datacenter),
            Consistency::LocalQuorum => local(quorum(self.0[datacenter]), datacenter),
            Consistency::EachQuorum => {
                let each = self.0.map(quorum);
                Reach { each, all: each.iter().sum() }
            }
        }
    }

    /// Some copies, wherever they are: those that one datacentre cannot hold are in the other one.
    fn any(self, all: usize) -> Reach {
        let [first, second] = self.0;
        Reach { each: [all.saturating_sub(second), all.saturating_sub(first)], all }
    }
}

fn local(copies: usize, datacenter: usize) -> Reach {
    let mut each = [0, 0];
    each[datacenter] = copies;
    Reach { each, all: copies }
}

/// Most of some copies; of none nothing.
fn quorum(copies: usize) -> usize {
    if copies == 0 { 0 } else { copies / 2 + 1 }
}

/// A level for a read or a write, those of quorums more often than others.
pub(crate) fn draw(is_read: bool, random: &mut Random) -> Consistency {
    const LEVELS: [Consistency; 13] = [
        Consistency::LocalQuorum,
        Consistency::LocalQuorum,
        Consistency::LocalQuorum,
        Consistency::LocalQuorum,
        Consistency::EachQuorum,
        Consistency::EachQuorum,
        Consistency::Quorum,
        Consistency::One,
        Consistency::LocalOne,
        Consistency::Two,
        Consistency::Three,
        Consistency::All,
        Consistency::Any,
    ];
    match LEVELS[random.below(LEVELS.len() as u64) as usize] {
        Consistency::Any if is_read => Consistency::LocalQuorum,
        level => level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Consistency::{All, Any, EachQuorum, LocalOne, LocalQuorum, One, Quorum, Three, Two};

    #[test]
    fn levels_overlap_where_any_choice_of_copies_shares_one() {
        let both = Copies([3, 3]);
        let overlapping = [
            ((LocalQuorum, 0), (LocalQuorum, 0)),
            ((EachQuorum, 0), (LocalQuorum, 1)),
            ((LocalQuorum, 0), (EachQuorum, 1)),
            ((Quorum, 0), (Quorum, 1)),
            ((Quorum, 0), (Three, 1)),
            ((EachQuorum, 0), (Quorum, 1)),
            ((All, 0), (LocalOne, 1)),
            ((One, 1), (All, 0)),
        ];
        let apart = [
            ((LocalQuorum, 0), (LocalQuorum, 1)),
            ((Quorum, 0), (LocalQuorum, 0)),
            ((Quorum, 0), (Two, 0)),
            ((EachQuorum, 0), (LocalOne, 0)),
            ((Any, 0), (All, 0)),
            ((One, 0), (One, 0)),
        ];
        for (one, other) in overlapping {
            assert!(both.overlap(one, other) && both.overlap(other, one), "{one:?} {other:?}");
        }
        for (one, other) in apart {
            assert!(!both.overlap(one, other) && !both.overlap(other, one), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_datacentre_without_copies_counts_for_nothing() {
        let near = Copies([5, 0]);
        assert!(near.overlap((LocalQuorum, 0), (EachQuorum, 0)) && near.overlap((Quorum, 0), (Three, 0)));
        assert!(!near.overlap((Two, 0), (Three, 0)));
        let uneven = Copies([2, 1]);
        assert!(uneven.overlap((Quorum, 0), (Quorum, 1)) && uneven.overlap((LocalQuorum, 1), (LocalOne, 1)));
        assert!(!uneven.overlap((LocalQuorum, 0), (LocalQuorum, 1)) && uneven.overlap((Two, 0), (LocalQuorum, 0)));
    }
}
