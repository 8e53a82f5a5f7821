//! The lease of the node's clock, which is on disk before stamps count on it.

use crate::ground::context::Context;
use crate::ground::standing::Standing;
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use crate::work::worker::{Next, StepError, Worker};
use henge_base::Micros;
use henge_storage::{EngineError, Store};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

/// Name of the local fact that holds the lease.
const FACT: &str = "clock_lease";
/// Between two looks at the lease.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

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
    const RETRY_DELAY: Duration = POLL_INTERVAL;

    async fn step(&mut self) -> Result<Next, StepError> {
        // The lease on disk tells an older copy from the newest: until that is settled it stays as it was found.
        if self.context.standing.wait_until_decided().await == Standing::Refused {
            return Ok(Next::Wait);
        }
        if let Some(lease) = self.context.clock.due(self.context.now()) {
            let put = move |store: &Store| store.put_local(FACT, &lease.to_be_bytes());
            self.replica.on_disk(Lane::Lease, put).await?;
            self.context.clock.extend_lease(lease);
        }
        Ok(Next::Pause(POLL_INTERVAL))
    }

    async fn wait(&mut self) {
        pending().await
    }
}

/// Raises the lease on disk a little, and gives it: a copy of the disk that was made while the node ran has an earlier one.
pub(crate) async fn seal<W: World>(context: &Context<W>, replica: &LocalReplica<W>) -> Micros {
    if matches!(context.standing.get(), Standing::Alone | Standing::Confirmed) {
        // What is on disk counts, whichever renewals were on their way: jobs on the lease are done one after the other.
        let raise = |store: &Store| {
            let lease = stored_lease(store)?.saturating_add(1);
            store.put_local(FACT, &lease.to_be_bytes()).map(|()| lease)
        };
        match replica.on_disk(Lane::Lease, raise).await {
            Ok(lease) => context.clock.extend_lease(lease),
            Err(error) => tracing::warn!(%error, "the clock's last lease cannot be raised"),
        }
    }
    context.clock.lease()
}
