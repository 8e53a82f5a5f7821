//! The write combiner's turns. In group mode a turn is a job on the write lane, and whatever arrives while it syncs makes up the
//! next batch; in periodic mode whoever finds the combiner free writes inline, unsynced.

use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use crate::replica::pending::refusal_of_write;
use henge_storage::{Store, SyncMode, WriteError};
use std::sync::Arc;
use tokio::sync::Notify;

type WriteOutcomes = Vec<(u64, Result<(), WriteError>)>;

/// A core's writer task: takes turns whenever this core found the combiner free.
pub(super) async fn run<W: World>(replica: Arc<LocalReplica<W>>, wakeup: Arc<Notify>) {
    loop {
        wakeup.notified().await;
        while take_turn(&replica).await {}
    }
}

/// Writes one batch; true if there is more to write.
async fn take_turn<W: World>(replica: &LocalReplica<W>) -> bool {
    let options = &replica.context.options;
    let (done, more) = match options.sync {
        SyncMode::Unsynced => write(&replica.store, SyncMode::Unsynced),
        SyncMode::Synced if options.faults.ack_before_sync => write(&replica.store, SyncMode::Unsynced),
        SyncMode::Synced => replica.on_disk(Lane::Write, |store| write(store, SyncMode::Synced)).await,
    };
    replica.slots.complete(done.into_iter().map(|(ticket, r)| (ticket, r.map_err(|e| refusal_of_write(&e)))));
    more
}

fn write(store: &Store, sync: SyncMode) -> (WriteOutcomes, bool) {
    let mut done = Vec::new();
    let more = store.turn(sync, &mut done);
    (done, more)
}
