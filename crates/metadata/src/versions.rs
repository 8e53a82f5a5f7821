//! Versions of formats: the range that a release speaks, and the one that a cluster writes (docs/protocols/versions.md).

use serde::{Deserialize, Serialize};
use std::fmt;

/// Versions of all formats together: messages, rows, hints, batches, facts, and entries of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRange {
    /// The lowest that is read and written.
    pub lowest: u32,
    /// The newest.
    pub newest: u32,
}

impl VersionRange {
    /// Those of a release that does not tell.
    pub const FIRST: VersionRange = VersionRange { lowest: 1, newest: 1 };
    /// Those that this release speaks.
    pub const OF_RELEASE: VersionRange = VersionRange { lowest: 1, newest: 1 };
    /// With one that no release speaks: tests and simulations go from the newest of the release to it and back.
    pub const OF_TESTS: VersionRange =
        VersionRange { newest: VersionRange::OF_RELEASE.newest + 1, ..VersionRange::OF_RELEASE };

    /// True if a version is spoken.
    pub fn contains(self, version: u32) -> bool {
        (self.lowest..=self.newest).contains(&version)
    }

    /// Refuses to run in a cluster whose version is not spoken. A node without a cluster runs.
    pub fn check(self, active: u32) -> Result<(), UnspokenVersion> {
        if active == 0 || self.contains(active) { Ok(()) } else { Err(UnspokenVersion { active, speaks: self }) }
    }
}

impl Default for VersionRange {
    fn default() -> VersionRange {
        VersionRange::FIRST
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lowest == self.newest { self.newest.fmt(f) } else { write!(f, "{} to {}", self.lowest, self.newest) }
    }
}

/// The cluster writes a version that this release does not speak. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error(
    "the cluster writes version {active} of the formats, and this release speaks {speaks}: start a release that speaks {active}"
)]
pub struct UnspokenVersion {
    /// The version of the cluster.
    pub active: u32,
    /// Those that this release speaks.
    pub speaks: VersionRange,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_runs_in_clusters_whose_version_it_speaks() {
        let speaks = VersionRange { lowest: 2, newest: 3 };
        assert_eq!([0, 2, 3].map(|active| speaks.check(active)), [Ok(()); 3]);
        let refused = speaks.check(4).unwrap_err().to_string();
        assert!(refused.contains("writes version 4") && refused.contains("speaks 2 to 3"), "{refused}");
        assert!(speaks.check(1).is_err() && VersionRange::OF_TESTS.contains(VersionRange::OF_RELEASE.newest));
    }
}
