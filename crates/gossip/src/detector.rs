//! The failure detector for one peer: phi accrual (Hayashibara and others, 2004) over the intervals of its heartbeats.
//!
//! Intervals are assumed to be exponentially distributed. So phi, the negative natural logarithm of the probability
//! that the next sign of life is merely late, is the silence divided by the mean interval. With a heartbeat a second
//! and the threshold of 8, a stopped peer is judged down after eight to ten seconds.

use henge_base::Mono;
use std::time::Duration;

/// The phi from which on a peer counts as down. One late heartbeat in three thousand would be misjudged if intervals
/// were as irregular as assumed; they are far more regular.
pub const PHI_THRESHOLD: f64 = 8.0;
/// The number of intervals that the mean is computed over, as in Cassandra; but older ones fade, so that nothing has to
/// be kept of each.
pub const INTERVAL_COUNT_MAX: usize = 1000;
/// The interval assumed before any was measured: two rounds, so that a new peer is not judged by its first two
/// messages.
pub const FIRST_INTERVAL: Duration = Duration::from_secs(2);
/// The longest interval recorded. A longer one counts as this, so that one silence does not blunt the detector for the
/// next [`INTERVAL_COUNT_MAX`] heartbeats.
pub const INTERVAL_MAX: Duration = Duration::from_secs(4);
/// The shortest mean assumed, so that bursts of news do not make the detector judge hastily.
pub const MEAN_INTERVAL_MIN: Duration = Duration::from_millis(500);

/// The signs of life of one peer.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    /// The mean interval between heartbeats, in microseconds, each counted as [`INTERVAL_MAX`] at most.
    mean: f64,
    /// The number of intervals that the mean stands for, at most [`INTERVAL_COUNT_MAX`].
    count: usize,
    last_heartbeat: Mono,
    /// The time of the last sign of life of any kind.
    last_sign: Mono,
}

impl Detector {
    /// The detector of a peer first heard of at `now`.
    pub(crate) fn new(now: Mono) -> Detector {
        Detector { mean: FIRST_INTERVAL.as_micros() as f64, count: 1, last_heartbeat: now, last_sign: now }
    }

    /// Records a heartbeat that became known at `now`.
    pub(crate) fn record_heartbeat(&mut self, now: Mono) {
        let interval = now.since(self.last_heartbeat).min(INTERVAL_MAX).as_micros() as f64;
        self.count = (self.count + 1).min(INTERVAL_COUNT_MAX);
        self.mean += (interval - self.mean) / self.count as f64;
        self.last_heartbeat = self.last_heartbeat.max(now);
        self.record_sign_of_life(now);
    }

    /// Records a sign of life that is not a heartbeat.
    pub(crate) fn record_sign_of_life(&mut self, now: Mono) {
        self.last_sign = self.last_sign.max(now);
    }

    /// Records a sign of life after a silence that must not count as an interval.
    pub(crate) fn resume(&mut self, now: Mono) {
        self.last_heartbeat = self.last_heartbeat.max(now);
        self.record_sign_of_life(now);
    }

    /// The suspicion that the peer is down; compare with [`PHI_THRESHOLD`].
    pub(crate) fn phi(&self, now: Mono) -> f64 {
        let mean = self.mean.max(MEAN_INTERVAL_MIN.as_micros() as f64);
        now.since(self.last_sign).as_micros() as f64 / mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(millis: u64) -> Mono {
        Mono(millis * 1000)
    }

    /// A detector after `count` heartbeats at intervals of `every` milliseconds, and the time of the last.
    fn detector_after(every: u64, count: u64) -> (Detector, u64) {
        let mut detector = Detector::new(moment(0));
        (1..=count).for_each(|n| detector.record_heartbeat(moment(n * every)));
        (detector, every * count)
    }

    /// Milliseconds of silence until the threshold.
    fn silence_until_down(detector: &Detector, from: u64) -> u64 {
        (0..100_000).step_by(100).find(|silence| detector.phi(moment(from + silence)) >= PHI_THRESHOLD).unwrap()
    }

    #[test]
    fn patience_follows_the_rhythm() {
        for (every, count, low, high) in [
            (1000, 0, 15_900, 16_100),
            (1000, 10, 8_000, 9_000),
            (1000, 2000, 8_000, 8_100),
            (2000, 2000, 16_000, 16_100),
            (60_000, 2000, 32_000, 32_100),
            (10, 2000, 4_000, 4_100),
        ] {
            let (detector, last) = detector_after(every, count);
            let patience = silence_until_down(&detector, last);
            assert!((low..=high).contains(&patience), "{every} ms, {count} times: {patience}");
        }
    }

    #[test]
    fn one_long_silence_does_not_blunt_it() {
        let (mut detector, last) = detector_after(1000, 100);
        detector.record_heartbeat(moment(last + 3_600_000));
        assert!(silence_until_down(&detector, last + 3_600_000) < 8_500);
    }

    #[test]
    fn direct_signs_hold_it_off_and_leave_the_rhythm() {
        let (mut detector, last) = detector_after(1000, 100);
        detector.record_sign_of_life(moment(last + 7000));
        assert!(detector.phi(moment(last + 9000)) < 3.0);
        assert!(silence_until_down(&detector, last + 7000) < 8_500);
        detector.record_sign_of_life(moment(last));
        assert!(detector.phi(moment(last + 9000)) < 3.0, "an older sign changes nothing");
    }

    #[test]
    fn the_mean_follows_a_new_rhythm() {
        let (mut detector, last) = detector_after(500, 5000);
        assert!((4_000..=4_100).contains(&silence_until_down(&detector, last)));
        (1..=4000).for_each(|n| detector.record_heartbeat(moment(last + n * 1000)));
        assert!((7_800..=8_000).contains(&silence_until_down(&detector, last + 4_000_000)));
    }
}
