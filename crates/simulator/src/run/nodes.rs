//! The states of running nodes, and their metadata logs.

use super::Run;
use crate::columns;

impl Run {
    /// I22, I23, I26, I29, I40: the rules of each node's own state, at any moment of a run.
    pub(super) fn check_nodes(&self) {
        for life in self.lives() {
            let record = |broken: &dyn std::fmt::Display| {
                self.cluster.record_violation("node", format!("machine {}: {broken}", life.owner.machine));
            };
            match (life.node.check(), life.store.check()) {
                (Err(broken), _) => record(&broken),
                (Ok(()), Err(broken)) => record(&broken),
                (Ok(()), Ok(())) => {}
            }
        }
    }

    /// I28: an index has one entry, on every machine and at any moment of a run.
    pub(super) fn check_logs(&self) {
        for life in self.lives() {
            let (machine, end) = (life.owner.machine, life.node.log_end());
            let mut entries = self.entries.lock();
            // What was compared before need not be again, but for the last entry: a log may have been set back.
            let from = entries.compared_index(machine).min(end.epoch.index);
            for index in from..=end.epoch.index {
                let Some(position) = life.node.log_position(index) else { continue };
                if let Err(other) = entries.compare(position) {
                    let what = format!("machine {machine} has entry {position}, others {other}");
                    self.cluster.record_violation("I28", what);
                }
            }
            entries.set_compared(machine, end.epoch.index);
        }
    }

    /// I29: no change of the schema was lost, and none was made that was refused.
    pub(super) fn check_columns(&self) {
        let Some(life) = self.lives().into_iter().next() else { return };
        let tables = life.node.tables();
        let table = tables.iter().find(|table| table.keyspace == "sim" && table.name == "columns");
        let known = table.map(|table| table.columns().map(|column| column.name.clone()).collect()).unwrap_or_default();
        for what in columns::wrong(&self.clients.columns.lock(), &known) {
            self.cluster.record_violation("I29", what);
        }
    }

    /// I27: once healed, all logs end at the same entry.
    pub(super) fn check_log_ends(&self) {
        let mut ends = self.lives().into_iter().map(|life| (life.owner.machine, life.node.log_end()));
        let Some((first, end)) = ends.next() else { return };
        for (machine, other) in ends.filter(|(_, other)| *other != end) {
            self.cluster
                .record_violation("I27", format!("machine {machine} ends at entry {other}, machine {first} at {end}"));
        }
    }
}
