//! Log lines that are written once for each thing, however often it is met.

use std::collections::BTreeSet;

/// Things remembered; further ones are not new, so that a broken disk does not fill the log.
const REMEMBERED_MAX: usize = 1_000;

/// The things met since this node started.
#[derive(Debug)]
pub(crate) struct OnceEach<T> {
    met: BTreeSet<T>,
}

impl<T> Default for OnceEach<T> {
    fn default() -> Self {
        OnceEach { met: BTreeSet::new() }
    }
}

impl<T: Ord + Clone> OnceEach<T> {
    /// True if this was not met before.
    pub(crate) fn is_new(&mut self, thing: &T) -> bool {
        self.met.len() < REMEMBERED_MAX && self.met.insert(thing.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_new_once_and_no_more_than_a_thousand_things_are() {
        let mut once = OnceEach::default();
        let new = (0..3_000).filter(|n| once.is_new(&(n / 2))).count();
        assert_eq!(new, REMEMBERED_MAX);
        assert!(!once.is_new(&0));
    }
}
