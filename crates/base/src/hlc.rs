//! The hybrid logical clock (Kulkarni et al. 2014) in signed microseconds, so that its values are CQL timestamps.
//!
//! The logical part is folded in: the next stamp is `max(wall, last + 1)`. Stamps of peers move it forward. Neither moves it
//! more than [`MAX_DRIFT_US`] beyond the local wall clock: a clock that was set back makes stamps wait, it does not run
//! ahead. Client timestamps never move it: one client with a clock in the next century must not move the cluster there.

use crate::Micros;
use std::sync::atomic::{AtomicI64, Ordering};

/// The most microseconds that a stamp may be ahead of the wall clock of the node that issues it.
pub const MAX_DRIFT_US: i64 = 500_000;
/// The most microseconds that a node's clock may be off most of its peers: 0.8 of [`MAX_DRIFT_US`].
pub const OFFSET_MAX_US: i64 = 400_000;
/// The microseconds beyond [`MAX_DRIFT_US`] that a receiver grants a stamp: its own clock may be behind by as much as
/// [`OFFSET_MAX_US`].
const RECEIVER_SLACK_US: i64 = OFFSET_MAX_US;

/// A stamp is too far ahead of the wall clock. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a clock is {ahead_us} us ahead of this node's, the bound is {MAX_DRIFT_US} us")]
pub struct DriftError {
    /// Microseconds that the stamp is ahead of the local wall clock.
    pub ahead_us: i64,
}

/// Succeeds if a stamp that another node issued may be accepted by one whose wall clock shows `wall`.
pub fn check_received_stamp(stamp: Micros, wall: Micros) -> Result<(), DriftError> {
    let ahead_us = stamp.saturating_sub(wall);
    if ahead_us > MAX_DRIFT_US + RECEIVER_SLACK_US { Err(DriftError { ahead_us }) } else { Ok(()) }
}

/// The hybrid logical clock of one node. It is shared without a lock, as a single atomic.
#[derive(Debug, Default)]
pub struct Hlc {
    last: AtomicI64,
}

impl Hlc {
    /// A clock whose stamps are all above `lease`, the persisted bound on the stamps issued before a restart.
    pub fn after(lease: Micros) -> Self {
        Hlc { last: AtomicI64::new(lease) }
    }

    /// The next stamp, greater than every stamp issued or accepted before. Fails if it would be too far ahead of `wall`.
    pub fn next(&self, wall: Micros) -> Result<Micros, DriftError> {
        let follow = |last: i64| wall.max(last.saturating_add(1));
        let step = |last: i64| Some(follow(last)).filter(|stamp| stamp.saturating_sub(wall) <= MAX_DRIFT_US);
        match self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, step) {
            Ok(last) => Ok(follow(last)),
            Err(last) => Err(DriftError { ahead_us: follow(last).saturating_sub(wall) }),
        }
    }

    /// The greatest stamp issued or accepted; message headers carry it.
    pub fn last(&self) -> Micros {
        self.last.load(Ordering::Acquire)
    }

    /// Accepts a peer's stamp. Fails if it is too far ahead of `wall`; the clock is unchanged then.
    pub fn witness(&self, stamp: Micros, wall: Micros) -> Result<(), DriftError> {
        let ahead_us = stamp.saturating_sub(wall);
        if ahead_us > MAX_DRIFT_US {
            return Err(DriftError { ahead_us });
        }
        self.last.fetch_max(stamp, Ordering::AcqRel);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_increase_when_the_wall_clock_stands_or_goes_back() {
        let clock = Hlc::after(100);
        assert_eq!(clock.next(50), Ok(101));
        assert_eq!(clock.next(50), Ok(102));
        assert_eq!(clock.next(500), Ok(500));
        assert_eq!(clock.next(200), Ok(501));
    }

    #[test]
    fn no_stamp_is_issued_beyond_the_bound() {
        let clock = Hlc::after(0);
        let set_back = 10_000_000;
        assert_eq!(clock.next(set_back + MAX_DRIFT_US), Ok(set_back + MAX_DRIFT_US));
        assert_eq!(clock.next(set_back), Err(DriftError { ahead_us: MAX_DRIFT_US + 1 }));
        assert_eq!(clock.last(), set_back + MAX_DRIFT_US, "a stamp that was refused is not used up");
        assert_eq!(clock.next(set_back + 1), Ok(set_back + MAX_DRIFT_US + 1));
    }

    #[test]
    fn a_far_stamp_is_refused_and_changes_nothing() {
        let clock = Hlc::after(0);
        assert!(clock.witness(1_000_000 + MAX_DRIFT_US + 1, 1_000_000).is_err());
        assert_eq!(clock.next(1_000_000), Ok(1_000_000));
        assert!(clock.witness(1_200_000, 1_000_000).is_ok());
        assert_eq!(clock.next(1_000_000), Ok(1_200_001));
    }

    #[test]
    fn a_receiver_grants_what_two_clocks_within_the_bound_may_differ_by() {
        let furthest = MAX_DRIFT_US + OFFSET_MAX_US;
        assert!(furthest >= 2 * OFFSET_MAX_US, "one clock may be ahead by the bound and the other behind by it");
        assert_eq!(check_received_stamp(7 + furthest, 7), Ok(()));
        assert_eq!(check_received_stamp(8 + furthest, 7), Err(DriftError { ahead_us: furthest + 1 }));
        assert_eq!(check_received_stamp(i64::MIN, i64::MAX), Ok(()));
        assert!(check_received_stamp(i64::MAX, i64::MIN).is_err());
    }
}
