//! Ranges change hands every second without a row being moved: all machines take all writes, and those that are read change. So plans are
//! of many epochs, and whatever is read was written to any of its replicas.

use super::moves::first_from;
use super::{Run, SECOND};
use crate::plan::{QUARTERS, ReaderChange};
use crate::shape::COPIES;
use crate::slot::Slot;
use henge_base::HostId;
use henge_model::Token;
use henge_node::{RangeReplicas, Replication};

/// The last tokens of ranges: some of these, and always the first one.
const ENDS: [i64; QUARTERS] = [i64::MIN, -4_000_000_000_000_000_000, 10, 4_000_000_000_000_000_000];
/// The setting of most tables.
const SETTING: Replication = Replication::Simple { factor: COPIES as u32 };
/// Attempts to change replicas in a healthy cluster.
const ATTEMPTS: u32 = 10;

/// Ranges with their readers, and all others as pending replicas.
fn ranges_of(change: &ReaderChange, hosts: &[HostId]) -> Vec<RangeReplicas> {
    let range = |(quarter, readers): &(usize, Vec<usize>)| {
        let pending = (0..hosts.len()).filter(|machine| !readers.contains(machine)).map(|machine| hosts[machine]);
        let (readers, pending) = (readers.iter().map(|machine| hosts[*machine]).collect(), pending.collect());
        RangeReplicas { end: Token(ENDS[*quarter]), readers, pending }
    };
    change.ranges.iter().map(range).collect()
}

impl Run {
    /// Has all machines take all writes, before there are any. True if they do.
    pub(super) fn spread(&mut self) -> bool {
        let all = self.cluster.hosts();
        let spread = |range: RangeReplicas| {
            let pending = all.iter().copied().filter(|host| !range.readers.contains(host)).collect();
            RangeReplicas { pending, ..range }
        };
        self.place_and_pass(|now| now.into_iter().map(spread).collect())
    }

    /// Begins to change the machines that are read. Whether that comes to pass is left to the storm.
    pub(super) fn rotate(&mut self, change: &ReaderChange) {
        let ranges = ranges_of(change, &self.cluster.hosts());
        let Some(life) = first_from(change.through, self.lives()) else { return };
        let passes = change.passes_barrier;
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let moved = life.node.move_ranges(SETTING, ranges).await;
            if let (Ok(epoch), true) = (moved, passes) {
                let _ = life.core.pass_barrier(epoch).await;
            }
        });
    }

    /// Has the machines that are read take all writes alone, once the cluster has healed. True if they do.
    pub(super) fn gather(&mut self) -> bool {
        let gather = |range| RangeReplicas { pending: Vec::new(), ..range };
        self.place_and_pass(|now| now.into_iter().map(gather).collect())
    }

    /// Gives ranges other replicas in a healthy cluster, made of those they have, and waits for the barrier. True if both come to pass. What
    /// the storm had begun may change them meanwhile, and a node may have yet to hear of it.
    pub(super) fn place_and_pass(&mut self, change: impl Fn(Vec<RangeReplicas>) -> Vec<RangeReplicas>) -> bool {
        let mut last = String::new();
        for _ in 0..ATTEMPTS {
            let slot = Slot::default();
            let done = slot.clone();
            let Some(life) = self.lives().into_iter().next() else { break };
            let Some(ranges) = life.node.ranges(&SETTING).map(&change) else { break };
            self.cluster.clockwork.spawn(Some(life.owner), async move {
                let moved = life.node.move_ranges(SETTING, ranges).await.map_err(|error| error.to_string());
                done.fill(match moved {
                    Ok(epoch) => life.core.pass_barrier(epoch).await.map_err(|error| error.to_string()),
                    Err(error) => Err(error),
                });
            });
            match self.await_slot(&slot) {
                Some(Ok(())) => return true,
                Some(Err(error)) => last = error,
                None => "no answer".clone_into(&mut last),
            }
            self.pass(SECOND);
        }
        self.cluster.record_violation("I31", format!("ranges cannot get other replicas in a healthy cluster: {last}"));
        false
    }
}
