use crate::error::Position;
use crate::keyword::is_reserved;
use std::fmt::{Display, Formatter, Result};

/// An identifier, in lower case unless it was quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Its position in the text.
    pub position: Position,
}

/// A table (or type, index, function), with or without its keyspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The keyspace, when the text names one.
    pub keyspace: Option<Name>,
    /// The name within it.
    pub name: Name,
}

/// Words that are names in most places, but keywords in some.
const CONTEXTUAL_KEYWORDS: [&str; 8] = ["as", "cast", "compact", "distinct", "exists", "expr", "json", "key"];

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if is_plain(&self.text) { f.write_str(&self.text) } else { write_quoted(f, &self.text, '"') }
    }
}

impl Display for TableName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.keyspace {
            Some(keyspace) => write!(f, "{keyspace}.{}", self.name),
            None => self.name.fmt(f),
        }
    }
}

/// True if the name can be parsed without quotes.
pub(super) fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !is_reserved(text)
        && !CONTEXTUAL_KEYWORDS.contains(&text)
}

/// Prints the text in quotes, with quotes inside doubled.
pub(super) fn write_quoted(f: &mut Formatter<'_>, text: &str, quote: char) -> Result {
    let doubled = text.replace(quote, &format!("{quote}{quote}"));
    write!(f, "{quote}{doubled}{quote}")
}
