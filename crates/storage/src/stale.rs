//! The queue of stale index entries: entries that their rows no longer bear out. The next turn of the combiner removes them.
//!
//! A value and its entry are written together. So an entry may be removed if no write entered its partition since its row was read: there
//! is one writer, and later writes lie on top of the removal.

use crate::limits::STALE_ENTRIES_MAX;
use crate::stripes::{Stripe, Stripes};
use crate::{Family, Op};
use henge_base::Bytes;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// Keys of entries, each with the stripe of its row and the version of the stripe at which the row did not bear it out.
#[derive(Debug, Default)]
pub(crate) struct StaleEntries {
    entries: Mutex<BTreeMap<Bytes, (Stripe, u64)>>,
    /// True if an entry was added since [`StaleEntries::take_announced`]. Every request reads it, hence it is outside of the lock.
    has_new: AtomicBool,
}

impl StaleEntries {
    /// Queues an entry for removal. A full queue drops it; the next read that meets it queues it again.
    pub(crate) fn add(&self, entry: Bytes, stripe: Stripe, version: u64) {
        let mut entries = self.entries.lock();
        if entries.len() < STALE_ENTRIES_MAX {
            entries.insert(entry, (stripe, version));
            self.has_new.store(true, Ordering::Release);
        }
    }

    /// True if an entry was added since the last call.
    pub(crate) fn take_announced(&self) -> bool {
        self.has_new.load(Ordering::Relaxed) && self.has_new.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.lock().is_empty()
    }

    /// Empties the queue. Returns the removals whose partitions were not written since, and their stripes, which they have entered: the
    /// caller leaves them once the batch is written.
    pub(crate) fn take(&self, stripes: &Stripes) -> (Vec<Op>, Vec<Stripe>) {
        let entries = std::mem::take(&mut *self.entries.lock());
        let mut found: BTreeMap<usize, (Stripe, u64, Vec<Bytes>)> = BTreeMap::new();
        for (entry, (stripe, version)) in entries {
            let (_, seen, keys) = found.entry(stripe.number()).or_insert((stripe, version, Vec::new()));
            // Of one stripe only entries of the latest version count: at an earlier one a write has entered since.
            match version.cmp(seen) {
                std::cmp::Ordering::Less => continue,
                std::cmp::Ordering::Equal => {}
                std::cmp::Ordering::Greater => {
                    *seen = version;
                    keys.clear();
                }
            }
            keys.push(entry);
        }
        let (mut ops, mut entered) = (Vec::new(), Vec::new());
        for (stripe, version, keys) in found.into_values() {
            if stripes.enter_unchanged(stripe, version) {
                entered.push(stripe);
                ops.extend(keys.into_iter().map(|key| Op::Delete { family: Family::Index, key }));
            }
        }
        (ops, entered)
    }
}
