//! The versions that a read may answer for a cell.

use super::cells::Version;
use super::change::Change;
use crate::history::Ending;
use crate::history::is_quorum;
use crate::wire::Violation;
use henge_base::Micros;
use std::collections::BTreeSet;

/// The changes that an answer must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// None: what was acknowledged may be lost, or be on replicas that were not asked.
    Nothing,
    /// Those that were acknowledged at a quorum before it began.
    Quorums,
    /// All that were acknowledged.
    All,
}

/// The time of a page, and what it must show.
#[derive(Clone, Debug)]
pub(crate) struct Viewpoint<'a> {
    pub(crate) changes: &'a [Change],
    pub(crate) demand: Demand,
    pub(crate) began: u64,
    pub(crate) ended: u64,
    pub(crate) now_seconds: i64,
    /// The true time in seconds at its end: values that have expired by then may be gone from disks.
    pub(crate) ended_seconds: i64,
    /// Changes of which the row shows something, so that it must show the rest.
    pub(crate) shown: BTreeSet<usize>,
}

impl Viewpoint<'_> {
    /// True if the answer must show a change, or something newer.
    fn must_show(&self, number: usize) -> bool {
        let change = &self.changes[number];
        let is_before = change.ending == Ending::Ok && change.ended.is_some_and(|ended| ended < self.began);
        match self.demand {
            Demand::Nothing => false,
            Demand::Quorums => is_before && is_quorum(change.consistency),
            Demand::All => is_before,
        }
    }

    fn may_show(&self, number: usize) -> bool {
        let change = &self.changes[number];
        change.ending != Ending::Failed && change.began <= self.ended
    }

    /// Judges the value that was answered for a cell, or none. `seen` is the timestamp of a version that an earlier answer had.
    /// Gives the version answered; `None` if that is none, or cannot be told.
    pub(crate) fn judge(
        &self,
        versions: &[Version],
        seen: Option<Micros>,
        answered: Option<i64>,
    ) -> Result<Option<Version>, Violation> {
        for version in versions.iter().filter(|version| self.may_show(version.change)) {
            let value = version.value(self.now_seconds);
            if value == answered {
                return Ok(answered.map(|_| *version));
            }
            if answered.is_none() && version.value(self.ended_seconds).is_none() {
                return Ok(None);
            }
            let rule = match () {
                () if self.must_show(version.change) => self.rule(versions, version, answered),
                () if seen == Some(version.at) => "I4",
                () if self.shown.contains(&version.change) => "I43",
                () => continue,
            };
            let what = format!("shows {answered:?}, not {:?}", self.describe(version));
            return Err(Violation { rule, what });
        }
        let Some(value) = answered else { return Ok(None) };
        let source = versions.iter().find(|version| version.put.is_some_and(|(put, _)| put == value));
        let has_failed = source.is_some_and(|version| self.changes[version.change].ending == Ending::Failed);
        let what = format!("shows {value}, which nobody wrote: {:?}", source.map(|version| self.describe(version)));
        Err(Violation { rule: if has_failed { "I39" } else { "I2" }, what })
    }

    /// The rule that is broken if `version` had to be shown and something older was.
    fn rule(&self, versions: &[Version], version: &Version, answered: Option<i64>) -> &'static str {
        let was_answered = |other: &Version| other.put.is_some_and(|(value, _)| Some(value) == answered);
        match version.put {
            Some((value, _)) if Some(value) == answered => "I14",
            _ if version.value(self.now_seconds).is_none()
                && versions.iter().any(|v| v.at < version.at && was_answered(v)) =>
            {
                "I12"
            }
            _ => "I3",
        }
    }

    fn describe(&self, version: &Version) -> String {
        let change = &self.changes[version.change];
        format!(
            "{version:?} of {:?} {} at {}, {}..{:?}: {}",
            change.ending, change.text, change.consistency, change.began, change.ended, change.told
        )
    }

    /// True if a cell may have a value.
    pub(crate) fn may_have_value(&self, versions: &[Version]) -> bool {
        for version in versions.iter().filter(|version| self.may_show(version.change)) {
            if version.value(self.now_seconds).is_some() {
                return true;
            }
            if self.must_show(version.change) {
                return false;
            }
        }
        false
    }
}
