//! Secondary indexes in the background: rows from before an index are gone through once, and what is left of an index that was
//! dropped is removed.
//!
//! From when this node knows of an index every write brings its entries along. What is queued then may not, so an index is built from
//! behind that on; a read that comes earlier waits for a moment, and is refused then.

use crate::coordinator::Core;
use crate::ground::world::{Lane, World};
use crate::shared::Shared;
use henge_coordinator::{Refusal, ReplicaError};
use henge_model::{ReadCommand, Table};
use henge_storage::{BuiltIndex, IndexBuild, IndexSweep, ReadError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Between two steps of building, each of which goes through 1 MiB at most.
const BREATH: Duration = Duration::from_millis(2);
/// After a failure, and where writes are stalled or the disk is nearly full.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a read waits for an index that is being built.
const PATIENCE: Duration = Duration::from_secs(1);

/// Builds and removes indexes as the schema changes, all of them side by side: a long one keeps none waiting.
pub(crate) async fn keep<W: World>(core: Core<W>) {
    let (mut builds, mut failing) = (Builds::new(), false);
    loop {
        let round = round(&core, &mut builds).await;
        if let Err(error) = &round
            && !failing
        {
            tracing::warn!(%error, "an index could not be built or removed; it will be tried again");
        }
        failing = round.is_err();
        if failing {
            core.shared.pause(AGAIN).await;
        } else if builds.is_empty() {
            core.shared.indexes_changed.notified().await;
        } else {
            core.shared.pause(BREATH).await;
        }
    }
}

/// How far indexes have come.
type Builds = BTreeMap<BuiltIndex, IndexBuild>;

/// Why building did not go on.
#[derive(Debug, thiserror::Error)]
enum BuildError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("its entries were {0}")]
    Write(#[from] ReplicaError),
    #[error(transparent)]
    Engine(#[from] henge_storage::EngineError),
    #[error("the disk is nearly full")]
    DiskFull,
}

/// Removes what is gone, begins what is new, and takes one step of each; the first failure is told, and keeps none from its turn.
async fn round<W: World>(core: &Core<W>, builds: &mut Builds) -> Result<(), BuildError> {
    let (missing, gone) = core.shared.store.indexes_to_change();
    builds.retain(|index, _| missing.contains(index));
    let mut outcome = Ok(());
    for index in gone {
        outcome = outcome.and(remove(core, index).await);
    }
    if missing.is_empty() {
        return outcome;
    }
    if core.shared.check_room().is_err() {
        return outcome.and(Err(BuildError::DiskFull));
    }
    for index in missing {
        outcome = outcome.and(turn(core, builds, index).await);
    }
    outcome
}

async fn turn<W: World>(core: &Core<W>, builds: &mut Builds, index: BuiltIndex) -> Result<(), BuildError> {
    match builds.get_mut(&index) {
        Some(build) => advance(core, build).await,
        None => {
            begin(core, index).await?;
            builds.insert(index, IndexBuild::new(index));
            Ok(())
        }
    }
}

async fn begin<W: World>(core: &Core<W>, index: BuiltIndex) -> Result<(), BuildError> {
    let job = Arc::clone(&core.shared);
    core.shared.world.disk(Lane::Background, move || job.store.begin_index(index)).await?;
    Ok(settle(core).await?)
}

/// One step. What was not taken is gone through once more.
async fn advance<W: World>(core: &Core<W>, build: &mut IndexBuild) -> Result<(), BuildError> {
    let (job, mut next) = (Arc::clone(&core.shared), build.clone());
    let step = core.shared.world.disk(Lane::Background, move || {
        let entries = job.store.build_index(&mut next);
        (next, entries)
    });
    let (next, entries) = step.await;
    let entries = match entries {
        // Dropped meanwhile, with its table or by itself: the next round knows.
        Err(ReadError::NoIndex | ReadError::UnknownTable) => return Ok(()),
        entries => entries?,
    };
    match entries {
        Some(entries) => core.submit(|store, ticket| store.submit_entries(entries, ticket))?.await?,
        None => finish(core, build.index()).await?,
    }
    *build = next;
    Ok(())
}

async fn finish<W: World>(core: &Core<W>, index: BuiltIndex) -> Result<(), BuildError> {
    let job = Arc::clone(&core.shared);
    core.shared.world.disk(Lane::Background, move || job.store.finish_index(index)).await?;
    core.shared.index_built.notify_waiters();
    Ok(())
}

async fn remove<W: World>(core: &Core<W>, index: BuiltIndex) -> Result<(), BuildError> {
    settle(core).await?;
    let job = Arc::clone(&core.shared);
    Ok(core.shared.world.disk(Lane::Background, move || job.store.remove_index(index)).await?)
}

/// Waits for all that is queued: it may know less of indexes than this node does now.
async fn settle<W: World>(core: &Core<W>) -> Result<(), ReplicaError> {
    core.submit(|store, ticket| store.submit_nothing(ticket))?.await
}

/// Waits for the index that a read asks, if it is being built.
pub(crate) async fn ready<W: World>(shared: &Shared<W>, command: &ReadCommand) -> Result<(), ReplicaError> {
    let Some(probe) = &command.probe else { return Ok(()) };
    let index = (command.storage_id, probe.index);
    let end = shared.within(PATIENCE);
    loop {
        let built = shared.index_built.notified();
        if shared.store.is_built(index) {
            return Ok(());
        }
        if shared.world.mono() >= end {
            return Err(ReplicaError::Refused(Refusal::NoIndex));
        }
        futures_util::future::select(std::pin::pin!(built), std::pin::pin!(shared.world.sleep_until(end))).await;
    }
}

/// Goes through a table's indexes for entries that say nothing any more.
pub(crate) async fn sweep<W: World>(core: &Core<W>, table: &Table) {
    for index in &table.indexes {
        let mut sweep = IndexSweep::new((table.storage_id, index.id));
        loop {
            let job = Arc::clone(&core.shared);
            let step = core.shared.world.disk(Lane::Background, move || {
                let more = job.store.sweep_index(&mut sweep);
                (sweep, more)
            });
            let (after, more) = step.await;
            sweep = after;
            core.fold();
            core.shared.pause(BREATH).await;
            if !more.unwrap_or(false) {
                break;
            }
        }
    }
}
