//! Rows that a read found in many versions and that the next turn of the combiner writes as one.
//!
//! The writer is alone, so that what it reads of a row is all there is of it: the one version says the same, and no
//! write can come between.

use crate::limits::{FOLD_BATCH_ROWS_MAX, FOLD_QUEUE_ROWS_MAX};
use crate::{Engine, EngineError, Family, MemoryOutcome, Op};
use henge_base::Bytes;
use henge_model::RowView;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// The keys that wait. Each is there once, however many reads ask for it.
#[derive(Debug, Default)]
pub(crate) struct Folds {
    keys: Mutex<BTreeSet<(Family, Bytes)>>,
    /// Something was put in since [`Folds::take_announced`]: read on every request, hence not under the lock.
    fresh: AtomicBool,
}

impl Folds {
    /// Wants a row folded; forgotten when too many wait already, until the next read of it.
    pub(crate) fn want(&self, family: Family, key: &[u8]) {
        let mut keys = self.keys.lock();
        if keys.len() < FOLD_QUEUE_ROWS_MAX && keys.insert((family, Bytes::copy_from_slice(key))) {
            self.fresh.store(true, Ordering::Release);
        }
    }

    /// True if a row was put in since this was asked last.
    pub(crate) fn take_announced(&self) -> bool {
        self.fresh.load(Ordering::Relaxed) && self.fresh.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.lock().is_empty()
    }

    /// The changes that fold some of the rows. What is not in memory stays as it is: a turn must not wait for the disk.
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
