//! Following the metadata log: entries are pulled from any peer that has them, stored synced, applied, and only then spoken of.

use crate::control::{Answer, Control};
use crate::events;
use crate::shared::Shared;
use crate::view::View;
use crate::world::{Lane, To, World};
use henge_base::Bytes;
use henge_metadata::{Entry, Epoch};
use std::sync::Arc;
use std::time::Duration;

/// Entries in one answer.
const PULL_MAX: usize = 256;
/// How long one peer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Brings this node to `epoch` at least, asking `first` and then whoever is up. Gives up quietly: whoever needs the epoch checks.
pub(crate) async fn towards<W: World>(shared: &Arc<Shared<W>>, epoch: Epoch, first: Option<To>) {
    let _pulling = shared.pulling.lock().await;
    let up = shared.liveness.up();
    let members: Vec<To> =
        shared.view.load().state.members.keys().filter(|m| up.contains(m)).map(|m| To::Host(*m)).collect();
    for peer in first.into_iter().chain(members) {
        while shared.epoch() < epoch {
            if !pull(shared, peer).await {
                break;
            }
        }
        if shared.epoch() >= epoch {
            return;
        }
    }
}

/// Pulls entries from one peer; says whether there was any progress.
pub(crate) async fn pull<W: World>(shared: &Arc<Shared<W>>, peer: To) -> bool {
    let before = shared.epoch();
    let question = Control::Pull { after: before.index };
    let Ok(Answer::Entries { entries, .. }) = shared.ask(peer, &question, PATIENCE).await else { return false };
    for bytes in entries {
        let Ok(entry) = Entry::decode(&bytes) else {
            tracing::error!(?peer, "a metadata entry cannot be read; this node may be too old for its cluster");
            return false;
        };
        if append(shared, entry).await.is_err() {
            return false;
        }
    }
    shared.epoch() > before
}

/// Entries after an index, for a peer.
pub(crate) fn entries_after<W: World>(shared: &Shared<W>, after: u64) -> Answer {
    let log = shared.log.lock();
    let entries: Vec<Vec<u8>> = log.after(after).take(PULL_MAX).map(|e| e.encode()).collect();
    let more = entries.len() == PULL_MAX;
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
