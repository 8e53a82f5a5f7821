//! Periodic syncs of unsynced writes: the bound on what a power cut can take in periodic mode.

use crate::ground::context::Context;
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use crate::work::worker::{Next, StepError, Worker};
use henge_storage::Store;
use std::sync::Arc;
use std::time::Duration;

/// Syncs once a period.
pub(crate) struct PeriodicSync<W> {
    pub(crate) context: Arc<Context<W>>,
    pub(crate) replica: Arc<LocalReplica<W>>,
}

impl<W: World> Worker for PeriodicSync<W> {
    const NAME: &'static str = "periodic_sync";
    const RETRY_DELAY: Duration = Duration::from_secs(1);

    async fn step(&mut self) -> Result<Next, StepError> {
        self.replica.on_disk(Lane::Background, Store::sync).await?;
        Ok(Next::Pause(self.context.options.sync_period))
    }

    async fn wait(&mut self) {}
}
