//! Values among tokens: literals, markers, calls, and what operators make of them.

use crate::token::{Kind, Token};

/// The position after the value that begins at one; `None` if none does, or if it does not end.
pub(super) fn skip_value(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let mut at = skip_operand(tokens, at)?;
    // Numbers and UUIDs are several tokens too: 1.5, 6ba7b810-9dad-11d1-80b4-00c04fd430c8.
    while is_one_of(tokens, at, "+-*/%.") && !is_one_of(tokens, at + 1, "=") {
        at = skip_operand(tokens, at + 1)?;
    }
    Some(at)
}

fn skip_operand(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let token = tokens.get(at)?;
    if is_one_of(tokens, at, "-:$") {
        return skip_operand(tokens, at + 1);
    }
    if is_one_of(tokens, at, "([{") {
        return skip_group(tokens, at);
    }
    match token.kind {
        Kind::Word | Kind::Quoted if is_one_of(tokens, at + 1, "([") => skip_group(tokens, at + 1),
        Kind::Word | Kind::Quoted => Some(at + 1),
        Kind::Symbol if token.text == "?" => Some(at + 1),
        _ => None,
    }
}

/// The position after the bracket that closes the one at a position.
fn skip_group(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let mut open = 0_usize;
    for next in at..tokens.len() {
        if is_one_of(tokens, next, "([{") {
            open += 1;
        } else if is_one_of(tokens, next, ")]}") {
            open -= 1;
        }
        if open == 0 {
            return Some(next + 1);
        }
    }
    None
}

fn is_one_of(tokens: &[Token<'_>], at: usize, symbols: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == Kind::Symbol && symbols.contains(token.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::merge_quoted;

    #[test]
    fn values_end_where_the_next_word_begins() {
        for (text, rest) in [
            ("1 AND", Some("AND")),
            ("-1.5e3 LIMIT", Some("LIMIT")),
            ("'it''s' IF", Some("IF")),
            ("6ba7b810-9dad-11d1-80b4-00c04fd430c8 x", Some("x")),
            ("f(a, [1, 2]) + v['k'] x", Some("x")),
            ("{'a': (1, 2)} x", Some("x")),
            ("? x", Some("x")),
            (":name x", Some("x")),
            ("f(1, x", None),
            ("1 +", None),
            (") x", None),
            ("", None),
        ] {
            let all = merge_quoted(text);
            let next = skip_value(&all, 0).and_then(|at| all.get(at)).map(|token| token.text);
            assert_eq!(next, rest, "{text}");
        }
    }
}
