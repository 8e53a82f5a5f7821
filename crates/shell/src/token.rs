//! Tokens of a text, as far as the shell distinguishes them: quoted texts, comments, words, line ends.

/// A token, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// Position in the text, in bytes.
    pub(crate) start: usize,
}

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A string, a quoted name or a `$$` text, with its quotes.
    Quoted,
    /// `--` or `//` to the end of the line, or `/* */`.
    Comment,
    /// Letters, digits and underscores.
    Word,
    /// Spaces other than line ends.
    Blank,
    LineEnd,
    /// Any other character.
    Symbol,
    /// A quoted text or a comment without an end; it extends to the end of the text.
    Open,
}

impl Token<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// True for spaces, line ends and comments.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.kind, Kind::Comment | Kind::Blank | Kind::LineEnd)
    }
}

/// The tokens of a text, in order. Concatenated they are the whole text.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let (kind, length) = first_token(rest)?;
        let token = Token { kind, text: &rest[..length], start: at };
        at += length;
        Some(token)
    })
}

/// The tokens that are not blank. A doubled quote reads as the end of one text and the beginning of the next: these are
/// made one again.
pub(crate) fn merge_quoted(text: &str) -> Vec<Token<'_>> {
    let mut all: Vec<Token<'_>> = Vec::new();
    for token in tokens(text).filter(|token| !token.is_blank()) {
        match all.last_mut() {
            Some(last)
                if (last.kind, token.kind) == (Kind::Quoted, Kind::Quoted)
                    && last.end() == token.start
                    && last.text.as_bytes().first() == token.text.as_bytes().first() =>
            {
                last.text = &text[last.start..token.end()];
            }
            _ => all.push(token),
        }
    }
    all
}

/// The kind and length of the first token of a text; `None` if the text is empty.
fn first_token(text: &str) -> Option<(Kind, usize)> {
    let until = |kind: Kind, open: usize, close: &str| match text[open..].find(close) {
        Some(at) => (kind, open + at + close.len()),
        None => (Kind::Open, text.len()),
    };
    let run = |belongs: fn(char) -> bool| text.find(|c| !belongs(c)).unwrap_or(text.len());
    Some(match text.as_bytes() {
        [] => return None,
        // A doubled quote reads as the end of one text and the start of the next, which finds the same end.
        [b'\'', ..] => until(Kind::Quoted, 1, "'"),
        [b'"', ..] => until(Kind::Quoted, 1, "\""),
        [b'$', b'$', ..] => until(Kind::Quoted, 2, "$$"),
        [b'/', b'*', ..] => until(Kind::Comment, 2, "*/"),
        // The line end is a separate token, because it ends commands of the shell.
        [b'-', b'-', ..] | [b'/', b'/', ..] => (Kind::Comment, run(|c| c != '\n')),
        [b'\n', ..] => (Kind::LineEnd, 1),
        _ => match text.chars().next()? {
            c if is_word(c) => (Kind::Word, run(is_word)),
            c if is_space(c) => (Kind::Blank, run(is_space)),
            c => (Kind::Symbol, c.len_utf8()),
        },
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_space(c: char) -> bool {
    c.is_whitespace() && c != '\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_whole_text() {
        let text = "é1 'a''b'\n\"c\" $$;$$ -- d\n// e\n/* f\n */ g; $1 'open";
        let all: Vec<Token<'_>> = tokens(text).collect();
        assert_eq!(all.iter().map(|t| t.text).collect::<String>(), text);
        assert!(all.iter().all(|t| &text[t.start..t.end()] == t.text));
        let comments: Vec<&str> = all.iter().filter(|t| t.kind == Kind::Comment).map(|t| t.text).collect();
        assert_eq!(comments, ["-- d", "// e", "/* f\n */"]);
        assert_eq!(all.last().unwrap().kind, Kind::Open);
    }
}
