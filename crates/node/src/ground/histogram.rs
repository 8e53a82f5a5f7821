//! A histogram of numbers that is counted in without a lock.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper ends of the buckets: every number up to six, then each a fifth more than the last; 10,000 is below the last one.
static ENDS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let next = |end: &u64| Some((end + 1).max(end + end / 5)).filter(|end| *end < 12_000);
    std::iter::successors(Some(1), next).collect()
});

/// Counts since the start.
#[derive(Debug)]
pub(crate) struct Counts {
    /// One for each of [`ENDS`], and one for what is above them.
    buckets: Vec<AtomicU64>,
    max: AtomicU64,
}

impl Default for Counts {
    fn default() -> Self {
        Counts { buckets: (0..=ENDS.len()).map(|_| AtomicU64::new(0)).collect(), max: AtomicU64::new(0) }
    }
}

impl Counts {
    pub(crate) fn add(&self, number: u64) {
        let at = ENDS.partition_point(|end| *end < number);
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.max.fetch_max(number, Ordering::Relaxed);
    }

    /// The greatest number so far; 0 before the first.
    pub(crate) fn max(&self) -> u64 {
        self.max.load(Ordering::Relaxed)
    }

    /// The number that this part (0 to 1) of all is not above, to within a fifth; 0 before the first.
    pub(crate) fn below(&self, part: f64) -> f64 {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let wanted = (counts.iter().sum::<u64>() as f64 * part).ceil();
        let mut seen = 0;
        let at = counts.iter().position(|count| {
            seen += count;
            seen > 0 && seen as f64 >= wanted
        });
        let end = at.map(|at| ENDS.get(at).copied().unwrap_or(u64::MAX).min(self.max()));
        end.unwrap_or(0) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_all_are_found() {
        let counts = Counts::default();
        assert_eq!((counts.max(), counts.below(0.5)), (0, 0.0));
        (1..=1_000).for_each(|number| counts.add(number));
        assert_eq!(counts.max(), 1_000);
        for (part, exact) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0)] {
            let found = counts.below(part);
            assert!((exact..=exact * 1.2).contains(&found), "{part}: {found}");
        }
    }

    #[test]
    fn small_numbers_are_exact() {
        let counts = Counts::default();
        [1, 1, 1, 2, 3].into_iter().for_each(|number| counts.add(number));
        assert_eq!([0.5, 0.8, 1.0].map(|part| counts.below(part)), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn what_is_above_all_buckets_is_counted() {
        let counts = Counts::default();
        counts.add(50_000);
        assert_eq!((counts.max(), counts.below(0.5)), (50_000, 50_000.0));
    }
}
