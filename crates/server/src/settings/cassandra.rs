//! Names of `cassandra.yaml` 5.0 that are no settings of Henge: each is ignored for a reason, refused with what to do, or an old name.

mod ignored;
mod refused;
mod renamed;

pub(crate) use ignored::IGNORED;
pub(crate) use refused::{REFUSED, RefusedSetting};
pub(crate) use renamed::RENAMED;

/// The meaning of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CassandraName {
    /// It has no effect, for this reason.
    Ignored(&'static str),
    /// Its values other than some cannot be had here.
    Refused(&'static RefusedSetting),
    /// A name of earlier releases; its values have this unit.
    Renamed { name: &'static str, unit: &'static str },
}

/// The meaning of a name that is no setting; `None` if Cassandra has no such name either.
pub(crate) fn find(name: &str) -> Option<CassandraName> {
    let ignored = IGNORED.iter().find(|(_, names)| names.contains(&name));
    let refused = || REFUSED.iter().find(|refused| refused.name == name);
    let renamed = || RENAMED.iter().find(|(old, _, _)| *old == name);
    ignored
        .map(|(reason, _)| CassandraName::Ignored(reason))
        .or_else(|| refused().map(CassandraName::Refused))
        .or_else(|| renamed().map(|(_, name, unit)| CassandraName::Renamed { name, unit }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    /// Every name that Cassandra 5.0.6 takes at the top of its file and within `client_encryption_options`, old names included.
    const NAMES: &str = include_str!("cassandra/names-5.0.txt");

    #[test]
    fn every_name_of_cassandra_is_taken_ignored_or_refused() {
        let is_known = |name: &str| settings::find(name).is_some() || find(name).is_some() || settings::is_map(name);
        let unknown: Vec<&str> = NAMES.lines().filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn no_name_has_two_meanings() {
        let mut names: Vec<&str> = IGNORED.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        names.extend(REFUSED.iter().map(|refused| refused.name));
        names.extend(RENAMED.iter().map(|(old, _, _)| *old));
        names.extend(settings::all().iter().map(|setting| setting.name));
        names.sort_unstable();
        let twice: Vec<&str> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn old_names_lead_to_names_that_there_are() {
        for (old, name, _) in RENAMED {
            assert!(settings::find(name).is_some() || find(name).is_some(), "{old} to {name}");
        }
    }
}
