//! Recursive descent over the tokens: one function per production, one file per family of statements.
//!
//! A parser is a cursor that can be copied; the few places where one token does not decide (a cast or a tuple, a map
//! or a user type) try one reading on a copy. Depth is limited, so that no text can use up the stack.

mod access;
mod batch;
mod data_type;
mod describe;
mod function;
mod identity;
mod index;
mod keyspace;
mod mask;
mod modify;
mod name;
mod permission;
mod property;
mod relation;
mod select;
mod statement;
mod table;
mod term;
mod trigger;
mod user_type;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use function::NO_FUNCTIONS;
pub(crate) use name::is_reserved;
pub(crate) use user_type::names_user_type;

use crate::error::{Error, Position, nearest};
use crate::lexer::{Kind, Lexer, Token};
use crate::limits;
use crate::statement::Statement;

/// Reads one statement. A `;` may end it; anything behind that is an error.
pub fn parse(text: &str) -> Result<Statement, Error> {
    check_tokens(text)?;
    let mut parser = Parser::new(text);
    let statement = parser.statement()?;
    while parser.take_symbol(";") {}
    match parser.token.kind {
        Kind::End => Ok(statement),
        _ => Err(parser.unexpected("the end of the statement")),
    }
}

/// Refuses a text of more tokens than a statement may have, before a tree is made of them.
fn check_tokens(text: &str) -> Result<(), Error> {
    // A token has one byte at least.
    if text.len() <= limits::TOKENS_MAX {
        return Ok(());
    }
    let mut lexer = Lexer::new(text);
    for _ in 0..limits::TOKENS_MAX {
        if lexer.next().kind == Kind::End {
            return Ok(());
        }
    }
    let token = lexer.next();
    match token.kind {
        Kind::End => Ok(()),
        _ => {
            let message = format!("a statement may have at most {} words, values and signs", limits::TOKENS_MAX);
            Err(Error::invalid(message).at(token.position))
        }
    }
}

/// The cursor: the token to look at, and the one behind it.
#[derive(Clone, Copy)]
struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token<'a>,
    following: Token<'a>,
    markers: usize,
    depth: usize,
    /// Height of the highest term since this was last measured.
    height: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let mut lexer = Lexer::new(text);
        let token = lexer.next();
        let following = lexer.next();
        Parser { lexer, token, following, markers: 0, depth: 0, height: 0 }
    }

    /// Takes the token and moves on.
    fn advance(&mut self) -> Token<'a> {
        let token = self.token;
        self.token = self.following;
        self.following = self.lexer.next();
        token
    }

    fn position(&self) -> Position {
        self.token.position
    }

    fn at_word(&self, keyword: &str) -> bool {
        self.token.is_word(keyword)
    }

    fn at_words(&self, first: &str, second: &str) -> bool {
        self.token.is_word(first) && self.following.is_word(second)
    }

    fn at_symbol(&self, symbol: &str) -> bool {
        self.token.is_symbol(symbol)
    }

    /// Takes the keyword if it is there.
    fn take_word(&mut self, keyword: &str) -> bool {
        let there = self.at_word(keyword);
        if there {
            self.advance();
        }
        there
    }

    /// Takes both keywords if both are there.
    fn take_words(&mut self, first: &str, second: &str) -> bool {
        let there = self.at_words(first, second);
        if there {
            self.advance();
            self.advance();
        }
        there
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let there = self.at_symbol(symbol);
        if there {
            self.advance();
        }
        there
    }

    fn expect_word(&mut self, keyword: &str) -> Result<(), Error> {
        if self.take_word(keyword) { Ok(()) } else { Err(self.unexpected(keyword)) }
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), Error> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected(&format!("'{symbol}'"))) }
    }

    /// `IF NOT EXISTS`, if it is there.
    fn if_not_exists(&mut self) -> Result<bool, Error> {
        if !self.take_word("IF") {
            return Ok(false);
        }
        self.expect_word("NOT")?;
        self.expect_word("EXISTS")?;
        Ok(true)
    }

    /// `IF EXISTS`, if it is there.
    fn if_exists(&mut self) -> Result<bool, Error> {
        if !self.take_word("IF") {
            return Ok(false);
        }
        self.expect_word("EXISTS")?;
        Ok(true)
    }

    /// One or more of something, with commas between.
    fn comma_separated<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let mut all = vec![one(self)?];
        while self.take_symbol(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// `(a, b, ...)` with at least one.
    fn in_parentheses<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        self.expect_symbol("(")?;
        let all = self.comma_separated(one)?;
        self.expect_symbol(")")?;
        Ok(all)
    }

    /// Runs a production one level deeper.
    fn nested<T>(&mut self, production: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= limits::NESTING_MAX {
            let message = format!("nested deeper than {} levels", limits::NESTING_MAX);
            return Err(Error::syntax(self.position(), message));
        }
        self.depth += 1;
        let result = production(self);
        self.depth -= 1;
        result
    }

    /// The error for the token at hand. A keyword that is nearly the expected one gets a hint.
    fn unexpected(&self, expected: &str) -> Error {
        let found = match self.token.kind {
            Kind::Bad(reason) => return Error::syntax(self.position(), reason),
            Kind::End => "the end of the text".to_owned(),
            _ => format!("'{}'", shortened(self.token.text)),
        };
        let error = Error::syntax(self.position(), format!("expected {expected}, found {found}"));
        match self.token.kind {
            Kind::Word => error.hinted(nearest(self.token.text, expected.split([' ', ',']))),
            _ => error,
        }
    }
}

/// A token for a message: its first 40 characters.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}
