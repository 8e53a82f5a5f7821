//! Splitting of a text into statements, as in cqlsh: a statement ends at a semicolon outside quotes and comments, a
//! batch at the semicolon after `APPLY BATCH`, a command of the shell also at the end of its line. The prompt, `-e`,
//! `-f`, pipes and `SOURCE` all use it.

use crate::token::{Kind, Token, tokens};
use std::ops::Range;

/// The first words of commands that end with their line. `DESCRIBE` is one of them, although the server executes it.
const LINE_COMMANDS: [&str; 19] = [
    "?",
    "CAPTURE",
    "CLEAR",
    "CLS",
    "CONSISTENCY",
    "DEBUG",
    "DESC",
    "DESCRIBE",
    "EXIT",
    "EXPAND",
    "HELP",
    "HISTORY",
    "LOGIN",
    "PAGING",
    "QUIT",
    "SERIAL",
    "SHOW",
    "SOURCE",
    "TRACING",
];

/// A text split into statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Split<'a> {
    /// Complete statements and commands without their semicolons, trimmed; blank ones are left out.
    pub(crate) statements: Vec<&'a str>,
    /// The position behind the semicolon or line end of each, in bytes.
    pub(crate) ends: Vec<usize>,
    /// The remaining text: blank, or an incomplete statement.
    pub(crate) rest: &'a str,
}

/// Splits a text into statements.
pub(crate) fn split(text: &str) -> Split<'_> {
    let (mut statements, mut ends) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(end) = statement_end(rest) {
        let statement = rest[..end.start].trim();
        rest = &rest[end.end..];
        if !is_blank(statement) {
            statements.push(statement);
            ends.push(text.len() - rest.len());
        }
    }
    Split { statements, ends, rest }
}

/// True for a text of spaces and comments only.
pub(crate) fn is_blank(text: &str) -> bool {
    tokens(text).all(|token| token.is_blank())
}

/// The text with each comment replaced by a space.
pub(crate) fn without_comments(text: &str) -> String {
    tokens(text).map(|token| if token.kind == Kind::Comment { " " } else { token.text }).collect()
}

/// The kind of a statement, by its first word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StatementKind {
    Statement,
    Batch,
    LineCommand,
}

impl StatementKind {
    fn from_first_word(first: Token<'_>) -> StatementKind {
        let is = |word: &str| first.kind != Kind::Quoted && first.text.eq_ignore_ascii_case(word);
        match () {
            // A misspelt batch counts as one too; otherwise its statements would be run one by one.
            () if is("BEGIN") => StatementKind::Batch,
            () if LINE_COMMANDS.iter().any(|word| is(word)) => StatementKind::LineCommand,
            () => StatementKind::Statement,
        }
    }
}

/// True for the words of EXPLAIN and EXPLAIN ANALYZE.
fn explains(token: Token<'_>) -> bool {
    token.kind == Kind::Word && ["EXPLAIN", "ANALYZE"].iter().any(|word| token.text.eq_ignore_ascii_case(word))
}

/// The range of the token that ends the first statement of a text; `None` if the statement is incomplete.
fn statement_end(text: &str) -> Option<Range<usize>> {
    let mut statement_kind = None;
    // The two tokens before the current one since the last semicolon, without spaces and comments.
    let mut before: [Option<Token<'_>>; 2] = [None, None];
    for token in tokens(text) {
        let applies = before[0].is_some_and(|t| t.kind == Kind::Word && t.text.eq_ignore_ascii_case("APPLY"));
        match (token.kind, token.text, statement_kind) {
            (Kind::Open, ..) => return None,
            (Kind::Symbol, ";", Some(StatementKind::Batch)) if !applies => before = [None, None],
            (Kind::Symbol, ";", _) | (Kind::LineEnd, _, Some(StatementKind::LineCommand)) => {
                return Some(token.start..token.end());
            }
            _ if token.is_blank() => {}
            // The statement is that behind them.
            _ if statement_kind.is_none() && explains(token) => {}
            _ => {
                statement_kind = statement_kind.or(Some(StatementKind::from_first_word(token)));
                before = [before[1], Some(token)];
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(text: &str) -> Vec<&str> {
        split(text).statements
    }

    #[test]
    fn semicolons_count_only_outside() {
        let text = "SELECT 'a;''b' FROM \"t;\"; -- no; \n/* ; */ INSERT $$;$$ // x;\n;  ; USE k";
        let split = split(text);
        assert_eq!(split.statements.len(), 2);
        assert_eq!(split.statements[0], "SELECT 'a;''b' FROM \"t;\"");
        assert!(split.statements[1].ends_with("INSERT $$;$$ // x;"));
        assert_eq!(split.rest.trim(), "USE k");
    }

    #[test]
    fn open_quotes_and_comments_have_no_end() {
        for open in ["SELECT 'é;", "SELECT \"x;", "SELECT $$;", "SELECT /* ;", "SELECT -- ;"] {
            assert!(split(open).statements.is_empty(), "{open}");
        }
        assert!(is_blank(" -- only\n /* comments */ \n"));
        assert!(!is_blank(" -- and\n x") && !is_blank("/* open"));
    }

    #[test]
    fn a_batch_is_one_statement() {
        let whole = [
            "BEGIN BATCH INSERT a; INSERT b; APPLY BATCH",
            "begin unlogged batch\n insert a;\n insert b;\n apply batch",
            "BEGIN COUNTER BATCH USING TIMESTAMP 1 UPDATE a; UPDATE b APPLY BATCH",
            "BEGIN /* ; */ BATCH INSERT a; -- APPLY BATCH;\n ; // x;\n INSERT ';APPLY BATCH;'; APPLY /*;*/ BATCH -- ;\n",
            "/* first */ BEGIN BATCH DELETE \"APPLY\" BATCH; INSERT $$ APPLY BATCH; $$; UPDATE SET apply = batch; APPLY BATCH",
            "BEGIN UNLOGED BATCH INSERT a; INSERT b; APPLY BATCH",
            "EXPLAIN BEGIN BATCH INSERT a; INSERT b; APPLY BATCH",
            "explain analyze begin batch INSERT a; INSERT b; APPLY BATCH",
        ];
        for batch in whole {
            assert_eq!(statements(&format!("USE k; {batch}; SELECT 1;")), ["USE k", batch.trim(), "SELECT 1"]);
            assert!(statements(&batch.replace("APPLY BATCH", "").replace("apply batch", "")).is_empty());
        }
    }

    #[test]
    fn names_are_no_batches() {
        let all =
            ["SELECT batch FROM begin", "SELECT apply FROM batch", "INSERT INTO t (begin, batch)", "\"BEGIN\" BATCH a"];
        assert_eq!(statements(&format!("{};", all.join(";"))), all);
    }

    #[test]
    fn commands_end_with_their_line() {
        let text = "/* x */ DESCRIBE TABLE t -- all of it\nconsistency quorum; EXPAND ON\n?\nSELECT help\nFROM t;\nSHOW\n VERSION;";
        let expected = [
            "/* x */ DESCRIBE TABLE t -- all of it",
            "consistency quorum",
            "EXPAND ON",
            "?",
            "SELECT help\nFROM t",
            "SHOW",
            "VERSION",
        ];
        assert_eq!(statements(text), expected);
        assert_eq!(split("DESCRIBE TABLES").rest, "DESCRIBE TABLES");
        assert_eq!(statements("SOURCE 'a\nb'\n"), ["SOURCE 'a\nb'"]);
        assert_eq!(without_comments("SHOW/* x */VERSION '--' -- y\n"), "SHOW VERSION '--'  \n");
    }
}
