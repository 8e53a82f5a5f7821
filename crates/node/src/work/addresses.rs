//! Announcement of new addresses: a member that starts under other addresses proposes them until the metadata log has them.

use crate::cluster::Cluster;
use crate::ground::world::World;
use crate::work::worker::{Next, StepError, Worker};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

/// Between two attempts.
const ATTEMPT_INTERVAL: Duration = Duration::from_secs(1);

/// Announces this node's addresses.
pub(crate) struct AddressAnnouncement<W> {
    pub(crate) cluster: Arc<Cluster<W>>,
}

impl<W: World> Worker for AddressAnnouncement<W> {
    const NAME: &'static str = "addresses";
    const RETRY_DELAY: Duration = ATTEMPT_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        if !self.cluster.is_member() || !self.cluster.may_go_on() {
            return Ok(Next::Pause(ATTEMPT_INTERVAL));
        }
        self.cluster.announce_addresses().await?;
        Ok(if self.cluster.has_its_addresses() { Next::Wait } else { Next::Pause(ATTEMPT_INTERVAL) })
    }

    async fn wait(&mut self) {
        // A node's addresses stay as they are until it ends.
        pending().await
    }
}
