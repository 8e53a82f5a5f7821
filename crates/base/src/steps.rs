//! A count of elementary steps (comparisons, elements looked at), for tests that hold the work of a request to be
//! linear in its size. Builds without debug assertions count nothing.

use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Counts `steps` more on this thread.
#[inline]
pub fn count_steps(steps: usize) {
    if cfg!(debug_assertions) {
        STEPS.with(|counted| counted.set(counted.get() + steps as u64));
    }
}

/// The number of steps that were counted on this thread while `run` ran.
pub fn steps_of<T>(run: impl FnOnce() -> T) -> u64 {
    let before = STEPS.with(Cell::get);
    run();
    STEPS.with(Cell::get) - before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_the_run() {
        count_steps(3);
        assert_eq!(steps_of(|| count_steps(2)), 2);
    }
}
