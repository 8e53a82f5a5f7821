//! The state of background workers, for operators.

use parking_lot::Mutex;
use std::collections::BTreeMap;

/// The names of all workers, in order: metrics have a label set for each from the first scrape.
pub(crate) const WORKERS: [&str; 21] = [
    "acceptor_purge",
    "addresses",
    "batch_removal",
    "batch_replay",
    "cleanup",
    "clock_lease",
    "clock_watch",
    "dropped_tables",
    "hint_delivery",
    "hint_writer",
    "index_build",
    "member_search",
    "periodic_sync",
    "plan_driver",
    "purge",
    "repair",
    "settling",
    "sightings",
    "space_watch",
    "streaming",
    "voters",
];

/// The place of a worker in [`WORKERS`]. A name that is not there ends the build, where it is a constant.
#[allow(clippy::panic)] // In a constant it ends the build, never a process.
pub(crate) const fn worker_index(name: &str) -> usize {
    let mut at = 0;
    while at < WORKERS.len() {
        if is_same(WORKERS[at].as_bytes(), name.as_bytes()) {
            return at;
        }
        at += 1;
    }
    panic!("a worker whose name is not in WORKERS");
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// The state of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkerState {
    /// It takes a step.
    Running,
    /// It pauses before its next step.
    Paused,
    /// It waits until there is something to do.
    Waiting,
    /// Its last step failed; it pauses before it tries again.
    Failing,
}

impl WorkerState {
    /// As operators read it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            WorkerState::Running => "running",
            WorkerState::Paused => "paused",
            WorkerState::Waiting => "waiting",
            WorkerState::Failing => "failing",
        }
    }
}

/// The status of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkerStatus {
    pub(crate) state: WorkerState,
    /// Steps that succeeded since the start.
    pub(crate) steps: u64,
    /// The work in progress, in words; empty for none.
    pub(crate) progress: String,
    /// The error of the last step that failed since the start.
    pub(crate) last_error: Option<String>,
}

impl WorkerStatus {
    /// True if the last step failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.state == WorkerState::Failing
    }
}

/// The status of every worker, by name.
#[derive(Debug, Default)]
pub(crate) struct WorkerStatuses {
    by_name: Mutex<BTreeMap<&'static str, WorkerStatus>>,
}

impl WorkerStatuses {
    /// Changes the status of a worker.
    pub(crate) fn update(&self, name: &'static str, change: impl FnOnce(&mut WorkerStatus)) {
        let new = || WorkerStatus { state: WorkerState::Waiting, steps: 0, progress: String::new(), last_error: None };
        change(self.by_name.lock().entry(name).or_insert_with(new));
    }

    /// The number of workers whose last step failed, and that wait to try again.
    pub(crate) fn failing(&self) -> u64 {
        self.by_name.lock().values().filter(|status| status.is_failing()).count() as u64
    }

    /// The status of all workers, in the order of their names.
    pub(crate) fn all(&self) -> Vec<(&'static str, WorkerStatus)> {
        self.by_name.lock().iter().map(|(name, status)| (*name, status.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_worker_has_a_place_of_its_own() {
        assert!(WORKERS.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(WORKERS.iter().enumerate().all(|(at, name)| worker_index(name) == at));
        assert!(!is_same(b"purge", b"purges") && !is_same(b"purges", b"purge"));
    }
}
