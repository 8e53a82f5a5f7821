//! Stamps of the node's clock, which may have to be waited for.

use crate::Replicas;
use henge_base::{Micros, Mono};
use std::time::Duration;

/// The time between two checks for a renewed lease of the clock.
const LEASE_WAIT: Duration = Duration::from_millis(2);

/// The next stamp of this node's clock, above `after`. Waits for a lease that is late; `None` if time is up before.
pub(crate) async fn stamp<R: Replicas>(replicas: &R, after: Micros, deadline: Mono) -> Option<Micros> {
    wait_for(replicas, || replicas.stamp(after), deadline).await
}

/// The time at which a read repair is issued; as [`stamp`].
pub(crate) async fn repair_stamp<R: Replicas>(replicas: &R, deadline: Mono) -> Option<Micros> {
    wait_for(replicas, || replicas.repair_stamp(), deadline).await
}

async fn wait_for<R: Replicas>(
    replicas: &R,
    take: impl Fn() -> Option<Micros> + Send,
    deadline: Mono,
) -> Option<Micros> {
    loop {
        if let Some(stamp) = take() {
            return Some(stamp);
        }
        if replicas.mono() >= deadline {
            return None;
        }
        replicas.pause(LEASE_WAIT).await;
    }
}
