//! Following the metadata log: entries are pulled from any peer that has them, or a snapshot from one that has forgotten them.

use crate::cluster::Cluster;
use crate::cluster::append::AppendError;
use crate::cluster::pulls::Pulls;
use crate::ground::world::{To, World};
use crate::peers::ask_error::AskError;
use crate::peers::messages::metadata::{Pull, PullReply};
use henge_base::{Bytes, HostId, Random};
use henge_coordinator::Refusal;
use henge_metadata::{EntryError, Epoch, LogPage, Position, SealedEntry, Snapshot};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of the longest snapshot taken: 256 MiB.
const SNAPSHOT_BYTES_MAX: u64 = 256 << 20;
/// The time that a peer has to answer with a page.
const PULL_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest time that a request waits for this node to catch up.
const REQUEST_WAIT_MAX: Duration = Duration::from_millis(500);
/// Between two looks whether it has.
const EPOCH_POLL_INTERVAL: Duration = Duration::from_millis(2);
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
    NothingNewer(Epoch),
    /// Its snapshot is too long, or it took another one meanwhile.
    #[error("it did not give a whole snapshot")]
    Snapshot,
    /// An entry is damaged, or written by a later release.
    #[error("an entry cannot be read, perhaps because this release is older than the cluster: {0}")]
    Entry(#[from] EntryError),
    /// An entry could not be taken.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl<W: World> Cluster<W> {
    /// Brings this node to `epoch`, which `peer` is known to be at, if it can: whoever needs the epoch checks. One pull is under way
    /// at a time, and a peer that failed is left alone for a while.
    pub(crate) async fn catch_up(&self, epoch: Epoch, peer: To) {
        if self.epoch() < epoch {
            let mut pulls = self.pulls.lock().await;
            Box::pin(self.pull_until(epoch, peer, &mut pulls)).await;
        }
    }

    /// Begins to catch up with the sender of a request, and waits a little for it: a pull from a peer that is silent takes long, and what
    /// this node knows already it can serve meanwhile.
    pub(crate) async fn catch_up_for_request(self: &Arc<Self>, epoch: Epoch, peer: To) {
        if self.epoch() >= epoch {
            return;
        }
        self.begin_catch_up(epoch, peer);
        let end = self.context.deadline_after(REQUEST_WAIT_MAX);
        while self.epoch() < epoch && self.context.world.mono() < end {
            self.context.pause(EPOCH_POLL_INTERVAL).await;
        }
    }

    /// Begins to catch up with a peer that is known to be ahead, unless a pull is under way, or one from it failed lately.
    pub(crate) fn begin_catch_up(self: &Arc<Self>, epoch: Epoch, peer: To) {
        if self.epoch() < epoch && self.may_pull_from(peer) {
            let cluster = Arc::clone(self);
            self.context.world.spawn("catch up", async move { cluster.catch_up(epoch, peer).await });
        }
    }

    /// As [`Cluster::catch_up`], for a client that waits for the epoch: the peer, which answered just now, is asked whatever became
    /// of earlier pulls.
    pub(crate) async fn catch_up_at_once(&self, epoch: Epoch, peer: To) {
        let mut pulls = self.pulls.lock().await;
        pulls.record_success(peer);
        Box::pin(self.pull_until(epoch, peer, &mut pulls)).await;
    }

    /// Admits a caller that is a member. A node that is behind the caller asks members that it knows, for a stranger's log may be made up;
    /// one that has no log yet knows nobody, and takes everybody for a member.
    pub(crate) async fn admit_member(&self, caller: HostId, epoch: Epoch) -> Result<(), Refusal> {
        if self.has_member(caller) || self.epoch().index == 0 {
            return Ok(());
        }
        if self.view().state.removed.contains(&caller) {
            return Err(Refusal::Stranger);
        }
        if self.epoch() < epoch
            && let Some(known) = self.others(To::Host(caller)).first().copied()
        {
            self.catch_up(epoch, known).await;
        }
        match (self.has_member(caller), self.epoch() < epoch) {
            (true, _) => Ok(()),
            (false, true) => Err(Refusal::Behind),
            (false, false) => Err(Refusal::Stranger),
        }
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
    pub(super) fn others(&self, but: To) -> Vec<To> {
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
                pulls.record_success(peer);
                Some(more)
            }
            Err(error) => {
                let now = self.context.world.mono();
                pulls.record_failure(peer, now);
                if let PullError::NothingNewer(_) = error {
                    tracing::debug!(?peer, %error, "a peer is not ahead in metadata");
                    return None;
                }
                if let PullError::Append(AppendError::Fork { here, there }) = error {
                    self.end_if_forked(here, there).await;
                }
                if let Some(unlogged) = pulls.may_log(now) {
                    let epoch = self.epoch();
                    tracing::error!(?peer, %epoch, %error, unlogged, "cannot catch up with the cluster's metadata from a peer");
                }
                None
            }
        }
    }

    /// Pulls a page of entries, or a snapshot, from one peer; true if it has more.
    async fn pull(&self, peer: To) -> Result<bool, PullError> {
        let after = self.view().state.position();
        let more = match self.peers.ask(peer, &Pull { after, snapshot: None }, PULL_TIMEOUT).await? {
            PullReply::Entries { entries, more } => {
                for bytes in entries {
                    self.append(&SealedEntry::decode(bytes, self.context.versions.speaks())?).await?;
                }
                more
            }
            PullReply::Snapshot { position, total, offset: 0, piece } => {
                let bytes = self.pull_snapshot(peer, (position, total), piece).await?;
                self.install(Snapshot { position, bytes }).await?;
                true
            }
            PullReply::Snapshot { .. } => return Err(PullError::Snapshot),
            PullReply::Fork(there) => return Err(AppendError::Fork { here: after, there }.into()),
        };
        if self.epoch() > after.epoch { Ok(more) } else { Err(PullError::NothingNewer(after.epoch)) }
    }

    /// Pulls the pieces of a snapshot after the first one.
    async fn pull_snapshot(&self, peer: To, whole: (Position, u64), first: Bytes) -> Result<Bytes, PullError> {
        let (position, total) = whole;
        if total > SNAPSHOT_BYTES_MAX {
            return Err(PullError::Snapshot);
        }
        let mut bytes = first.to_vec();
        let after = self.view().state.position();
        while (bytes.len() as u64) < total {
            let have = bytes.len() as u64;
            let question = Pull { after, snapshot: Some((position, have)) };
            match self.peers.ask(peer, &question, PULL_TIMEOUT).await? {
                PullReply::Snapshot { position: of, total: is, offset, piece }
                    if (of, is, offset) == (position, total, have) && !piece.is_empty() =>
                {
                    bytes.extend_from_slice(&piece);
                }
                _ => return Err(PullError::Snapshot),
            }
        }
        if bytes.len() as u64 == total { Ok(bytes.into()) } else { Err(PullError::Snapshot) }
    }

    /// The part of the log that follows on the end of a peer's.
    pub(crate) fn entries_after(&self, Pull { after, snapshot }: Pull) -> Result<PullReply, Refusal> {
        let faults = self.context.options.faults;
        if faults.withhold_entries {
            return Err(Refusal::Other);
        }
        let page_bytes = self.context.options.limits.log_page_bytes;
        let log = self.log.lock();
        if let Some((position, offset)) = snapshot {
            let current = log.snapshot().filter(|snapshot| snapshot.position == position);
            return current.map(|snapshot| piece(snapshot, offset, page_bytes)).ok_or(Refusal::Other);
        }
        let bytes_max = if faults.catch_up_by_entries { usize::MAX } else { page_bytes };
        Ok(match log.page(after, bytes_max) {
            LogPage::Entries { entries, more } => PullReply::Entries { entries, more },
            LogPage::Snapshot(snapshot) => piece(&snapshot, 0, page_bytes),
            LogPage::Fork(position) => PullReply::Fork(position),
        })
    }
}

/// A piece of a snapshot.
fn piece(snapshot: &Snapshot, offset: u64, bytes_max: usize) -> PullReply {
    let total = snapshot.bytes.len();
    let start = usize::try_from(offset).map_or(total, |offset| offset.min(total));
    let piece = snapshot.bytes.slice(start..total.min(start + bytes_max));
    PullReply::Snapshot { position: snapshot.position, total: total as u64, offset: start as u64, piece }
}
