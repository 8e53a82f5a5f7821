//! A grammar as text, and what it lets follow after a beginning.
//!
//! A rule is `name = alternatives ;`. WORDS are keywords, `'x'` symbols, `<kind>` names and values, names in lower case
//! other rules, `[ ]` what may be left out, `{ }` what may be repeated or left out, `( )` groups.

use super::value::skip_value;
use crate::token::{Kind, Token};
use std::collections::{BTreeMap, BTreeSet};

/// The most tokens of a beginning; nothing is known to follow a longer one.
const TOKENS_MAX: usize = 2_000;

/// The kind of a name or value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NameKind {
    Keyspace,
    /// A keyspace before a point.
    Qualifier,
    Table,
    Column,
    /// A user-defined type.
    Type,
    /// A type of CQL's own.
    Native,
    Function,
    Role,
    Index,
    Level,
    /// A file in single quotes.
    File,
    TableOption,
    CopyOption,
    /// The replication of a keyspace, as a map.
    Replication,
    /// A name that is to be given.
    New,
    Value,
}

const KINDS: [(&str, NameKind); 16] = [
    ("<keyspace>", NameKind::Keyspace),
    ("<qualifier>", NameKind::Qualifier),
    ("<table>", NameKind::Table),
    ("<column>", NameKind::Column),
    ("<type>", NameKind::Type),
    ("<native>", NameKind::Native),
    ("<function>", NameKind::Function),
    ("<role>", NameKind::Role),
    ("<index>", NameKind::Index),
    ("<level>", NameKind::Level),
    ("<file>", NameKind::File),
    ("<table-option>", NameKind::TableOption),
    ("<copy-option>", NameKind::CopyOption),
    ("<replication>", NameKind::Replication),
    ("<new>", NameKind::New),
    ("<value>", NameKind::Value),
];

/// A keyword, a symbol or a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Terminal {
    /// A keyword, in upper case.
    Word(&'static str),
    Symbol(char),
    Name(NameKind),
}

/// A part of a rule.
#[derive(Clone, Debug)]
enum Node {
    Terminal(Terminal),
    Rule(&'static str),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Optional(Box<Node>),
    Repeated(Box<Node>),
}

/// Rules by their names; the first one is `start`.
pub(super) struct Grammar {
    rules: BTreeMap<&'static str, Node>,
}

impl Grammar {
    /// Reads the rules of a text. A fault in it is a bug, and its tests name it.
    pub(super) fn parse(text: &'static str) -> Grammar {
        let mut reader = Reader { parts: text.split_whitespace().collect(), at: 0, named: BTreeSet::new() };
        let mut rules = BTreeMap::new();
        while let Some(name) = reader.next() {
            assert_eq!(reader.next(), Some("="), "after the name of the rule {name}");
            assert!(rules.insert(name, reader.choice()).is_none(), "the rule {name} is there twice");
            assert_eq!(reader.next(), Some(";"), "after the rule {name}");
        }
        let is_missing = |name: &&&str| !rules.contains_key(**name);
        assert_eq!(reader.named.iter().find(is_missing), None, "a rule that is named and is not there");
        Grammar { rules }
    }

    /// The terminals that may follow after tokens that are not blank.
    pub(super) fn find_next(&self, tokens: &[Token<'_>]) -> BTreeSet<Terminal> {
        let mut walk = Walk { grammar: self, tokens, expected: BTreeSet::new() };
        if tokens.len() <= TOKENS_MAX {
            walk.ends(&Node::Rule("start"), &BTreeSet::from([0]));
        }
        walk.expected
    }
}

/// The text of a grammar, read part by part.
struct Reader {
    parts: Vec<&'static str>,
    at: usize,
    /// The rules that other rules name.
    named: BTreeSet<&'static str>,
}

impl Reader {
    fn next(&mut self) -> Option<&'static str> {
        self.at += 1;
        self.parts.get(self.at - 1).copied()
    }

    fn peek(&self) -> &'static str {
        self.parts.get(self.at).copied().unwrap_or(";")
    }

    fn choice(&mut self) -> Node {
        let mut alternatives = vec![self.sequence()];
        while self.peek() == "|" {
            self.at += 1;
            alternatives.push(self.sequence());
        }
        if alternatives.len() == 1 { alternatives.remove(0) } else { Node::Choice(alternatives) }
    }

    fn sequence(&mut self) -> Node {
        let mut parts = Vec::new();
        while !matches!(self.peek(), "|" | ";" | ")" | "]" | "}") {
            parts.push(self.part());
        }
        Node::Sequence(parts)
    }

    fn part(&mut self) -> Node {
        let part = self.next().unwrap_or_default();
        match part {
            "(" => self.group(")"),
            "[" => Node::Optional(Box::new(self.group("]"))),
            "{" => Node::Repeated(Box::new(self.group("}"))),
            _ if part.starts_with('\'') => {
                Node::Terminal(Terminal::Symbol(part.chars().nth(1).expect("a symbol is between quotes")))
            }
            _ if part.starts_with('<') => {
                let (_, kind) =
                    KINDS.iter().find(|(name, _)| *name == part).expect("a grammar names kinds that there are");
                Node::Terminal(Terminal::Name(*kind))
            }
            _ if part.starts_with(|c: char| c.is_ascii_uppercase()) => Node::Terminal(Terminal::Word(part)),
            _ => {
                self.named.insert(part);
                Node::Rule(part)
            }
        }
    }

    fn group(&mut self, end: &str) -> Node {
        let group = self.choice();
        assert_eq!(self.next(), Some(end), "at the end of a group");
        group
    }
}

/// A way through the rules along tokens.
struct Walk<'a> {
    grammar: &'a Grammar,
    tokens: &'a [Token<'a>],
    expected: BTreeSet<Terminal>,
}

impl Walk<'_> {
    /// The positions at which a part ends that begins at one of the positions. What is expected at the end of the tokens
    /// is kept.
    fn ends(&mut self, node: &Node, from: &BTreeSet<usize>) -> BTreeSet<usize> {
        if from.is_empty() {
            return BTreeSet::new();
        }
        match node {
            Node::Terminal(expected) => from.iter().filter_map(|at| self.end_of_terminal(*expected, *at)).collect(),
            Node::Rule(name) => {
                let grammar = self.grammar;
                let rule = grammar.rules.get(name).expect("`parse` has looked for every rule that is named");
                self.ends(rule, from)
            }
            Node::Sequence(parts) => parts.iter().fold(from.clone(), |from, part| self.ends(part, &from)),
            Node::Choice(parts) => parts.iter().flat_map(|part| self.ends(part, from)).collect(),
            Node::Optional(part) => &self.ends(part, from) | from,
            Node::Repeated(part) => {
                let (mut all, mut new) = (from.clone(), from.clone());
                while !new.is_empty() {
                    new = &self.ends(part, &new) - &all;
                    all.extend(&new);
                }
                all
            }
        }
    }

    fn end_of_terminal(&mut self, expected: Terminal, at: usize) -> Option<usize> {
        let Some(token) = self.tokens.get(at) else {
            self.expected.insert(expected);
            return None;
        };
        let is_met = match expected {
            Terminal::Word(word) => token.text.eq_ignore_ascii_case(word),
            Terminal::Symbol(symbol) => token.kind == Kind::Symbol && token.text.starts_with(symbol),
            Terminal::Name(NameKind::Value | NameKind::Replication) => return skip_value(self.tokens, at),
            Terminal::Name(NameKind::File) => token.kind == Kind::Quoted && token.text.starts_with('\''),
            Terminal::Name(_) => match token.kind {
                Kind::Quoted => true,
                Kind::Word => !super::quoting::is_reserved(token.text),
                _ => false,
            },
        };
        is_met.then_some(at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::merge_quoted;

    fn next_of(grammar: &Grammar, text: &str) -> Vec<Terminal> {
        grammar.find_next(&merge_quoted(text)).into_iter().collect()
    }

    #[test]
    fn what_follows_is_told_by_the_rules() {
        let grammar =
            Grammar::parse("start = A [ B ] { ',' <column> } ( C | list ) ; list = '(' <value> ')' [ list ] ;");
        let (a, b, c) = (Terminal::Word("A"), Terminal::Word("B"), Terminal::Word("C"));
        let (comma, open) = (Terminal::Symbol(','), Terminal::Symbol('('));
        assert_eq!(next_of(&grammar, ""), [a]);
        assert_eq!(next_of(&grammar, "a"), [b, c, open, comma]);
        assert_eq!(next_of(&grammar, "a b , \"x\""), [c, open, comma]);
        assert_eq!(next_of(&grammar, "a ,"), [Terminal::Name(NameKind::Column)]);
        assert_eq!(next_of(&grammar, "a ( f(1, 2) )"), [open]);
        assert_eq!(next_of(&grammar, "a ( f(1,"), []);
        assert_eq!(next_of(&grammar, "b"), []);
    }
}
