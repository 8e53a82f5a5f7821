//! Identifiers.

use super::Parser;
use crate::error::Error;
use crate::keyword::is_reserved;
use crate::lexer::Kind;
use crate::statement::{Name, TableName};

impl Parser<'_> {
    /// Parses an identifier: an unreserved word, converted to lower case, or a quoted name with its case kept.
    pub(super) fn name(&mut self, what: &str) -> Result<Name, Error> {
        let position = self.position();
        let text = match self.token.kind {
            Kind::Word if !is_reserved(self.token.text) => self.token.text.to_ascii_lowercase(),
            Kind::QuotedName if self.token.text.len() > 2 => unquote(self.token.text, '"'),
            Kind::Word => {
                let message = format!("'{}' is reserved; quote it to use it as {what}", self.token.text);
                return Err(Error::syntax(position, message));
            }
            _ => return Err(self.unexpected_token(what)),
        };
        self.advance();
        Ok(Name { text, position })
    }

    /// Parses the name of an existing column, which may be empty: the oldest tables have a column without a name.
    pub(super) fn column(&mut self) -> Result<Name, Error> {
        let position = self.position();
        if self.token.kind == Kind::QuotedName && self.token.text == "\"\"" {
            self.advance();
            return Ok(Name { text: String::new(), position });
        }
        self.name("a column")
    }

    /// Parses the `name` or `keyspace.name` of a table.
    pub(super) fn table_name(&mut self) -> Result<TableName, Error> {
        self.qualified_name("a table name")
    }

    /// Parses the `name` or `keyspace.name` of anything in a keyspace.
    pub(super) fn qualified_name(&mut self, what: &str) -> Result<TableName, Error> {
        let name = self.name(what)?;
        if !self.take_symbol(".") {
            return Ok(TableName { keyspace: None, name });
        }
        Ok(TableName { keyspace: Some(name), name: self.name(what)? })
    }

    /// Parses a string and returns its value.
    pub(super) fn string(&mut self, what: &str) -> Result<String, Error> {
        let text = match self.token.kind {
            Kind::String => unquote(self.token.text, '\''),
            Kind::DollarString => self.token.text[2..self.token.text.len() - 2].to_owned(),
            _ => return Err(self.unexpected_token(what)),
        };
        self.advance();
        Ok(text)
    }
}

/// The text between the quotes, with doubled quotes replaced by single ones.
fn unquote(text: &str, quote: char) -> String {
    let inner = &text[1..text.len() - 1];
    if inner.contains(quote) { inner.replace(&format!("{quote}{quote}"), &quote.to_string()) } else { inner.to_owned() }
}
