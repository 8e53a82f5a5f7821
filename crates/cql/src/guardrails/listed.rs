//! Lists of values that cause a warning, are ignored, or are refused.

use super::Guard;
use crate::error::Error;
use std::collections::BTreeSet;
use std::fmt::Display;

/// The values of a kind that the operator restricts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// Values that cause a warning.
    pub warned: BTreeSet<T>,
    /// Values that are ignored, with a warning. Used for table properties only.
    pub ignored: BTreeSet<T>,
    /// Values that are refused.
    pub disallowed: BTreeSet<T>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Listed { warned: BTreeSet::new(), ignored: BTreeSet::new(), disallowed: BTreeSet::new() }
    }
}

impl<T: Ord + Display> Listed<T> {
    /// True if the value is in none of the lists.
    pub(crate) fn knows_nothing_of(&self, value: &T) -> bool {
        !self.warned.contains(value) && !self.ignored.contains(value) && !self.disallowed.contains(value)
    }

    /// Returns an error or adds warnings for restricted values. `name` is the guardrail's name, `what` describes the
    /// values.
    pub(crate) fn check(&self, guard: &Guard<'_>, name: &str, what: &str, given: &BTreeSet<T>) -> Result<(), Error> {
        let refused = list_unless_empty(given.intersection(&self.disallowed));
        if let Some(refused) = refused {
            let all = list(&self.disallowed);
            let text = format!("Provided values {refused} are not allowed for {what} (disallowed values are: {all})");
            return Err(guard.refuse(name, &text));
        }
        if let Some(ignored) = list_unless_empty(given.intersection(&self.ignored)) {
            let all = list(&self.ignored);
            let text = format!(
                "Ignoring provided values {ignored} as they are not supported for {what} (ignored values are: {all})"
            );
            guard.warn_of(name, &text);
        }
        if let Some(warned) = list_unless_empty(given.intersection(&self.warned)) {
            let all = list(&self.warned);
            let text = format!("Provided values {warned} are not recommended for {what} (warned values are: {all})");
            guard.warn_of(name, &text);
        }
        Ok(())
    }
}

fn list_unless_empty<'t, T: Display + 't>(values: impl Iterator<Item = &'t T>) -> Option<String> {
    let mut values = values.peekable();
    values.peek().is_some().then(|| list(values))
}

fn list<'t, T: Display + 't>(values: impl IntoIterator<Item = &'t T>) -> String {
    let values: Vec<String> = values.into_iter().map(T::to_string).collect();
    format!("[{}]", values.join(", "))
}
