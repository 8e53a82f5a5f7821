//! Replay of the batch log: the batches that this node keeps and whose coordinators did not finish them.

use crate::cluster::view::View;
use crate::coordinator::Coordinator;
use crate::ground::context::Context;
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use crate::work::once_each::OnceEach;
use crate::work::worker::{Next, StepError, Worker};
use futures_util::stream::{self, StreamExt};
use henge_base::{Bytes, HostId, Micros};
use henge_coordinator::{Recipient, Refusal, ReplicaError, Replicas};
use henge_metadata::Epoch;
use henge_model::{Key, Mutation, SharedMutation};
use henge_storage::{DamagedBatch, EngineError, LoggedBatch, Store};
use std::time::Duration;

/// Between two looks for batches that were left behind.
const POLL_INTERVAL: Duration = Duration::from_secs(10);
/// Batches replayed at once: few, since their parts go to all replicas and take places in the tail that writes of clients need too.
const REPLAYED_AT_ONCE_MAX: usize = 2;

/// Replays the batches that this node keeps.
pub(crate) struct BatchReplay<W> {
    coordinator: Coordinator<W>,
    damaged: OnceEach<DamagedBatch>,
}

impl<W: World> BatchReplay<W> {
    /// Nothing is replayed yet.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        BatchReplay { coordinator, damaged: OnceEach::default() }
    }
}

impl<W: World> Worker for BatchReplay<W> {
    const NAME: &'static str = "batch_replay";
    const RETRY_DELAY: Duration = POLL_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        replay_all(&self.coordinator, &mut self.damaged).await?;
        Ok(Next::Pause(POLL_INTERVAL))
    }

    async fn wait(&mut self) {}
}

/// Goes once through the batches that are old enough. One that cannot be written now keeps none from its turn.
async fn replay_all<W: World>(
    coordinator: &Coordinator<W>,
    damaged: &mut OnceEach<DamagedBatch>,
) -> Result<(), EngineError> {
    let (context, replica) = (coordinator.context(), coordinator.replica());
    let age = 2 * context.options.write_timeout;
    let before = context.wall_us() - age.as_micros() as Micros;
    let (batches_max, mut after) = (context.options.limits.batches, None);
    loop {
        let read = move |store: &Store| store.batches(after.as_ref(), before, batches_max);
        let page = replica.on_disk(Lane::Background, read).await?;
        for found in page.damaged {
            handle_damaged(context, replica, found, damaged).await;
        }
        let batches = stream::iter(page.batches);
        batches.for_each_concurrent(REPLAYED_AT_ONCE_MAX, |batch| replay_one(coordinator, batch)).await;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Writes a batch, and removes it once all of it is written or owed, or once it is older than `max_hint_window`.
async fn replay_one<W: World>(coordinator: &Coordinator<W>, batch: LoggedBatch) {
    let context = coordinator.context();
    // Until this node knows as much of the metadata as the batch's coordinator, it cannot tell a table that is gone from one that it
    // has not heard of; and it keeps the batch, however old.
    let epoch = Epoch { lineage: batch.place.lineage, index: batch.place.index };
    if epoch > coordinator.cluster().epoch() && !context.options.faults.replay_when_behind {
        return;
    }
    if write_all(coordinator, &batch.mutations).await {
        context.metrics.batches_replayed.inc();
    } else if is_too_old(context, batch.id.created) {
        tracing::warn!("a batch that could not be written for longer than max_hint_window is given up");
        context.metrics.batches_dropped.inc();
    } else {
        return;
    }
    if let Err(error) = coordinator.replica().remove_batches(std::iter::once(batch.id)).await {
        tracing::warn!(%error, "a batch that was written cannot be removed from the batch log");
    }
}

/// A damaged batch is logged and counted once. It is kept for those who look into it until it is older than `max_hint_window`, or
/// removed at once if not even its key can be read.
async fn handle_damaged<W: World>(
    context: &Context<W>,
    replica: &LocalReplica<W>,
    found: DamagedBatch,
    known: &mut OnceEach<DamagedBatch>,
) {
    if known.is_new(&found) {
        let key = found.key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        tracing::error!(key, "a batch in the batch log is damaged and cannot be written; another node may keep it too");
        context.metrics.batches_damaged.inc();
    }
    if found.created.is_none_or(|created| is_too_old(context, created)) {
        let remove = move |store: &Store| store.remove_damaged_batch(&found);
        if let Err(error) = replica.on_disk(Lane::Background, remove).await {
            tracing::error!(%error, "a damaged batch cannot be removed from the batch log");
        }
    }
}

fn is_too_old<W: World>(context: &Context<W>, created: Micros) -> bool {
    context.wall_us().saturating_sub(created) > context.options.max_hint_window.as_micros() as Micros
}

/// Writes the parts of a batch to all their replicas; true if each of them has its part, or is owed a hint that is on disk.
async fn write_all<W: World>(coordinator: &Coordinator<W>, mutations: &[Bytes]) -> bool {
    let context = coordinator.context();
    let deadline = context.deadline_after(context.options.write_timeout);
    let view = coordinator.cluster().current_view();
    let dropped_before = coordinator.hints().drop_count();
    let (mut are_up, mut under_way) = (true, Vec::new());
    for bytes in mutations {
        let Ok(mutation) = Mutation::decode(bytes.clone()).map(SharedMutation::from) else { return false };
        for host in replicas(&view, mutation.mutation()) {
            if coordinator.alive(host) {
                under_way.push(Replicas::write(
                    coordinator,
                    Recipient { host, epoch: view.epoch() },
                    &mutation,
                    deadline,
                ));
            } else {
                are_up = false;
                Replicas::owe(coordinator, host, bytes.clone());
            }
        }
    }
    let outcomes = futures_util::future::join_all(under_way).await;
    // A table that is gone, and deletions that have been purged since, make a write void for good.
    let is_settled = |outcome: &Result<(), ReplicaError>| {
        matches!(outcome, Ok(()) | Err(ReplicaError::Refused(Refusal::UnknownTable | Refusal::Fenced)))
    };
    if are_up && outcomes.iter().all(is_settled) {
        return true;
    }
    if !context.options.hinted_handoff {
        return false;
    }
    coordinator.settle_owed_writes().await && coordinator.hints().drop_count() == dropped_before
}

/// The replicas of a mutation, none if its table is gone.
fn replicas(view: &View, mutation: &Mutation) -> Vec<HostId> {
    let place = mutation.rows.first().and_then(|(key, _)| Key::storage_id(key).zip(Key::token(key)));
    let range = place.and_then(|(storage, token)| view.placed_of(storage)?.placement.replicas(token));
    range.map(|range| range.write.to_vec()).unwrap_or_default()
}
