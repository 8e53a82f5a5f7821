//! Where statements end: at a semicolon outside quotes and comments.

/// What a text holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Split<'a> {
    /// Complete statements without their semicolons, trimmed; empty ones are left out.
    pub(crate) statements: Vec<&'a str>,
    /// What comes after the last of them; blank if nothing does.
    pub(crate) rest: &'a str,
}

/// Splits a text.
pub(crate) fn split(text: &str) -> Split<'_> {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(';') {
            statements.push(&text[start..at]);
            start = at + 1;
        }
        at += token(&text[at..]);
    }
    let statements = statements.into_iter().filter(|s| !is_blank(s)).map(str::trim).collect();
    Split { statements, rest: &text[start..] }
}

/// Whether a text is nothing but spaces and comments.
pub(crate) fn is_blank(text: &str) -> bool {
    let mut at = 0;
    while at < text.len() {
        let length = token(&text[at..]);
        let piece = &text[at..at + length];
        if !piece.trim().is_empty() && !["--", "//", "/*"].iter().any(|c| piece.starts_with(c)) {
            return false;
        }
        at += length;
    }
    true
}

/// The length of what begins here: something quoted, a comment, or one character.
fn token(text: &str) -> usize {
    let until = |open: usize, close: &str| text[open..].find(close).map_or(text.len(), |at| open + at + close.len());
    match text.as_bytes() {
        // A doubled quote ends one text and begins another: the same for finding an end.
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'$', b'$', ..] => until(2, "$$"),
        [b'-', b'-', ..] | [b'/', b'/', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        _ => text.chars().next().map_or(0, char::len_utf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_is_open_goes_on() {
        for open in ["SELECT 'é;", "SELECT \"x;", "SELECT $$;", "SELECT /* ;", "SELECT -- ;"] {
            assert!(split(open).statements.is_empty(), "{open}");
        }
        assert!(is_blank(" -- only\n /* comments */ \n"));
        assert!(!is_blank(" -- and\n x"));
    }
}
