//! Forgetting, in the background: deletions that nobody needs any more with what they cover, and rows of tables that are gone.
//!
//! A deletion may go once every replica has it and nothing older is on its way. What proves that hangs on the table: by default it has
//! to be known, which it is where this node holds the only copy; with `only_purge_repaired_tombstones: false` in its compaction
//! options it is taken for granted after `gc_grace_seconds`, as in Apache Cassandra.
//!
//! Every table is gone through once in `tombstone_purge_interval`, one whose rows expire as a rule in its own rhythm if that is faster:
//! what expired in a time window is gone from the disk before the window after the next one ends.

use crate::coordinator::Core;
use crate::ground::world::{Lane, World};
use crate::shared::Shared;
use henge_base::{Micros, Mono};
use henge_model::{StorageId, Table};
use henge_storage::{ReadError, Sweep, Swept};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Between two steps of a sweep, each of which goes through 4 MiB at most: 40 MiB/s.
const BREATH: Duration = Duration::from_millis(100);

/// How often it is looked which tables there are, at most.
const LOOK: Duration = Duration::from_secs(60);

/// Sweeps all tables again and again, one at a time.
pub(crate) async fn sweep_all<W: World>(core: Core<W>) {
    let mut due: BTreeMap<StorageId, Mono> = BTreeMap::new();
    loop {
        let tables: Vec<Arc<Table>> = core.shared.view.load().state.schema.tables().cloned().collect();
        let known: BTreeSet<StorageId> = tables.iter().map(|table| table.storage_id).collect();
        due.retain(|storage, _| known.contains(storage));
        for table in tables {
            let next = || core.shared.world.mono() + rhythm(&core.shared, &table);
            let at = due.entry(table.storage_id).or_insert_with(next);
            if *at > core.shared.world.mono() {
                continue;
            }
            if let Some(before) = bound(&core.shared, &table) {
                sweep(&core, &table, before).await;
            }
            crate::work::indexes::sweep(&core, &table).await;
            *at = next();
        }
        core.shared.pause(LOOK.min(core.shared.options.purge_interval)).await;
    }
}

/// Between two sweeps of a table.
fn rhythm<W: World>(shared: &Shared<W>, table: &Table) -> Duration {
    let own = table.expiry_rhythm().map(|seconds| Duration::from_secs(seconds).max(LOOK));
    own.map_or(shared.options.purge_interval, |own| own.min(shared.options.purge_interval))
}

/// Up to which second deletions of a table may be forgotten; `None`: none of them.
fn bound<W: World>(shared: &Shared<W>, table: &Table) -> Option<i64> {
    let now = shared.world.wall_us() / 1_000_000 - shared.options.purge_margin.as_secs() as i64;
    if let Some(seconds) = table.forgets_unproven_after() {
        return Some(now - i64::from(seconds));
    }
    let view = shared.view.load();
    let placed = view.placed(&table.keyspace)?;
    // Of the only copy there is no other that could miss the deletion.
    let alone = placed.placement.ranges.iter().all(|range| range.write.len() == 1);
    alone.then_some(now)
}

/// Writes from before this are refused once deletions from before `before` (seconds) are purged. It reaches half the margin
/// further: a write that was issued shortly after a deletion may have an older timestamp, since clocks of clients differ.
fn fence<W: World>(shared: &Shared<W>, before: i64) -> Micros {
    before.saturating_mul(1_000_000).saturating_add((shared.options.purge_margin / 2).as_micros() as Micros)
}

async fn sweep<W: World>(core: &Core<W>, table: &Table, before: i64) {
    let storage = table.storage_id;
    let job = Arc::clone(&core.shared);
    let is_unfenced = core.shared.options.faults.purge_without_fence;
    let fence = fence(&core.shared, before);
    // Of a table without rows there is nothing to forget, and no fence is worth a write.
    let prepare = move || {
        if !job.store.holds_rows(storage)? {
            return Ok(false);
        }
        if !is_unfenced {
            job.store.raise_fence(storage, fence)?;
        }
        Ok(true)
    };
    let prepared: Result<bool, ReadError> = core.shared.world.disk(Lane::Background, prepare).await;
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
        let job = Arc::clone(&core.shared);
        let step = core.shared.world.disk(Lane::Background, move || {
            let swept = job.store.sweep(&mut sweep);
            (sweep, swept)
        });
        let (after, swept) = step.await;
        sweep = after;
        match swept {
            Ok(Swept::End) => return,
            Ok(Swept::Nothing) => {}
            Ok(Swept::Found(replacement)) => {
                if core.replace(replacement).await.is_err() {
                    sweep.refused();
                }
            }
            Err(error) => {
                tracing::warn!(%error, table = %table.name, "a purge ended early");
                return;
            }
        }
        core.shared.pause(BREATH).await;
    }
}

/// Removes the rows of tables that were dropped or truncated, whenever there are some.
pub(crate) async fn remove_strays<W: World>(shared: Arc<Shared<W>>) {
    loop {
        let job = Arc::clone(&shared);
        match shared.world.disk(Lane::Background, move || job.store.remove_strays()).await {
            Ok(0) => {}
            Ok(tables) => tracing::info!(tables, "removed the rows of tables that are gone"),
            Err(error) => tracing::error!(%error, "the rows of tables that are gone cannot be removed"),
        }
        shared.tables_gone.notified().await;
    }
}
