//! The parts that deliveries to all targets share.

use super::rate::Rate;
use crate::cluster::Cluster;
use crate::coordinator::hint_queue::HintQueue;
use crate::ground::context::Context;
use crate::ground::world::World;
use crate::peers::Peers;
use crate::replica::handle::ReplicaHandle;
use crate::work::once_each::OnceEach;
use henge_base::{HostId, Micros};
use henge_storage::{Hint, HintId};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The parts of a node that deliveries need, and what they keep.
pub(super) struct Delivery<W> {
    pub(super) context: Arc<Context<W>>,
    pub(super) peers: Arc<Peers<W>>,
    pub(super) cluster: Arc<Cluster<W>>,
    pub(super) replica: ReplicaHandle<W>,
    pub(super) queue: Arc<HintQueue<W>>,
    pub(super) rate: Rate,
    pub(super) damaged: Mutex<OnceEach<HintId>>,
    /// The targets that are being delivered to.
    pub(super) under_way: Mutex<BTreeSet<HostId>>,
}

impl<W: World> Delivery<W> {
    /// True while hints for a target can be settled: it is up, or none will ever be delivered to it.
    pub(super) fn is_ready(&self, target: HostId) -> bool {
        let is_up = target == self.context.host() || self.peers.liveness().is_up(target);
        !self.queue.is_paused() && (is_up || !self.cluster.has_member(target))
    }

    /// True of a hint that is older than hints are kept for a replica that is down.
    pub(super) fn is_old(&self, hint: &Hint) -> bool {
        let age = self.context.wall_us().saturating_sub(hint.created);
        age > self.context.options.max_hint_window.as_micros() as Micros
    }

    /// Waits until so many bytes may be sent. The rate is for the replica that receives: all other members may be sending to it.
    pub(super) async fn wait_for_rate(&self, bytes: usize) {
        let members = self.cluster.view().state.members.len();
        let share = self.context.options.hint_throttle / (members.saturating_sub(1).max(1) as u64);
        if self.context.options.hint_throttle > 0 {
            let at = self.rate.reserve(bytes as u64, share.max(1), self.context.world.mono());
            self.context.world.sleep_until(at).await;
        }
    }
}
