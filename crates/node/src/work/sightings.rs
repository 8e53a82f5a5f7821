//! Sightings of other members go to disk, so that a node that restarts still finds out older copies of their disks.

use crate::cluster::Cluster;
use crate::ground::world::World;
use crate::work::worker::{Next, StepError, Worker};
use std::sync::Arc;
use std::time::Duration;

/// Between two writes.
const WRITE_INTERVAL: Duration = Duration::from_secs(1);

/// Keeps sightings.
pub(crate) struct SightingWriter<W> {
    pub(crate) cluster: Arc<Cluster<W>>,
}

impl<W: World> Worker for SightingWriter<W> {
    const NAME: &'static str = "sightings";
    const RETRY_DELAY: Duration = WRITE_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        self.cluster.keep_sightings().await?;
        Ok(Next::Pause(WRITE_INTERVAL))
    }

    async fn wait(&mut self) {}
}
