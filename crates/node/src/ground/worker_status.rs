//! The state of background workers, for operators.

use parking_lot::Mutex;
use std::collections::BTreeMap;

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
        self.by_name.lock().values().filter(|status| status.state == WorkerState::Failing).count() as u64
    }

    /// The status of all workers, in the order of their names.
    pub(crate) fn all(&self) -> Vec<(&'static str, WorkerStatus)> {
        self.by_name.lock().iter().map(|(name, status)| (*name, status.clone())).collect()
    }
}
