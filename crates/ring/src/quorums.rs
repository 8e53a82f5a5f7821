//! Quorums of a range before and after a change of its replicas.

use crate::{Hosts, PlacedRange};
use henge_base::HostId;
use std::collections::BTreeSet;

/// The replicas of a range, counted.
struct ReplicaCounts {
    readers: BTreeSet<HostId>,
    writers: BTreeSet<HostId>,
}

impl ReplicaCounts {
    fn of(range: &PlacedRange<'_>) -> ReplicaCounts {
        let set = |hosts: Hosts<'_>| hosts.iter().collect();
        ReplicaCounts { readers: set(range.read), writers: set(range.write) }
    }

    /// Readers of which a read at QUORUM asks so many.
    fn read_quorum(&self) -> usize {
        self.readers.len() / 2 + 1
    }

    /// A majority of the readers, and one more for each pending replica: for writes at QUORUM, and to decide.
    fn write_quorum(&self) -> usize {
        self.read_quorum() + self.writers.len() - self.readers.len()
    }

    /// True if any quorum that wrote by these replicas holds one of any quorum of `readers`.
    fn writes_meet_reads_of(&self, other: &ReplicaCounts) -> bool {
        let outside = self.writers.difference(&other.readers).count();
        let inside = self.write_quorum().saturating_sub(outside);
        other.readers.len().saturating_sub(inside) < other.read_quorum()
    }

    /// True if any quorum that decides by these replicas holds one of any quorum of the others.
    fn decisions_meet_those_of(&self, other: &ReplicaCounts) -> bool {
        self.write_quorum() + other.write_quorum() > self.writers.union(&other.writers).count()
    }
}

/// True if quorums before and after a change meet, while some nodes know of it and others do not: reads see what was written, and decisions
/// those before them.
pub fn quorums_meet(before: &PlacedRange<'_>, after: &PlacedRange<'_>) -> bool {
    let (before, after) = (ReplicaCounts::of(before), ReplicaCounts::of(after));
    before.writes_meet_reads_of(&after) && after.writes_meet_reads_of(&before) && before.decisions_meet_those_of(&after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Placement, ReplicaSet};
    use henge_base::Random;
    use henge_model::Token;

    /// Replicas in letters, pending ones behind a `+`: `"abc+d"`.
    fn meet(before: &str, after: &str) -> bool {
        let mut random = Random::new(1);
        let ids: Vec<HostId> = (0..6).map(|_| HostId::random(&mut random)).collect();
        let placement = |text: &str| {
            let (readers, pending) = text.split_once('+').unwrap_or((text, ""));
            let numbers = |letters: &str| letters.bytes().map(|letter| u16::from(letter - b'a')).collect::<Vec<_>>();
            let set = ReplicaSet::new(&numbers(readers), &numbers(pending), 0);
            Placement::new(ids.clone().into(), [(Token(0), set)])
        };
        let (before, after) = (placement(before), placement(after));
        quorums_meet(&before.replicas(Token(1)).unwrap(), &after.replicas(Token(1)).unwrap())
    }

    #[test]
    fn steps_of_a_move_keep_quorums_that_meet() {
        for (before, after) in [
            ("abc", "abc+d"),
            ("abc+d", "abd+c"),
            ("abd+c", "abd"),
            ("abc", "abc+de"),
            ("abc+de", "ade+bc"),
            ("ade+bc", "ade"),
            ("a", "a+b"),
            ("a+b", "b+a"),
            ("b+a", "b"),
            ("abc+d", "abc"),
            // A cluster with fewer members than copies are wanted grows and shrinks.
            ("a+b", "ab"),
            ("ab+c", "abc"),
            ("abc", "ab+c"),
            ("ab+c", "ab"),
            ("ab", "a+b"),
            ("", "+a"),
            ("+a", "a"),
        ] {
            assert!(meet(before, after), "{before} {after}");
        }
    }

    #[test]
    fn a_step_too_far_is_found() {
        for (before, after) in [("abc", "abd"), ("abc", "ade"), ("abc", "def"), ("a", "b"), ("abc+d", "bcd")] {
            assert!(!meet(before, after), "{before} {after}");
        }
    }
}
