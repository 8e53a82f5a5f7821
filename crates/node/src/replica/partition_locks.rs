//! Locks of partitions.

use henge_model::Key;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Locks; partitions that share one wait for each other.
const STRIPES: usize = 2_048;

/// A lock for each partition, out of a fixed number, and what each of them guards.
#[derive(Debug)]
pub(crate) struct PartitionLocks<T> {
    stripes: Vec<Arc<Mutex<T>>>,
}

impl<T: Default> Default for PartitionLocks<T> {
    fn default() -> Self {
        PartitionLocks { stripes: (0..STRIPES).map(|_| Arc::default()).collect() }
    }
}

impl<T> PartitionLocks<T> {
    /// Waits for the lock of a key's partition.
    pub(crate) async fn lock(&self, key: &[u8]) -> OwnedMutexGuard<T> {
        let stripe = Key::token(key).map_or(0, |token| token.0 as u64) as usize % STRIPES;
        Arc::clone(&self.stripes[stripe]).lock_owned().await
    }
}
