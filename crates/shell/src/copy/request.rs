//! The text of COPY, taken apart.

use crate::token::{Kind, Token, merge_quoted};
use std::collections::BTreeMap;

/// A COPY as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CopyRequest {
    /// `None` for the keyspace of the session.
    pub(crate) keyspace: Option<String>,
    pub(crate) table: String,
    /// Empty for all.
    pub(crate) columns: Vec<String>,
    pub(crate) direction: Direction,
    /// `None` for the standard input or output.
    pub(crate) file: Option<String>,
    /// By their names in upper case.
    pub(crate) options: BTreeMap<String, String>,
}

/// Out of a table or into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    To,
    From,
}

impl Direction {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Direction::To => "TO",
            Direction::From => "FROM",
        }
    }
}

/// The form of COPY, for errors.
const FORM: &str =
    "COPY [keyspace.]table [(column, ...)] FROM 'file' | STDIN or TO 'file' | STDOUT [WITH option = value AND ...]";

impl CopyRequest {
    /// Parses a COPY without its semicolon. The error says what was expected.
    pub(crate) fn parse(text: &str) -> Result<CopyRequest, String> {
        let all = merge_quoted(text);
        let mut words = Words { all: &all, at: 1 };
        let parsed = words.request();
        parsed.ok_or_else(|| {
            let found = words.all.get(words.at).map_or("the end", |token| token.text);
            format!("COPY cannot be read at {found}: it is {FORM}")
        })
    }
}

/// The tokens of a COPY that are not blank, read one by one.
struct Words<'a> {
    all: &'a [Token<'a>],
    at: usize,
}

impl<'a> Words<'a> {
    fn request(&mut self) -> Option<CopyRequest> {
        let first = self.name()?;
        let (keyspace, table) = match self.take(".") {
            true => (Some(first), self.name()?),
            false => (None, first),
        };
        let mut columns = Vec::new();
        if self.take("(") {
            columns.push(self.name()?);
            while self.take(",") {
                columns.push(self.name()?);
            }
            self.take(")").then_some(())?;
        }
        let direction = match self.take("TO") {
            true => Direction::To,
            false => self.take("FROM").then_some(Direction::From)?,
        };
        let stream = if direction == Direction::To { "STDOUT" } else { "STDIN" };
        let file = match self.take(stream) {
            true => None,
            false => Some(unquote(self.next_of(Kind::Quoted)?)?),
        };
        let mut options = BTreeMap::new();
        if self.take("WITH") {
            self.option(&mut options)?;
            while self.take("AND") {
                self.option(&mut options)?;
            }
        }
        (self.at == self.all.len()).then_some(CopyRequest { keyspace, table, columns, direction, file, options })
    }

    /// Takes an option: its name, and all tokens of its value, as in `-1`, `0.25` and `'x'`.
    fn option(&mut self, options: &mut BTreeMap<String, String>) -> Option<()> {
        let name = self.next_of(Kind::Word)?.to_ascii_uppercase();
        self.take("=").then_some(())?;
        let start = self.at;
        while self.all.get(self.at).is_some_and(|token| self.at == start || !token.text.eq_ignore_ascii_case("AND")) {
            self.at += 1;
        }
        let value = match self.all.get(start..self.at)? {
            [] => return None,
            [only] if only.kind == Kind::Quoted => unquote(only.text)?,
            several => several.iter().map(|token| token.text).collect(),
        };
        options.insert(name, value);
        Some(())
    }

    /// Takes the next token if it is that word or sign.
    fn take(&mut self, text: &str) -> bool {
        let found = self.all.get(self.at).is_some_and(|token| token.text.eq_ignore_ascii_case(text));
        self.at += usize::from(found);
        found
    }

    fn next_of(&mut self, kind: Kind) -> Option<&'a str> {
        let text = self.all.get(self.at).filter(|token| token.kind == kind)?.text;
        self.at += 1;
        Some(text)
    }

    /// A name, folded to lower case unless it is in double quotes.
    fn name(&mut self) -> Option<String> {
        let token = self.all.get(self.at)?;
        self.at += 1;
        match token.kind {
            Kind::Word => Some(token.text.to_lowercase()),
            Kind::Quoted => Some(token.text.strip_prefix('"')?.strip_suffix('"')?.replace("\"\"", "\"")),
            _ => None,
        }
    }
}

fn unquote(text: &str) -> Option<String> {
    Some(text.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_taken_apart() {
        let text = "COPY \"K\".t (a, \"B\"\"b\") from 'it''s.csv' WITH header=TRUE and MaxRows = -1 AND quote='''' AND \
                    REPORTFREQUENCY = 0.25 AND null = ''";
        let request = CopyRequest::parse(text).unwrap();
        assert_eq!((request.keyspace.as_deref(), request.table.as_str()), (Some("K"), "t"));
        assert_eq!(request.columns, ["a", "B\"b"]);
        assert_eq!((request.direction, request.file.as_deref()), (Direction::From, Some("it's.csv")));
        let options: Vec<(&str, &str)> = request.options.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let expected =
            [("HEADER", "TRUE"), ("MAXROWS", "-1"), ("NULL", ""), ("QUOTE", "'"), ("REPORTFREQUENCY", "0.25")];
        assert_eq!(options, expected);
        let out = CopyRequest::parse("copy T to stdout").unwrap();
        assert_eq!((out.table.as_str(), out.direction, out.file), ("t", Direction::To, None));
    }

    #[test]
    fn errors_name_the_word_that_cannot_be_read() {
        for (text, at) in [
            ("COPY t", "the end"),
            ("COPY t TO STDIN", "STDIN"),
            ("COPY t (a TO 'x'", "TO"),
            ("COPY t FROM 'x' WITH", "the end"),
            ("COPY t FROM 'x' HEADER = true", "HEADER"),
        ] {
            let error = CopyRequest::parse(text).unwrap_err();
            assert!(error.starts_with(&format!("COPY cannot be read at {at}:")), "{text}: {error}");
        }
    }
}
