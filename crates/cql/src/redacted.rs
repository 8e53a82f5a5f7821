//! The text of a statement without the values in it, for those who may see statements and not what they are about.

use crate::lexer::{Kind, Lexer, Token};
use crate::parser::parse;

/// Bytes of a text beyond which it is not looked at.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Bytes of what is left of a text; longer ones are cut.
const REDACTED_BYTES_MAX: usize = 1_000;
/// Words that are values.
const WORDS: [&str; 4] = ["true", "false", "nan", "infinity"];
/// Symbols after which a minus takes nothing from anything: it is the sign of a value.
const BEFORE_SIGNS: [&str; 16] = ["(", "[", "{", ",", ":", "=", "<", ">", "<=", ">=", "!=", "+=", "-=", "+", "*", "/"];

/// A statement's text in one line, without comments, and with `?` for each value. `None` if it is no statement, since a value might then
/// stand where none is expected, or if it is very long.
pub fn redact(text: &str) -> Option<String> {
    if text.len() > TEXT_BYTES_MAX || parse(text).is_err() {
        return None;
    }
    let (mut lexer, mut redacted) = (Lexer::new(text), String::new());
    let (mut end, mut takes_sign) = (0, false);
    loop {
        let token = lexer.next();
        match token.kind {
            Kind::End => return Some(redacted),
            Kind::Bad(_) => return None,
            _ if redacted.len() > REDACTED_BYTES_MAX => return Some(redacted + " ..."),
            _ => {}
        }
        if token.position.offset > end && !redacted.is_empty() {
            redacted.push(' ');
        }
        let following = lexer.clone().next();
        let token = if takes_sign && token.is_symbol("-") && is_value(&following) { lexer.next() } else { token };
        redacted.push_str(if is_value(&token) { "?" } else { token.text });
        end = token.position.offset + token.text.len() as u32;
        takes_sign = BEFORE_SIGNS.iter().any(|symbol| token.is_symbol(symbol));
    }
}

fn is_value(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::Word => WORDS.iter().any(|word| token.is_word(word)),
        Kind::QuotedName | Kind::Symbol | Kind::Bad(_) | Kind::End => false,
        Kind::String | Kind::DollarString | Kind::Integer | Kind::Float | Kind::Uuid | Kind::Hex | Kind::Duration => {
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_markers() {
        let table = [
            ("SELECT a FROM t WHERE k = 'se''cret' AND c > -5", "SELECT a FROM t WHERE k = ? AND c > ?"),
            ("INSERT INTO \"T\" (k, v) VALUES (0xff, true)", "INSERT INTO \"T\" (k, v) VALUES (?, ?)"),
            (
                "UPDATE t -- for ann\n SET m['a'] = 1.5, n = n - 3 WHERE k=$$x$$;",
                "UPDATE t SET m[?] = ?, n = n - ? WHERE k=?;",
            ),
            ("INSERT INTO t JSON '{\"k\": 1}'", "INSERT INTO t JSON ?"),
            ("CREATE ROLE ann WITH PASSWORD = 'secret'", "CREATE ROLE ann WITH PASSWORD = ?"),
            (
                "SELECT * FROM t WHERE k = f81d4fae-7dec-11d0-a765-00a0c91e6bf6 /* x */ LIMIT 3",
                "SELECT * FROM t WHERE k = ? LIMIT ?",
            ),
            ("SELECT * FROM t WHERE k = ? AND d = 2h30m", "SELECT * FROM t WHERE k = ? AND d = ?"),
        ];
        for (text, expected) in table {
            assert_eq!(redact(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for text in ["SELECT * FROM t WHERE k = secret", "SELECT 'secret", "", "secret"] {
            assert_eq!(redact(text), None, "{text}");
        }
        assert_eq!(redact(&format!("SELECT * FROM t WHERE k = '{}'", "x".repeat(TEXT_BYTES_MAX))), None);
        let long = format!("SELECT {} FROM t", vec!["column"; 1_000].join(", "));
        assert!(redact(&long).is_some_and(|text| text.len() < 1_100 && text.ends_with(" ...")));
    }
}
