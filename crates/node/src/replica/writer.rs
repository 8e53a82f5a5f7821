//! The task of a core that writes what the combiner has gathered. One core at a time has the combiner's turn; a turn writes one batch.
//! In group mode it is a job on the write lane (threads for the disk), and what arrives while it syncs makes up the next batch. In
//! periodic mode it writes at once, unsynced, on the core.

use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use crate::replica::pending::refusal_of_write;
use futures_util::future::select;
use henge_coordinator::ReplicaError;
use henge_storage::{Store, SyncMode, WriteError};
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::Notify;

/// Writes that have ended, by the tickets under which their callers wait in the replica's `slots`.
type WriteOutcomes = Vec<(u64, Result<(), WriteError>)>;

/// Takes turns until nothing is queued, each time that a write of this core found the combiner free and notified `wakeup`.
pub(super) async fn run<W: World>(replica: Arc<LocalReplica<W>>, core: usize, wakeup: Arc<Notify>) {
    loop {
        wakeup.notified().await;
        while take_turn(&replica, core).await {}
    }
}

/// Tells callers whose time is up that the outcome of their writes is unknown, those of all cores.
pub(super) async fn end_overdue<W: World>(replica: Arc<LocalReplica<W>>) {
    let (slots, world) = (&replica.slots, &replica.context.world);
    loop {
        match slots.search_at() {
            None => slots.earlier_due().await,
            Some(at) if at <= world.mono() => slots.end_overdue(world.mono(), Err(ReplicaError::Unknown)),
            Some(at) => {
                // Whichever comes first: the next look tells.
                let _ = select(pin!(slots.earlier_due()), pin!(world.sleep_until(at))).await;
            }
        }
    }
}

/// Writes one batch, and wakes the callers whose writes were in it, of whatever core; true if there is more to write.
async fn take_turn<W: World>(replica: &LocalReplica<W>, core: usize) -> bool {
    let options = &replica.context.options;
    let (done, more) = match options.sync {
        SyncMode::Unsynced => write(&replica.store, SyncMode::Unsynced),
        SyncMode::Synced if options.faults.ack_before_sync => write(&replica.store, SyncMode::Unsynced),
        SyncMode::Synced => replica.on_disk(Lane::Write, |store| write(store, SyncMode::Synced)).await,
    };
    replica.complete(core, done.into_iter().map(|(ticket, r)| (ticket, r.map_err(|e| refusal_of_write(&e)))));
    more
}

fn write(store: &Store, sync: SyncMode) -> (WriteOutcomes, bool) {
    let mut done = Vec::new();
    let more = store.turn(sync, &mut done);
    (done, more)
}
