//! The result of a run.

use super::Run;
use crate::history::Ending;
use std::time::Duration;

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed, which replays the run.
    pub seed: u64,
    /// The numbers of operations that ended well, with an unknown outcome, and in definite failure.
    pub outcomes: (usize, usize, usize),
    /// The number of messages between nodes.
    pub messages: u64,
    /// The number of crashes.
    pub crashes: u32,
    /// The number of network partitions.
    pub partitions: u32,
    /// The simulated time.
    pub time: Duration,
    /// The hash of all occurrences.
    pub trace: u64,
    /// The broken rules: the rule's name, and what was observed.
    pub violations: Vec<(&'static str, String)>,
}

impl Run {
    /// Ends the run, and says what became of it.
    pub(super) fn report(self, seed: u64) -> Report {
        let history = self.clients.history.lock();
        let (watch, swaps, wide) = (self.cluster.watch.lock(), self.clients.swaps.lock(), self.wide.history.lock());
        let count = |ending| {
            history.count(ending) + wide.count(ending) + swaps.iter().filter(|swap| swap.ending == ending).count()
        };
        let report = Report {
            seed,
            outcomes: (count(Ending::Ok), count(Ending::Unknown), count(Ending::Failed)),
            messages: watch.messages,
            crashes: self.fault_counts.crashes,
            partitions: self.fault_counts.partitions,
            time: Duration::from_micros(self.now()),
            trace: self.cluster.clockwork.trace(),
            violations: watch.violations.iter().map(|v| (v.rule, v.what.clone())).collect(),
        };
        drop((history, watch, swaps, wide));
        self.cluster.clear();
        report
    }
}
