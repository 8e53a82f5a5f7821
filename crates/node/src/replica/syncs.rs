//! Syncs in periodic mode, for writes that must be on disk before they are answered: callers that ask while one is under way share the next.

use henge_coordinator::ReplicaError;
use henge_storage::EngineError;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// The callers that asked for a sync, counted, and for how many of them it is done.
#[derive(Debug, Default)]
pub(super) struct Syncs {
    asked: AtomicU64,
    done: AtomicU64,
    turn: Mutex<()>,
}

impl Syncs {
    /// Waits until everything that was written before this call is on disk. `sync` brings there what is written when it is called.
    pub(super) async fn share<F>(&self, sync: impl FnOnce() -> F) -> Result<(), ReplicaError>
    where
        F: Future<Output = Result<(), EngineError>>,
    {
        let own = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        let _turn = self.turn.lock().await;
        if self.done.load(Ordering::Acquire) >= own {
            return Ok(());
        }
        let all = self.asked.load(Ordering::Acquire);
        sync().await.map_err(|_| ReplicaError::Unknown)?;
        self.done.store(all, Ordering::Release);
        Ok(())
    }
}
