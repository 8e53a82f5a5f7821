//! Errors of a statement: a kind that maps to a protocol error code, a message, and the position in the text.

use std::fmt;

/// A position in a statement's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The number of characters before it on its line.
    pub column: u32,
    /// The number of bytes before it in the whole text.
    pub offset: u32,
}

/// The reason for which a statement was refused. Nothing was executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// The class, which determines the protocol's error code.
    pub kind: ErrorKind,
    /// One sentence for the user. Messages of syntax errors begin with `line L:C `.
    pub message: String,
    /// The position in the text, if one is known.
    pub position: Option<Position>,
    /// A suggestion, such as a similar name.
    pub hint: Option<String>,
}

/// The classes of errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not valid CQL.
    Syntax,
    /// The statement cannot be executed against this schema or with these values.
    Invalid,
    /// An option has an invalid value.
    Config,
    /// Users may not modify the object.
    Unauthorized,
    /// `CREATE` of something that exists.
    AlreadyExists {
        /// Its keyspace.
        keyspace: String,
        /// Its table; empty if the keyspace itself exists.
        table: String,
    },
    /// A function failed on its arguments.
    FunctionFailure {
        /// The function's keyspace.
        keyspace: Box<str>,
        /// Its name.
        function: Box<str>,
        /// The CQL types of the arguments.
        arguments: Box<[String]>,
    },
}

impl Error {
    /// A syntax error. `line L:C ` is put before the message.
    pub(crate) fn syntax(position: Position, message: impl fmt::Display) -> Error {
        let message = format!("line {}:{} {message}", position.line, position.column);
        Error { kind: ErrorKind::Syntax, message, position: Some(position), hint: None }
    }

    /// An invalid request.
    pub(crate) fn invalid(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Invalid, message: message.into(), position: None, hint: None }
    }

    /// An error about an option's value.
    pub(crate) fn config(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Config, message: message.into(), position: None, hint: None }
    }

    /// An error about a system object that users may not modify.
    pub(crate) fn permission(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Unauthorized, message: message.into(), position: None, hint: None }
    }

    /// An error for valid CQL that Henge does not support yet.
    pub(crate) fn not_supported(what: impl fmt::Display, position: Position) -> Error {
        Error::invalid(format!("{what} not supported yet (line {}:{})", position.line, position.column)).at(position)
    }

    /// An error for a statement or clause about something that Henge has none of.
    pub(crate) fn absent(what: &str, position: Position) -> Error {
        Error::invalid(format!("Henge has no {what} (line {}:{})", position.line, position.column)).at(position)
    }

    /// True for the errors of a select list that are reported before all others: unknown columns and functions, and
    /// functions that do not take their arguments.
    pub(crate) fn is_of_selectable(&self) -> bool {
        let is_of_cast = self.message.contains(" system.cast_as_");
        SELECTABLE_ERRORS.iter().any(|start| self.message.starts_with(start)) && !is_of_cast
            || self.message.contains(" cannot be passed as argument ")
    }

    /// True for a literal that is no value of the type that its place requires.
    pub(crate) fn is_of_literal(&self) -> bool {
        // "Invalid INTEGER constant", "Invalid list literal", "Invalid tuple type literal".
        let mut kind = self.message.split(' ').skip(2).take(2);
        self.message.starts_with("Invalid ") && kind.any(|word| word == "constant" || word == "literal")
    }

    /// The error with a position, unless it has one already.
    pub(crate) fn at(mut self, position: Position) -> Error {
        self.position.get_or_insert(position);
        self
    }

    /// The error with a suggestion, if there is one.
    pub(crate) fn with_hint(mut self, guess: Option<&str>) -> Error {
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

pub(crate) const UNKNOWN_COLUMN: &str = "Undefined column name ";

/// The beginnings of messages for which [`Error::is_of_selectable`] is true.
const SELECTABLE_ERRORS: [&str; 9] = [
    UNKNOWN_COLUMN,
    "Unknown function ",
    "Invalid call to function ",
    "Ambiguous call to function ",
    "Ambiguous '",
    "Ambiguous negation",
    "Invalid number of arguments ",
    "Function system.",
    "the '",
];

/// The candidate most similar to `word`, within two edits and half of its letters, ignoring case.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 2.min(word.chars().count() / 2);
    let scored = candidates.into_iter().map(|c| (edits(word, c), c));
    scored.filter(|(n, _)| *n > 0 && *n <= limit).min_by_key(|(n, _)| *n).map(|(_, c)| c)
}

/// The number of insertions, deletions and replacements that turn one word into the other, ignoring case.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<u8>, Vec<u8>) = (a.to_ascii_lowercase().into(), b.to_ascii_lowercase().into());
    if a.len() > HINT_WORD_BYTES_MAX || b.len() > HINT_WORD_BYTES_MAX {
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

/// Maximum bytes of a word that is compared.
const HINT_WORD_BYTES_MAX: usize = 64;

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
