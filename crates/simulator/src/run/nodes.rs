//! What running nodes hold in memory, and the logs on their disks.

use super::Run;
use henge_base::Bytes;

impl Run {
    /// I22, I23, I26, I29, I40: the rules of each node's own state, at any moment of a run.
    pub(super) fn check_nodes(&self) {
        for life in self.lives() {
            let store = || life.store.check().map_err(str::to_owned);
            if let Err(broken) = life.node.check().and_then(|()| store()) {
                self.cluster.record_violation("node", format!("machine {}: {broken}", life.owner.machine));
            }
        }
    }

    /// I28: of two logs one is the beginning of the other. I27: once healed they are equal.
    pub(super) fn check_logs(&self) {
        let mut longest: Vec<(u64, Bytes)> = Vec::new();
        for (number, machine) in self.lives().iter().map(|life| (life.owner.machine, &life.store)) {
            let log = match machine.entries() {
                Ok(log) => log,
                Err(error) => {
                    return self.cluster.record_violation("I28", format!("the log of machine {number}: {error}"));
                }
            };
            if let Some((one, other)) = log.iter().zip(&longest).find(|(one, other)| one != other) {
                self.cluster
                    .record_violation("I28", format!("machine {number} has another entry {} ({})", one.0, other.0));
            }
            if !longest.is_empty() && log.len() != longest.len() {
                let lengths = (log.len(), longest.len());
                self.cluster.record_violation(
                    "I27",
                    format!("machine {number} has {} entries, another has {}", lengths.0, lengths.1),
                );
            }
            if log.len() > longest.len() {
                longest = log;
            }
        }
    }
}
