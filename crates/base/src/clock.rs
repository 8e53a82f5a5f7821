//! Times as numbers. Only the outermost layer of a node reads clocks; everything below is passed the time.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Microseconds since the Unix epoch, or a write timestamp in the same unit (CQL's `writetime`).
pub type Micros = i64;

/// A time on the node's monotonic clock, in microseconds since an arbitrary start. It never goes back; deadlines are of
/// this type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(pub u64);

impl Mono {
    /// A deadline that never comes.
    pub const FAR: Mono = Mono(u64::MAX);

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    pub fn since(self, earlier: Mono) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Mono;
    fn add(self, d: Duration) -> Mono {
        Mono(self.0.saturating_add(u64::try_from(d.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Mono {
    type Output = Mono;
    fn sub(self, d: Duration) -> Mono {
        Mono(self.0.saturating_sub(u64::try_from(d.as_micros()).unwrap_or(u64::MAX)))
    }
}
