//! Seeded fuzzing for tests: a target is a function of a random source, run for many seeds; the panic of a failure
//! names the seed. And exhaustive search, for tests of models that are small enough.
//!
//! Every program that links this crate counts the allocations of each thread, so that a target also fails if it takes
//! more memory than its input justifies. A round that takes longer than any input justifies aborts the program and
//! prints its seed. `HENGE_FUZZ=n` in the environment multiplies the number of seeds by `n`.
//!
//! - `allocator`: the count of allocated bytes.
//! - `bytes`: random bytes, and changes to valid ones.
//! - `explore`: all states of a model.
//! - `watch`: the time limit of a round.

// The time limit of a test is outside of what the simulator replays.
#![allow(clippy::disallowed_methods)]

mod allocator;
mod bytes;
mod explore;
mod watch;

pub use bytes::{change, noise};
pub use explore::{Exploration, Model, Violation, explore};

use henge_base::Random;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The factor on the number of rounds that a test asks for: `HENGE_FUZZ`, or 1.
pub fn times() -> u64 {
    std::env::var("HENGE_FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Runs a target for many seeds. It returns the number of bytes it was given; `bound` maps that to the most bytes that
/// it may have allocated at one time.
///
/// # Panics
/// If the target panics or allocates more. The panic names the seed.
pub fn fuzz(rounds: u64, bound: impl Fn(usize) -> usize, target: impl Fn(&mut Random) -> usize) {
    let watch = watch::Watch::start();
    for seed in 0..rounds.saturating_mul(times()) {
        watch.round(seed);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let (given, most) = allocator::most_during(|| target(&mut Random::new(seed)));
            assert!(most <= bound(given), "{given} bytes took {most} bytes of memory");
        }));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(bound: usize, target: impl Fn(&mut Random) -> usize) -> bool {
        catch_unwind(AssertUnwindSafe(|| fuzz(3, |_| bound, target))).is_err()
    }

    #[test]
    fn a_panic_and_too_much_memory_are_noticed() {
        assert!(!fails(1 << 10, |_| 0));
        assert!(fails(1 << 10, |random| [0, 1][random.below(3) as usize]));
        assert!(fails(1 << 10, |_| vec![0u8; 4096].len()));
        assert!(!fails(1 << 13, |_| vec![0u8; 4096].len()));
    }

    #[test]
    fn a_seed_gives_the_same_bytes_again() {
        let made = |seed| {
            let random = &mut Random::new(seed);
            let mut bytes = noise(random, 50);
            change(random, &mut bytes);
            bytes
        };
        assert_eq!((0..20).map(made).collect::<Vec<_>>(), (0..20).map(made).collect::<Vec<_>>());
    }
}
