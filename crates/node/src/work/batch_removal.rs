//! Removal of batches that are settled: their keepers are told, many at once.

use crate::coordinator::{Coordinator, batches};
use crate::ground::world::World;
use crate::work::worker::{Next, StepError, Worker};
use henge_base::{HostId, Micros};
use std::collections::BTreeMap;
use std::time::Duration;

/// The time between two rounds: what is settled meanwhile goes in one message to each keeper.
const ROUND_INTERVAL: Duration = Duration::from_millis(100);
/// Maximum number of batches of one round; 25 bytes each in a message.
const ROUND_BATCHES_MAX: usize = 8_192;

/// Removes the batches of this node's coordinators.
pub(crate) struct BatchRemoval<W> {
    coordinator: Coordinator<W>,
}

impl<W: World> BatchRemoval<W> {
    /// Nothing is removed yet.
    pub(crate) fn new(coordinator: Coordinator<W>) -> Self {
        BatchRemoval { coordinator }
    }
}

impl<W: World> Worker for BatchRemoval<W> {
    const NAME: &'static str = "batch_removal";
    const RETRY_DELAY: Duration = ROUND_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        let coordinator = &self.coordinator;
        let settled = coordinator.settled_batches().take_due(coordinator.context().world.mono(), ROUND_BATCHES_MAX);
        if settled.is_empty() {
            let is_idle = coordinator.settled_batches().is_empty();
            return Ok(if is_idle { Next::Wait } else { Next::Pause(ROUND_INTERVAL) });
        }
        // A keeper that forgot a batch, and a part of it that is lost with this node's memory: then nobody would write it.
        if !coordinator.context().options.faults.forget_batches_early && !coordinator.settle_owed_writes().await {
            return Ok(Next::Pause(ROUND_INTERVAL));
        }
        let mut by_keeper: BTreeMap<HostId, Vec<(Micros, u128)>> = BTreeMap::new();
        for batch in settled {
            for host in batch.hosts {
                by_keeper.entry(host).or_default().push((batch.created, batch.number));
            }
        }
        let told = by_keeper.into_iter().map(|(keeper, batches)| batches::forget(coordinator, keeper, batches));
        futures_util::future::join_all(told).await;
        Ok(Next::Pause(ROUND_INTERVAL))
    }

    async fn wait(&mut self) {
        self.coordinator.settled_batches().batch_added().await;
    }
}
