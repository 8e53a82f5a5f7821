//! The queue of rows to fold: rows that a read found in many versions. The next turn of the combiner writes each as one version.
//!
//! There is one writer, so no write comes between its read of a row and the folded version, which therefore says the same.

use crate::limits::{FOLD_BATCH_ROWS_MAX, FOLD_QUEUE_ROWS_MAX};
use crate::{Engine, EngineError, Family, MemoryOutcome, Op};
use henge_base::Bytes;
use henge_model::RowView;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// Keys of rows; each is queued once, however many reads ask for it.
#[derive(Debug, Default)]
pub(crate) struct Folds {
    keys: Mutex<BTreeSet<(Family, Bytes)>>,
    /// True if a row was added since [`Folds::take_announced`]. Every request reads it, hence it is outside of the lock.
    has_new: AtomicBool,
}

impl Folds {
    /// Queues a row. A full queue drops it; the next read of the row queues it again.
    pub(crate) fn add(&self, family: Family, key: &[u8]) {
        let mut keys = self.keys.lock();
        if keys.len() < FOLD_QUEUE_ROWS_MAX && keys.insert((family, Bytes::copy_from_slice(key))) {
            self.has_new.store(true, Ordering::Release);
        }
    }

    /// True if a row was added since the last call.
    pub(crate) fn take_announced(&self) -> bool {
        self.has_new.load(Ordering::Relaxed) && self.has_new.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.lock().is_empty()
    }

    /// Takes up to [`FOLD_BATCH_ROWS_MAX`] rows from the queue and returns the operations that fold them. A row that is not in memory stays
    /// as it is: a turn must not wait for the disk.
    pub(crate) fn take(&self, engine: &dyn Engine) -> Result<Vec<Op>, EngineError> {
        let mut keys = self.keys.lock();
        let taken: Vec<_> = (0..FOLD_BATCH_ROWS_MAX).map_while(|_| keys.pop_first()).collect();
        drop(keys);
        let mut ops = Vec::with_capacity(taken.len());
        for (family, key) in taken {
            let mut value = None;
            let tried = engine.try_get(family, &key, &mut |found| value = found.map(Bytes::copy_from_slice))?;
            // A row that cannot be read is left for repair, in as many versions as it has.
            let whole = value.filter(|value| RowView::parse(&key, value).is_ok());
            if let (MemoryOutcome::Piled, Some(value)) = (tried, whole) {
                ops.push(Op::Put { family, key, value });
            }
        }
        Ok(ops)
    }
}
