//! Queued hints are written to disk, synced, many at once.

use crate::coordinator::hint_queue::HintQueue;
use crate::ground::context::Context;
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use crate::work::worker::{Next, StepError, Worker};
use henge_storage::Hint;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks whether a full disk has room again.
const ROOM_WAIT_INTERVAL: Duration = Duration::from_millis(250);

/// Writes queued hints to disk. On a full disk they may take half of the reserve; then they wait in the queue, which is bounded.
pub(crate) struct HintWriter<W> {
    pub(crate) context: Arc<Context<W>>,
    pub(crate) replica: Arc<LocalReplica<W>>,
    pub(crate) queue: Arc<HintQueue<W>>,
}

impl<W: World> Worker for HintWriter<W> {
    const NAME: &'static str = "hint_writer";
    const RETRY_DELAY: Duration = ROOM_WAIT_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        let is_full = self.context.is_disk_full();
        if is_full && self.context.world.free_bytes() <= self.context.options.disk_reserve / 2 {
            self.queue.gather();
            return Ok(Next::Pause(ROOM_WAIT_INTERVAL));
        }
        let queued = self.queue.take();
        if queued.is_empty() {
            self.write_missed().await?;
            return Ok(Next::Wait);
        }
        let hints: Vec<Hint> = queued.iter().map(|queued| queued.hint.clone()).collect();
        if let Err(error) = self.replica.on_disk(Lane::Background, move |store| store.add_hints(hints)).await {
            // Twice written changes nothing, and a disk that is full now may have room soon.
            self.queue.put_back(queued);
            return Err(format!("hints cannot be written: {error}").into());
        }
        self.queue.confirm(queued);
        Ok(Next::Step)
    }

    async fn wait(&mut self) {
        self.queue.hint_added().await;
    }
}

impl<W: World> HintWriter<W> {
    /// Records the writes that replicas miss and are owed no more.
    async fn write_missed(&self) -> Result<(), StepError> {
        let missed = self.queue.take_missed();
        if missed.is_empty() {
            return Ok(());
        }
        let written = missed.clone();
        if let Err(error) = self.replica.on_disk(Lane::Background, move |store| store.add_missed(&written)).await {
            self.queue.put_missed_back(missed);
            return Err(format!("missed writes cannot be recorded: {error}").into());
        }
        Ok(())
    }
}
