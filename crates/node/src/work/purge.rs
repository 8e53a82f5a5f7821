//! Purge: deletions that nobody needs any more are removed, with the rows that they cover.
//!
//! A deletion may go once every replica has it and nothing older is on its way. The proof depends on the table: by default it has to be
//! known, from anti-entropy, or because this node holds the only copy; with `only_purge_repaired_tombstones: false` in its compaction
//! options it is taken for granted after `gc_grace_seconds`, as in Apache Cassandra.
//!
//! A table of several copies is swept when deletions are found in it that may be forgotten. Any other table is swept once in
//! `tombstone_purge_interval`, one whose rows expire as a rule in its own interval if that is shorter: what expired in a time window is
//! gone from the disk before the window after the next one ends.

use crate::cluster::Cluster;
use crate::coordinator::Coordinator;
use crate::ground::context::Context;
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use crate::work::index_sweep;
use crate::work::worker::{Next, StepError, Worker};
use henge_base::{Micros, Mono};
use henge_metadata::Epoch;
use henge_model::{StorageId, Table, TokenRange};
use henge_storage::{Floor, Proven, ReadError, Store, Sweep, SweepStep};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Between two steps of a sweep, each of which goes through 4 MiB at most: 40 MiB/s.
const STEP_PAUSE: Duration = Duration::from_millis(100);

/// Between two sweeps of a table of several copies, at least.
const PROVEN_INTERVAL: Duration = Duration::from_secs(600);

/// Between two looks for tables whose sweep is due, at most.
const POLL_INTERVAL_MAX: Duration = Duration::from_secs(60);

/// Sweeps all tables again and again, one at a time.
pub(crate) struct Purge<W> {
    coordinator: Coordinator<W>,
    /// The next sweep of each table.
    due: BTreeMap<StorageId, Mono>,
    /// The time before which deletions of each table of several copies were purged last.
    purged: BTreeMap<StorageId, i64>,
    /// The next sweep of each table's indexes.
    indexes_due: BTreeMap<StorageId, Mono>,
}

impl<W: World> Purge<W> {
    /// Nothing is swept yet.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        Purge { coordinator, due: BTreeMap::new(), purged: BTreeMap::new(), indexes_due: BTreeMap::new() }
    }
}

impl<W: World> Purge<W> {
    /// True if the last comparisons found deletions from before this time that a sweep may not have been through.
    fn has_purgeable(&self, table: &Table, before: i64) -> bool {
        let times = self.coordinator.replica().deletion_times(table.storage_id);
        let (left_out, oldest_kept) = times.unwrap_or((i64::MIN, i64::MAX));
        let is_swept = self.purged.get(&table.storage_id).is_some_and(|purged| *purged >= before);
        !is_swept && (left_out > i64::MIN || oldest_kept < before)
    }
}

impl<W: World> Worker for Purge<W> {
    const NAME: &'static str = "purge";
    const RETRY_DELAY: Duration = POLL_INTERVAL_MAX;

    async fn step(&mut self) -> Result<Next, StepError> {
        let coordinator = &self.coordinator.clone();
        let (context, cluster) = (coordinator.context(), coordinator.cluster());
        if context.clock.check(context.now()).is_err() {
            // What a wrong clock purges, and the writes that its fence refuses, no later comparison brings back.
            return Ok(Next::Pause(POLL_INTERVAL_MAX.min(context.options.purge_interval)));
        }
        let tables: Vec<Arc<Table>> = cluster.view().state.schema.tables().cloned().collect();
        let known: BTreeSet<StorageId> = tables.iter().map(|table| table.storage_id).collect();
        self.due.retain(|storage, _| known.contains(storage));
        self.purged.retain(|storage, _| known.contains(storage));
        self.indexes_due.retain(|storage, _| known.contains(storage));
        for table in tables {
            let bound = purge_bound(context, cluster, coordinator.replica(), &table);
            let next = || context.deadline_after(interval(context, &table, bound));
            let now = context.world.mono();
            let full_interval = context.deadline_after(context.options.purge_interval);
            let indexes_due = *self.indexes_due.entry(table.storage_id).or_insert(full_interval);
            if *self.due.entry(table.storage_id).or_insert_with(next) > now {
                continue;
            }
            context.workers.update(Self::NAME, |status| status.progress = format!("{}.{}", table.keyspace, table.name));
            match bound {
                PurgeBound::Age(before) => _ = sweep(coordinator, &table, before).await,
                PurgeBound::Floor(before) if self.has_purgeable(&table, before) => {
                    if sweep(coordinator, &table, before).await {
                        self.purged.insert(table.storage_id, before);
                    }
                }
                PurgeBound::Floor(_) | PurgeBound::Nothing => {}
            }
            if indexes_due <= now {
                index_sweep::sweep(coordinator, &table).await;
                self.indexes_due.insert(table.storage_id, context.deadline_after(context.options.purge_interval));
            }
            self.due.insert(table.storage_id, context.deadline_after(interval(context, &table, bound)));
        }
        Ok(Next::Pause(POLL_INTERVAL_MAX.min(context.options.purge_interval)))
    }

    async fn wait(&mut self) {}
}

/// Between two sweeps of a table.
fn interval<W: World>(context: &Context<W>, table: &Table, bound: PurgeBound) -> Duration {
    let interval = context.options.purge_interval;
    match bound {
        PurgeBound::Floor(_) | PurgeBound::Nothing => interval.min(PROVEN_INTERVAL),
        PurgeBound::Age(_) => {
            let own = table.expiry_rhythm().map(|seconds| Duration::from_secs(seconds).max(POLL_INTERVAL_MAX));
            own.map_or(interval, |own| own.min(interval))
        }
    }
}

/// The second up to which deletions of a table may be purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PurgeBound {
    /// None of them may, by now.
    Nothing,
    /// By their age alone.
    Age(i64),
    /// Every replica of every range that this node holds has them.
    Floor(i64),
}

fn purge_bound<W: World>(
    context: &Context<W>,
    cluster: &Cluster<W>,
    replica: &LocalReplica<W>,
    table: &Table,
) -> PurgeBound {
    let (wall, margin) = (context.wall_us() / 1_000_000, context.options.purge_margin.as_secs() as i64);
    if let Some(seconds) = table.unproven_purge_seconds() {
        return PurgeBound::Age(wall - margin - i64::from(seconds));
    }
    let view = cluster.view();
    let Some(placed) = view.keyspace_placement(&table.keyspace) else { return PurgeBound::Nothing };
    let (mut floor, local) = (None, context.host());
    for range in placed.placement.ranges().filter(|range| range.write.contains(local)) {
        // With one replica, no other can miss the deletion.
        let is_alone = range.write.len() == 1;
        let of_piece = |(tokens, proven): (TokenRange, Proven)| {
            let Floor { before, counts_from, previous, epoch: (lineage, index) } = proven.floor;
            let is_valid = view.is_unchanged_since(Epoch { lineage, index }, &placed.placement, tokens);
            // Reads that were made before the floor counted have ended by then.
            let before = if counts_from.saturating_add(margin) <= wall { before } else { previous };
            if is_valid { before } else { i64::MIN }
        };
        let pieces = range.range.split_at_wrap().flat_map(|tokens| replica.proven_pieces(table.storage_id, tokens));
        let of_range = if is_alone { wall - margin } else { pieces.map(of_piece).min().unwrap_or(i64::MIN) };
        floor = Some(floor.map_or(of_range, |floor: i64| floor.min(of_range)));
    }
    let is_alone = placed.placement.ranges().all(|range| range.write.len() == 1);
    match floor {
        _ if is_alone => PurgeBound::Age(wall - margin),
        Some(floor) if floor > i64::MIN => PurgeBound::Floor(floor),
        _ => PurgeBound::Nothing,
    }
}

/// Writes from before this are refused once deletions from before `before` (seconds) are purged. It reaches half the margin
/// further: a write that was issued shortly after a deletion may have an older timestamp, since clocks of clients differ.
fn fence<W: World>(context: &Context<W>, before: i64) -> Micros {
    before.saturating_mul(1_000_000).saturating_add((context.options.purge_margin / 2).as_micros() as Micros)
}

/// Goes once through a table; true if it came to its end.
async fn sweep<W: World>(coordinator: &Coordinator<W>, table: &Table, before: i64) -> bool {
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
        Ok(false) => return true,
        Err(error) => {
            tracing::error!(%error, table = %table.name, "a purge cannot begin");
            return false;
        }
    }
    let (mut sweep, mut is_whole) = (Sweep::new(storage, before), true);
    loop {
        // Rows of a range that moves are sent in pages of several states: what covers a row must not be removed between two.
        let purge_step = replica.stream_outflow.begin_purge_step();
        if coordinator.cluster().view().state.plan.is_some() {
            return false;
        }
        let step = replica.on_disk(Lane::Background, move |store| {
            let swept = store.sweep(&mut sweep);
            (sweep, swept)
        });
        let (after, swept) = step.await;
        sweep = after;
        match swept {
            Ok(SweepStep::End) => return is_whole,
            Ok(SweepStep::Nothing) => {}
            Ok(SweepStep::Found(replacement)) => {
                if replica.replace(replacement).await.is_err() {
                    is_whole = false;
                    sweep.skip_partition();
                }
            }
            Err(error) => {
                tracing::warn!(%error, table = %table.name, "a purge ended early");
                return false;
            }
        }
        drop(purge_step);
        context.pause(STEP_PAUSE).await;
    }
}
