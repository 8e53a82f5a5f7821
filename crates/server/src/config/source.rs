//! Settings as text, from wherever they come.

use super::error::ConfigError;
use crate::settings::{self, CassandraName, Values, all, find_in_cassandra, nearest, of_section};
use henge_settings::{Secrecy, Section, Setting};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Settings as text with where each comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(super) values: BTreeMap<&'static str, (String, String)>,
    pub(super) errors: Vec<ConfigError>,
    /// Names that have no effect, with the reasons.
    pub(crate) warnings: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let value = |setting: &Setting<Values>| (setting.name, (setting.default.clone(), "default".to_owned()));
        Settings { values: all().iter().map(value).collect(), errors: Vec::new(), warnings: Vec::new() }
    }
}

impl Settings {
    /// Takes a file's settings.
    pub(crate) fn file(&mut self, path: &Path) {
        let place = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => self.text(&text, &place),
            Err(error) => self.refuse(&place, error.to_string()),
        }
    }

    /// Takes settings in YAML.
    pub(crate) fn text(&mut self, text: &str, place: &str) {
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return;
        }
        let parsed: BTreeMap<String, Value> = match serde_saphyr::from_str(text) {
            Ok(parsed) => parsed,
            Err(error) => return self.refuse(place, format!("not YAML of the form name: value ({error})")),
        };
        let line = |name: &str| text.lines().position(|line| line.starts_with(&format!("{name}:")));
        let mut parsed: Vec<_> =
            parsed.iter().map(|(name, value)| (line(name).map_or(0, |at| at + 1), name, value)).collect();
        // Errors and warnings come in the order of the file.
        parsed.sort_by_key(|(line, ..)| *line);
        for (line, name, value) in parsed {
            self.take(name, value, &format!("{place}:{line}"));
        }
    }

    /// Sets one from a text.
    pub(crate) fn set(&mut self, name: &str, text: &str, place: &str) {
        self.take(name, &Value::String(text.to_owned()), place);
    }

    /// Refuses what stands at a place.
    pub(crate) fn refuse(&mut self, place: &str, reason: String) {
        self.errors.push(ConfigError { place: place.to_owned(), reason });
    }

    fn take(&mut self, name: &str, value: &Value, place: &str) {
        match value {
            _ if name == "seed_provider" => match seeds(value) {
                Some(seeds) => self.take("seeds", seeds, place),
                None => {
                    let reason = "seed_provider: only SimpleSeedProvider with its seeds is known; set seeds instead";
                    self.refuse(place, reason.to_owned());
                }
            },
            Value::Array(folders) if name == "data_file_directories" && folders.len() > 1 => {
                self.refuse(place, format!("{name}: all data lies in one folder: name one, or set data_directory"));
            }
            Value::Object(parts) if settings::is_map(name) => {
                for (part, value) in parts {
                    self.take(&format!("{name}.{part}"), value, place);
                }
            }
            value => match settings::find(name) {
                Some(setting) => self.put(setting, value, place),
                None => self.take_from_cassandra(name, value, place),
            },
        }
    }

    fn put(&mut self, setting: &Setting<Values>, value: &Value, place: &str) {
        match scalar(value) {
            Some(text) => {
                self.values.insert(setting.name, (text, place.to_owned()));
            }
            None => {
                let Setting { name, default, .. } = setting;
                self.refuse(place, format!("{name} takes a single value, such as {default:?}"));
            }
        }
    }

    /// Takes a name that is no setting.
    fn take_from_cassandra(&mut self, name: &str, value: &Value, place: &str) {
        let text = scalar(value);
        match find_in_cassandra(name) {
            Some(CassandraName::Renamed { name: now, unit }) => {
                let value = match value {
                    Value::Number(number) => &Value::String(format!("{number}{unit}")),
                    value => value,
                };
                self.warnings.push(format!("{place}: {name} is called {now} now"));
                self.take(now, value, place);
            }
            Some(CassandraName::Ignored(reason)) => {
                self.warnings.push(format!("{place}: {name} is Cassandra's and has no effect here: {reason}"));
            }
            Some(CassandraName::Refused(refused)) => {
                let is_off = [&value["enabled"], &value["class_name"]].into_iter().any(|part| {
                    part.as_bool() == Some(false)
                        || part.as_str().is_some_and(|class| refused.harmless.contains(&class))
                });
                if refused.is_harmless(text.as_deref(), is_off) {
                    self.warnings.push(format!("{place}: {name} is Cassandra's and has no effect here"));
                } else {
                    self.refuse(place, format!("{name}: {}", refused.remedy));
                }
            }
            None => {
                let near = nearest(name).map_or(String::new(), |near| format!("; did you mean {near}?"));
                self.refuse(place, format!("no setting is called {name}{near}"));
            }
        }
    }

    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |(value, _)| value)
    }

    /// Every setting as it is in effect, with where it comes from.
    pub(crate) fn describe(&self) -> String {
        let line = |setting: &Setting<Values>| {
            let (value, place) = &self.values[setting.name];
            let value = match value.as_str() {
                "" => "\"\"",
                _ if setting.secrecy == Secrecy::Secret => "(not shown)",
                value => value,
            };
            format!("{}: {value}   # {place}\n", setting.name)
        };
        all().iter().map(line).collect()
    }
}

/// A scalar, or a list of such, as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(items) => items.iter().map(scalar).collect::<Option<Vec<_>>>().map(|items| items.join(",")),
        Value::Object(_) => None,
    }
}

/// The seeds of Cassandra's only provider of seeds: `[{class_name: ..., parameters: [{seeds: ...}]}]`, with its lists or without.
fn seeds(value: &Value) -> Option<&Value> {
    let provider = only(value)?;
    provider["class_name"].as_str().filter(|class| class.ends_with("SimpleSeedProvider"))?;
    only(&provider["parameters"])?.get("seeds")
}

/// The only item of a list, or what is no list.
fn only(value: &Value) -> Option<&Value> {
    match value {
        Value::Array(items) if items.len() == 1 => items.first(),
        Value::Array(_) => None,
        value => Some(value),
    }
}

/// The documented configuration file with every setting at its default.
pub(crate) fn template() -> String {
    let mut out = String::from(
        "# Henge's settings. Every line is optional; what is commented out is the default. Names and units are those of cassandra.yaml\n\
         # where a setting exists there. Each can be overridden by an environment variable: HENGE_ and its name in capitals.\n",
    );
    for section in Section::ALL {
        out += &format!("\n\n# ---- {}\n", section.title());
        of_section(section).for_each(|setting| out += &setting_text(setting));
    }
    out
}

fn setting_text(setting: &Setting<Values>) -> String {
    let default = if setting.default.is_empty() { "\"\"" } else { &setting.default };
    format!("\n# {}\n# Values: {}.\n# {}: {default}\n", setting.help, setting.values, setting.name)
}
