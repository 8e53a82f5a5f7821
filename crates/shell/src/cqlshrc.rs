//! `cqlshrc`: the file in which a person sets the shell up, the same as cqlsh's.

use crate::ini::{IniError, IniFile};
use crate::options::is_utf8;
use crate::path::expand_home;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The places of the file that no flag names; the second one was that of Cassandra before 1.2.
const DEFAULT_PATH: &str = "~/.cassandra/cqlshrc";
const OLD_PATH: &str = "~/.cqlshrc";

/// Options that have no effect, each with the reason.
const WITHOUT_EFFECT: [(&str, &str, &str); 10] = [
    ("ui", "browser", "HELP opens no page"),
    ("ui", "date_format", "dates have CQL's form, as in cqlsh 6.2"),
    ("ui", "nanotime_format", "times have CQL's form, as in cqlsh 6.2"),
    ("ui", "datetimeformat", "its name is time_format, as in cqlsh 6.2"),
    ("ui", "max_trace_wait", "it belongs to [tracing], as in cqlsh 6.2"),
    ("connection", "connect_timeout", "its name is timeout, as in cqlsh 6.2"),
    ("connection", "client_timeout", "its name is request_timeout, as in cqlsh 6.2"),
    ("csv", "field_size_limit", "COPY takes records of 15 MiB"),
    ("ssl", "version", "both sides agree on TLS 1.3 or 1.2"),
    ("auth_provider", "module", "the shell logs in with a role and its password"),
];

/// The file, and what a person should know about it.
#[derive(Debug, Default)]
pub(crate) struct Cqlshrc {
    file: IniFile,
    /// `None` if there is no file.
    pub(crate) path: Option<PathBuf>,
    /// The folder in which the file of credentials is looked for.
    pub(crate) folder: PathBuf,
    /// A sentence each.
    pub(crate) warnings: Vec<String>,
}

/// A file that cannot be used, or an option in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CqlshrcError {
    #[error(transparent)]
    File(#[from] IniError),
    #[error("{path}: {name} in [{section}] cannot be {value:?}: expected {expected}")]
    Value { path: PathBuf, section: &'static str, name: &'static str, value: String, expected: String },
}

impl Cqlshrc {
    /// Reads the file that is named, or the one in the home folder. No file is as good as an empty one.
    pub(crate) fn find(named: Option<&Path>) -> Result<Cqlshrc, CqlshrcError> {
        let default = expand_home(DEFAULT_PATH);
        let mut warnings = Vec::new();
        let mut path = default.clone();
        if let Some(named) = named.map(|path| expand_home(&path.to_string_lossy())) {
            match named.exists() {
                true => path = named,
                false => {
                    warnings.push(format!("{} does not exist; {} is used instead.", named.display(), default.display()))
                }
            }
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let found = [path, expand_home(OLD_PATH)].into_iter().find(|path| path.is_file());
        let file = found.as_deref().map(IniFile::read).transpose()?.unwrap_or_default();
        let mut rc = Cqlshrc { file, path: found, folder, warnings };
        rc.warn_of_options_without_effect();
        Ok(rc)
    }

    fn warn_of_options_without_effect(&mut self) {
        for (section, name, reason) in WITHOUT_EFFECT {
            if self.text(section, name).is_some() && !self.is_as_it_is(section, name) {
                self.warn(section, name, reason);
            }
        }
        if self.text("ui", "encoding").is_some_and(|name| !is_utf8(name)) {
            self.warn("ui", "encoding", "input and output are UTF-8");
        }
        if self.text("ui", "completekey").is_some_and(|key| !key.eq_ignore_ascii_case("tab")) {
            self.warn("ui", "completekey", "Tab completes");
        }
    }

    /// True of an option that asks for what the shell does anyway.
    fn is_as_it_is(&self, section: &str, name: &str) -> bool {
        let value = self.text(section, name).unwrap_or_default();
        match (section, name) {
            ("auth_provider", "module") => {
                value == "cassandra.auth" && self.text(section, "classname") == Some("PlainTextAuthProvider")
            }
            ("ui", "date_format") => value == "%Y-%m-%d",
            ("ui", "nanotime_format") => value == "%H:%M:%S.%N",
            _ => value.is_empty(),
        }
    }

    fn warn(&mut self, section: &str, name: &str, reason: &str) {
        self.warnings.push(format!("{name} in [{section}] of {} has no effect: {reason}.", self.file.path.display()));
    }

    /// The value of an option as it was written.
    pub(crate) fn text(&self, section: &str, name: &str) -> Option<&str> {
        self.file.value(section, name)
    }

    /// The value of an option as what it stands for. `expected` says what it can be.
    pub(crate) fn parse_value<T>(
        &self,
        section: &'static str,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, CqlshrcError> {
        let Some(text) = self.text(section, name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| CqlshrcError::Value {
            path: self.file.path.clone(),
            section,
            name,
            value: text.to_owned(),
            expected: expected.to_owned(),
        })
    }

    /// The value of an option as a number from `least` on.
    pub(crate) fn number<T: FromStr + PartialOrd>(
        &self,
        section: &'static str,
        name: &'static str,
        expected: &str,
        least: T,
    ) -> Result<Option<T>, CqlshrcError> {
        self.parse_value(section, name, expected, |text| text.parse().ok().filter(|number| *number >= least))
    }

    /// The value of an option that is on or off, in the words of `configparser`.
    pub(crate) fn flag(&self, section: &'static str, name: &'static str) -> Result<Option<bool>, CqlshrcError> {
        self.parse_value(section, name, "true or false", |text| match text.to_ascii_lowercase().as_str() {
            "1" | "yes" | "true" | "on" => Some(true),
            "0" | "no" | "false" | "off" => Some(false),
            _ => None,
        })
    }

    /// The value of an option as a path, whose `~` is the home folder.
    pub(crate) fn path_of(&self, section: &str, name: &str) -> Option<PathBuf> {
        self.text(section, name).filter(|text| !text.is_empty()).map(expand_home)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (tempfile::TempDir, Cqlshrc) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rc");
        std::fs::write(&path, text).unwrap();
        let rc = Cqlshrc::find(Some(&path)).unwrap();
        (folder, rc)
    }

    #[test]
    fn values_are_checked_and_named() {
        let (folder, rc) = read("[ui]\ncolor = On\nfloat_precision = many\n[ssl]\nuserkey = ~/key\n");
        assert_eq!(rc.flag("ui", "color").unwrap(), Some(true));
        assert_eq!(rc.flag("ui", "nothing").unwrap(), None);
        let error = rc.number("ui", "float_precision", "a number of digits, such as 5", 0_usize).unwrap_err();
        let path = folder.path().join("rc");
        let expected = format!(
            "{}: float_precision in [ui] cannot be \"many\": expected a number of digits, such as 5",
            path.display()
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(rc.path_of("ssl", "userkey"), Some(std::env::home_dir().unwrap().join("key")));
        assert_eq!(rc.folder, folder.path());
    }

    #[test]
    fn options_without_effect_are_named_once_and_unknown_ones_are_not() {
        let text = "[ui]\nbrowser = firefox\nencoding = UTF-8\nnew = 1\ncompletekey = tab\n[future]\nx = 1\n\
                    [auth_provider]\nmodule = cassandra.auth\nclassname = PlainTextAuthProvider\n";
        let (_folder, rc) = read(text);
        assert!(rc.warnings[0].starts_with("browser in [ui] of "), "{:?}", rc.warnings);
        assert_eq!(rc.warnings.len(), 1, "{:?}", rc.warnings);
        let (_folder, rc) = read("[ui]\nencoding = latin1\ncompletekey = C-o\n[connection]\nclient_timeout = 3\n");
        assert_eq!(rc.warnings.len(), 3, "{:?}", rc.warnings);
    }
}
