//! The rate of delivery: each sending is given a time, behind those before it.

use henge_base::Mono;
use parking_lot::Mutex;
use std::time::Duration;

/// Sendings of all targets in one line.
#[derive(Debug, Default)]
pub(super) struct Rate {
    /// When all that was reserved will have been sent at the rate.
    free_at: Mutex<Mono>,
}

impl Rate {
    /// The time at which so many bytes may be sent, at so many in a second.
    pub(super) fn reserve(&self, bytes: u64, per_second: u64, now: Mono) -> Mono {
        let mut free_at = self.free_at.lock();
        let at = now.max(*free_at);
        *free_at = at + Duration::from_micros(bytes.saturating_mul(1_000_000) / per_second);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sendings_follow_each_other_at_the_rate() {
        let (rate, second) = (Rate::default(), 1_000_000);
        let reserve = |bytes, now| rate.reserve(bytes, 100, Mono(now * second)).0 / second;
        assert_eq!([reserve(300, 1), reserve(100, 1), reserve(100, 2), reserve(0, 2)], [1, 4, 5, 6]);
        assert_eq!(reserve(100, 60), 60, "what was not used is lost");
    }
}
