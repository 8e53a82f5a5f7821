//! Names of files as they are written in commands.

use std::path::{Path, PathBuf};

/// The file that a text in single quotes names; `None` of another text. `~` at its beginning is the home folder.
pub(crate) fn parse_quoted_path(text: &str) -> Option<PathBuf> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    (!inner.is_empty()).then(|| expand_home(&inner.replace("''", "'")))
}

/// A path whose `~` at the beginning is the home folder. Without `HOME`, and of another user, it stays.
pub(crate) fn expand_home(text: &str) -> PathBuf {
    let rest = text.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match (rest, std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(text),
    }
}

/// A path in the quotes that cqlsh's messages have, which are those of Python.
pub(crate) fn quote_path(path: &Path) -> String {
    let text = path.display().to_string().replace('\\', "\\\\");
    match text.contains('\'') {
        true if text.contains('"') => format!("'{}'", text.replace('\'', "\\'")),
        true => format!("\"{text}\""),
        false => format!("'{text}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_taken_off_and_put_on() {
        assert_eq!(parse_quoted_path("'a ''b'''"), Some(PathBuf::from("a 'b'")));
        assert_eq!(parse_quoted_path("a"), None);
        assert_eq!(parse_quoted_path("'a"), None);
        assert_eq!(parse_quoted_path("'"), None);
        assert_eq!(parse_quoted_path("''"), None);
        for (path, quoted) in [("a b", "'a b'"), ("a'b", "\"a'b\""), ("a'\"", "'a\\'\"'"), ("a\\b", "'a\\\\b'")] {
            assert_eq!(quote_path(Path::new(path)), quoted);
        }
    }

    #[test]
    fn a_tilde_is_the_home_folder() {
        let home = std::env::home_dir().unwrap();
        assert_eq!(expand_home("~/a/b"), home.join("a/b"));
        assert_eq!(expand_home("~"), home.join(""));
        assert_eq!(expand_home("~other/a"), PathBuf::from("~other/a"));
        assert_eq!(expand_home("a~"), PathBuf::from("a~"));
    }
}
