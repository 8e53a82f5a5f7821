//! Removal of old rows from ranges that this node gains by a plan, before it takes a write of them.

use crate::cluster::Cluster;
use crate::cluster::append::AppendError;
use crate::cluster::gains::Gains;
use crate::cluster::view::View;
use crate::ground::world::World;
use henge_metadata::ClusterState;

impl<W: World> Cluster<W> {
    /// Makes room for what a state gives this node, before that is published.
    pub(super) async fn make_room(&self, state: &ClusterState) -> Result<(), AppendError> {
        match (Gains::of(state, self.context.host()), self.room_maker.get()) {
            (Some(gains), Some(maker)) => maker.make_room(gains).await.map_err(AppendError::Room),
            _ => Ok(()),
        }
    }

    /// Does something by the newest view, which none follows before that is done. Nothing may be waited for in it.
    pub(crate) fn while_current<T>(&self, action: impl FnOnce(&View) -> T) -> T {
        let _gate = self.publish_gate.read();
        action(&self.view.load())
    }

    /// Waits until the plan under way is at another step, or is another one. For one task only.
    pub(crate) async fn plan_change(&self) {
        self.plan_changed.notified().await;
    }
}
