//! The lexer. Tokens borrow the text; quotes and escapes are decoded by the caller that needs the value.
//!
//! The lexer is a cursor that can be copied, so the parser can look ahead by trying. It never fails: text that it
//! cannot read becomes a `Bad` token, which the parser reports when it gets there.

use crate::error::Position;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    /// The text as written, quotes included.
    pub(crate) text: &'a str,
    pub(crate) position: Position,
}

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or keyword without quotes.
    Word,
    /// An identifier in double quotes.
    QuotedName,
    /// A string in single quotes.
    String,
    /// A string between `$$`.
    DollarString,
    /// Digits without a sign.
    Integer,
    /// A number with a point or an exponent, without a sign.
    Float,
    Uuid,
    /// `0x` and hexadecimal digits.
    Hex,
    /// `1y2mo` or an ISO 8601 duration, without a sign.
    Duration,
    /// An operator or other punctuation.
    Symbol,
    /// Text that is not a token, with the reason.
    Bad(&'static str),
    /// The end of the text.
    End,
}

impl Token<'_> {
    /// True for that keyword, ignoring case.
    pub(crate) fn is_word(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// True for that symbol.
    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }
}

/// A position in the text from which tokens are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    position: Position,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Lexer { text, position: Position { line: 1, column: 0, offset: 0 } }
    }

    /// The next token; always `End` at the end of the text.
    pub(crate) fn next(&mut self) -> Token<'a> {
        if let Err(reason) = self.skip_blanks() {
            return self.token(Kind::Bad(reason), self.rest().len());
        }
        let rest = self.rest();
        let Some(&first) = rest.as_bytes().first() else {
            return self.token(Kind::End, 0);
        };
        let (kind, len) = match first {
            b'\'' => scan_quoted(rest, b'\'', Kind::String),
            b'"' => scan_quoted(rest, b'"', Kind::QuotedName),
            b'$' => dollar_string(rest),
            _ if first.is_ascii_alphanumeric() => word_or_number(rest),
            _ => symbol(rest),
        };
        self.token(kind, len)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position.offset as usize..).unwrap_or("")
    }

    fn token(&mut self, kind: Kind, len: usize) -> Token<'a> {
        let token = Token { kind, text: self.rest().get(..len).unwrap_or(""), position: self.position };
        self.advance(token.text.len());
        token
    }

    /// Moves over `len` bytes, counting lines and columns.
    fn advance(&mut self, len: usize) {
        let passed = self.rest().get(..len).unwrap_or("");
        match passed.rfind('\n') {
            None => self.position.column += passed.chars().count() as u32,
            Some(last) => {
                self.position.line += passed.bytes().filter(|b| *b == b'\n').count() as u32;
                self.position.column = passed[last + 1..].chars().count() as u32;
            }
        }
        self.position.offset += len as u32;
    }

    /// Skips blanks and comments.
    fn skip_blanks(&mut self) -> Result<(), &'static str> {
        loop {
            let rest = self.rest();
            let len = if rest.starts_with("--") || rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if let Some(comment) = rest.strip_prefix("/*") {
                comment.find("*/").map(|end| end + 4).ok_or("comment without an end")?
            } else {
                rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{c}']).len()
            };
            if len == 0 {
                return Ok(());
            }
            self.advance(len);
        }
    }
}

/// The length of a quoted token. A doubled quote inside stands for one quote.
fn scan_quoted(rest: &str, quote: u8, kind: Kind) -> (Kind, usize) {
    let bytes = rest.as_bytes();
    let mut i = 1;
    while let Some(at) = bytes.get(i..).and_then(|b| b.iter().position(|c| *c == quote)) {
        i += at + 1;
        if bytes.get(i) != Some(&quote) {
            return (kind, i);
        }
        i += 1;
    }
    (Kind::Bad("quote without an end"), rest.len())
}

fn dollar_string(rest: &str) -> (Kind, usize) {
    match rest.strip_prefix("$$").map(|r| r.find("$$")) {
        Some(Some(end)) => (Kind::DollarString, end + 4),
        _ => (Kind::Bad("'$$' without an end"), rest.len()),
    }
}

/// The kind and length of the longest match: a UUID may begin like a number or a word, a duration like either.
fn word_or_number(rest: &str) -> (Kind, usize) {
    if is_uuid(rest.as_bytes()) {
        return (Kind::Uuid, UUID_BYTES);
    }
    let bytes = rest.as_bytes();
    let word = bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let in_unit = |b: &u8| b.is_ascii_alphanumeric() || MICRO_SIGN.contains(b);
    if bytes[0].is_ascii_digit() {
        let duration = bytes.iter().take_while(|b| in_unit(b)).count();
        return number(bytes, word, duration);
    }
    if bytes[0] == b'P' {
        // A colon or dash after the word may be part of the duration or the next token.
        for len in [ALTERNATIVE_DURATION.len(), word] {
            if bytes.get(..len).is_some_and(is_iso_duration) {
                return (Kind::Duration, len);
            }
        }
    }
    (Kind::Word, word)
}

const UUID_BYTES: usize = 36;

fn is_uuid(bytes: &[u8]) -> bool {
    let dash = |i: usize| matches!(i, 8 | 13 | 18 | 23);
    bytes.len() >= UUID_BYTES
        && bytes[..UUID_BYTES].iter().enumerate().all(|(i, b)| if dash(i) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

/// The kind and length of a token that begins with a digit. `word` and `duration` are the lengths of its alphanumeric
/// prefix and of the prefix of characters that a duration may have.
fn number(bytes: &[u8], word: usize, duration: usize) -> (Kind, usize) {
    if bytes[0] == b'0' && matches!(bytes.get(1), Some(b'x' | b'X')) {
        let digits = bytes[2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        return (Kind::Hex, 2 + digits);
    }
    if let Some(len) = duration_len(&bytes[..duration.max(word)]) {
        return (Kind::Duration, len);
    }
    let digits = |from: usize| bytes.get(from..).map_or(0, |b| b.iter().take_while(|c| c.is_ascii_digit()).count());
    let mut len = digits(0);
    let mut kind = Kind::Integer;
    // `1..5` is a range and not `1.` and `.5`.
    if bytes.get(len) == Some(&b'.') && bytes.get(len + 1) != Some(&b'.') {
        len += 1 + digits(len + 1);
        kind = Kind::Float;
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        let exponent = digits(len + 1 + sign);
        if exponent > 0 {
            return (Kind::Float, len + 1 + sign + exponent);
        }
    }
    (kind, len)
}

/// The length of `word` if all of it is a duration such as `1y2mo3w`.
fn duration_len(word: &[u8]) -> Option<usize> {
    let mut i = 0;
    while i < word.len() {
        let digits = word[i..].iter().take_while(|b| b.is_ascii_digit()).count();
        let letters =
            word[i + digits..].iter().take_while(|b| b.is_ascii_alphabetic() || MICRO_SIGN.contains(b)).count();
        let unit = word[i + digits..i + digits + letters].to_ascii_lowercase();
        if digits == 0 || !UNITS.contains(&unit.as_slice()) {
            return None;
        }
        i += digits + letters;
    }
    (i > 0).then_some(i)
}

const UNITS: [&[u8]; 11] = [b"y", b"mo", b"w", b"d", b"h", b"m", b"s", b"ms", b"us", "\u{b5}s".as_bytes(), b"ns"];

/// The micro sign in UTF-8.
const MICRO_SIGN: [u8; 2] = [0xc2, 0xb5];

/// The form of a duration that is written as a date and a time, with every digit as 0.
const ALTERNATIVE_DURATION: &[u8] = b"P0000-00-00T00:00:00";

/// True for `P1Y2M3DT4H5M6S`, `P3W` or `P0001-02-03T04:05:06`. False for a bare `P`, which is an identifier.
fn is_iso_duration(text: &[u8]) -> bool {
    let shape = |b: &u8| if b.is_ascii_digit() { b'0' } else { *b };
    if text.iter().map(shape).eq(ALTERNATIVE_DURATION.iter().copied()) {
        return true;
    }
    let Some((_, body)) = text.split_first().filter(|(p, _)| **p == b'P') else {
        return false;
    };
    let (date, time) = match body.iter().position(|b| *b == b'T') {
        Some(t) => (&body[..t], Some(&body[t + 1..])),
        None => (body, None),
    };
    let weeks = time.is_none() && designators(date, b"W") == Some(1);
    let parts = designators(date, b"YMD").zip(time.map_or(Some(0), |t| designators(t, b"HMS").filter(|n| *n > 0)));
    weeks || parts.is_some_and(|(d, t)| d + t > 0)
}

/// The number of `digits letter` groups in `text`; `None` unless its letters are some of `letters` in that order.
fn designators(mut text: &[u8], mut letters: &[u8]) -> Option<usize> {
    let mut count = 0;
    while !text.is_empty() {
        let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
        let letter = text.get(digits).filter(|_| digits > 0)?;
        let place = letters.iter().position(|l| l == letter)?;
        letters = &letters[place + 1..];
        text = &text[digits + 1..];
        count += 1;
    }
    Some(count)
}

fn symbol(rest: &str) -> (Kind, usize) {
    if let Some(s) = ["<=", ">=", "!=", "+=", "-=", ".."].iter().find(|s| rest.starts_with(**s)) {
        return (Kind::Symbol, s.len());
    }
    match rest.as_bytes()[0] {
        b';' | b'(' | b')' | b',' | b'<' | b'>' | b'=' | b'+' | b'-' | b'*' | b'/' | b'%' | b'.' | b'[' | b']'
        | b'{' | b'}' | b':' | b'?' => (Kind::Symbol, 1),
        _ => (Kind::Bad("unexpected character"), rest.chars().next().map_or(1, char::len_utf8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        let mut lexer = Lexer::new(text);
        let mut found = Vec::new();
        loop {
            let token = lexer.next();
            if token.kind == Kind::End {
                return found;
            }
            found.push((token.kind, token.text));
        }
    }

    #[test]
    fn numbers_words_and_uuids_are_told_apart() {
        use Kind::*;
        assert_eq!(kinds("1 1. 1.5e3 1e5"), [(Integer, "1"), (Float, "1."), (Float, "1.5e3"), (Float, "1e5")]);
        assert_eq!(kinds("1..5"), [(Integer, "1"), (Symbol, ".."), (Integer, "5")]);
        assert_eq!(kinds("0xAf 0x"), [(Hex, "0xAf"), (Hex, "0x")]);
        let uuid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
        assert_eq!(kinds(uuid), [(Uuid, uuid)]);
        assert_eq!(kinds("f81d4fae - b"), [(Word, "f81d4fae"), (Symbol, "-"), (Word, "b")]);
    }

    #[test]
    fn durations_are_read_in_every_form() {
        for text in [
            "1y2mo3w4d5h6m7s8ms9us10ns",
            "P1Y2M3DT4H5M6S",
            "P3W",
            "P0001-02-03T04:05:06",
            "12h30m",
            "PT5M",
            "1h5\u{b5}s3NS",
        ] {
            assert_eq!(kinds(text), [(Kind::Duration, text)]);
        }
        let date = "P0001-02-03T04:05:06";
        assert_eq!(kinds(&format!("{date}: {date}-1"))[..2], [(Kind::Duration, date), (Kind::Symbol, ":")]);
        for text in ["P", "p1y", "P1", "P1YT", "PT", "P1Y2W", "P1M1Y", "P1y"] {
            assert_eq!(kinds(text), [(Kind::Word, text)]);
        }
    }

    #[test]
    fn strings_keep_their_quotes_and_comments_vanish() {
        assert_eq!(
            kinds("'it''s' \"A\"\"b\" -- x\n $$raw'$$ /* y */ ?"),
            [
                (Kind::String, "'it''s'"),
                (Kind::QuotedName, "\"A\"\"b\""),
                (Kind::DollarString, "$$raw'$$"),
                (Kind::Symbol, "?")
            ]
        );
    }

    #[test]
    fn positions_count_lines_from_one_and_columns_from_zero() {
        let mut lexer = Lexer::new("a\n  'é' b");
        lexer.next();
        lexer.next();
        assert_eq!(lexer.next().position, Position { line: 2, column: 6, offset: 9 });
    }

    #[test]
    fn what_has_no_end_is_bad() {
        for text in ["'a", "\"a", "$$a", "$a", "/* a", "#"] {
            assert!(matches!(kinds(text)[0].0, Kind::Bad(_)), "{text}");
        }
    }
}
