//! The node's stamps: the hybrid logical clock under a persisted lease.
//!
//! No stamp above the lease is ever issued, and the lease is on disk before it counts, so a restarted node begins above
//! everything it issued before (architecture: "Time"). The lease runs at most [`LEASE_US`] ahead of the wall clock, which
//! is less than the drift bound: a restart never waits for it.

use henge_base::{DriftError, Hlc, Micros};
use std::sync::atomic::{AtomicI64, Ordering};

/// A lease reaches so far ahead of the wall clock: 450 ms.
pub(crate) const LEASE_US: i64 = 450_000;
/// A lease with less than this left is renewed: 250 ms.
const RENEW_BELOW_US: i64 = 250_000;

/// The clock. `lease` is what is known to be on disk.
#[derive(Debug)]
pub(crate) struct Clock {
    hlc: Hlc,
    lease: AtomicI64,
}

impl Clock {
    /// Goes on after the lease that an earlier run left behind.
    pub(crate) fn after(lease: Micros) -> Clock {
        Clock { hlc: Hlc::after(lease), lease: AtomicI64::new(lease) }
    }

    /// The next stamp, or `None` while the lease does not cover it: the caller waits for a renewal.
    pub(crate) fn stamp(&self, wall: Micros) -> Option<Micros> {
        let stamp = self.hlc.next(wall);
        (stamp <= self.lease.load(Ordering::Acquire)).then_some(stamp)
    }

    /// The stamp that message headers carry: not above the lease either, or a crash could take it back.
    pub(crate) fn last(&self) -> Micros {
        self.hlc.last().min(self.lease.load(Ordering::Acquire))
    }

    /// A peer's stamp arrived.
    pub(crate) fn witness(&self, stamp: Micros, wall: Micros) -> Result<(), DriftError> {
        self.hlc.witness(stamp, wall)
    }

    /// The lease to write to disk now, if it is time; [`Clock::extend_lease`] once it is there.
    pub(crate) fn due(&self, wall: Micros) -> Option<Micros> {
        let target = self.hlc.last().max(wall) + LEASE_US;
        (self.lease.load(Ordering::Acquire) - self.hlc.last().max(wall) < RENEW_BELOW_US).then_some(target)
    }

    /// A lease is on disk.
    pub(crate) fn extend_lease(&self, lease: Micros) {
        self.lease.fetch_max(lease, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_stamped_above_the_lease() {
        let clock = Clock::after(0);
        assert_eq!(clock.stamp(1_000), None);
        let lease = clock.due(1_000).unwrap();
        clock.extend_lease(lease);
        assert!(clock.stamp(1_000).is_some_and(|s| s <= lease));
        assert_eq!(clock.stamp(lease + 1), None);
    }

    #[test]
    fn what_peers_say_is_not_repeated_above_the_lease() {
        let clock = Clock::after(1_000);
        clock.witness(9_000, 9_000).unwrap();
        assert_eq!(clock.last(), 1_000);
        let lease = clock.due(9_000).unwrap();
        clock.extend_lease(lease);
        assert_eq!(clock.last(), 9_000);
    }

    #[test]
    fn a_restart_begins_above_everything_issued() {
        let before = Clock::after(0);
        let lease = before.due(5_000).unwrap();
        before.extend_lease(lease);
        let issued = before.stamp(5_000).unwrap();
        let after = Clock::after(lease);
        after.extend_lease(lease + LEASE_US);
        assert!(after.stamp(5_001).unwrap() > issued);
    }
}
