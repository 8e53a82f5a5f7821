//! The lease of the node's clock, which is on disk before stamps count on it.

use crate::ground::context::Context;
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use crate::work::worker::{Next, StepError, Worker};
use henge_base::Micros;
use henge_storage::{EngineError, Store};
use std::sync::Arc;
use std::time::Duration;

/// Name of the local fact that holds the lease.
const FACT: &str = "clock_lease";
/// Between two looks at the lease.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// The lease that an earlier run left behind; 0 if there was none.
pub(crate) fn stored_lease(store: &Store) -> Result<Micros, EngineError> {
    Ok(store.local(FACT)?.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, i64::from_be_bytes))
}

/// Keeps the lease ahead of the clock's stamps.
pub(crate) struct LeaseRenewal<W> {
    pub(crate) context: Arc<Context<W>>,
    pub(crate) replica: Arc<LocalReplica<W>>,
}

impl<W: World> Worker for LeaseRenewal<W> {
    const NAME: &'static str = "clock_lease";
    const RETRY_DELAY: Duration = LOOK_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        if let Some(lease) = self.context.clock.due(self.context.now()) {
            let put = move |store: &Store| store.put_local(FACT, &lease.to_be_bytes());
            self.replica.on_disk(Lane::Lease, put).await?;
            self.context.clock.extend_lease(lease);
        }
        Ok(Next::Pause(LOOK_INTERVAL))
    }

    async fn wait(&mut self) {}
}
