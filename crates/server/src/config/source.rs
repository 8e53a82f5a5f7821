//! Settings as text, from wherever they come.

use super::{ConfigError, SECRET};
use crate::setting::{GUARDRAILS, IGNORED, SETTINGS, Setting, all, nearest};
use std::collections::BTreeMap;
use std::path::Path;

/// Settings that a file may give as a map, as in cassandra.yaml: each of its keys is a setting whose name begins with the map's.
const MAPS: &[&str] = &["client_encryption_options"];

/// Settings that name a class of Cassandra's, which a file may give as `{class_name: ...}` and with its package.
const CLASSES: &[&str] = &["authenticator", "authorizer"];
/// Settings as text with where each comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(super) values: BTreeMap<&'static str, (String, String)>,
    /// What is worth saying but no error.
    pub(crate) warnings: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let value = |s: &Setting| (s.name, (s.default.to_owned(), "default".to_owned()));
        Settings { values: all().map(value).collect(), warnings: Vec::new() }
    }
}

impl Settings {
    /// Takes a file's settings.
    pub(crate) fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let place = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|e| ConfigError { place: place.clone(), reason: e.to_string() })?;
        self.text(&text, &place)
    }

    /// Takes settings in YAML.
    pub(crate) fn text(&mut self, text: &str, place: &str) -> Result<(), ConfigError> {
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(());
        }
        let parsed: BTreeMap<String, serde_json::Value> = serde_saphyr::from_str(text).map_err(|e| ConfigError {
            place: place.to_owned(),
            reason: format!("not YAML of the form name: value ({e})"),
        })?;
        for (name, value) in parsed {
            let line = text.lines().position(|l| l.starts_with(&format!("{name}:"))).map_or(0, |at| at + 1);
            let place = format!("{place}:{line}");
            match value {
                serde_json::Value::Object(parts) if MAPS.contains(&name.as_str()) => {
                    for (part, value) in parts {
                        self.set(&format!("{name}_{part}"), plain(&value), &place)?;
                    }
                }
                serde_json::Value::Object(parts)
                    if CLASSES.contains(&name.as_str()) && parts.contains_key("class_name") =>
                {
                    self.set(&name, plain(&parts["class_name"]), &place)?;
                }
                value => self.set(&name, plain(&value), &place)?,
            }
        }
        Ok(())
    }

    /// Sets one.
    pub(crate) fn set(&mut self, name: &str, value: Option<String>, place: &str) -> Result<(), ConfigError> {
        let Some(setting) = all().find(|s| s.name == name) else {
            if IGNORED.contains(&name) {
                self.warnings.push(format!("{place}: {name} is Cassandra's and means nothing here"));
                return Ok(());
            }
            let near = nearest(name).map_or(String::new(), |n| format!("; did you mean {n}?"));
            return Err(ConfigError { place: place.to_owned(), reason: format!("no setting is called {name}{near}") });
        };
        let value = value.ok_or_else(|| ConfigError {
            place: place.to_owned(),
            reason: format!("{name} takes a single value, such as {:?}", setting.default),
        })?;
        self.values.insert(setting.name, (value, place.to_owned()));
        Ok(())
    }

    /// Every setting as it is in effect, with where it comes from.
    pub(crate) fn describe(&self) -> String {
        let line = |s: &Setting| {
            let (value, place) = &self.values[s.name];
            let shown = match value.as_str() {
                "" => "\"\"",
                _ if s.name == SECRET => "(not shown)",
                value => value,
            };
            format!("{}: {shown}   # {place}\n", s.name)
        };
        all().map(line).collect()
    }
}

/// A scalar as text.
fn plain(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        serde_json::Value::Null => Some(String::new()),
        serde_json::Value::Array(items) => items.iter().map(plain).collect::<Option<Vec<_>>>().map(|i| i.join(",")),
        serde_json::Value::Object(_) => None,
    }
}

/// The documented configuration file with every setting at its default.
pub(crate) fn template() -> String {
    let mut out = String::from(
        "# Henge's settings. Every line is optional; what is commented out is the default. Names and units are those of cassandra.yaml\n\
         # where a setting exists there. Each can be overridden by an environment variable: HENGE_ and its name in capitals.\n",
    );
    SETTINGS.iter().for_each(|setting| out += &documented(setting));
    out += "\n\n# Guardrails: what users are warned of and refused, beyond what the language allows (docs/operating/guardrails.md).\n";
    GUARDRAILS.iter().for_each(|setting| out += &documented(setting));
    out
}

fn documented(setting: &Setting) -> String {
    let default = if setting.default.is_empty() { "\"\"" } else { setting.default };
    format!("\n# {}\n# {}: {default}\n", setting.meaning, setting.name)
}
