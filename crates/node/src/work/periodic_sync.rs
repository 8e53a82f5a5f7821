//! Periodic syncs of unsynced writes: the bound on what a power cut can take in periodic mode.

use crate::ground::context::Context;
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use henge_storage::Store;
use std::sync::Arc;

/// Syncs once a period until the node ends.
pub(crate) async fn run<W: World>(context: Arc<Context<W>>, replica: Arc<LocalReplica<W>>) {
    loop {
        context.pause(context.options.sync_period).await;
        if let Err(error) = replica.on_disk(Lane::Background, Store::sync).await {
            tracing::error!(%error, "what was written in this period could not be synced");
        }
    }
}
