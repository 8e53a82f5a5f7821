//! The declaration of one setting.

use crate::secret::Secrecy;
use crate::{InvalidValue, Kind};
use std::fmt;

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

impl<V: 'static> Kind<V> {
    /// Declares a setting of this kind whose value is a part of `T`.
    pub fn at<T: 'static>(
        self,
        name: &'static str,
        section: Section,
        help: &'static str,
        part: fn(&mut T) -> &mut V,
    ) -> Setting<T> {
        Setting::new(name, section, help, self, move |target, value| *part(target) = value)
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
    fn sections_have_the_order_of_their_list() {
        assert!(Section::ALL.is_sorted());
    }
}
