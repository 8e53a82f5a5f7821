//! The error of a text that is no plan.

use std::fmt;

/// The reason why a text is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlanError {
    /// The number of the line, from 1; `None` if no line has it.
    line: Option<usize>,
    what: String,
}

impl PlanError {
    pub(super) fn of(line: usize, what: String) -> PlanError {
        PlanError { line: Some(line), what }
    }

    pub(super) fn of_head(what: String) -> PlanError {
        PlanError { line: None, what }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for PlanError {}
