//! The standing of this process: whether others have confirmed that it goes on where its host left off.

use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::Notify;

/// The standing of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Standing {
    /// Nobody has answered yet. It stamps nothing, and serves neither clients nor what peers ask of its memory.
    Unconfirmed = 0,
    /// Nobody answers. It serves its clients, and peers once one of them has confirmed it.
    Alone = 1,
    /// Confirmed by a member, or there is no other.
    Confirmed = 2,
    /// It is not its host: it ends.
    Refused = 3,
}

/// The standing, shared without a lock.
#[derive(Debug, Default)]
pub(crate) struct StandingCell {
    standing: AtomicU8,
    changed: Notify,
}

impl StandingCell {
    pub(crate) fn get(&self) -> Standing {
        match self.standing.load(Ordering::Acquire) {
            1 => Standing::Alone,
            2 => Standing::Confirmed,
            3 => Standing::Refused,
            _ => Standing::Unconfirmed,
        }
    }

    pub(crate) fn set(&self, standing: Standing) {
        self.standing.store(standing as u8, Ordering::Release);
        self.changed.notify_waiters();
    }

    /// True if peers may be answered from this node's memory.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.get() == Standing::Confirmed
    }

    /// Waits until it is decided whether this process goes on.
    pub(crate) async fn wait_until_decided(&self) -> Standing {
        loop {
            let changed = self.changed.notified();
            match self.get() {
                Standing::Unconfirmed => changed.await,
                decided => return decided,
            }
        }
    }
}
