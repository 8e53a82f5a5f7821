//! Texts of statements that nobody types: files, pipes, `-e`. Errors in them say where they stand, in cqlsh's way.

use crate::path::{expand_home, quote_path};
use crate::splitter::Split;
use crate::token::tokens;
use std::path::Path;

/// The name that the standard input and `-e` have in errors.
const STANDARD_INPUT: &str = "<stdin>";

/// A text of statements.
pub(crate) struct Script {
    /// The file as it was named, or `<stdin>`.
    pub(crate) name: String,
    pub(crate) text: String,
    /// True if its lines are counted. Those of `-e` are not: it is one line to cqlsh.
    pub(crate) has_lines: bool,
}

/// The place of a statement in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    name: String,
    line: usize,
}

impl Script {
    /// The statements of the command line. The last one needs no semicolon, as in cqlsh.
    pub(crate) fn of_command_line(text: &str) -> Script {
        Script { name: STANDARD_INPUT.to_owned(), text: format!("{text}\n;"), has_lines: false }
    }

    pub(crate) fn of_input(text: String) -> Script {
        Script { name: STANDARD_INPUT.to_owned(), text, has_lines: true }
    }

    /// Reads a file: UTF-8, or what a byte order mark at its beginning tells. The error has Python's words.
    pub(crate) fn read(path: &Path) -> Result<Script, String> {
        let path = expand_home(&path.to_string_lossy());
        let text = std::fs::read(&path).map_err(|error| describe_error(&error, &path)).and_then(|bytes| {
            decode(&bytes).ok_or_else(|| format!("{} is not text in UTF-8, or UTF-16 with a mark", path.display()))
        })?;
        Ok(Script { name: path.display().to_string(), text, has_lines: true })
    }

    /// The place of an error in each statement.
    ///
    /// cqlsh runs what it has read once that is complete at the end of a line, and names the line after it.
    pub(crate) fn places(&self, split: &Split<'_>) -> Vec<Place> {
        let place = |line| Place { name: self.name.clone(), line };
        if !self.has_lines {
            return vec![place(1); split.ends.len()];
        }
        let line_ends: Vec<usize> = self.text.match_indices('\n').map(|(at, _)| at + 1).collect();
        let mut places = Vec::with_capacity(split.ends.len());
        let mut later: Option<usize> = None;
        for (at, end) in split.ends.iter().enumerate().rev() {
            let next = split.ends.get(at + 1).copied().unwrap_or(usize::MAX);
            let mut line_end = end_of_line(&self.text, *end);
            // A comment may go on behind the line.
            while line_end < next.min(self.text.len()) && !is_nothing(&self.text[*end..line_end]) {
                line_end = end_of_line(&self.text, line_end + 1);
            }
            let is_complete = next > line_end && is_nothing(&self.text[(*end).min(line_end)..line_end]);
            let line = match (is_complete, later) {
                (false, Some(line)) => line,
                (false, None) => self.end().line,
                (true, _) => line_ends.partition_point(|end| *end < line_end) + 2,
            };
            later = Some(line);
            places.push(place(line));
        }
        places.reverse();
        places
    }

    /// The place of a statement whose end is missing.
    pub(crate) fn end(&self) -> Place {
        let line = if self.has_lines { self.text.lines().count() + 1 } else { 1 };
        Place { name: self.name.clone(), line }
    }
}

impl Place {
    /// The text of an error here.
    pub(crate) fn locate(&self, error: &str) -> String {
        format!("{}:{}:{error}", self.name, self.line)
    }
}

/// True of a text in which no statement begins.
fn is_nothing(text: &str) -> bool {
    tokens(text).all(|token| token.is_blank() || token.text == ";")
}

/// The position behind the line in which a token ends.
fn end_of_line(text: &str, token_end: usize) -> usize {
    let mut token_end = token_end.min(text.len());
    while !text.is_char_boundary(token_end) {
        token_end += 1;
    }
    match text[..token_end].ends_with('\n') {
        true => token_end,
        false => text[token_end..].find('\n').map_or(text.len(), |at| token_end + at + 1),
    }
}

/// An error of the system in Python's words.
pub(crate) fn describe_error(error: &std::io::Error, path: &Path) -> String {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(code) => {
            let reason = text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text);
            format!("[Errno {code}] {reason}: {}", quote_path(path))
        }
        None => text,
    }
}

fn decode(bytes: &[u8]) -> Option<String> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or(0)])).collect();
        String::from_utf16(&units).ok()
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::splitter::split;

    fn lines(text: &str) -> Vec<usize> {
        let script = Script::of_input(text.to_owned());
        script.places(&split(text)).into_iter().map(|place| place.line).collect()
    }

    /// The expected lines are those of cqlsh 6.2.2.
    #[test]
    fn places_are_those_of_cqlsh() {
        assert_eq!(lines("SELECT 1;\n\nSELECT 2;\n"), [2, 4]);
        assert_eq!(lines("SELECT\n1;"), [3]);
        assert_eq!(lines("SELECT 1; SELECT 2; -- both\nSELECT 3;\n"), [2, 2, 3]);
        assert_eq!(lines("SELECT 1; SELECT\n2;\nEXPAND\nSELECT 3;"), [3, 3, 4, 5]);
        assert_eq!(lines("SELECT 1; /* a\n b */ ;\nSELECT 2;"), [3, 4]);
        assert_eq!(lines("SELECT 1; SELECT"), [2]);
        let script = Script::of_command_line("SELECT 1;\nSELECT 2");
        let places = script.places(&split(&script.text));
        assert_eq!(places.iter().map(|place| place.locate("no")).collect::<Vec<_>>(), ["<stdin>:1:no"; 2]);
        assert_eq!(Script::of_input("a\nb\n".to_owned()).end().locate("x"), "<stdin>:3:x");
    }

    #[test]
    fn files_are_read_by_their_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for (bytes, text) in [
            (&b"\xef\xbb\xbfUSE k;"[..], Some("USE k;")),
            (b"\xff\xfeU\0;\0", Some("U;")),
            (b"\xfe\xff\0U\0;", Some("U;")),
            ("é".as_bytes(), Some("é")),
            (b"\xe9", None),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(Script::read(&path).ok().map(|script| script.text).as_deref(), text);
        }
        let missing = Script::read(Path::new("/nowhere/it's")).err().unwrap();
        assert_eq!(missing, "[Errno 2] No such file or directory: \"/nowhere/it's\"");
    }
}
