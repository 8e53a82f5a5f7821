//! The parser, by recursive descent over the tokens: one function per production, one file per family of statements.
//!
//! A parser is a cursor that can be copied. Where one token does not decide (a cast or a tuple, a map or a user type),
//! one reading is tried on a copy. Nesting is limited, so that no text can exhaust the stack.

mod access;
mod batch;
mod data_type;
mod describe;
mod explain;
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
pub(crate) mod term;
mod trigger;
mod type_hint;
mod user_type;
mod view;

#[cfg(test)]
mod tests;

use crate::error::{Error, Position, nearest};
use crate::lexer::{Kind, Lexer, Token};
use crate::limits;
use crate::statement::Statement;

/// Parses one statement. It may end with `;`; any text after that is an error.
pub fn parse(text: &str) -> Result<Statement, Error> {
    check_tokens(text)?;
    let mut parser = Parser::new(text);
    let statement = parser.statement()?;
    while parser.take_symbol(";") {}
    match parser.token.kind {
        Kind::End => Ok(statement),
        _ => Err(parser.unexpected_token("the end of the statement")),
    }
}

/// Refuses a text with more than `TOKENS_MAX` tokens, before a tree is built from them.
fn check_tokens(text: &str) -> Result<(), Error> {
    // Every token has at least one byte.
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

/// The cursor: the current token and the one after it.
#[derive(Clone, Copy)]
struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token<'a>,
    following: Token<'a>,
    markers: usize,
    depth: usize,
    /// Height of the highest term parsed since [`Parser::with_height`] last reset it.
    height: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let mut lexer = Lexer::new(text);
        let token = lexer.next();
        let following = lexer.next();
        Parser { lexer, token, following, markers: 0, depth: 0, height: 0 }
    }

    /// Returns the current token and moves to the next.
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

    /// Skips the keyword and returns true, if it is the current token.
    fn take_word(&mut self, keyword: &str) -> bool {
        let there = self.at_word(keyword);
        if there {
            self.advance();
        }
        there
    }

    /// Skips both keywords and returns true, if they are the next two tokens.
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
        if self.take_word(keyword) { Ok(()) } else { Err(self.unexpected_token(keyword)) }
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), Error> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected_token(&format!("'{symbol}'"))) }
    }

    /// Skips `IF NOT EXISTS` and returns true, if present.
    fn if_not_exists(&mut self) -> Result<bool, Error> {
        if !self.take_word("IF") {
            return Ok(false);
        }
        self.expect_word("NOT")?;
        self.expect_word("EXISTS")?;
        Ok(true)
    }

    /// Skips `IF EXISTS` and returns true, if present.
    fn if_exists(&mut self) -> Result<bool, Error> {
        if !self.take_word("IF") {
            return Ok(false);
        }
        self.expect_word("EXISTS")?;
        Ok(true)
    }

    /// Parses one or more items, separated by commas.
    fn comma_separated<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let mut all = vec![one(self)?];
        while self.take_symbol(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// Parses `(a, b, ...)` with at least one item.
    fn in_parentheses<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        self.expect_symbol("(")?;
        let all = self.comma_separated(one)?;
        self.expect_symbol(")")?;
        Ok(all)
    }

    /// Runs a production one nesting level deeper; an error beyond `NESTING_MAX`.
    fn with_nesting<T>(&mut self, production: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= limits::NESTING_MAX {
            let message = format!("nested deeper than {} levels", limits::NESTING_MAX);
            return Err(Error::syntax(self.position(), message));
        }
        self.depth += 1;
        let result = production(self);
        self.depth -= 1;
        result
    }

    /// The error for the current token. A word similar to an expected keyword gets a hint.
    fn unexpected_token(&self, expected: &str) -> Error {
        let found = match self.token.kind {
            Kind::Bad(reason) => return Error::syntax(self.position(), reason),
            Kind::End => "the end of the text".to_owned(),
            _ => format!("'{}'", truncate_text(self.token.text)),
        };
        let error = Error::syntax(self.position(), format!("expected {expected}, found {found}"));
        match self.token.kind {
            Kind::Word => error.with_hint(nearest(self.token.text, expected.split([' ', ',']))),
            _ => error,
        }
    }
}

/// The token's text for a message, cut off at 40 characters.
fn truncate_text(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}
