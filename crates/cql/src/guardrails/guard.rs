//! The guardrails that apply to one request.

use super::settings::Guardrails;
use super::threshold::CrossedLimit;
use crate::error::Error;
use parking_lot::Mutex;

/// Maximum number of warnings of one request; further ones are dropped.
const WARNINGS_MAX: usize = 100;

/// The warnings that a response carries.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    /// Adds a warning, unless it is a duplicate or there are `WARNINGS_MAX` already.
    pub fn add(&self, text: String) {
        let mut all = self.0.lock();
        if all.len() < WARNINGS_MAX && !all.contains(&text) {
            all.push(text);
        }
    }

    /// The warnings in the order in which they were added.
    pub fn into_inner(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// The guardrails of one request, and the destination of its warnings. The default applies no guardrails and drops
/// warnings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guard<'a> {
    settings: Option<&'a Guardrails>,
    exempt: bool,
    warnings: Option<&'a Warnings>,
}

impl<'a> Guard<'a> {
    /// The guardrails of a request. Superusers are exempt, except from those on batches and tombstones.
    pub fn new(settings: &'a Guardrails, exempt: bool, warnings: &'a Warnings) -> Guard<'a> {
        Guard { settings: Some(settings), exempt, warnings: Some(warnings) }
    }

    /// The settings from which nobody is exempt.
    #[inline]
    pub fn limits(&self) -> Option<&'a Guardrails> {
        self.settings
    }

    /// The settings that apply to this request; `None` if it is exempt.
    #[inline]
    pub(crate) fn settings(&self) -> Option<&'a Guardrails> {
        if self.exempt { None } else { self.settings }
    }

    /// Adds a warning to the response.
    pub fn warn(&self, text: String) {
        if let Some(warnings) = self.warnings {
            warnings.add(text);
        }
    }

    /// Adds the warning of a guardrail.
    pub(crate) fn warn_of(&self, name: &str, text: &str) {
        self.warn(violation_text(name, text));
    }

    /// The error of a guardrail. It is added as a warning too, as in Cassandra, because drivers log warnings.
    pub(crate) fn refuse(&self, name: &str, text: &str) -> Error {
        let text = violation_text(name, text);
        self.warn(text.clone());
        Error::invalid(text)
    }

    /// Adds a warning or returns an error, according to the limit that was crossed.
    #[inline]
    pub(crate) fn check_threshold(
        &self,
        name: &str,
        crossed: Option<CrossedLimit>,
        text: impl FnOnce(CrossedLimit) -> String,
    ) -> Result<(), Error> {
        match crossed {
            None => Ok(()),
            Some(limit @ CrossedLimit::Warn(_)) => {
                self.warn_of(name, &text(limit));
                Ok(())
            }
            Some(limit @ CrossedLimit::Fail(_)) => Err(self.refuse(name, &text(limit))),
        }
    }

    /// Returns an error if a feature is switched off. `what` names it in the message.
    pub(crate) fn check_allowed(&self, name: &str, is_allowed: bool, what: &str) -> Result<(), Error> {
        if is_allowed { Ok(()) } else { Err(self.refuse(name, &format!("{what} is not allowed"))) }
    }
}

fn violation_text(name: &str, text: &str) -> String {
    format!("Guardrail {name} violated: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_each_told_once_and_not_without_end() {
        let warnings = Warnings::default();
        for number in 0..1_000 {
            warnings.add(format!("of {}", number / 2));
        }
        let all = warnings.into_inner();
        assert_eq!((all.len(), &*all[0], &*all[1]), (WARNINGS_MAX, "of 0", "of 1"));
    }

    #[test]
    fn a_refusal_is_told_as_a_warning_too() {
        let (settings, warnings) = (Guardrails::default(), Warnings::default());
        let error = Guard::new(&settings, false, &warnings).refuse("page_size", "too large");
        assert_eq!(error.message, "Guardrail page_size violated: too large");
        assert_eq!(warnings.into_inner(), [error.message]);
    }
}
