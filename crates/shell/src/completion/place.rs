//! The text around the cursor, taken apart.

use super::quoting::read_name;
use crate::splitter::split;
use crate::token::{Kind, Token, merge_quoted, tokens};

/// Words before the name of a table.
const BEFORE_TABLES: [&str; 7] = ["FROM", "INTO", "UPDATE", "TABLE", "ON", "COPY", "VIEW"];

/// The word or text that is begun before the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun<'a> {
    /// A word, or nothing.
    Word(&'a str),
    /// A name in double quotes, without the first one.
    Name(&'a str),
    /// A text in single quotes, without the first one.
    Text(&'a str),
}

impl Begun<'_> {
    /// Its length as it was written, in bytes.
    pub(super) fn length(&self) -> usize {
        match self {
            Begun::Word(word) => word.len(),
            Begun::Name(rest) | Begun::Text(rest) => rest.len() + 1,
        }
    }
}

/// A place in a statement.
pub(super) struct Place<'a> {
    /// The tokens of the statement before the begun word that are not blank.
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) begun: Begun<'a>,
    /// The tokens behind the cursor that are not blank.
    behind: Vec<Token<'a>>,
}

impl<'a> Place<'a> {
    /// The place at a cursor; `None` in a comment and in a text that nothing completes.
    pub(super) fn find(before: &'a str, behind: &'a str) -> Option<Place<'a>> {
        let statement = split(before).rest;
        let (mut end, mut begun) = (statement.len(), Begun::Word(""));
        let all: Vec<Token<'a>> = tokens(statement).collect();
        if let Some((last, earlier)) = all.split_last() {
            // A doubled quote is two texts: the begun one starts where the first of them does.
            let is_quote = |token: &Token<'_>| {
                token.kind == Kind::Quoted && token.text.as_bytes().first() == last.text.as_bytes().first()
            };
            let mut start = last.start;
            while let Some(token) = earlier.iter().rev().find(|token| token.end() == start && is_quote(token)) {
                start = token.start;
            }
            begun = match (last.kind, last.text.as_bytes().first()) {
                (Kind::Word, _) => Begun::Word(last.text),
                (Kind::Open, Some(b'"')) => Begun::Name(&statement[start + 1..]),
                (Kind::Open, Some(b'\'')) => Begun::Text(&statement[start + 1..]),
                (Kind::Open | Kind::Comment, _) => return None,
                _ => begun,
            };
            end -= begun.length();
        }
        Some(Place { tokens: merge_quoted(&statement[..end]), begun, behind: merge_quoted(behind) })
    }

    /// The keyspace before a point before the cursor.
    pub(super) fn keyspace(&self) -> Option<String> {
        match self.tokens.as_slice() {
            [.., name, point] if point.text == "." && is_name(name) => Some(read_name(name.text)),
            _ => None,
        }
    }

    /// The table of the statement, with its keyspace if that is written: the one named last before the cursor, or else
    /// the first one behind it.
    pub(super) fn table(&self) -> Option<(Option<String>, String)> {
        let before = (0..self.tokens.len()).rev().find_map(|at| read_table(&self.tokens, at));
        before.or_else(|| (0..self.behind.len()).find_map(|at| read_table(&self.behind, at)))
    }

    /// True if keywords are written in lower case: as the begun word is, or else as the first of the statement.
    pub(super) fn is_lower(&self) -> bool {
        let is_lower = |word: &str| !word.contains(|c: char| c.is_uppercase());
        match self.begun {
            Begun::Word(word) if !word.is_empty() => is_lower(word),
            _ => self.tokens.first().is_some_and(|token| is_lower(token.text)),
        }
    }
}

fn is_name(token: &Token<'_>) -> bool {
    token.kind == Kind::Word || (token.kind == Kind::Quoted && token.text.starts_with('"'))
}

/// The table whose name follows the word at a position, if that is one that a table follows.
fn read_table(tokens: &[Token<'_>], at: usize) -> Option<(Option<String>, String)> {
    let word = tokens.get(at).filter(|token| token.kind == Kind::Word)?;
    BEFORE_TABLES.iter().find(|before| word.text.eq_ignore_ascii_case(before))?;
    let first = tokens.get(at + 1).filter(|token| is_name(token))?;
    match tokens.get(at + 2).is_some_and(|point| point.text == ".") {
        true => {
            let second = tokens.get(at + 3).filter(|token| is_name(token))?;
            Some((Some(read_name(first.text)), read_name(second.text)))
        }
        false => Some((None, read_name(first.text))),
    }
}
