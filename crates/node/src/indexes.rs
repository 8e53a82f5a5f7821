//! Secondary indexes in the background: rows from before an index are gone through once, and what is left of an index that was
//! dropped is removed.
//!
//! From when this node knows of an index every write brings its entries along. What is queued then may not, so an index is built from
//! behind that on; a read that comes earlier waits for a moment, and is refused then.

use crate::core::Core;
use crate::shared::Shared;
use crate::world::{Lane, World};
use henge_coordinator::{Refusal, ReplicaError};
use henge_model::{ReadCommand, Table};
use henge_storage::{BuiltIndex, IndexBuild, IndexSweep, ReadError};
use std::sync::Arc;
use std::time::Duration;

/// Between two steps of building, each of which goes through 1 MiB at most.
const BREATH: Duration = Duration::from_millis(2);
/// After a failure, and where writes are stalled.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a read waits for an index that is being built.
const PATIENCE: Duration = Duration::from_secs(1);

/// Builds and removes indexes as the schema changes.
pub(crate) async fn keep<W: World>(core: Core<W>) {
    loop {
        let (missing, gone) = core.shared.store.indexes_to_change();
        let mut failed = false;
        for index in gone {
            failed |= remove(&core, index).await.is_err();
        }
        for index in missing {
            if let Err(error) = build(&core, index).await {
                tracing::warn!(%error, "an index could not be built; it will be tried again");
                failed = true;
            }
        }
        if failed {
            core.shared.pause(AGAIN).await;
        } else {
            core.shared.indexes_changed.notified().await;
        }
    }
}

/// Why building did not come to its end.
#[derive(Debug, thiserror::Error)]
enum BuildError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("its entries were {0}")]
    Write(#[from] ReplicaError),
    #[error(transparent)]
    Engine(#[from] henge_storage::EngineError),
}

async fn build<W: World>(core: &Core<W>, index: BuiltIndex) -> Result<(), BuildError> {
    settle(core).await?;
    let mut build = IndexBuild::new(index);
    loop {
        let job = Arc::clone(&core.shared);
        let step = core.shared.world.disk(Lane::Background, move || {
            let entries = job.store.build_index(&mut build);
            (build, entries)
        });
        let (after, entries) = step.await;
        build = after;
        match entries {
            Ok(Some(entries)) => core.submit(|store, ticket| store.submit_entries(entries, ticket))?.await?,
            Ok(None) => break,
            // Dropped meanwhile, with its table or by itself.
            Err(ReadError::NoIndex | ReadError::UnknownTable) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        core.shared.pause(BREATH).await;
    }
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
