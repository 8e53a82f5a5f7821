//! The hybrid logical clock (Kulkarni et al. 2014) in signed microseconds, so that its values are CQL timestamps.
//!
//! The logical part is folded in: the next stamp is `max(wall, last + 1)`. Stamps of peers move it forward, but never
//! more than [`MAX_DRIFT_US`] beyond the local wall clock. Client timestamps never do: one client with a clock in the
//! next century must not move the cluster there.

use crate::Micros;
use std::sync::atomic::{AtomicI64, Ordering};

/// The most microseconds that a peer's stamp may be ahead of the local wall clock.
pub const MAX_DRIFT_US: i64 = 500_000;

/// A peer's stamp was too far ahead of the wall clock. The clock is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a clock is {ahead_us} us ahead of this node's, the bound is {MAX_DRIFT_US} us")]
pub struct DriftError {
    /// Microseconds that the stamp was ahead of the local wall clock.
    pub ahead_us: i64,
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

    /// The next stamp, greater than every stamp issued or accepted before.
    pub fn next(&self, wall: Micros) -> Micros {
        let step = |last: i64| Some(wall.max(last.saturating_add(1)));
        match self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, step) {
            Ok(last) | Err(last) => wall.max(last.saturating_add(1)),
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
        assert_eq!(clock.next(50), 101);
        assert_eq!(clock.next(50), 102);
        assert_eq!(clock.next(500), 500);
        assert_eq!(clock.next(200), 501);
    }

    #[test]
    fn a_far_stamp_is_refused_and_changes_nothing() {
        let clock = Hlc::after(0);
        assert!(clock.witness(1_000_000 + MAX_DRIFT_US + 1, 1_000_000).is_err());
        assert_eq!(clock.next(1_000_000), 1_000_000);
        assert!(clock.witness(1_200_000, 1_000_000).is_ok());
        assert_eq!(clock.next(1_000_000), 1_200_001);
    }
}
