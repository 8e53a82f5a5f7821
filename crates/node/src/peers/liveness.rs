//! Members that seem up, for requests to ask without a lock. Gossip and its detector decide; this is their answer.

use arc_swap::ArcSwap;
use henge_base::{HostId, Mono};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// The members that seem up. Peers are down until they are heard of.
#[derive(Debug, Default)]
pub(crate) struct Liveness {
    up: ArcSwap<BTreeSet<HostId>>,
    /// Since when members that were up once are down.
    down_since: Mutex<BTreeMap<HostId, Mono>>,
    /// When each member last answered a request, in microseconds of [`Mono`]; 0 for never.
    answered: ArcSwap<BTreeMap<HostId, AtomicU64>>,
    came_up: Notify,
}

impl Liveness {
    /// True if `host` seems up.
    pub(crate) fn is_up(&self, host: HostId) -> bool {
        self.up.load().contains(&host)
    }

    /// The time since a member went down; since this node's start if it was never up.
    pub(crate) fn down_for(&self, host: HostId, now: Mono) -> Duration {
        if self.is_up(host) {
            return Duration::ZERO;
        }
        now.since(self.down_since.lock().get(&host).copied().unwrap_or_default())
    }

    /// All members that seem up.
    pub(crate) fn up(&self) -> Arc<BTreeSet<HostId>> {
        self.up.load_full()
    }

    /// A request to `host` was answered: direct evidence for the detector, which looks once a second.
    pub(crate) fn record_answer(&self, host: HostId, now: Mono) {
        if let Some(last) = self.answered.load().get(&host) {
            last.fetch_max(now.0, Ordering::Relaxed);
        }
    }

    /// Members that answered since they were last asked for.
    pub(crate) fn take_answered(&self) -> Vec<(HostId, Mono)> {
        let answered = self.answered.load();
        let taken = answered.iter().map(|(host, last)| (*host, Mono(last.swap(0, Ordering::Relaxed))));
        taken.filter(|(_, last)| last.0 > 0).collect()
    }

    /// Sets whose answers count.
    pub(crate) fn watch(&self, members: impl Iterator<Item = HostId>) {
        self.answered.store(Arc::new(members.map(|m| (m, AtomicU64::new(0))).collect()));
    }

    /// Marks `host`; true if that changed anything. Only gossip calls this, so a load and a store suffice.
    pub(crate) fn set(&self, host: HostId, up: bool, now: Mono) -> bool {
        let mut next = BTreeSet::clone(&self.up.load());
        let changed = if up { next.insert(host) } else { next.remove(&host) };
        if changed {
            self.up.store(Arc::new(next));
            let mut down = self.down_since.lock();
            if up {
                down.remove(&host);
                self.came_up.notify_one();
            } else {
                down.insert(host, now);
            }
        }
        changed
    }

    /// Waits until a member comes up that was down. For one task only.
    pub(crate) async fn member_came_up(&self) {
        self.came_up.notified().await;
    }
}
