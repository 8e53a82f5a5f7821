//! The node's stamps: the hybrid logical clock of a trusted wall clock, under a persisted lease.
//!
//! No stamp above the lease is ever issued, and the lease is on disk before it counts, so a restarted node begins above
//! everything it issued before (architecture: "Time"). The lease runs at most [`LEASE_US`] ahead of the wall clock, which
//! is less than the drift bound: a restart never waits for it.

use crate::ground::clock_trust::{ClockTrust, Distrust, Reading, Verdict};
use henge_base::{DriftError, Hlc, MAX_DRIFT_US, Micros, Mono, OFFSET_MAX_US, check_received_stamp};
use std::sync::atomic::{AtomicI64, Ordering};

/// A lease reaches so far ahead of the wall clock: 450 ms.
pub(crate) const LEASE_US: i64 = 450_000;
/// A lease with less than this left is renewed: 250 ms.
const RENEW_BELOW_US: i64 = 250_000;

/// A moment by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    pub(crate) wall: Micros,
    pub(crate) mono: Mono,
}

/// The longest time between two readings of the monotonic clock for a reading of the wall clock between them to be of the same
/// moment, in microseconds. Far below any difference of clocks that matters.
const READING_GAP_MAX_US: u64 = 1_000;
/// Attempts to read both clocks without the process being held up in between. Each would have to be interrupted again.
const READING_ATTEMPTS: usize = 8;

impl Now {
    /// Reads both clocks. A process that is held up between two readings, as happens on a machine without a free processor, would
    /// take that time for a jump of the wall clock: such readings are repeated.
    pub(crate) fn read(mono: impl Fn() -> Mono, wall: impl Fn() -> Micros) -> Now {
        let mut before = mono();
        let mut now = Now { wall: wall(), mono: mono() };
        for _ in 1..READING_ATTEMPTS {
            if now.mono.0.saturating_sub(before.0) <= READING_GAP_MAX_US {
                break;
            }
            before = now.mono;
            now = Now { wall: wall(), mono: mono() };
        }
        now
    }
}

/// No stamp can be issued now; none was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StampError {
    /// The lease on disk does not cover it yet.
    #[error("the disk is too slow to extend the clock's lease")]
    Lease,
    /// The clock has not been compared since the start.
    #[error("this node's clock has not been compared with those of its peers yet")]
    Unverified,
    /// The clock jumped, and no peer has confirmed the new time.
    #[error("this node's clock jumped by {} ms, and no majority of its peers has confirmed the new time", .0 / 1_000)]
    Jumped(i64),
    /// Most peers have another time.
    #[error("this node's clock is {} ms off those of most peers, more than {} ms: set it right", .0 / 1_000, OFFSET_MAX_US / 1_000)]
    Differs(i64),
    /// The clock was set back behind what it has stamped.
    #[error("this node's clock was set back: it has to reach its last stamp, {} ms ahead", .0.ahead_us / 1_000)]
    SetBack(DriftError),
}

impl StampError {
    /// True if the clock was never compared: no fault, but the first moments of a node.
    pub(crate) fn is_start(self) -> bool {
        self == StampError::Unverified
    }

    /// True if the error may pass within `left_us`, so that a wait is worth it.
    pub(crate) fn may_pass_within(self, left_us: i64) -> bool {
        match self {
            StampError::Lease | StampError::Unverified | StampError::Jumped(_) => left_us > 0,
            StampError::SetBack(drift) => drift.ahead_us < left_us,
            StampError::Differs(_) => false,
        }
    }
}

impl From<Distrust> for StampError {
    fn from(distrust: Distrust) -> Self {
        match distrust {
            Distrust::Unverified => StampError::Unverified,
            Distrust::Jumped(by) => StampError::Jumped(by),
            Distrust::Differs(by) => StampError::Differs(by),
        }
    }
}

/// The clock. `lease` is what is known to be on disk.
#[derive(Debug)]
pub(crate) struct Clock {
    hlc: Hlc,
    lease: AtomicI64,
    trust: ClockTrust,
    /// Milliseconds that this clock is ahead of the median of its peers, as gossip tells it.
    told_offset_ms: AtomicI64,
    /// A deliberate bug: stamps are issued whatever the clocks say.
    is_unbounded: bool,
}

impl Clock {
    /// Goes on after the lease that an earlier run left behind.
    pub(crate) fn after(lease: Micros, now: Now, is_unbounded: bool) -> Clock {
        Clock {
            hlc: Hlc::after(lease),
            lease: AtomicI64::new(lease),
            trust: ClockTrust::new(now.wall, now.mono),
            told_offset_ms: AtomicI64::new(0),
            is_unbounded,
        }
    }

    /// The next stamp.
    pub(crate) fn stamp(&self, now: Now) -> Result<Micros, StampError> {
        if self.is_unbounded {
            let stamp = now.wall.max(self.hlc.last() + 1);
            return self.hlc.witness(stamp, stamp).map(|()| stamp).map_err(StampError::SetBack);
        }
        self.trust.check(now.wall, now.mono)?;
        let stamp = self.hlc.next(now.wall).map_err(StampError::SetBack)?;
        if stamp <= self.lease.load(Ordering::Acquire) { Ok(stamp) } else { Err(StampError::Lease) }
    }

    /// Succeeds if a stamp could be issued but for the lease, which passes.
    pub(crate) fn check(&self, now: Now) -> Result<(), StampError> {
        self.trust.check(now.wall, now.mono)?;
        let ahead_us = self.hlc.last().saturating_sub(now.wall);
        if ahead_us > MAX_DRIFT_US { Err(StampError::SetBack(DriftError { ahead_us })) } else { Ok(()) }
    }

    /// The time as it seems right, for all that is no stamp.
    pub(crate) fn right_time(&self, now: Now) -> Micros {
        if self.is_unbounded {
            return now.wall;
        }
        self.trust.right_time(now.wall, now.mono)
    }

    /// The wall clock as peers are told it.
    pub(crate) fn reading(&self, now: Now) -> Reading {
        self.trust.reading(now.wall, now.mono)
    }

    /// The stamp that message headers carry: not above the lease either, or a crash could take it back.
    pub(crate) fn last(&self) -> Micros {
        self.hlc.last().min(self.lease.load(Ordering::Acquire))
    }

    /// A peer's stamp arrived.
    pub(crate) fn witness(&self, stamp: Micros, now: Now) -> Result<(), DriftError> {
        self.hlc.witness(stamp, self.right_time(now))
    }

    /// Succeeds unless a stamp or a ballot that another node issued is beyond what this one accepts.
    pub(crate) fn check_received(&self, stamp: Micros, now: Now) -> Result<(), DriftError> {
        check_received_stamp(stamp, self.right_time(now))
    }

    /// The lease to write to disk now, if it is time; [`Clock::extend_lease`] once it is there. A clock that is not trusted gets none: it
    /// stamps nothing, and a lease that it led astray would outlast its being put right.
    pub(crate) fn due(&self, now: Now) -> Option<Micros> {
        if !self.is_unbounded {
            self.trust.check(now.wall, now.mono).ok()?;
        }
        let reached = self.hlc.last().max(now.wall);
        (self.lease.load(Ordering::Acquire) - reached < RENEW_BELOW_US).then_some(reached + LEASE_US)
    }

    /// The lease that is known to be on disk.
    pub(crate) fn lease(&self) -> Micros {
        self.lease.load(Ordering::Acquire)
    }

    /// A lease is on disk.
    pub(crate) fn extend_lease(&self, lease: Micros) {
        self.lease.fetch_max(lease, Ordering::AcqRel);
    }

    /// Takes a verdict of comparisons with peers; see [`ClockTrust::take`].
    pub(crate) fn take(&self, verdict: Verdict, is_patience_over: bool, now: Now) {
        self.trust.take(verdict, is_patience_over, now.wall, now.mono);
    }

    /// Milliseconds that this clock is ahead of the median of its peers.
    pub(crate) fn told_offset_ms(&self) -> i64 {
        self.told_offset_ms.load(Ordering::Relaxed)
    }

    /// Sets what gossip tells; small changes are not worth telling.
    pub(crate) fn tell_offset(&self, ahead_us: i64) {
        const WORTH_TELLING_MS: i64 = 5;
        let ahead_ms = ahead_us / 1_000;
        if (ahead_ms - self.told_offset_ms()).abs() >= WORTH_TELLING_MS {
            self.told_offset_ms.store(ahead_ms, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn at(time: i64) -> Now {
        Now { wall: time, mono: Mono(time as u64) }
    }

    /// Readings of a process that is held up for half a second before the readings of these numbers, counted from 0.
    fn read_with_pauses(before: &[usize]) -> (Now, usize) {
        let (time, readings) = (Cell::new(10), Cell::new(0));
        let pass = || {
            let pause = if before.contains(&readings.get()) { 500_000 } else { 1 };
            time.set(time.get() + pause);
            readings.set(readings.get() + 1);
            time.get()
        };
        (Now::read(|| Mono(pass() as u64), pass), readings.get())
    }

    #[test]
    fn a_process_that_is_held_up_between_two_readings_reads_again() {
        for (pauses, readings) in [(vec![], 3), (vec![0], 3), (vec![1], 5), (vec![2], 5), (vec![1, 3, 6], 9)] {
            let (now, count) = read_with_pauses(&pauses);
            assert_eq!((now.mono.0 as i64 - now.wall, count), (1, readings), "pauses before {pauses:?}");
        }
        let (_, count) = read_with_pauses(&(0..100).collect::<Vec<_>>());
        assert_eq!(count, 1 + 2 * READING_ATTEMPTS, "it ends on a machine that always pauses");
    }

    /// A clock that is trusted.
    fn clock(lease: Micros) -> Clock {
        let clock = Clock::after(lease, at(0), false);
        clock.take(Verdict::Alone, true, at(0));
        clock
    }

    #[test]
    fn nothing_is_stamped_above_the_lease() {
        let clock = clock(0);
        assert_eq!(clock.stamp(at(1_000)), Err(StampError::Lease));
        let lease = clock.due(at(1_000)).unwrap();
        clock.extend_lease(lease);
        assert!(clock.stamp(at(1_000)).is_ok_and(|s| s <= lease));
        assert_eq!(clock.stamp(at(lease + 1)), Err(StampError::Lease));
    }

    #[test]
    fn what_peers_say_is_not_repeated_above_the_lease() {
        let clock = clock(1_000);
        clock.witness(9_000, at(9_000)).unwrap();
        assert_eq!(clock.last(), 1_000);
        let lease = clock.due(at(9_000)).unwrap();
        clock.extend_lease(lease);
        assert_eq!(clock.last(), 9_000);
    }

    #[test]
    fn a_restart_begins_above_everything_issued() {
        let before = clock(0);
        let lease = before.due(at(5_000)).unwrap();
        before.extend_lease(lease);
        let issued = before.stamp(at(5_000)).unwrap();
        let after = clock(lease);
        after.extend_lease(lease + LEASE_US);
        assert!(after.stamp(at(5_001)).unwrap() > issued);
    }

    #[test]
    fn a_clock_that_jumped_stamps_nothing_and_extends_no_lease_by_its_jump() {
        let clock = clock(0);
        clock.extend_lease(LEASE_US);
        let hour = 3_600_000_000;
        for jump in [hour, -hour] {
            let wrong = Now { wall: 1_000 + jump, mono: Mono(1_000) };
            assert_eq!(clock.stamp(wrong), Err(StampError::Jumped(jump)));
            assert_eq!(clock.due(wrong), None, "it stamps nothing, so it needs none");
            assert_eq!(clock.check_received(2_000, wrong), Ok(()));
            assert!(clock.check_received(hour, wrong).is_err());
        }
        assert_eq!(clock.stamp(at(2_000)), Ok(2_000));
    }

    #[test]
    fn a_clock_that_nobody_has_compared_leaves_the_lease_as_it_is() {
        let clock = Clock::after(7, at(3_600_000_000), false);
        assert_eq!(clock.due(at(3_600_000_000)), None);
        assert_eq!(clock.stamp(at(3_600_000_000)), Err(StampError::Unverified));
    }

    #[test]
    fn a_clock_set_back_while_the_node_was_off_stamps_nothing_until_it_has_caught_up() {
        let clock = clock(3_600_000_000);
        let refused = clock.stamp(at(1_000)).unwrap_err();
        assert!(matches!(refused, StampError::SetBack(_)) && !refused.may_pass_within(2_000_000), "{refused:?}");
        assert!(clock.check(at(1_000)).is_err());
        clock.extend_lease(3_600_000_000 + LEASE_US);
        assert_eq!(clock.stamp(at(3_599_999_999)), Ok(3_600_000_001));
        assert_eq!(clock.check(at(3_600_000_000)), Ok(()));
    }

    #[test]
    fn small_offsets_are_not_told_again_and_again() {
        let clock = clock(0);
        clock.tell_offset(4_900);
        assert_eq!(clock.told_offset_ms(), 0);
        clock.tell_offset(-7_000);
        assert_eq!(clock.told_offset_ms(), -7);
    }
}
