//! Removal of the states of acceptors that nobody needs any more: what their rounds decided is in the rows of every replica, which refuse
//! the ballots of that time (docs/protocols/paxos.md).

use crate::cluster::view::View;
use crate::coordinator::Coordinator;
use crate::ground::world::World;
use crate::work::repair::group::settled_before;
use crate::work::worker::{Next, StepError, Worker};
use henge_base::{Bytes, Micros};
use henge_coordinator::Replicas;
use henge_model::{StorageId, Table, TokenRange};
use henge_paxos::Acceptor;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks for tables whose ballots were settled, at most.
const POLL_INTERVAL_MAX: Duration = Duration::from_secs(60);
/// Between two pages of states.
const PAGE_PAUSE: Duration = Duration::from_millis(100);

/// Goes through the states of each table once its ballots were settled up to a later time.
pub(crate) struct AcceptorPurge<W> {
    coordinator: Coordinator<W>,
    /// The time up to which ballots were settled when a table was gone through last.
    done: BTreeMap<StorageId, Micros>,
    removed: u64,
}

impl<W: World> AcceptorPurge<W> {
    /// Nothing was gone through.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        AcceptorPurge { coordinator, done: BTreeMap::new(), removed: 0 }
    }

    /// The ranges of a table that this node holds and whose ballots are settled, each with the time before which they are.
    fn settled_ranges(&self, view: &View, table: &Table) -> Vec<(TokenRange, Micros)> {
        let Some(placed) = view.keyspace_placement(&table.keyspace) else { return Vec::new() };
        let (local, replica) = (self.coordinator.local(), self.coordinator.replica());
        let held = placed.placement.ranges().filter(|range| range.read.contains(local));
        let pieces = held
            .flat_map(|range| range.range.split_at_wrap().collect::<Vec<_>>())
            .flat_map(|range| replica.proven_pieces(table.storage_id, range));
        let settled = pieces.map(|(piece, proven)| (piece, settled_before(view, &placed.placement, piece, &proven)));
        settled.filter(|(_, before)| *before > 0).collect()
    }

    /// Removes the states in a range whose rounds all began before a time.
    async fn sweep(&mut self, table: StorageId, range: TokenRange, before: Micros) -> Result<(), StepError> {
        let replica = self.coordinator.replica().clone();
        let mut next = None;
        loop {
            let page = replica.acceptors_page(table, range, next).await?;
            let is_old = |state: &Bytes| Acceptor::decode(state).is_ok_and(|acceptor| acceptor.is_before(before));
            for (key, _) in page.rows.iter().filter(|(_, state)| is_old(state)) {
                self.removed += u64::from(replica.forget_settled(key, before).await?);
            }
            next = page.next;
            if next.is_none() {
                return Ok(());
            }
            self.coordinator.context().pause(PAGE_PAUSE).await;
        }
    }
}

impl<W: World> Worker for AcceptorPurge<W> {
    const NAME: &'static str = "acceptor_purge";
    const RETRY_DELAY: Duration = POLL_INTERVAL_MAX;

    async fn step(&mut self) -> Result<Next, StepError> {
        let view = self.coordinator.cluster().current_view();
        let tables: Vec<Arc<Table>> = view.state.schema.tables().cloned().collect();
        self.done.retain(|storage, _| tables.iter().any(|table| table.storage_id == *storage));
        // New replicas are sent the states as they are.
        if view.state.plan.is_none() {
            for table in tables {
                let settled = self.settled_ranges(&view, &table);
                let newest = settled.iter().map(|(_, before)| *before).max().unwrap_or(0);
                if self.done.get(&table.storage_id).is_some_and(|done| *done >= newest) {
                    continue;
                }
                for (range, before) in settled {
                    self.sweep(table.storage_id, range, before).await?;
                }
                self.done.insert(table.storage_id, newest);
            }
        }
        Ok(Next::Pause(POLL_INTERVAL_MAX.min(self.coordinator.context().options.acceptor_purge_interval)))
    }

    async fn wait(&mut self) {}

    fn progress(&self) -> String {
        format!("{} states removed", self.removed)
    }
}
