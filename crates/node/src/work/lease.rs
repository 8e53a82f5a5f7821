//! The lease of the node's clock, which is on disk before stamps count on it.

use crate::ground::context::Context;
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use henge_base::Micros;
use henge_storage::{EngineError, Store};
use std::sync::Arc;
use std::time::Duration;

/// Name of the local fact that holds the lease.
const FACT: &str = "clock_lease";
/// Between two looks at the lease.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// The lease that an earlier run left behind; 0 if there was none.
pub(crate) fn stored(store: &Store) -> Result<Micros, EngineError> {
    Ok(store.local(FACT)?.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, i64::from_be_bytes))
}

/// Keeps the lease ahead of the clock's stamps until the node ends.
pub(crate) async fn renew<W: World>(context: Arc<Context<W>>, replica: Arc<LocalReplica<W>>) {
    loop {
        if let Some(lease) = context.clock.due(context.world.wall_us()) {
            let put = move |store: &Store| store.put_local(FACT, &lease.to_be_bytes());
            match replica.on_disk(Lane::Background, put).await {
                Ok(_) => context.clock.renewed(lease),
                Err(error) => tracing::error!(%error, "the clock's lease could not be extended"),
            }
        }
        context.pause(LOOK_INTERVAL).await;
    }
}
