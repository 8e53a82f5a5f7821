//! The end of a run: its result.

use super::Run;
use crate::history::Ending;
use crate::rare_states::{PAGE_RESUMED, TWINS_PARTED};
use crate::report::Report;
use std::time::Duration;

impl Run {
    /// Ends the run, and says what became of it.
    pub(super) fn report(self) -> Report {
        let reached = self.rare_states();
        let history = self.clients.history.lock();
        let (watch, swaps, wide) = (self.cluster.watch.lock(), self.clients.swaps.lock(), self.wide.history.lock());
        let count = |ending| {
            history.count(ending) + wide.count(ending) + swaps.iter().filter(|swap| swap.ending == ending).count()
        };
        let report = Report {
            seed: self.plan.seed,
            begun: self.begun,
            outcomes: (count(Ending::Ok), count(Ending::Unknown), count(Ending::Failed)),
            messages: watch.messages,
            crashes: self.fault_counts.crashes,
            partitions: self.fault_counts.partitions,
            fault_kinds: self.plan.armed.len(),
            time: Duration::from_micros(self.now()),
            trace: self.cluster.clockwork.trace(),
            reached,
            recent: self.cluster.clockwork.recent(),
            violations: watch.violations.iter().map(|v| (v.rule, v.what.clone())).collect(),
        };
        drop((history, watch, swaps, wide));
        self.cluster.clear();
        report
    }

    /// The rare states of all processes, those that run too, and those that clients saw.
    fn rare_states(&self) -> Vec<(&'static str, u64)> {
        let mut reached = self.cluster.reached.lock().clone();
        for machine in &self.cluster.machines {
            let mut of_machine = machine.reached.lock().clone();
            machine.life().iter().for_each(|life| of_machine.add_process(life.node.metrics()));
            reached.add_all(&of_machine);
        }
        let wide = self.wide.history.lock();
        reached.add(PAGE_RESUMED, wide.resumed_pages());
        reached.add(TWINS_PARTED, wide.pages_between_twins());
        reached.0.into_iter().collect()
    }
}
