//! The latencies of one kind of requests to one peer: their distribution of late, and their mean. Counting takes no lock; a count that is
//! lost between two threads does no harm. Times are microseconds, and the clock is the caller's.

use henge_base::Mono;
use henge_model::Percentile;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Buckets to each doubling.
const BUCKETS_PER_DOUBLING: usize = 4;
/// The first bucket ends above this power of two: 64 us.
const FIRST_POWER: u32 = 6;
/// Buckets: the last one holds all that takes longer than 8 s.
const BUCKETS: usize = 17 * BUCKETS_PER_DOUBLING + 1;
/// Latencies below which nothing is said about shares of them.
const SAMPLES_MIN: u32 = 16;
/// Latencies after which all counts are halved, so that new ones soon outweigh the old.
const SAMPLES_MAX: u32 = 4_096;
/// The time after which they are halved in any case.
const HALF_LIFE: Duration = Duration::from_secs(10);
/// The least part of the mean that the newest latency makes, as a divisor.
const MEAN_SAMPLES: u64 = 64;
/// The time in which the mean forgets half of what it was, however few latencies come.
const MEAN_HALF_LIFE: Duration = Duration::from_secs(1);

/// The latencies.
#[derive(Debug)]
pub(crate) struct Latencies {
    buckets: [AtomicU32; BUCKETS],
    total: AtomicU32,
    halved: AtomicU64,
    /// The share last asked for, and the microseconds in which so many are answered; 0 if it has to be counted again.
    known: AtomicU64,
    mean: AtomicU64,
    mean_at: AtomicU64,
}

impl Default for Latencies {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Latencies {
            buckets: [const { AtomicU32::new(0) }; BUCKETS],
            total: AtomicU32::default(),
            halved: zero(),
            known: zero(),
            mean: zero(),
            mean_at: zero(),
        }
    }
}

impl Latencies {
    /// Adds a latency.
    pub(crate) fn add(&self, latency: Duration, now: Mono) {
        let micros = (latency.as_micros() as u64).max(1);
        let bucket = &self.buckets[bucket_of(micros)];
        bucket.store(bucket.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed) + 1;
        self.total.store(total, Ordering::Relaxed);
        if total.is_multiple_of(SAMPLES_MIN) {
            self.known.store(0, Ordering::Relaxed);
            if total >= SAMPLES_MAX || now.since(Mono(self.halved.load(Ordering::Relaxed))) >= HALF_LIFE {
                self.halve(now);
            }
        }
        self.add_to_mean(micros, now);
    }

    /// The time in which this share of requests was answered of late, to within a fifth; `None` if too few were.
    pub(crate) fn answer_time(&self, share: Percentile) -> Option<Duration> {
        let known = self.known.load(Ordering::Relaxed);
        if known >> 32 == u64::from(share.0) {
            return Some(Duration::from_micros(known & u64::from(u32::MAX)));
        }
        let micros = self.count(share)?;
        self.known.store((u64::from(share.0) << 32) | micros, Ordering::Relaxed);
        Some(Duration::from_micros(micros))
    }

    /// The mean of late; zero before the first.
    pub(crate) fn mean(&self) -> Duration {
        Duration::from_micros(self.mean.load(Ordering::Relaxed))
    }

    fn count(&self, share: Percentile) -> Option<u64> {
        let counts = self.buckets.each_ref().map(|bucket| bucket.load(Ordering::Relaxed));
        let total: u32 = counts.iter().sum();
        if total < SAMPLES_MIN {
            return None;
        }
        let above_max = u64::from(total) * (1_000_000 - u64::from(share.0.min(1_000_000))) / 1_000_000;
        let mut above = 0;
        let at = counts.iter().rposition(|count| {
            above += u64::from(*count);
            above > above_max
        });
        at.map(end_of)
    }

    fn halve(&self, now: Mono) {
        self.halved.store(now.0, Ordering::Relaxed);
        let mut total = 0;
        for bucket in &self.buckets {
            let half = bucket.load(Ordering::Relaxed) / 2;
            bucket.store(half, Ordering::Relaxed);
            total += half;
        }
        self.total.store(total, Ordering::Relaxed);
    }

    /// Moves the mean towards a latency: by its part of the last ones, or by more if the mean is old.
    fn add_to_mean(&self, micros: u64, now: Mono) {
        let mean = self.mean.load(Ordering::Relaxed);
        let age = now.since(Mono(self.mean_at.load(Ordering::Relaxed))).as_micros() as u64;
        self.mean_at.store(now.0, Ordering::Relaxed);
        let half_life = MEAN_HALF_LIFE.as_micros() as u64;
        let moved = match mean {
            0 => micros,
            // The part is age / (age + half-life).
            _ if age > half_life / MEAN_SAMPLES => (mean * half_life + micros * age) / (half_life + age),
            _ => (mean * (MEAN_SAMPLES - 1) + micros) / MEAN_SAMPLES,
        };
        self.mean.store(moved.max(1), Ordering::Relaxed);
    }
}

fn bucket_of(micros: u64) -> usize {
    let power = micros.ilog2();
    if power < FIRST_POWER {
        return 0;
    }
    let quarter = (micros >> (power - 2)) as usize & (BUCKETS_PER_DOUBLING - 1);
    ((power - FIRST_POWER) as usize * BUCKETS_PER_DOUBLING + quarter).min(BUCKETS - 1)
}

/// The microseconds that all of a bucket are below.
fn end_of(bucket: usize) -> u64 {
    let (power, quarter) = (FIRST_POWER as usize + bucket / BUCKETS_PER_DOUBLING, bucket % BUCKETS_PER_DOUBLING);
    ((BUCKETS_PER_DOUBLING + quarter + 1) as u64) << (power - 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn add(latencies: &Latencies, micros: impl Iterator<Item = u64>, now: u64) {
        micros.for_each(|micros| latencies.add(Duration::from_micros(micros), Mono(now)));
    }

    fn p99(latencies: &Latencies) -> Option<u64> {
        latencies.answer_time(Percentile::P99).map(|time| time.as_micros() as u64)
    }

    #[test]
    fn every_latency_is_below_the_end_of_its_bucket_by_a_fifth_at_most() {
        for micros in (64..5_000).chain((5_000..8_000_000).step_by(997)) {
            let end = end_of(bucket_of(micros));
            assert!(micros < end && end <= micros + micros / 4 + 1, "{micros} ends at {end}");
        }
        assert_eq!((bucket_of(1), bucket_of(79), bucket_of(80), bucket_of(u64::MAX)), (0, 0, 1, BUCKETS - 1));
    }

    #[test]
    fn shares_are_found_once_enough_is_known() {
        let latencies = Latencies::default();
        add(&latencies, 0..15, 1);
        assert_eq!(p99(&latencies), None);
        let latencies = Latencies::default();
        add(&latencies, (1..=1_000).map(|number| number * 10), 1);
        for (share, exact) in [(500_000, 5_000), (900_000, 9_000), (990_000, 9_900), (999_900, 10_000)] {
            let found = latencies.answer_time(Percentile(share)).unwrap().as_micros() as u64;
            assert!((exact..=exact + exact / 4).contains(&found), "{share}: {found}");
        }
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let latencies = Latencies::default();
        add(&latencies, std::iter::repeat_n(100_000, 1_000), 1);
        assert!(p99(&latencies).unwrap() >= 100_000);
        // By numbers within a moment, or by time where they are few.
        add(&latencies, std::iter::repeat_n(500, 40_000), 2);
        assert!(p99(&latencies).unwrap() < 1_000, "{:?}", p99(&latencies));
        add(&latencies, std::iter::repeat_n(100_000, 160), 3);
        (1..=20).for_each(|tens| add(&latencies, std::iter::repeat_n(500, 32), tens * 10 * SECOND));
        assert!(p99(&latencies).unwrap() < 1_000, "{:?}", p99(&latencies));
    }

    #[test]
    fn one_outlier_moves_the_mean_little_and_many_seconds_move_it_all() {
        let latencies = Latencies::default();
        assert_eq!(latencies.mean(), Duration::ZERO);
        add(&latencies, std::iter::repeat_n(300, 1_000), 1);
        add(&latencies, std::iter::once(50_000), 2);
        assert!(latencies.mean() < Duration::from_micros(1_200), "{:?}", latencies.mean());
        (0..10).for_each(|second| add(&latencies, std::iter::once(50_000), second * SECOND));
        assert!(latencies.mean() > Duration::from_micros(40_000), "{:?}", latencies.mean());
    }
}
