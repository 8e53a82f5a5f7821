//! Cleanup: rows outside of all ranges that this node holds or is to hold are removed, once no plan is under way. A replica that lost a
//! range keeps its rows until then.

use crate::cluster::view::View;
use crate::coordinator::Coordinator;
use crate::ground::world::{Lane, World};
use crate::replica::stream_journal;
use crate::work::worker::{Next, StepError, Worker};
use henge_base::HostId;
use henge_coordinator::Replicas;
use henge_model::{StorageId, TokenRange};
use henge_ring::Placement;
use std::time::Duration;

/// Between two looks whether ranges were lost.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// Between two tables.
const TABLE_PAUSE: Duration = Duration::from_millis(10);
/// After a failure.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// Removes what was lost.
pub(crate) struct Cleanup<W> {
    coordinator: Coordinator<W>,
    /// The last entry that changed placements when all tables had been gone through.
    cleaned: Option<u64>,
}

impl<W: World> Cleanup<W> {
    /// Nothing was looked at.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        Cleanup { coordinator, cleaned: None }
    }

    /// Removes rows of a table that lie outside of this node's ranges; says if there were any.
    async fn clean(&self, table: StorageId) -> Result<bool, StepError> {
        let (replica, cluster) = (self.coordinator.replica(), self.coordinator.cluster());
        let lost = ranges_to_clean(&cluster.view(), self.coordinator.local(), table, self.owned_too());
        let Some(lost) = lost.filter(|lost| !lost.is_empty()) else { return Ok(false) };
        let ranges = lost.clone();
        let found = replica.on_disk(Lane::Background, move |store| store.find_in_ranges(table, &ranges)).await?;
        if found.is_empty() {
            return Ok(false);
        }
        // I25: what was looked up before has to hold when the removal is queued. Whoever gains a range removes what lies there before it takes
        // a write, and that is queued behind this.
        let removed = cluster.while_current(|view| {
            let still = ranges_to_clean(view, self.coordinator.local(), table, self.owned_too());
            (still.as_ref() == Some(&lost)).then(|| replica.remove(found))
        });
        match removed {
            Some(removed) => {
                let removed = removed.await;
                replica.note_range_removal();
                removed?;
            }
            None => return Ok(false),
        }
        tracing::info!(table = table.0, ranges = lost.len(), "rows of ranges that this node lost are removed");
        Ok(true)
    }

    fn owned_too(&self) -> bool {
        self.coordinator.context().options.faults.clean_owned
    }
}

/// The ranges of a table that a node neither holds nor is to hold; `None` while a plan is under way, or if nobody knows who holds them.
fn ranges_to_clean(view: &View, local: HostId, table: StorageId, owned_too: bool) -> Option<Vec<TokenRange>> {
    if view.state.plan.is_some() {
        return None;
    }
    let placed = view.placed_of(table)?;
    Some(lost_ranges(&placed.placement, local, owned_too))
}

/// The ranges whose writes a host does not take. `owned_too` is a deliberate bug: those that it takes but does not read first.
fn lost_ranges(placement: &Placement, local: HostId, owned_too: bool) -> Vec<TokenRange> {
    let is_kept = |placed: &henge_ring::PlacedRange<'_>| match owned_too {
        true => placed.read.iter().next() == Some(local),
        false => placed.write.contains(local),
    };
    placement
        .ranges()
        .filter(|placed| !placed.write.is_empty() && !is_kept(placed))
        .map(|placed| placed.range)
        .collect()
}

impl<W: World> Worker for Cleanup<W> {
    const NAME: &'static str = "cleanup";
    const RETRY_DELAY: Duration = RETRY_DELAY;

    async fn step(&mut self) -> Result<Next, StepError> {
        let view = self.coordinator.cluster().current_view();
        if view.state.plan.is_some() || self.cleaned == Some(view.moved_at()) || !view.is_member() {
            return Ok(Next::Wait);
        }
        let tables: Vec<StorageId> = view.state.schema.tables().map(|table| table.storage_id).collect();
        for table in tables {
            if self.clean(table).await? {
                self.coordinator.context().pause(TABLE_PAUSE).await;
            }
        }
        let replica = self.coordinator.replica();
        replica.on_disk(Lane::Background, stream_journal::clear).await?;
        // A change meanwhile is looked at the next time.
        self.cleaned = Some(view.moved_at());
        Ok(Next::Wait)
    }

    async fn wait(&mut self) {
        self.coordinator.context().pause(POLL_INTERVAL).await;
    }
}
