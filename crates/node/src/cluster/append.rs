//! The end of this node's log: entries and snapshots are stored, synced, applied, and only then spoken of.

use crate::cluster::Cluster;
use crate::cluster::events;
use crate::ground::versions::put_version;
use crate::ground::world::{Lane, World};
use henge_coordinator::ReplicaError;
use henge_metadata::{ApplyError, ClusterState, Log, Position, SealedEntry, Snapshot, SnapshotError, UnspokenVersion};
use std::sync::Arc;

/// An entry or a snapshot was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendError {
    /// The log has another entry in its place, or before it.
    #[error("this node's log has another entry in its place: {here} here, {there} there")]
    Fork {
        /// The entry of this node.
        here: Position,
        /// The other one.
        there: Position,
    },
    /// It does not follow on the log, or contradicts the state: a bug, or another cluster's log.
    #[error("the entry cannot be applied: {0}")]
    Apply(ApplyError),
    /// The snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The cluster goes on to formats that this release does not speak: the process ends.
    #[error(transparent)]
    Version(#[from] UnspokenVersion),
    /// No room could be made for ranges that this node gains by it: rows of an earlier time lie there.
    #[error("no room could be made for ranges that this node gains: {0}")]
    Room(ReplicaError),
    /// The disk failed.
    #[error("the entry could not be stored: {0}")]
    Store(#[from] henge_storage::EngineError),
}

impl<W: World> Cluster<W> {
    /// Stores an entry, synced, and makes its epoch the current one. An entry that is here already is no error.
    pub(super) async fn append(&self, entry: &SealedEntry) -> Result<(), AppendError> {
        let _turn = self.append_lock.lock().await;
        let mut state = self.current_view().state.clone();
        let (here, there) = (state.position(), entry.position());
        if there.epoch.index <= here.epoch.index {
            return self.compare(there);
        }
        state.apply(entry).map_err(|error| match error {
            ApplyError::Fork { .. } => AppendError::Fork { here, there },
            error => AppendError::Apply(error),
        })?;
        self.take_version(state.active_version).await?;
        let (store, bytes) = (Arc::clone(&self.store), entry.bytes().clone());
        self.context.world.disk(Lane::Metadata, move || store.append_entry(there.epoch.index, bytes)).await?;
        self.make_room(&state).await?;
        let appended = self.log.lock().append(entry);
        debug_assert_eq!(appended, Ok(()), "the state is that of the log's end");
        self.publish(state);
        self.shorten().await?;
        Ok(())
    }

    /// An entry in place of one that the log has: it must be the same one.
    fn compare(&self, there: Position) -> Result<(), AppendError> {
        match self.log.lock().position_at(there.epoch.index) {
            Some(here) if here != there => Err(AppendError::Fork { here, there }),
            // One that the log has no more was compared by those that came after it.
            _ => Ok(()),
        }
    }

    /// Puts a snapshot in place of older entries, if there are many of them. Called while nothing else is appended.
    async fn shorten(&self) -> Result<(), AppendError> {
        let log = {
            let log = self.log.lock();
            if !log.is_long() || self.context.options.faults.catch_up_by_entries {
                return Ok(());
            }
            log.with_snapshot(&self.view().state)
        };
        if let Some(snapshot) = log.snapshot() {
            self.store_snapshot(snapshot).await?;
        }
        *self.log.lock() = log;
        Ok(())
    }

    /// Takes a peer's snapshot in place of the log, if it is newer.
    pub(super) async fn install(&self, snapshot: Snapshot) -> Result<(), AppendError> {
        let _turn = self.append_lock.lock().await;
        let state = snapshot.state(self.context.versions.speaks())?;
        let here = self.view().state.position();
        if snapshot.position.epoch <= here.epoch {
            return Ok(());
        }
        if !state.goes_on_from(here.epoch) {
            return Err(AppendError::Fork { here, there: snapshot.position });
        }
        self.take_version(state.active_version).await?;
        self.store_snapshot(&snapshot).await?;
        self.make_room(&state).await?;
        *self.log.lock() = Log::behind(snapshot);
        self.publish(state);
        Ok(())
    }

    /// Has the disk tell that the cluster writes a version, before anything of it is there. A process whose release does not speak it ends.
    async fn take_version(&self, version: u32) -> Result<(), AppendError> {
        if version == self.view().state.active_version {
            return Ok(());
        }
        if let Err(unspoken) = self.context.versions.speaks().check(version) {
            self.context.world.fatal(&unspoken.to_string());
            return Err(unspoken.into());
        }
        let store = Arc::clone(&self.store);
        Ok(self.context.world.disk(Lane::Metadata, move || put_version(&store, version)).await?)
    }

    async fn store_snapshot(&self, snapshot: &Snapshot) -> Result<(), AppendError> {
        let (store, bytes) = (Arc::clone(&self.store), snapshot.bytes.clone());
        let first_index = snapshot.position.epoch.index + 1;
        Ok(self.context.world.disk(Lane::Metadata, move || store.put_log_snapshot(bytes, first_index)).await?)
    }

    /// Makes a state current: tables known to storage first, then requests may see it. For one caller at a time.
    pub(super) fn publish(&self, state: ClusterState) {
        let before = self.current_view();
        let (view, tables) = before.followed_by(state);
        self.store.change_tables(&tables.gone, tables.stored_tables());
        if !Arc::ptr_eq(&before.state.members, &view.state.members) {
            self.know_members(&view.state);
        }
        let (epoch, after) = (view.epoch(), Arc::new(view));
        self.context.metrics.epoch.set(epoch.index as i64);
        {
            let _gate = self.publish_gate.write();
            self.view.store(Arc::clone(&after));
        }
        self.context.versions.set_active(after.state.active_version);
        self.context.set_epoch(epoch);
        self.schema_changed.notify_one();
        if before.state.plan != after.state.plan {
            self.plan_changed.notify_one();
        }
        for removed in before.state.members.keys().filter(|member| !after.state.members.contains_key(member)) {
            tracing::info!(peer = %removed, "a member has left the cluster");
            self.context.world.forget(*removed);
        }
        let new = after.state.members.values().filter(|member| !before.state.members.contains_key(&member.id));
        // What the log held when this process started is no news.
        for member in new.filter(|member| before.epoch().index > 0 && member.id != self.context.host()) {
            tracing::info!(peer = %member.id, address = %member.address, "a node has become a member");
        }
        if !tables.gone.is_empty() {
            self.tables_dropped.notify_one();
        }
        if after.state.removed.contains(&self.context.host()) {
            self.departure.end();
        }
        for event in events::between(&before.state, &after.state) {
            // Nobody may be listening.
            let _ = self.events.send(event);
        }
    }

    /// Has the members' addresses known to the transport, and their liveness watched.
    fn know_members(&self, state: &ClusterState) {
        let others = || state.members.values().filter(|member| member.id != self.context.host());
        let book = self.peers.addresses();
        book.set_logged(others().map(|member| (member.id, member.address)).collect());
        for member in others() {
            self.context.world.learn(member.id, book.address(member.id).unwrap_or(member.address));
        }
        self.peers.watch(state.members.keys().copied());
        self.peers.sightings().set_members(state.members.keys().copied().filter(|id| *id != self.context.host()));
        self.gossip_of(state.member_numbers().collect());
        self.recalls.note_members();
    }
}
