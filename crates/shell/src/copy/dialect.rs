//! The form of a CSV file: how fields are told apart, and how records are written.

/// The characters of a CSV file that mean something. The rules are those of Python's `csv`, which cqlsh uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: char,
    pub(crate) quote: char,
    /// `None` if a quote inside quotes is doubled.
    pub(crate) escape: Option<char>,
}

/// The end of a written record.
const LINE_END: &str = "\r\n";

impl Dialect {
    /// Appends a record of the fields.
    pub(crate) fn write_record<S: AsRef<str>>(&self, fields: &[S], out: &mut String) {
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                out.push(self.delimiter);
            }
            self.write_field(field.as_ref(), out);
        }
        // A line without a character would be no record.
        if let [only] = fields
            && only.as_ref().is_empty()
        {
            out.extend([self.quote, self.quote]);
        }
        out.push_str(LINE_END);
    }

    fn write_field(&self, field: &str, out: &mut String) {
        let is_special = |c: char| self.is_special(c);
        if !field.contains(is_special) {
            return out.push_str(field);
        }
        // An escaped character needs no quotes around it; a doubled quote does.
        let is_quoted = field.contains(|c: char| match self.escape {
            Some(escape) => is_special(c) && c != escape && c != self.quote,
            None => true,
        });
        let edge = is_quoted.then_some(self.quote);
        out.extend(edge);
        for c in field.chars() {
            if c == self.quote || self.escape == Some(c) {
                out.push(self.escape.unwrap_or(self.quote));
            }
            out.push(c);
        }
        out.extend(edge);
    }

    fn is_special(&self, c: char) -> bool {
        c == self.delimiter || c == self.quote || self.escape == Some(c) || c == '\r' || c == '\n'
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn write(dialect: Dialect, fields: &[&str]) -> String {
        let mut out = String::new();
        dialect.write_record(fields, &mut out);
        out
    }

    /// The expected lines are those of Python's `csv.writer`.
    #[test]
    fn records_are_written_as_python_writes_them() {
        let escaped = Dialect { delimiter: ',', quote: '"', escape: Some('\\') };
        assert_eq!(write(escaped, &["1", "", "a b"]), "1,,a b\r\n");
        assert_eq!(
            write(escaped, &["say \"x\"", "a\\b", "c,d", "e\nf", "g,\""]),
            "say \\\"x\\\",a\\\\b,\"c,d\",\"e\nf\",\"g,\\\"\"\r\n"
        );
        assert_eq!(write(escaped, &[""]), "\"\"\r\n");
        let doubled = Dialect { delimiter: ';', quote: '\'', escape: None };
        assert_eq!(write(doubled, &["it's", "a\\b", "c,d", "e;f"]), "'it''s';a\\b;c,d;'e;f'\r\n");
    }
}
