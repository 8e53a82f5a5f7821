//! The hosts that a node opens exchanges with. In a small cluster these are all others. In a large one a view of a few
//! of them, which changes slowly: news spreads as fast, and few links are open.

use henge_base::{HostId, Random};
use std::collections::BTreeSet;

/// Other members up to which all of them are partners.
pub const PARTNERS_MAX: usize = 30;
/// The view among more than that. With random views of this size everybody is reached by somebody, and a node gossips with about twice
/// as many: those that it draws and those that draw it.
pub const VIEW_SIZE: usize = 10;
/// Rounds after which one host of a view that is not everybody gives place to another: in ten minutes most have. A link
/// that is not used any more stays open for two minutes, so that two of them do.
const ROUNDS_PER_CHANGE: u64 = 60;
/// Openings of a round where everybody is a partner.
pub const FANOUT: usize = 3;

/// A view of the other members.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partners {
    view: BTreeSet<HostId>,
    rounds: u64,
}

impl Partners {
    /// True if the view is all of so many other members: then each of them is soon known to answer, or not.
    pub(crate) fn are_all(&self, others: usize) -> bool {
        others <= PARTNERS_MAX
    }

    /// The hosts of the view.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = HostId> {
        self.view.iter().copied()
    }

    /// Fills the view, keeps it to `others`, and changes one host of it now and then. `is_good` are those to be preferred
    /// for a place that is free.
    pub(crate) fn renew(&mut self, others: &[HostId], is_good: impl Fn(HostId) -> bool, random: &mut Random) {
        self.view.retain(|host| others.binary_search(host).is_ok());
        self.rounds += 1;
        if self.are_all(others.len()) {
            self.view.extend(others);
            return;
        }
        if self.rounds.is_multiple_of(ROUNDS_PER_CHANGE) && self.view.len() >= VIEW_SIZE {
            self.drop_one(random);
        }
        while self.view.len() > VIEW_SIZE {
            self.drop_one(random);
        }
        while self.view.len() < VIEW_SIZE {
            // A few draws for a good one; then any, so that hosts that are down are tried as well.
            let drawn = (0..4).filter_map(|_| random.pick(others).copied()).find(|host| is_good(*host));
            self.view.extend(drawn.or_else(|| random.pick(others).copied()));
        }
    }

    fn drop_one(&mut self, random: &mut Random) {
        let at = random.below(self.view.len() as u64) as usize;
        if let Some(host) = self.view.iter().nth(at).copied() {
            self.view.remove(&host);
        }
    }

    /// The openings of one round.
    pub(crate) fn fanout(&self, others: usize) -> usize {
        if self.are_all(others) { FANOUT } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(count: usize) -> Vec<HostId> {
        let mut random = Random::new(7);
        let mut hosts: Vec<HostId> = (0..count).map(|_| HostId::random(&mut random)).collect();
        hosts.sort();
        hosts
    }

    #[test]
    fn everybody_is_a_partner_in_a_small_cluster() {
        let (mut partners, mut random) = (Partners::default(), Random::new(1));
        let others = hosts(PARTNERS_MAX);
        partners.renew(&others, |_| false, &mut random);
        assert_eq!(partners.hosts().collect::<Vec<_>>(), others);
        partners.renew(&others[..3], |_| false, &mut random);
        assert_eq!(partners.hosts().collect::<Vec<_>>(), others[..3], "who left is no partner");
        partners.renew(&others, |_| false, &mut random);
        partners.renew(&hosts(PARTNERS_MAX + 1), |_| false, &mut random);
        assert_eq!(partners.hosts().count(), VIEW_SIZE, "a cluster that grows has views");
    }

    #[test]
    fn a_view_of_many_changes_slowly() {
        let (mut partners, mut random) = (Partners::default(), Random::new(1));
        let others = hosts(500);
        partners.renew(&others, |_| true, &mut random);
        let first: BTreeSet<HostId> = partners.hosts().collect();
        for _ in 0..2 * ROUNDS_PER_CHANGE {
            let before: BTreeSet<HostId> = partners.hosts().collect();
            partners.renew(&others, |_| true, &mut random);
            let after: BTreeSet<HostId> = partners.hosts().collect();
            assert_eq!(after.len(), VIEW_SIZE);
            assert!(before.difference(&after).count() <= 1);
        }
        assert!(first.difference(&partners.hosts().collect()).count() <= 2);
        (0..100 * ROUNDS_PER_CHANGE).for_each(|_| partners.renew(&others, |_| true, &mut random));
        assert!(first.intersection(&partners.hosts().collect()).count() < 10);
    }
}
