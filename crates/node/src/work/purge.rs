//! Purge: deletions that nobody needs any more are removed, with the rows that they cover.
//!
//! A deletion may go once every replica has it and nothing older is on its way. What proves that hangs on the table: by default it has
//! to be known, which it is where this node holds the only copy; with `only_purge_repaired_tombstones: false` in its compaction
//! options it is taken for granted after `gc_grace_seconds`, as in Apache Cassandra.
//!
//! Every table is swept once in `tombstone_purge_interval`, one whose rows expire as a rule in its own interval if that is shorter:
//! what expired in a time window is gone from the disk before the window after the next one ends.

use crate::cluster::Cluster;
use crate::coordinator::Coordinator;
use crate::ground::context::Context;
use crate::ground::world::{Lane, World};
use crate::work::index_sweep;
use crate::work::worker::{Next, StepError, Worker};
use henge_base::{Micros, Mono};
use henge_model::{StorageId, Table};
use henge_storage::{ReadError, Store, Sweep, SweepStep};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Between two steps of a sweep, each of which goes through 4 MiB at most: 40 MiB/s.
const STEP_PAUSE: Duration = Duration::from_millis(100);

/// Between two looks for tables whose sweep is due, at most.
const LOOK_INTERVAL_MAX: Duration = Duration::from_secs(60);

/// Sweeps all tables again and again, one at a time.
pub(crate) struct Purge<W> {
    coordinator: Coordinator<W>,
    /// The next sweep of each table.
    due: BTreeMap<StorageId, Mono>,
}

impl<W: World> Purge<W> {
    /// Nothing is swept yet.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        Purge { coordinator, due: BTreeMap::new() }
    }
}

impl<W: World> Worker for Purge<W> {
    const NAME: &'static str = "purge";
    const RETRY_DELAY: Duration = LOOK_INTERVAL_MAX;

    async fn step(&mut self) -> Result<Next, StepError> {
        let coordinator = &self.coordinator;
        let (context, cluster) = (coordinator.context(), coordinator.cluster());
        if context.clock.check(context.now()).is_err() {
            // What a wrong clock purges, and the writes that its fence refuses, no later comparison brings back.
            return Ok(Next::Pause(LOOK_INTERVAL_MAX.min(context.options.purge_interval)));
        }
        let tables: Vec<Arc<Table>> = cluster.view().state.schema.tables().cloned().collect();
        let known: BTreeSet<StorageId> = tables.iter().map(|table| table.storage_id).collect();
        self.due.retain(|storage, _| known.contains(storage));
        for table in tables {
            let next = || context.deadline_after(interval(context, &table));
            let at = self.due.entry(table.storage_id).or_insert_with(next);
            if *at > context.world.mono() {
                continue;
            }
            context.workers.update(Self::NAME, |status| status.progress = format!("{}.{}", table.keyspace, table.name));
            if let Some(before) = purge_before(context, cluster, &table) {
                sweep(coordinator, &table, before).await;
            }
            index_sweep::sweep(coordinator, &table).await;
            *at = next();
        }
        Ok(Next::Pause(LOOK_INTERVAL_MAX.min(context.options.purge_interval)))
    }

    async fn wait(&mut self) {}
}

/// Between two sweeps of a table.
fn interval<W: World>(context: &Context<W>, table: &Table) -> Duration {
    let own = table.expiry_rhythm().map(|seconds| Duration::from_secs(seconds).max(LOOK_INTERVAL_MAX));
    own.map_or(context.options.purge_interval, |own| own.min(context.options.purge_interval))
}

/// The second up to which deletions of a table may be purged; `None`: none of them may.
fn purge_before<W: World>(context: &Context<W>, cluster: &Cluster<W>, table: &Table) -> Option<i64> {
    let now = context.wall_us() / 1_000_000 - context.options.purge_margin.as_secs() as i64;
    if let Some(seconds) = table.unproven_purge_seconds() {
        return Some(now - i64::from(seconds));
    }
    let view = cluster.view();
    let placed = view.keyspace_placement(&table.keyspace)?;
    // With one replica, no other can miss the deletion.
    let alone = placed.placement.ranges().all(|range| range.write.len() == 1);
    alone.then_some(now)
}

/// Writes from before this are refused once deletions from before `before` (seconds) are purged. It reaches half the margin
/// further: a write that was issued shortly after a deletion may have an older timestamp, since clocks of clients differ.
fn fence<W: World>(context: &Context<W>, before: i64) -> Micros {
    before.saturating_mul(1_000_000).saturating_add((context.options.purge_margin / 2).as_micros() as Micros)
}

async fn sweep<W: World>(coordinator: &Coordinator<W>, table: &Table, before: i64) {
    let storage = table.storage_id;
    let (context, replica) = (coordinator.context(), coordinator.replica());
    let is_unfenced = context.options.faults.purge_without_fence;
    let fence = fence(context, before);
    // An empty table needs no fence.
    let prepare = move |store: &Store| {
        if !store.holds_rows(storage)? {
            return Ok(false);
        }
        if !is_unfenced {
            store.raise_fence(storage, fence)?;
        }
        Ok(true)
    };
    let prepared: Result<bool, ReadError> = replica.on_disk(Lane::Background, prepare).await;
    match prepared {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            tracing::error!(%error, table = %table.name, "a purge cannot begin");
            return;
        }
    }
    let mut sweep = Sweep::new(storage, before);
    loop {
        // Rows of a range that moves are sent in pages of several states: what covers a row must not be removed between two.
        let purge_step = replica.stream_outflow.begin_purge_step();
        if coordinator.cluster().view().state.plan.is_some() {
            return;
        }
        let step = replica.on_disk(Lane::Background, move |store| {
            let swept = store.sweep(&mut sweep);
            (sweep, swept)
        });
        let (after, swept) = step.await;
        sweep = after;
        match swept {
            Ok(SweepStep::End) => return,
            Ok(SweepStep::Nothing) => {}
            Ok(SweepStep::Found(replacement)) => {
                if replica.replace(replacement).await.is_err() {
                    sweep.skip_partition();
                }
            }
            Err(error) => {
                tracing::warn!(%error, table = %table.name, "a purge ended early");
                return;
            }
        }
        drop(purge_step);
        context.pause(STEP_PAUSE).await;
    }
}
