//! Delivery of hints: a task for each target that is up and owed something, so that a slow one delays no other.
//!
//! - `delivery`: what they share; `target`: one target's queue, oldest first; `destination`: where a hint belongs by the present placement.
//! - `window`: how many are sent at once; `rate`: how many bytes in a second, over all targets.

mod delivery;
mod destination;
mod rate;
mod target;
mod window;

use crate::cluster::Cluster;
use crate::coordinator::hint_queue::HintQueue;
use crate::ground::context::Context;
use crate::ground::world::World;
use crate::peers::Peers;
use crate::replica::handle::ReplicaHandle;
use crate::work::worker::{Next, StepError, Worker};
use delivery::Delivery;
use parking_lot::Mutex;
use rate::Rate;
use std::sync::Arc;
use std::time::Duration;
use target::TargetDelivery;

/// The time between two searches for targets that are up and owed something. Timeouts of single hints: `target`.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// The worker that begins a delivery for each target that is up and owed hints.
pub(crate) struct HintDelivery<W> {
    delivery: Arc<Delivery<W>>,
}

impl<W: World> HintDelivery<W> {
    /// A worker that has begun no delivery.
    pub(crate) fn new(
        context: Arc<Context<W>>,
        peers: Arc<Peers<W>>,
        cluster: Arc<Cluster<W>>,
        replica: ReplicaHandle<W>,
        queue: Arc<HintQueue<W>>,
    ) -> Self {
        let (rate, damaged, under_way) = (Rate::default(), Mutex::default(), Mutex::default());
        let delivery = Delivery { context, peers, cluster, replica, queue, rate, damaged, under_way };
        HintDelivery { delivery: Arc::new(delivery) }
    }
}

impl<W: World> Worker for HintDelivery<W> {
    const NAME: &'static str = "hint_delivery";
    const RETRY_DELAY: Duration = POLL_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        for target in self.delivery.replica.hinted_peers() {
            if let Some(delivery) = TargetDelivery::begin(&self.delivery, target) {
                self.delivery.context.world.spawn("hint_target", delivery.run());
            }
        }
        Ok(Next::Wait)
    }

    async fn wait(&mut self) {
        tokio::select! {
            biased;
            () = self.delivery.peers.liveness().member_came_up() => {}
            () = self.delivery.queue.pause_changed() => {}
            () = self.delivery.context.pause(POLL_INTERVAL) => {}
        }
    }

    fn progress(&self) -> String {
        let targets: Vec<String> = self.delivery.under_way.lock().iter().map(ToString::to_string).collect();
        if targets.is_empty() { String::new() } else { format!("delivering to {}", targets.join(", ")) }
    }
}
