//! Background work on indexes: a new index scans the rows that existed before it; a dropped one has its entries deleted.
//!
//! From when this node knows of an index every write brings its entries along. What is queued then may not, so an index is built from
//! behind that on; a read that comes earlier waits for a moment, and is refused then.

use crate::coordinator::Coordinator;
use crate::ground::world::{Lane, World};
use crate::work::worker::{Next, StepError, Worker};
use henge_coordinator::ReplicaError;
use henge_storage::{BuiltIndex, IndexBuild, ReadError};
use std::collections::BTreeMap;
use std::time::Duration;

/// Between two steps of building, each of which goes through 1 MiB at most.
const STEP_PAUSE: Duration = Duration::from_millis(2);
/// After a failure, and where writes are stalled or the disk is nearly full.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Builds and removes indexes as the schema changes, all of them side by side: a long one keeps none waiting.
pub(crate) struct IndexBuilder<W> {
    coordinator: Coordinator<W>,
    builds: Builds,
}

impl<W: World> IndexBuilder<W> {
    /// Nothing is built yet.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        IndexBuilder { coordinator, builds: Builds::new() }
    }
}

impl<W: World> Worker for IndexBuilder<W> {
    const NAME: &'static str = "index_build";
    const RETRY_DELAY: Duration = RETRY_DELAY;

    async fn step(&mut self) -> Result<Next, StepError> {
        round(&self.coordinator, &mut self.builds).await?;
        Ok(if self.builds.is_empty() { Next::Wait } else { Next::Pause(STEP_PAUSE) })
    }

    async fn wait(&mut self) {
        self.coordinator.cluster().schema_change().await;
    }

    fn progress(&self) -> String {
        match self.builds.len() {
            0 => String::new(),
            count => format!("{count} indexes under way"),
        }
    }
}

/// The progress of each index that is being built.
type Builds = BTreeMap<BuiltIndex, IndexBuild>;

/// A step that failed.
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
async fn round<W: World>(coordinator: &Coordinator<W>, builds: &mut Builds) -> Result<(), BuildError> {
    let (missing, gone) = coordinator.replica().indexes_to_change();
    builds.retain(|index, _| missing.contains(index));
    let mut outcome = Ok(());
    for index in gone {
        outcome = outcome.and(remove(coordinator, index).await);
    }
    if missing.is_empty() {
        return outcome;
    }
    if coordinator.replica().is_disk_full() {
        return outcome.and(Err(BuildError::DiskFull));
    }
    for index in missing {
        outcome = outcome.and(step(coordinator, builds, index).await);
    }
    outcome
}

async fn step<W: World>(
    coordinator: &Coordinator<W>,
    builds: &mut Builds,
    index: BuiltIndex,
) -> Result<(), BuildError> {
    match builds.get_mut(&index) {
        Some(build) => advance(coordinator, build).await,
        None => {
            begin(coordinator, index).await?;
            builds.insert(index, IndexBuild::new(index));
            Ok(())
        }
    }
}

async fn begin<W: World>(coordinator: &Coordinator<W>, index: BuiltIndex) -> Result<(), BuildError> {
    let replica = coordinator.replica();
    replica.on_disk(Lane::Background, move |store| store.begin_index(index)).await?;
    // What is queued now may know less of indexes than this node does.
    Ok(replica.drain_queue().await?)
}

/// Takes one step. Entries that were refused are scanned once more.
async fn advance<W: World>(coordinator: &Coordinator<W>, build: &mut IndexBuild) -> Result<(), BuildError> {
    let (replica, mut next) = (coordinator.replica(), build.clone());
    let step = replica.on_disk(Lane::Background, move |store| {
        let entries = store.build_index(&mut next);
        (next, entries)
    });
    let (next, entries) = step.await;
    let entries = match entries {
        // Dropped meanwhile, with its table or by itself: the next round knows.
        Err(ReadError::NoIndex | ReadError::UnknownTable) => return Ok(()),
        entries => entries?,
    };
    match entries {
        Some(entries) => replica.write_index_entries(entries).await?,
        None => replica.finish_index(build.index()).await?,
    }
    *build = next;
    Ok(())
}

async fn remove<W: World>(coordinator: &Coordinator<W>, index: BuiltIndex) -> Result<(), BuildError> {
    let replica = coordinator.replica();
    replica.drain_queue().await?;
    Ok(replica.on_disk(Lane::Background, move |store| store.remove_index(index)).await?)
}
