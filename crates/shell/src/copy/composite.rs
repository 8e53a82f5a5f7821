//! The text of a composite value, taken apart.

use super::parse_error::{ParseError, shorten};
use std::borrow::Cow;

/// The parts of a text in brackets, with blanks around them. Separators within quotes and inner brackets do not count.
pub(super) fn split(text: &str, separator: char) -> Result<Vec<&str>, ParseError> {
    let text = text.trim();
    let inner = inner(text).ok_or_else(|| ParseError::Brackets(shorten(text)))?;
    let mut parts = Vec::new();
    let mut start = 0;
    for at in separators(inner, separator) {
        parts.push(&inner[start..at]);
        start = at + separator.len_utf8();
    }
    // As in cqlsh, nothing behind the last separator is no part.
    parts.extend(Some(&inner[start..]).filter(|last| !last.is_empty()));
    Ok(parts)
}

/// A key and its value, or a field and its value. Keys such as times have colons; the one with a blank behind it counts before others.
pub(super) fn split_pair(text: &str) -> Result<(&str, &str), ParseError> {
    let all = separators(text, ':');
    let spaced = all.iter().copied().find(|at| text[at + 1..].starts_with(' '));
    match spaced.or_else(|| all.first().copied()) {
        Some(at) => Ok((&text[..at], &text[at + 1..])),
        None => Err(ParseError::Count { text: shorten(text), found: 1, expected: 2 }),
    }
}

fn inner(text: &str) -> Option<&str> {
    [('{', '}'), ('[', ']'), ('(', ')')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open).and_then(|inner| inner.strip_suffix(close)))
}

/// The places of a separator outside quotes and brackets.
fn separators(text: &str, separator: char) -> Vec<usize> {
    let (mut depth, mut is_quoted) = (0_usize, false);
    let mut places = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '\'' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => places.push(at),
            _ => {}
        }
    }
    places
}

/// True of a part that is null: what COPY TO writes for it, without quotes.
pub(super) fn is_null(part: &str, null: &str) -> bool {
    let part = part.trim();
    part == null || part.is_empty() || part == "None" || part.eq_ignore_ascii_case("null")
}

/// A part without the blanks and the quotes around it.
pub(super) fn unquote(part: &str) -> Cow<'_, str> {
    let part = part.trim();
    match part.strip_prefix('\'').and_then(|part| part.strip_suffix('\'')) {
        Some(inner) => Cow::Owned(inner.replace("''", "'")),
        None => Cow::Borrowed(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_count_outside_quotes_and_brackets() {
        assert_eq!(split("{1: {2, 3}, 'a,}b': (4, 5)}", ',').unwrap(), ["1: {2, 3}", " 'a,}b': (4, 5)"]);
        assert_eq!(split("[]", ',').unwrap(), Vec::<&str>::new());
        assert_eq!(split("(1, )", ',').unwrap(), ["1", " "]);
        assert!(split("{1, 2]", ',').is_err() && split("1, 2", ',').is_err());
        assert_eq!(split_pair("10:11:12.000000000: 2024-02-29").unwrap(), ("10:11:12.000000000", " 2024-02-29"));
        assert_eq!(split_pair(" 'a: b':1").unwrap(), (" 'a: b'", "1"));
        assert!(split_pair("1").is_err());
    }

    #[test]
    fn quotes_tell_null_from_text() {
        for null in ["", " ", "None", " null"] {
            assert!(is_null(null, ""), "{null}");
        }
        assert!(is_null("\\N", "\\N") && !is_null("''", "") && !is_null("'None'", ""));
        assert_eq!(unquote(" 'it''s' "), "it's");
    }
}
