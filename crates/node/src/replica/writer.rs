//! The write combiner's turns. In group mode a turn is a job on the write lane, and whatever arrives while it syncs makes up the
//! next batch; in periodic mode whoever finds the combiner free writes inline, unsynced.

use crate::ground::world::{Lane, World};
use crate::replica::pending::refusal;
use crate::replica::slots::Slots;
use crate::shared::Shared;
use henge_coordinator::ReplicaError;
use henge_storage::{SyncMode, WriteError};
use std::sync::Arc;
use tokio::sync::Notify;

type Done = Vec<(u64, Result<(), WriteError>)>;

/// A core's writer task.
pub(crate) async fn run<W: World>(
    shared: Arc<Shared<W>>,
    slots: Arc<Slots<Result<(), ReplicaError>>>,
    turn: Arc<Notify>,
) {
    loop {
        turn.notified().await;
        while turn_once(&shared, &slots).await {}
    }
}

/// Writes one batch; says whether there is more to write.
async fn turn_once<W: World>(shared: &Arc<Shared<W>>, slots: &Slots<Result<(), ReplicaError>>) -> bool {
    let (done, more) = match shared.options.sync {
        SyncMode::Unsynced => write(shared, SyncMode::Unsynced),
        SyncMode::Synced if shared.options.faults.ack_before_sync => write(shared, SyncMode::Unsynced),
        SyncMode::Synced => {
            let job = Arc::clone(shared);
            shared.world.disk(Lane::Write, move || write(&job, SyncMode::Synced)).await
        }
    };
    slots.complete(done.into_iter().map(|(ticket, r)| (ticket, r.map_err(|e| refusal(&e)))));
    more
}

fn write<W: World>(shared: &Shared<W>, sync: SyncMode) -> (Done, bool) {
    let mut done = Vec::new();
    let more = shared.store.turn(sync, &mut done);
    (done, more)
}

/// Syncs unsynced writes once a period: the bound on what a power cut can take in periodic mode.
pub(crate) async fn sync_periodically<W: World>(shared: Arc<Shared<W>>) {
    loop {
        shared.pause(shared.options.sync_period).await;
        let job = Arc::clone(&shared);
        if let Err(error) = shared.world.disk(Lane::Background, move || job.store.sync()).await {
            tracing::error!(%error, "what was written in this period could not be synced");
        }
    }
}
