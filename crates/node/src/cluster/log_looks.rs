//! The looks of this node at the end of the metadata log, which those who wait share.

use std::sync::atomic::{AtomicU64, Ordering};

/// The looks, numbered: those who ask while one is under way share the next, for it may have had its answers already.
#[derive(Debug, Default)]
pub(super) struct LogLooks {
    /// Held by the look under way.
    pub(super) lock: tokio::sync::Mutex<()>,
    /// The number of the last look that began.
    begun: AtomicU64,
    /// The number of the last one that succeeded.
    succeeded: AtomicU64,
}

impl LogLooks {
    /// The first look that begins after now.
    pub(super) fn next(&self) -> u64 {
        self.begun.load(Ordering::Acquire) + 1
    }

    /// True if that look or a later one has succeeded.
    pub(super) fn has_succeeded(&self, look: u64) -> bool {
        self.succeeded.load(Ordering::Acquire) >= look
    }

    /// Begins a look; its number. The lock is held.
    pub(super) fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Notes that a look has succeeded. The lock is held.
    pub(super) fn succeed(&self, look: u64) {
        self.succeeded.store(look, Ordering::Release);
    }
}
