//! What can be wrong with a statement: a kind the protocol has a code for, a sentence, and where in the text.

use std::fmt;

/// A place in a statement's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, counted from one.
    pub line: u32,
    /// Characters before it on its line.
    pub column: u32,
    /// Bytes before it in the whole text.
    pub offset: u32,
}

/// Why a statement was refused. Nothing has been done when one is returned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// The class, which decides the protocol's error code.
    pub kind: ErrorKind,
    /// One sentence for the user. Syntax messages begin `line L:C `.
    pub message: String,
    /// Where in the text, when a place can be named.
    pub position: Option<Position>,
    /// A guess at what was meant.
    pub hint: Option<String>,
}

/// The classes of refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not CQL.
    Syntax,
    /// The text is CQL but cannot be done to this schema or with these values.
    Invalid,
    /// An option has a value that cannot be used.
    Config,
    /// The object may not be touched by users.
    Unauthorized,
    /// `CREATE` of something that is there.
    AlreadyExists {
        /// Its keyspace.
        keyspace: String,
        /// Its table; empty when the keyspace itself exists.
        table: String,
    },
    /// A function failed on its arguments.
    FunctionFailure {
        /// Where the function lives.
        keyspace: Box<str>,
        /// Its name.
        function: Box<str>,
        /// CQL types of its arguments.
        arguments: Box<[String]>,
    },
}

impl Error {
    /// A syntax error; the message gets its `line L:C ` here.
    pub(crate) fn syntax(position: Position, message: impl fmt::Display) -> Error {
        let message = format!("line {}:{} {message}", position.line, position.column);
        Error { kind: ErrorKind::Syntax, message, position: Some(position), hint: None }
    }

    /// An invalid request.
    pub(crate) fn invalid(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Invalid, message: message.into(), position: None, hint: None }
    }

    /// A bad setting.
    pub(crate) fn config(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Config, message: message.into(), position: None, hint: None }
    }

    /// A refusal to touch what belongs to the system.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Unauthorized, message: message.into(), position: None, hint: None }
    }

    /// A statement or clause that is CQL, but that Henge cannot do yet.
    pub(crate) fn unsupported(what: impl fmt::Display, position: Position) -> Error {
        Error::invalid(format!("{what} not supported yet (line {}:{})", position.line, position.column)).at(position)
    }

    /// A statement or clause about what Henge has none of.
    pub(crate) fn absent(what: &str, position: Position) -> Error {
        Error::invalid(format!("Henge has no {what} (line {}:{})", position.line, position.column)).at(position)
    }

    /// True if a name is no column of its table.
    pub(crate) fn is_unknown_column(&self) -> bool {
        self.message.starts_with(UNKNOWN_COLUMN)
    }

    /// The same error with a place.
    pub(crate) fn at(mut self, position: Position) -> Error {
        self.position.get_or_insert(position);
        self
    }

    /// The same error with a guess at what was meant, if there is one.
    pub(crate) fn hinted(mut self, guess: Option<&str>) -> Error {
        self.hint = guess.map(|g| format!("did you mean {g}?"));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// How the message of [`Error::is_unknown_column`] begins.
pub(crate) const UNKNOWN_COLUMN: &str = "Undefined column name ";

/// The candidate that differs least from `word`: at most two edits, and at most half its letters.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 2.min(word.chars().count() / 2);
    let scored = candidates.into_iter().map(|c| (edits(word, c), c));
    scored.filter(|(n, _)| *n > 0 && *n <= limit).min_by_key(|(n, _)| *n).map(|(_, c)| c)
}

/// Insertions, removals and replacements that turn one word into the other, without regard to case.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<u8>, Vec<u8>) = (a.to_ascii_lowercase().into(), b.to_ascii_lowercase().into());
    if a.len() > WORD_MAX || b.len() > WORD_MAX {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Longer words are not compared.
const WORD_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_close_and_not_the_same() {
        assert_eq!(nearest("selct", ["INSERT", "SELECT"]), Some("SELECT"));
        assert_eq!(nearest("name", ["name"]), None);
        assert_eq!(nearest("ab", ["cd"]), None);
        assert_eq!(edits("kitten", "sitting"), 3);
    }
}
