//! Following the metadata log: entries are pulled from any peer that has them, stored synced, applied, and only then spoken of.

use crate::cluster::events;
use crate::cluster::pulls::Pulls;
use crate::cluster::view::View;
use crate::ground::world::{Lane, To, World};
use crate::peers::control::{Answer, AskError, Control};
use crate::shared::Shared;
use henge_base::{Bytes, Random};
use henge_metadata::{Entry, EntryError, Epoch, LogPage};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of entries in one answer; one that is longer travels alone.
const PAGE_BYTES: usize = 1 << 20;
/// How long one peer may take over a page.
const PULL_TIMEOUT: Duration = Duration::from_secs(5);
/// Peers asked besides the one that is known to be ahead.
const OTHERS_MAX: usize = 3;

/// A peer gave no entries.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullError {
    /// It did not answer.
    #[error(transparent)]
    Call(#[from] AskError),
    /// It answered another question.
    #[error("its answer is to another question")]
    Confused,
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

/// Brings this node to `epoch`, which `peer` is known to be at, if it can: whoever needs the epoch checks. One pull is under way at
/// a time, and a peer that failed is left alone for a while.
pub(crate) async fn towards<W: World>(shared: &Arc<Shared<W>>, epoch: Epoch, peer: To) {
    if shared.epoch() < epoch {
        follow(shared, epoch, peer, &mut *shared.pulls.lock().await).await;
    }
}

/// The same for a client that waits for the epoch: the peer, which answered just now, is asked whatever became of earlier pulls.
pub(crate) async fn towards_at_once<W: World>(shared: &Arc<Shared<W>>, epoch: Epoch, peer: To) {
    let mut pulls = shared.pulls.lock().await;
    pulls.succeeded(peer);
    follow(shared, epoch, peer, &mut pulls).await;
}

/// Whether a pull from `peer` would begin now: none is under way, and the peer has not failed lately.
pub(crate) fn may_follow<W: World>(shared: &Shared<W>, peer: To) -> bool {
    shared.pulls.try_lock().is_ok_and(|pulls| pulls.may_ask(peer, shared.world.mono()))
}

/// Pulls all that a peer has.
pub(crate) async fn level_with<W: World>(shared: &Arc<Shared<W>>, peer: To) {
    let mut pulls = shared.pulls.lock().await;
    while let Some(true) = pull_noted(shared, peer, &mut pulls).await {}
}

async fn follow<W: World>(shared: &Arc<Shared<W>>, epoch: Epoch, peer: To, pulls: &mut Pulls) {
    let candidates = std::iter::once(peer).chain(others(shared, peer));
    for candidate in candidates {
        while shared.epoch() < epoch && pulls.may_ask(candidate, shared.world.mono()) {
            if pull_noted(shared, candidate, pulls).await.is_none() {
                break;
            }
        }
    }
}

/// Some of the members that are up, by chance: in a large cluster not everybody should ask the same ones.
fn others<W: World>(shared: &Shared<W>, but: To) -> Vec<To> {
    let up = shared.liveness.up();
    let mut others: Vec<To> = up.iter().map(|host| To::Host(*host)).filter(|peer| *peer != but).collect();
    Random::new(shared.world.random("catch up")).shuffle(&mut others);
    others.truncate(OTHERS_MAX);
    others
}

/// Pulls a page and keeps account of it. `None` if there was none; otherwise says whether there are more.
async fn pull_noted<W: World>(shared: &Arc<Shared<W>>, peer: To, pulls: &mut Pulls) -> Option<bool> {
    match pull(shared, peer).await {
        Ok(more) => {
            pulls.succeeded(peer);
            Some(more)
        }
        Err(error) => {
            let now = shared.world.mono();
            pulls.failed(peer, now);
            if let PullError::NothingNewer(_) = error {
                tracing::debug!(?peer, %error, "a peer is not ahead in metadata");
            } else if let Some(unlogged) = pulls.may_log(now) {
                let epoch = shared.epoch();
                tracing::error!(?peer, %epoch, %error, unlogged, "cannot catch up with the cluster's metadata from a peer");
            }
            None
        }
    }
}

/// Pulls a page of entries from one peer; says whether it has more.
async fn pull<W: World>(shared: &Arc<Shared<W>>, peer: To) -> Result<bool, PullError> {
    let before = shared.epoch();
    let answer = shared.ask(peer, &Control::Pull { after: before.index }, PULL_TIMEOUT).await?;
    let Answer::Entries { entries, more } = answer else { return Err(PullError::Confused) };
    for bytes in entries {
        append(shared, Entry::decode(&bytes)?).await?;
    }
    if shared.epoch() > before { Ok(more) } else { Err(PullError::NothingNewer(before.index)) }
}

/// Entries after an index, for a peer.
pub(crate) fn entries_after<W: World>(shared: &Shared<W>, after: u64) -> Answer {
    if shared.options.faults.withhold_entries {
        return Answer::NotReady("entries are withheld".to_owned());
    }
    let bytes_max = if shared.options.faults.catch_up_by_entries { usize::MAX } else { PAGE_BYTES };
    let LogPage { entries, more } = shared.log.lock().page(after, bytes_max);
    Answer::Entries { entries, more }
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

/// Stores an entry, synced, and makes its epoch the current one. An entry that is here already is no error.
pub(crate) async fn append<W: World>(shared: &Arc<Shared<W>>, entry: Entry) -> Result<(), AppendError> {
    let current = shared.view.load_full();
    if entry.epoch.index <= current.epoch().index && current.epoch().index > 0 {
        return Ok(());
    }
    let mut state = current.state.clone();
    state.apply(&entry).map_err(|e| AppendError::Apply(e.to_string()))?;
    let (job, index, bytes) = (Arc::clone(shared), entry.epoch.index, Bytes::from(entry.encode()));
    shared.world.disk(Lane::Background, move || job.store.append_entry(index, bytes)).await?;
    let mut log = shared.log.lock();
    if log.append(entry).is_err() {
        // Somebody else appended it while this one was being stored: the bytes are the same.
        return if shared.epoch().index >= index { Ok(()) } else { Err(AppendError::Gap) };
    }
    publish(shared, View::new(state, shared.local()));
    Ok(())
}

/// Makes a view current: tables known to storage first, then requests may see it.
pub(crate) fn publish<W: World>(shared: &Shared<W>, view: View) {
    shared.store.set_tables(view.storage_tables());
    for member in view.state.members.values().filter(|m| m.id != shared.local()) {
        shared.world.learn(member.id, member.address);
    }
    shared.liveness.watch(view.state.members.keys().copied());
    shared.metrics.epoch.set(view.epoch().index as i64);
    let before = shared.view.swap(Arc::new(view));
    shared.indexes_changed.notify_one();
    let tables = shared.view.load().storage_tables();
    if before.storage_tables().keys().any(|table| !tables.contains_key(table)) {
        shared.tables_gone.notify_one();
    }
    for event in events::between(&before.state, &shared.view.load().state) {
        // Nobody may be listening.
        let _ = shared.events.send(event);
    }
}
