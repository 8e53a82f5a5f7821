//! Removal of the rows of tables that were dropped or truncated.

use crate::cluster::Cluster;
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use crate::work::worker::{Next, StepError, Worker};
use henge_storage::Store;
use std::sync::Arc;
use std::time::Duration;

/// Removes rows whenever a table is gone.
pub(crate) struct DroppedTables<W> {
    pub(crate) cluster: Arc<Cluster<W>>,
    pub(crate) replica: Arc<LocalReplica<W>>,
}

impl<W: World> Worker for DroppedTables<W> {
    const NAME: &'static str = "dropped_tables";
    const RETRY_DELAY: Duration = Duration::from_secs(10);

    async fn step(&mut self) -> Result<Next, StepError> {
        let tables = self.replica.on_disk(Lane::Background, Store::remove_strays).await?;
        let view = self.cluster.view();
        self.replica.retain_counts(|table| view.placed_of(table).is_some());
        if tables > 0 {
            tracing::info!(tables, "removed the rows of tables that are gone");
        }
        Ok(Next::Wait)
    }

    async fn wait(&mut self) {
        self.cluster.dropped_table().await;
    }
}
