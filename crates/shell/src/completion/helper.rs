//! Completion at the prompt.

use super::names::SchemaNames;
use super::offers::complete;
use super::place::Place;
use crate::target::Target;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};
use std::cell::RefCell;

/// The answers of the prompt to Tab.
pub(crate) struct ShellHelper {
    names: RefCell<SchemaNames>,
    /// The beginning of the statement, on lines before.
    waiting: String,
    keyspace: Option<String>,
}

impl ShellHelper {
    pub(crate) fn new(target: &Target) -> ShellHelper {
        ShellHelper { names: RefCell::new(SchemaNames::new(target)), waiting: String::new(), keyspace: None }
    }

    /// Takes in the state of the session before a line is typed: the beginning of the statement on lines before, the
    /// keyspace, and who is logged in. What the schema had is read anew.
    pub(crate) fn prepare(&mut self, waiting: &str, keyspace: Option<&str>, target: &Target) {
        self.waiting.clear();
        self.waiting.push_str(waiting);
        self.keyspace = keyspace.map(str::to_owned);
        self.names.borrow_mut().begin(target);
    }
}

impl Completer for ShellHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _context: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = format!("{}{}", self.waiting, &line[..at]);
        let Some(place) = Place::find(&before, &line[at..]) else { return Ok((at, Vec::new())) };
        let (begun, texts) = complete(&place, self.keyspace.as_deref(), &mut *self.names.borrow_mut());
        let pair = |text: String| Pair { display: text.trim_end().to_owned(), replacement: text };
        // A word never begins on a line before, but a text may: then nothing is offered.
        let Some(start) = at.checked_sub(begun) else { return Ok((at, Vec::new())) };
        Ok((start, texts.into_iter().map(pair).collect()))
    }
}

impl Hinter for ShellHelper {
    type Hint = String;
}

impl Highlighter for ShellHelper {}
impl Validator for ShellHelper {}
impl Helper for ShellHelper {}
