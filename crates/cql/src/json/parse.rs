//! JSON parsed from text, by RFC 8259. Text behind the first value is ignored, as in Cassandra.

use super::error::JsonSyntaxError;
use super::value::Json;
use crate::limits;

/// Parses the value at the beginning of a text.
pub(crate) fn parse(text: &str) -> Result<Json, JsonSyntaxError> {
    Reader { text, at: 0, depth: 0 }.value()
}

struct Reader<'a> {
    text: &'a str,
    /// Position in the text, in bytes.
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn take(&mut self, symbol: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(symbol);
        self.at += if found { symbol.len_utf8() } else { 0 };
        found
    }

    fn unexpected_input<T>(&self, expected: &'static str) -> Result<T, JsonSyntaxError> {
        match self.rest().chars().next() {
            None => Err(JsonSyntaxError::End { expected }),
            Some(found) => Err(JsonSyntaxError::Character { found, at: self.at, expected }),
        }
    }

    fn value(&mut self) -> Result<Json, JsonSyntaxError> {
        self.skip_space();
        match self.rest().chars().next() {
            Some('{') => self.parse_nested(Self::object),
            Some('[') => self.parse_nested(Self::list),
            Some('"') => self.string().map(Json::Text),
            Some('-' | '0'..='9') => self.number(),
            _ => self.word(),
        }
    }

    fn parse_nested(&mut self, read: fn(&mut Self) -> Result<Json, JsonSyntaxError>) -> Result<Json, JsonSyntaxError> {
        if self.depth == limits::NESTING_MAX {
            return Err(JsonSyntaxError::TooDeep);
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Json, JsonSyntaxError> {
        let mut members = Vec::new();
        if self.take('}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            if !self.rest().starts_with('"') {
                return self.unexpected_input("a name in double quotes");
            }
            let name = self.string()?;
            if !self.take(':') {
                return self.unexpected_input("':'");
            }
            members.push((name, self.value()?));
            if self.take('}') {
                return Ok(Json::Object(members));
            }
            if !self.take(',') {
                return self.unexpected_input("',' or '}'");
            }
        }
    }

    fn list(&mut self) -> Result<Json, JsonSyntaxError> {
        let mut parts = Vec::new();
        if self.take(']') {
            return Ok(Json::List(parts));
        }
        loop {
            parts.push(self.value()?);
            if self.take(']') {
                return Ok(Json::List(parts));
            }
            if !self.take(',') {
                return self.unexpected_input("',' or ']'");
            }
        }
    }

    fn word(&mut self) -> Result<Json, JsonSyntaxError> {
        let words = [("null", Json::Null), ("true", Json::Boolean(true)), ("false", Json::Boolean(false))];
        for (word, value) in words {
            let behind = self.rest().strip_prefix(word);
            if behind.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.unexpected_input("a value")
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    fn number(&mut self) -> Result<Json, JsonSyntaxError> {
        let start = self.at;
        self.at += usize::from(self.rest().starts_with('-'));
        let leading_zero = self.rest().starts_with('0');
        let whole = self.digits();
        if whole == 0 || leading_zero && whole > 1 {
            return self.unexpected_input("a number without leading zeros");
        }
        let mut is_float = false;
        if self.rest().starts_with('.') {
            is_float = true;
            self.at += 1;
            if self.digits() == 0 {
                return self.unexpected_input("a digit");
            }
        }
        if self.rest().starts_with(['e', 'E']) {
            is_float = true;
            self.at += 1;
            self.at += usize::from(self.rest().starts_with(['+', '-']));
            if self.digits() == 0 {
                return self.unexpected_input("a digit");
            }
        }
        if self.rest().starts_with(|c: char| c.is_alphanumeric() || c == '.') {
            return self.unexpected_input("the end of a number");
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if text.len() > limits::DIGITS_MAX {
            return Err(JsonSyntaxError::NumberTooLong);
        }
        Ok(if is_float { Json::Float(text.to_owned()) } else { Json::Integer(text.to_owned()) })
    }

    fn string(&mut self) -> Result<String, JsonSyntaxError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').unwrap_or(rest.len());
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.rest().chars().next() {
                Some('"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some('\\') => self.escape(&mut out)?,
                _ => return self.unexpected_input("the end of a string"),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), JsonSyntaxError> {
        self.at += 1;
        let plain = match self.rest().chars().next() {
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.code_points(out),
            _ => return self.unexpected_input("an escape"),
        };
        self.at += 1;
        out.push(plain);
        Ok(())
    }

    /// Parses `uXXXX`, which may be followed by the other half of a surrogate pair. An unpaired surrogate becomes
    /// U+FFFD.
    fn code_points(&mut self, out: &mut String) -> Result<(), JsonSyntaxError> {
        let mut units = vec![self.code_unit()?];
        while (0xd800..0xdc00).contains(&units[units.len() - 1]) && self.rest().starts_with("\\u") {
            self.at += 1;
            units.push(self.code_unit()?);
        }
        out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        Ok(())
    }

    fn code_unit(&mut self) -> Result<u16, JsonSyntaxError> {
        let digits = self.rest().get(1..5).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|d| u16::from_str_radix(d, 16).ok()) {
            Some(unit) => {
                self.at += 5;
                Ok(unit)
            }
            None => self.unexpected_input("four hexadecimal digits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_read() {
        let found = parse(r#" {"a": [1, -2.5e3, true, null], "b\u00e9\n": "\ud834\udd1e", "c": {}} rest"#).unwrap();
        let numbers = vec![Json::Integer("1".into()), Json::Float("-2.5e3".into()), Json::Boolean(true), Json::Null];
        let expected = vec![
            ("a".to_owned(), Json::List(numbers)),
            ("bé\n".to_owned(), Json::Text("𝄞".to_owned())),
            ("c".to_owned(), Json::Object(Vec::new())),
        ];
        assert_eq!(found, Json::Object(expected));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in
            ["", "{", "{a: 1}", "[1,]", "01", "1.", "1e", "nul", "NaN", "\"a", "\"\\x\"", "\"\\u12\"", "-", "+1"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse("\"tab\there\"").is_err());
    }

    #[test]
    fn halves_of_characters_do_no_harm() {
        assert_eq!(parse(r#""\ud834x""#), Ok(Json::Text("\u{fffd}x".to_owned())));
        assert_eq!(parse(r#""\udd1e""#), Ok(Json::Text("\u{fffd}".to_owned())));
    }
}
