//! The storm of a run: the plan's faults and the operations of clients, together.

use super::operations::operate;
use super::{Run, SECOND};
use crate::plan::{Fault, PlannedFault, Workload};
use henge_base::Random;

/// The longest time between two operations of a client, in microseconds.
const IDLE_US_MAX: u64 = 200_000;

impl Run {
    /// Runs the plan.
    pub(super) fn storm(&mut self) {
        let (begin, end) = (self.now(), self.now() + self.plan.length);
        self.storm_began = begin;
        let (faults, strikes) = (std::mem::take(&mut self.plan.faults), self.random.fork("strikes"));
        self.clients.set_leaving(self.shape.has_leavers.then(|| self.random.fork("leaving")));
        let late = self.random.fork("late").below(self.plan.length / 2);
        self.clients.create_late_from(begin + late);
        let mut due = faults.iter().peekable();
        let mut next_check = begin;
        let mut clients = Pace::new(self.plan.clients, begin);
        let is_wide = self.plan.workloads.contains(&Workload::Wide);
        let mut wide = (Pace::new(if is_wide { self.plan.clients } else { 0 }, begin), self.random.fork("wide"));
        while self.now() < end {
            let next_fault = due.peek().map_or(end, |fault| begin + fault.at);
            if next_fault.min(next_check) <= self.now() {
                self.check_nodes();
                self.check_logs();
                next_check = self.now() + SECOND;
            }
            while let Some(fault) = due.next_if(|fault| begin + fault.at <= self.now()) {
                self.strike(fault, &strikes);
            }
            self.operate(&mut clients);
            self.operate_wide(&mut wide);
            let next_fault = due.peek().map_or(end, |fault| begin + fault.at);
            let next = [next_fault, next_check, clients.next(end), wide.0.next(end), end].into_iter().min();
            self.cluster.clockwork.run_until(next.unwrap_or(end).max(self.now() + 1));
        }
        drop(due);
        self.clients.set_leaving(None);
        self.plan.faults = faults;
        self.cluster.clockwork.run_until(self.fault_counts.busy_until.max(self.now()));
    }

    /// Begins a fault. While something befalls a disk all else is well.
    fn strike(&mut self, planned: &PlannedFault, strikes: &Random) {
        if self.now() < self.fault_counts.busy_until {
            return;
        }
        self.cluster.clockwork.note("fault", planned.to_string().as_bytes());
        // Chance hangs on the fault alone, not on those before it.
        let mut random = strikes.fork(&planned.to_string());
        match &planned.fault {
            Fault::ChangeReaders(change) => self.rotate(change),
            Fault::MoveMembers { through, change } => self.move_members(*through, *change, &mut random),
            Fault::PowerCutAfterWrite(power_cut) => self.write_and_cut_power(*power_cut, &mut random),
            fault => crate::storm::begin_fault(&self.cluster, fault, &mut random, &mut self.fault_counts),
        }
    }

    /// Begins the operations that are due of clients that do all sorts.
    fn operate(&mut self, clients: &mut Pace) {
        let now = self.now();
        for due in clients.due(now) {
            if self.begun >= self.plan.operations {
                *due = u64::MAX;
                continue;
            }
            self.begun += 1;
            operate(&self.clients, &self.plan.workloads, &mut self.random);
            if self.shape.has_cold_writes() && self.random.chance(1, 18) {
                self.write_cold();
            }
            *due = now + self.random.below(IDLE_US_MAX);
        }
    }

    /// Begins those that are due of wide rows.
    fn operate_wide(&mut self, (clients, random): &mut (Pace, Random)) {
        let now = self.now();
        for due in clients.due(now) {
            if self.begun >= self.plan.operations {
                *due = u64::MAX;
                continue;
            }
            self.begun += 1;
            self.wide.begin_any(random);
            *due = now + random.below(IDLE_US_MAX);
        }
    }
}

/// The times at which clients begin their next operations.
struct Pace(Vec<u64>);

impl Pace {
    fn new(clients: usize, begin: u64) -> Pace {
        Pace(vec![begin; clients])
    }

    fn due(&mut self, now: u64) -> impl Iterator<Item = &mut u64> {
        self.0.iter_mut().filter(move |due| **due <= now)
    }

    /// The soonest of them; `end` if there is none.
    fn next(&self, end: u64) -> u64 {
        self.0.iter().copied().min().unwrap_or(end)
    }
}
