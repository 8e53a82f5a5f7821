//! Lists of values that cause a warning, are ignored, or are refused.

use std::collections::BTreeSet;

/// The values of a kind that the operator restricts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestrictedValues<T> {
    /// Values that cause a warning.
    pub warned: BTreeSet<T>,
    /// Values that are ignored, with a warning. Used for table properties only.
    pub ignored: BTreeSet<T>,
    /// Values that are refused.
    pub disallowed: BTreeSet<T>,
}

impl<T> Default for RestrictedValues<T> {
    fn default() -> Self {
        RestrictedValues { warned: BTreeSet::new(), ignored: BTreeSet::new(), disallowed: BTreeSet::new() }
    }
}

impl<T: Ord> RestrictedValues<T> {
    /// True if the value is in none of the lists.
    pub(crate) fn knows_nothing_of(&self, value: &T) -> bool {
        !self.warned.contains(value) && !self.ignored.contains(value) && !self.disallowed.contains(value)
    }
}
