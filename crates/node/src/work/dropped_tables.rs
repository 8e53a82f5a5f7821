//! Removal of the rows of tables that were dropped or truncated.

use crate::cluster::Cluster;
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use henge_storage::Store;
use std::sync::Arc;

/// Removes rows whenever a table is gone, until the node ends.
pub(crate) async fn remove<W: World>(cluster: Arc<Cluster<W>>, replica: Arc<LocalReplica<W>>) {
    loop {
        match replica.on_disk(Lane::Background, Store::remove_strays).await {
            Ok(0) => {}
            Ok(tables) => tracing::info!(tables, "removed the rows of tables that are gone"),
            Err(error) => tracing::error!(%error, "the rows of tables that are gone cannot be removed"),
        }
        cluster.dropped_table().await;
    }
}
