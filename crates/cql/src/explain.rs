//! Plans in words, for EXPLAIN: what of a statement can be told without asking who the replicas are.

mod read;
mod write;

use henge_model::{Column, Token};
use std::collections::BTreeSet;

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainLine {
    /// The part of the plan that it is about, such as `partitions`.
    pub subject: &'static str,
    /// The way of the plan there.
    pub detail: String,
}

impl ExplainLine {
    /// A line about a part of a plan.
    pub fn new(subject: &'static str, detail: impl Into<String>) -> ExplainLine {
        ExplainLine { subject, detail: detail.into() }
    }
}

/// An explanation: lines, and the tokens of the partitions that the statement names, each once in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The lines.
    pub lines: Vec<ExplainLine>,
    /// The tokens; `None` for a scan, which names no partition.
    pub tokens: Option<BTreeSet<Token>>,
}

impl Explanation {
    fn say(&mut self, subject: &'static str, detail: impl Into<String>) {
        self.lines.push(ExplainLine::new(subject, detail));
    }
}

/// A number of things: `1 row`, `2 rows`.
fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn names<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    columns.map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Partitions, of which many keys may be part.
fn count_partitions<'a>(keys: impl Iterator<Item = &'a [u8]>) -> usize {
    keys.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests;
