//! Following the metadata log: entries are pulled from any peer that has them, stored synced, applied, and only then announced.

use crate::cluster::Cluster;
use crate::cluster::events;
use crate::cluster::pulls::Pulls;
use crate::cluster::view::View;
use crate::ground::world::{Lane, To, World};
use crate::peers::ask_error::AskError;
use crate::peers::messages::metadata::{Pull, PullReply};
use henge_base::{Bytes, Random};
use henge_coordinator::Refusal;
use henge_metadata::{Entry, EntryError, Epoch, LogPage};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of entries in one answer; one that is longer travels alone.
const PAGE_BYTES: usize = 1 << 20;
/// One peer may take so long over a page.
const PULL_TIMEOUT: Duration = Duration::from_secs(5);
/// Peers asked besides the one that is known to be ahead.
const OTHERS_MAX: usize = 3;

/// A peer gave no entries.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullError {
    /// It did not answer.
    #[error(transparent)]
    Call(#[from] AskError),
    /// It knows no more than this node.
    #[error("it has no entry after {0}")]
    NothingNewer(u64),
    /// An entry is damaged, or written by a later release.
    #[error("an entry cannot be read, perhaps because this release is older than the cluster: {0}")]
    Entry(#[from] EntryError),
    /// An entry could not be taken.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// An entry did not follow on the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    /// It is not the next one, or belongs to another lineage.
    #[error("the entry does not follow on this node's log")]
    Gap,
    /// The disk failed.
    #[error("the entry could not be stored: {0}")]
    Store(#[from] henge_storage::EngineError),
    /// The entry contradicts the state: a bug, or another cluster's log.
    #[error("the entry cannot be applied: {0}")]
    Apply(String),
}

impl<W: World> Cluster<W> {
    /// Brings this node to `epoch`, which `peer` is known to be at, if it can: whoever needs the epoch checks. One pull is under way
    /// at a time, and a peer that failed is left alone for a while.
    pub(crate) async fn catch_up(&self, epoch: Epoch, peer: To) {
        if self.epoch() < epoch {
            self.pull_until(epoch, peer, &mut *self.pulls.lock().await).await;
        }
    }

    /// As [`Cluster::catch_up`], for a client that waits for the epoch: the peer, which answered just now, is asked whatever became
    /// of earlier pulls.
    pub(crate) async fn catch_up_at_once(&self, epoch: Epoch, peer: To) {
        let mut pulls = self.pulls.lock().await;
        pulls.succeeded(peer);
        self.pull_until(epoch, peer, &mut pulls).await;
    }

    /// True if a pull from `peer` would begin now: none is under way, and the peer has not failed lately.
    pub(super) fn may_pull_from(&self, peer: To) -> bool {
        self.pulls.try_lock().is_ok_and(|pulls| pulls.may_ask(peer, self.context.world.mono()))
    }

    /// Pulls all that a peer has.
    pub(super) async fn pull_all(&self, peer: To) {
        let mut pulls = self.pulls.lock().await;
        while let Some(true) = self.try_pull(peer, &mut pulls).await {}
    }

    async fn pull_until(&self, epoch: Epoch, peer: To, pulls: &mut Pulls) {
        let candidates = std::iter::once(peer).chain(self.others(peer));
        for candidate in candidates {
            while self.epoch() < epoch && pulls.may_ask(candidate, self.context.world.mono()) {
                if self.try_pull(candidate, pulls).await.is_none() {
                    break;
                }
            }
        }
    }

    /// Some of the members that are up, by chance: in a large cluster not everybody should ask the same ones.
    fn others(&self, but: To) -> Vec<To> {
        let up = self.peers.liveness().up();
        let mut others: Vec<To> = up.iter().map(|host| To::Host(*host)).filter(|peer| *peer != but).collect();
        Random::new(self.context.world.random("catch up")).shuffle(&mut others);
        others.truncate(OTHERS_MAX);
        others
    }

    /// Pulls a page and keeps account of it. `None` if there was none; otherwise true if there are more.
    async fn try_pull(&self, peer: To, pulls: &mut Pulls) -> Option<bool> {
        match self.pull(peer).await {
            Ok(more) => {
                pulls.succeeded(peer);
                Some(more)
            }
            Err(error) => {
                let now = self.context.world.mono();
                pulls.failed(peer, now);
                if let PullError::NothingNewer(_) = error {
                    tracing::debug!(?peer, %error, "a peer is not ahead in metadata");
                } else if let Some(unlogged) = pulls.may_log(now) {
                    let epoch = self.epoch();
                    tracing::error!(?peer, %epoch, %error, unlogged, "cannot catch up with the cluster's metadata from a peer");
                }
                None
            }
        }
    }

    /// Pulls a page of entries from one peer; true if it has more.
    async fn pull(&self, peer: To) -> Result<bool, PullError> {
        let before = self.epoch();
        let PullReply { entries, more } = self.peers.ask(peer, &Pull { after: before.index }, PULL_TIMEOUT).await?;
        for bytes in entries {
            self.append(Entry::decode(&bytes)?).await?;
        }
        if self.epoch() > before { Ok(more) } else { Err(PullError::NothingNewer(before.index)) }
    }

    /// Entries after an index, for a peer.
    pub(crate) fn entries_after(&self, Pull { after }: Pull) -> Result<PullReply, Refusal> {
        let faults = self.context.options.faults;
        if faults.withhold_entries {
            return Err(Refusal::Other);
        }
        let bytes_max = if faults.catch_up_by_entries { usize::MAX } else { PAGE_BYTES };
        let LogPage { entries, more } = self.log.lock().page(after, bytes_max);
        Ok(PullReply { entries, more })
    }

    /// Stores an entry, synced, and makes its epoch the current one. An entry that is here already is no error.
    pub(super) async fn append(&self, entry: Entry) -> Result<(), AppendError> {
        let current = self.current_view();
        if entry.epoch.index <= current.epoch().index && current.epoch().index > 0 {
            return Ok(());
        }
        let mut state = current.state.clone();
        state.apply(&entry).map_err(|e| AppendError::Apply(e.to_string()))?;
        let (store, index, bytes) = (Arc::clone(&self.store), entry.epoch.index, Bytes::from(entry.encode()));
        self.context.world.disk(Lane::Background, move || store.append_entry(index, bytes)).await?;
        let mut log = self.log.lock();
        if log.append(entry).is_err() {
            // Somebody else appended it while this one was being stored: the bytes are the same.
            return if self.epoch().index >= index { Ok(()) } else { Err(AppendError::Gap) };
        }
        self.publish(View::new(state, self.context.host()));
        Ok(())
    }

    /// Makes a view current: tables known to storage first, then requests may see it.
    pub(super) fn publish(&self, view: View) {
        self.store.set_tables(view.storage_tables());
        for member in view.state.members.values().filter(|m| m.id != self.context.host()) {
            self.context.world.learn(member.id, member.address);
        }
        self.peers.liveness().watch(view.state.members.keys().copied());
        let epoch = view.epoch();
        self.context.metrics.epoch.set(epoch.index as i64);
        let before = self.view.swap(Arc::new(view));
        self.context.set_epoch(epoch);
        self.schema_changed.notify_one();
        let after = self.current_view();
        let tables = after.storage_tables();
        if before.storage_tables().keys().any(|table| !tables.contains_key(table)) {
            self.tables_dropped.notify_one();
        }
        for event in events::between(&before.state, &after.state) {
            // Nobody may be listening.
            let _ = self.events.send(event);
        }
    }
}
