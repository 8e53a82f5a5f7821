//! The declaration of one setting.

use crate::{InvalidValue, Kind};
use std::fmt;

/// The readers of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Everybody.
    Public,
    /// Readers of the configuration, but no client: `system_views.settings` has `<REDACTED>`, as in Cassandra.
    HiddenFromClients,
    /// Nobody: it is printed nowhere, and has no option on the command line, where other users of the machine would see it.
    Secret,
}

/// The part of the configuration file that a setting stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // Their titles say it.
pub enum Section {
    Cluster,
    Addresses,
    Security,
    Encryption,
    Durability,
    Timeouts,
    Recovery,
    Limits,
    Resources,
    Logging,
    Guardrails,
}

impl Section {
    /// All sections, in the order of the configuration file.
    pub const ALL: [Section; 11] = [
        Section::Cluster,
        Section::Addresses,
        Section::Security,
        Section::Encryption,
        Section::Durability,
        Section::Timeouts,
        Section::Recovery,
        Section::Limits,
        Section::Resources,
        Section::Logging,
        Section::Guardrails,
    ];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Section::Cluster => "The cluster, and the place of this node in it",
            Section::Addresses => "Addresses and ports",
            Section::Security => "Certificates, logins and permissions",
            Section::Encryption => "TLS for clients",
            Section::Durability => "Data, and when it is safe",
            Section::Timeouts => "Timeouts of requests",
            Section::Recovery => "Hints, and the purge of deleted data",
            Section::Limits => "Limits of requests and connections",
            Section::Resources => "Memory and threads",
            Section::Logging => "The log",
            Section::Guardrails => "Guardrails",
        }
    }
}

/// A value that is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Of a text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text; `None` if it is empty.
    pub fn reveal(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

type Set<T> = Box<dyn Fn(&mut T, &str) -> Result<(), InvalidValue> + Send + Sync>;

/// A setting of `T`: its declaration, and how a text becomes its value.
pub struct Setting<T> {
    /// Its name in the file; `HENGE_` and the name in capitals in the environment; with hyphens on the command line.
    pub name: &'static str,
    /// The section of the file that it stands in.
    pub section: Section,
    /// Its effect, in one or more sentences.
    pub help: &'static str,
    /// Its default, as one would write it.
    pub default: String,
    /// The values that it takes, for people.
    pub values: String,
    /// The readers of its value.
    pub secrecy: Secrecy,
    /// Its name in Cassandra if that is another one; what stands before a dot is a map in `cassandra.yaml`.
    pub cassandra: Option<&'static str>,
    set: Set<T>,
}

impl<T: 'static> Setting<T> {
    /// Declares a setting; `put` puts its value where it belongs.
    pub fn new<V: 'static>(
        name: &'static str,
        section: Section,
        help: &'static str,
        kind: Kind<V>,
        put: impl Fn(&mut T, V) + Send + Sync + 'static,
    ) -> Setting<T> {
        let Kind { default, values, secrecy, cassandra, parse } = kind;
        let set: Set<T> = Box::new(move |target, text| parse(text).map(|value| put(target, value)));
        Setting { name, section, help: help.trim(), default, values, secrecy, cassandra, set }
    }

    /// The same setting, of something that has a `T` as its part.
    pub fn within<O: 'static>(self, part: fn(&mut O) -> &mut T) -> Setting<O> {
        let Setting { name, section, help, default, values, secrecy, cassandra, set } = self;
        let set: Set<O> = Box::new(move |target, text| set(part(target), text));
        Setting { name, section, help, default, values, secrecy, cassandra, set }
    }

    /// Sets it to what a text says. Nothing is changed by a text that is refused.
    pub fn set(&self, target: &mut T, text: &str) -> Result<(), InvalidValue> {
        (self.set)(target, text)
    }
}

impl<T> fmt::Debug for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Setting({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let secret = Secret::new("s3cret");
        assert_eq!((secret.reveal(), format!("{secret:?}").as_str()), (Some("s3cret"), "Secret"));
        assert_eq!(Secret::default().reveal(), None);
    }

    #[test]
    fn sections_have_the_order_of_their_list() {
        assert!(Section::ALL.is_sorted());
    }
}
