//! The budget of speculative requests: under overload all replicas are late, and asking more of them would double it.

use std::sync::atomic::{AtomicU32, Ordering};

/// Reads that earn one speculative request: those are 5% of reads at most.
const READS_PER_REQUEST: u32 = 20;
/// Speculative requests that are saved up at most.
const SAVED_REQUESTS_MAX: u32 = 16;

/// A bucket of tokens, of which each read brings one. Counting is not exact where two threads share it, and need not be.
#[derive(Debug)]
pub struct SpeculationBudget {
    reads: AtomicU32,
}

impl Default for SpeculationBudget {
    fn default() -> Self {
        SpeculationBudget { reads: AtomicU32::new(SAVED_REQUESTS_MAX * READS_PER_REQUEST) }
    }
}

impl SpeculationBudget {
    /// Counts a read.
    pub(crate) fn earn(&self) {
        let reads = self.reads.load(Ordering::Relaxed);
        if reads < SAVED_REQUESTS_MAX * READS_PER_REQUEST {
            self.reads.store(reads + 1, Ordering::Relaxed);
        }
    }

    /// Takes one request out; false if there is none.
    pub(crate) fn spend(&self) -> bool {
        let reads = self.reads.load(Ordering::Relaxed);
        let left = reads.checked_sub(READS_PER_REQUEST);
        left.into_iter().for_each(|left| self.reads.store(left, Ordering::Relaxed));
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_twenty_reads_may_ask_one_more_after_a_burst() {
        let budget = SpeculationBudget::default();
        let spent = |reads: u32| {
            (0..reads)
                .filter(|_| {
                    budget.earn();
                    budget.spend()
                })
                .count()
        };
        assert_eq!(spent(16), 16);
        assert_eq!(spent(20_000), 1_000);
        (0..100_000).for_each(|_| budget.earn());
        assert_eq!(spent(17), 16, "no more than a burst is saved up");
    }
}
