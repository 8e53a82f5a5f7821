//! The words of a line.

use super::error::PlanError;
use crate::seconds::{Seconds, parse_seconds};
use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::SplitWhitespace;

/// The words of a line that are still to be read.
pub(super) struct Words<'a> {
    line: usize,
    words: Peekable<SplitWhitespace<'a>>,
}

impl<'a> Words<'a> {
    pub(super) fn new(line: usize, text: &'a str) -> Words<'a> {
        Words { line, words: text.split_whitespace().peekable() }
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    pub(super) fn peek(&mut self) -> Option<&'a str> {
        self.words.peek().copied()
    }

    pub(super) fn error(&self, what: String) -> PlanError {
        PlanError::of(self.line, what)
    }

    /// The next word; an error that says what was expected if there is none.
    pub(super) fn next(&mut self, expected: &str) -> Result<&'a str, PlanError> {
        let next = self.words.next();
        next.ok_or_else(|| self.error(format!("expected {expected}, found the end of the line")))
    }

    fn expect<T>(&mut self, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, PlanError> {
        let word = self.next(expected)?;
        read(word).ok_or_else(|| self.error(format!("expected {expected}, found {word:?}")))
    }

    /// Reads this word.
    pub(super) fn word(&mut self, word: &'static str) -> Result<(), PlanError> {
        self.expect(&format!("{word:?}"), |found| (found == word).then_some(()))
    }

    /// Reads one of some words.
    pub(super) fn choice<T: Copy>(&mut self, choices: &[(&str, T)]) -> Result<T, PlanError> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let find = |found: &str| choices.iter().find(|(name, _)| *name == found).map(|(_, value)| *value);
        self.expect(&format!("one of {}", names.join(", ")), find)
    }

    /// Reads some of some words, with commas between them, or `none`.
    pub(super) fn choices<T: Copy + Ord>(&mut self, choices: &[(&str, T)]) -> Result<BTreeSet<T>, PlanError> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let find = |found: &str| choices.iter().find(|(name, _)| *name == found).map(|(_, value)| *value);
        let all = |found: &str| match found {
            "none" => Some(BTreeSet::new()),
            _ => found.split(',').map(find).collect(),
        };
        self.expect(&format!("none, or some of {} with commas between them", names.join(", ")), all)
    }

    /// Reads a number of at most `max`.
    pub(super) fn number(&mut self, max: u64, what: &str) -> Result<u64, PlanError> {
        let read = |found: &str| found.parse::<u64>().ok().filter(|number| *number <= max);
        self.expect(&format!("{what}, at most {max}"), read)
    }

    /// Reads a number of a range.
    pub(super) fn number_between(&mut self, low: usize, high: usize, what: &str) -> Result<usize, PlanError> {
        let read = |found: &str| found.parse::<usize>().ok().filter(|number| (low..=high).contains(number));
        self.expect(&format!("{what}, from {low} to {high}"), read)
    }

    /// Reads a number that may be negative, of at most `max` either way.
    pub(super) fn signed_number(&mut self, max: u64, what: &str) -> Result<i64, PlanError> {
        let read = |found: &str| found.parse::<i64>().ok().filter(|number| number.unsigned_abs() <= max);
        self.expect(&format!("{what}, at most {max} either way"), read)
    }

    /// Reads a time of at most `max` microseconds.
    pub(super) fn time(&mut self, max: u64) -> Result<u64, PlanError> {
        let expected = format!("a time such as \"1.8 s\", at most {}", Seconds(max));
        let time = self.expect(&expected, |found| parse_seconds(found).filter(|time| *time <= max))?;
        self.word("s")?;
        Ok(time)
    }

    /// Reads the numbers of some machines of so many, with commas between them.
    pub(super) fn machines(&mut self, all: usize) -> Result<BTreeSet<usize>, PlanError> {
        let one = |found: &str| found.parse::<usize>().ok().filter(|machine| *machine < all);
        let read = |found: &str| found.split(',').map(one).collect();
        self.expect(&format!("machines from 0 to {}, with commas between them", all.saturating_sub(1)), read)
    }

    /// Reads the numbers of `count` different machines of so many in an order, with commas between them.
    pub(super) fn ordered_machines(&mut self, all: usize, count: usize) -> Result<Vec<usize>, PlanError> {
        let one = |found: &str| found.parse::<usize>().ok().filter(|machine| *machine < all);
        let are_different = |machines: &Vec<usize>| machines.iter().collect::<BTreeSet<_>>().len() == machines.len();
        let read = |found: &str| found.split(',').map(one).collect::<Option<Vec<usize>>>();
        let fits = |machines: &Vec<usize>| machines.len() == count && are_different(machines);
        let expected = format!("{count} machines from 0 to {}, with commas between them", all.saturating_sub(1));
        self.expect(&expected, |found| read(found).filter(fits))
    }

    /// Reads the number of a machine of so many.
    pub(super) fn machine(&mut self, all: usize) -> Result<usize, PlanError> {
        let one = |found: &str| found.parse::<usize>().ok().filter(|machine| *machine < all);
        self.expect(&format!("a machine from 0 to {}", all.saturating_sub(1)), one)
    }

    /// Reads the end of the line.
    pub(super) fn end(&mut self) -> Result<(), PlanError> {
        match self.words.next() {
            None => Ok(()),
            Some(found) => Err(self.error(format!("expected the end of the line, found {found:?}"))),
        }
    }
}
