//! Syncs in periodic mode, for what must be on disk before it is spoken of: whoever asks while one is under way shares the next.

use crate::ground::world::{Lane, World};
use crate::shared::Shared;
use henge_coordinator::ReplicaError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// Who asked, and for how many of them it is done.
#[derive(Debug, Default)]
pub(crate) struct Syncs {
    asked: AtomicU64,
    done: AtomicU64,
    turn: Mutex<()>,
}

impl Syncs {
    /// Waits until everything that was written before this call is on disk.
    pub(crate) async fn synced<W: World>(&self, shared: &Arc<Shared<W>>) -> Result<(), ReplicaError> {
        let own = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        let _turn = self.turn.lock().await;
        if self.done.load(Ordering::Acquire) >= own {
            return Ok(());
        }
        let all = self.asked.load(Ordering::Acquire);
        let job = Arc::clone(shared);
        let synced = shared.world.disk(Lane::Background, move || job.store.sync()).await;
        synced.map_err(|_| ReplicaError::Unknown)?;
        self.done.store(all, Ordering::Release);
        Ok(())
    }
}
