//! The peers that do not admit this node's process, by what they answered.

use henge_base::HostId;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use tokio::sync::Notify;

/// The peers that doubt this process: members only, for only they are asked.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    of: Mutex<BTreeSet<HostId>>,
    added: Notify,
}

impl Doubts {
    /// Adds a peer.
    pub(crate) fn add(&self, of: HostId) {
        if self.of.lock().insert(of) {
            self.added.notify_one();
        }
    }

    /// Takes all peers.
    pub(crate) fn take(&self) -> BTreeSet<HostId> {
        std::mem::take(&mut *self.of.lock())
    }

    /// Waits until a peer is added. For one task only.
    pub(crate) async fn wait_for_doubt(&self) {
        self.added.notified().await;
    }
}
