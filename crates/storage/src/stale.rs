//! Entries of indexes that their rows do not bear out any more, and that the next turn of the combiner removes.
//!
//! A value's entry is written with the value. So an entry may go if no write came to its partition since its row was read: the writer
//! is alone, and what enters from now on lies on top of the removal.

use crate::limits::STALE_ENTRIES_MAX;
use crate::stripes::{Stripe, Stripes};
use crate::{Family, Op};
use henge_base::Bytes;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// The entries that wait, each with the stripe of its row and the version at which it was found to say nothing.
#[derive(Debug, Default)]
pub(crate) struct Stale {
    entries: Mutex<BTreeMap<Bytes, (Stripe, u64)>>,
    /// Something was put in since [`Stale::take_announced`]: read on every request, hence not under the lock.
    fresh: AtomicBool,
}

impl Stale {
    /// Wants an entry removed; forgotten when too many wait already, until somebody meets it again.
    pub(crate) fn want(&self, entry: Bytes, stripe: Stripe, version: u64) {
        let mut entries = self.entries.lock();
        if entries.len() < STALE_ENTRIES_MAX {
            entries.insert(entry, (stripe, version));
            self.fresh.store(true, Ordering::Release);
        }
    }

    /// True if an entry was put in since this was asked last.
    pub(crate) fn take_announced(&self) -> bool {
        self.fresh.load(Ordering::Relaxed) && self.fresh.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.lock().is_empty()
    }

    /// The removals that still hold. Each has entered its stripe, and leaves it when the batch is written.
    pub(crate) fn take(&self, stripes: &Stripes) -> (Vec<Op>, Vec<Stripe>) {
        let entries = std::mem::take(&mut *self.entries.lock());
        let mut found: BTreeMap<usize, (Stripe, u64, Vec<Bytes>)> = BTreeMap::new();
        for (entry, (stripe, version)) in entries {
            let (_, seen, keys) = found.entry(stripe.number()).or_insert((stripe, version, Vec::new()));
            // Of one stripe those that were found at the latest version: an earlier one is over.
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
