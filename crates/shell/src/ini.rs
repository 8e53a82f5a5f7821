//! Files in the form of a `cqlshrc`, which is that of Python's `configparser`: sections of options, a line each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The section whose options all others have too.
const COMMON_SECTION: &str = "DEFAULT";

/// A file that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct IniFile {
    pub(crate) path: PathBuf,
    /// By name, options by their names in lower case.
    sections: BTreeMap<String, BTreeMap<String, String>>,
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IniError {
    #[error("{path} cannot be read: {error}")]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{path}, line {number}: {text:?} is neither a [section] nor an option of one, such as name = value")]
    Line { path: PathBuf, number: usize, text: String },
}

impl IniFile {
    pub(crate) fn read(path: &Path) -> Result<IniFile, IniError> {
        let text = std::fs::read_to_string(path);
        IniFile::parse(path, &text.map_err(|error| IniError::Unreadable { path: path.to_owned(), error })?)
    }

    /// Takes the text of a file apart. `#` and `;` begin a comment, and a line that stands further to the right than the
    /// option before it continues its value.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<IniFile, IniError> {
        let mut file = IniFile { path: path.to_owned(), sections: BTreeMap::new() };
        let mut section: Option<String> = None;
        let mut option: Option<(String, usize)> = None;
        for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            let wrong = || IniError::Line { path: path.to_owned(), number: at + 1, text: trimmed.to_owned() };
            if let (Some(name), Some((key, _))) = (&section, option.as_ref().filter(|(_, of)| indent > *of)) {
                let value = file.sections.entry(name.clone()).or_default().entry(key.clone()).or_default();
                value.push('\n');
                value.push_str(trimmed);
            } else if let Some(name) = parse_header(trimmed) {
                file.sections.entry(name.to_owned()).or_default();
                (section, option) = (Some(name.to_owned()), None);
            } else {
                let (key, value) = trimmed.split_once(['=', ':']).ok_or_else(wrong)?;
                let key = Some(key.trim().to_lowercase()).filter(|key| !key.is_empty()).ok_or_else(wrong)?;
                let options = file.sections.get_mut(section.as_ref().ok_or_else(wrong)?).ok_or_else(wrong)?;
                options.insert(key.clone(), value.trim().to_owned());
                option = Some((key, indent));
            }
        }
        Ok(file)
    }

    /// The value of an option whose name is given in lower case. A section that is not there has none.
    pub(crate) fn value(&self, section: &str, name: &str) -> Option<&str> {
        let common = || self.sections.get(COMMON_SECTION)?.get(name);
        self.sections.get(section)?.get(name).or_else(common).map(String::as_str)
    }

    /// The options of a section, by their names in lower case.
    pub(crate) fn options(&self, section: &str) -> BTreeMap<String, String> {
        let Some(own) = self.sections.get(section) else { return BTreeMap::new() };
        let mut options = self.sections.get(COMMON_SECTION).cloned().unwrap_or_default();
        options.extend(own.clone());
        options
    }
}

fn parse_header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<IniFile, String> {
        IniFile::parse(Path::new("rc"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_found_in_their_sections() {
        let text =
            "; first\n[DEFAULT]\nport = 1\n[a]\nName : a=b\n  # no\nempty =\n[b]\nport=2\nlong = x\n   y\n  z: 1\n";
        let file = parse(text).unwrap();
        assert_eq!(file.value("a", "name"), Some("a=b"));
        assert_eq!(file.value("a", "empty"), Some(""));
        assert_eq!(
            (file.value("a", "port"), file.value("b", "port"), file.value("c", "port")),
            (Some("1"), Some("2"), None)
        );
        assert_eq!(file.value("b", "long"), Some("x\ny\nz: 1"));
        assert_eq!(file.options("a").len(), 3);
    }

    #[test]
    fn a_line_that_is_nothing_is_named() {
        let expected = "rc, line 2: \"port\" is neither a [section] nor an option of one, such as name = value";
        assert_eq!(parse("[a]\nport\n").unwrap_err(), expected);
        for text in ["port = 1", "[a]\n= 1", "[]\n"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
