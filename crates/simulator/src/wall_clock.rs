//! The wall clock of a machine: a little wrong, or in a storm far wrong.

use henge_base::{Micros, Random};

/// The wall clock at the beginning of every run, microseconds since the epoch.
const EPOCH_US: i64 = 1_700_000_000_000_000;
/// The most microseconds that a clock is off which is as right as clocks are. Two such clocks differ by less than
/// the drift bound.
const SKEW_US: u64 = 200_000;
/// The least microseconds of a jump beyond the bound. Jumps differ by more than the bound, or clocks that
/// jumped alike would confirm each other.
const JUMP_US: u64 = 3_600_000_000;

/// The true time at a simulated time.
pub(crate) fn true_time(now: u64) -> Micros {
    EPOCH_US + now as i64
}

/// A wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WallClock {
    /// The microseconds that it was ahead when it was last set; negative if behind.
    pub(crate) ahead_us: i64,
    /// The microseconds that it gains in a second; a frozen one loses a million.
    pub(crate) gain_us: i64,
    /// The simulated time at which it was set.
    pub(crate) set_at: u64,
}

impl WallClock {
    /// The time that it shows.
    pub(crate) fn read(&self, now: u64) -> Micros {
        let gained = (now.saturating_sub(self.set_at) as i64 / 1_000).saturating_mul(self.gain_us) / 1_000;
        true_time(now) + self.ahead_us + gained
    }

    /// A clock that is as right as clocks are.
    pub(crate) fn within_the_bound(random: &mut Random, now: u64) -> WallClock {
        let ahead_us = random.between(0, 2 * SKEW_US) as i64 - SKEW_US as i64;
        WallClock { ahead_us, gain_us: 0, set_at: now }
    }

    /// This clock with a fault that takes it beyond the bound: a jump of an hour or more, a standstill, or a drift.
    pub(crate) fn beyond_the_bound(self, random: &mut Random, now: u64) -> WallClock {
        let ahead_us = self.read(now) - true_time(now);
        let jump = (JUMP_US + random.below(JUMP_US)) as i64;
        let (jump, gain_us) = match random.below(4) {
            0 => (jump, 0),
            1 => (-jump, 0),
            2 => (0, -1_000_000),
            _ => (0, random.between(0, 600_000) as i64 - 300_000),
        };
        WallClock { ahead_us: ahead_us + jump, gain_us, set_at: now }
    }
}
