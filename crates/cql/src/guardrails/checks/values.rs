//! Guardrails on values that an operator restricts by listing them.

use crate::error::Error;
use crate::guardrails::{Guard, RestrictedValues};
use std::collections::BTreeSet;
use std::fmt::Display;

impl Guard<'_> {
    /// Returns an error or adds warnings for values that are restricted. `name` is the guardrail's name, `what` describes
    /// the values.
    pub(crate) fn check_values<T: Ord + Display>(
        &self,
        restricted: &RestrictedValues<T>,
        name: &str,
        what: &str,
        given: &BTreeSet<T>,
    ) -> Result<(), Error> {
        let refused = list_unless_empty(given.intersection(&restricted.disallowed));
        if let Some(refused) = refused {
            let all = list(&restricted.disallowed);
            let text = format!("Provided values {refused} are not allowed for {what} (disallowed values are: {all})");
            return Err(self.refuse(name, &text));
        }
        if let Some(ignored) = list_unless_empty(given.intersection(&restricted.ignored)) {
            let all = list(&restricted.ignored);
            let text = format!(
                "Ignoring provided values {ignored} as they are not supported for {what} (ignored values are: {all})"
            );
            self.warn_of(name, &text);
        }
        if let Some(warned) = list_unless_empty(given.intersection(&restricted.warned)) {
            let all = list(&restricted.warned);
            let text = format!("Provided values {warned} are not recommended for {what} (warned values are: {all})");
            self.warn_of(name, &text);
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
