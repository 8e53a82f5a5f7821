//! The result of a run.

use super::Run;
use crate::history::Ending;
use crate::rare_states::PAGE_RESUMED;
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
    /// The rare states that were reached, with the number of times.
    pub reached: Vec<(&'static str, u64)>,
    /// The broken rules: the rule's name, and what was observed.
    pub violations: Vec<(&'static str, String)>,
}

impl Run {
    /// Ends the run, and says what became of it.
    pub(super) fn report(self, seed: u64) -> Report {
        let reached = self.reached();
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
            reached,
            violations: watch.violations.iter().map(|v| (v.rule, v.what.clone())).collect(),
        };
        drop((history, watch, swaps, wide));
        self.cluster.clear();
        report
    }

    /// The rare states of all processes, those that run too, and those that clients saw.
    fn reached(&self) -> Vec<(&'static str, u64)> {
        let mut reached = self.cluster.reached.lock().clone();
        for machine in &self.cluster.machines {
            let mut of_machine = machine.reached.lock().clone();
            machine.life().iter().for_each(|life| of_machine.add_process(life.node.metrics()));
            reached.add_all(&of_machine);
        }
        reached.add(PAGE_RESUMED, self.wide.history.lock().resumed_pages());
        reached.0.into_iter().collect()
    }
}
