//! This node as a replica: its own copy of the data.

mod acceptor;
pub(crate) mod admission;
pub(crate) mod compare;
mod counters;
mod faults;
mod fences;
pub(crate) mod handle;
mod last_acceptor;
mod partition_locks;
pub(crate) mod pending;
pub(crate) mod range_sizes;
pub(crate) mod serve;
mod slots;
pub(crate) mod stream_journal;
mod stream_outflow;
pub(crate) mod stream_sink;
pub(crate) mod stream_source;
pub(crate) mod stream_status;
mod syncs;
pub(crate) mod table_counts;
mod trees;
mod unapplied_writes;
mod writer;

use crate::ground::context::Context;
use crate::ground::world::{Lane, World};
use henge_base::{HostId, Micros, Mono};
use henge_coordinator::{ReadKind, ReadReply, Refusal, ReplicaError};
use henge_model::{Digester, ReadCommand, RowBlock, SharedMutation, StorageId, TokenRange};
use henge_storage::{BuiltIndex, EngineError, Figures, Hint, HintSpan, Proven, ReadError, Store, SyncMode, Tier};
use last_acceptor::{LastAcceptor, RangeRemovals};
use partition_locks::PartitionLocks;
use slots::Slots;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use stream_outflow::StreamOutflow;
use stream_status::StreamStatus;
use syncs::Syncs;
use table_counts::{TableCounts, TableRequests};
use tokio::sync::Notify;
use trees::Trees;
use unapplied_writes::UnappliedWrites;

/// A read waits for so long for an index that is being built.
const INDEX_WAIT_TIMEOUT: Duration = Duration::from_secs(1);

/// This node's own copy, shared by its cores. Writes go through the handle of a core.
pub(crate) struct LocalReplica<W> {
    context: Arc<Context<W>>,
    store: Arc<Store>,
    /// Writes in the combiner, with those who wait for them.
    slots: Slots<Result<(), ReplicaError>>,
    unapplied: UnappliedWrites,
    /// One request of Paxos on a partition at a time.
    acceptor_locks: PartitionLocks<LastAcceptor>,
    range_removals: RangeRemovals,
    /// One addition to counters of a partition at a time.
    counter_locks: PartitionLocks<()>,
    syncs: Syncs,
    index_built: Notify,
    /// Pages for new replicas.
    pub(crate) stream_outflow: StreamOutflow,
    /// The progress of streaming to this node.
    pub(crate) stream_status: StreamStatus,
    /// The sums by which replicas are compared.
    trees: Trees,
    /// The requests that this copy served, by table.
    table_counts: TableCounts,
    /// A conditional write that is undecided keeps deletions or acceptors from being forgotten.
    pub(crate) undecided_found: Notify,
}

impl<W: World> LocalReplica<W> {
    /// The copy that `store` holds.
    pub(crate) fn new(context: Arc<Context<W>>, store: Arc<Store>) -> Self {
        LocalReplica {
            context,
            store,
            slots: Slots::default(),
            unapplied: UnappliedWrites::default(),
            acceptor_locks: PartitionLocks::default(),
            range_removals: RangeRemovals::default(),
            counter_locks: PartitionLocks::default(),
            syncs: Syncs::default(),
            index_built: Notify::new(),
            stream_outflow: StreamOutflow::default(),
            stream_status: StreamStatus::default(),
            trees: Trees::default(),
            table_counts: TableCounts::default(),
            undecided_found: Notify::new(),
        }
    }

    /// Runs a job on the store where it may touch the disk.
    pub(crate) fn on_disk<T, F>(&self, lane: Lane, job: F) -> impl Future<Output = T> + Send + 'static + use<T, F, W>
    where
        T: Send + 'static,
        F: FnOnce(&Store) -> T + Send + 'static,
    {
        let store = Arc::clone(&self.store);
        self.context.world.disk(lane, move || job(&store))
    }

    /// Reads this copy. `None`: not in memory, ask again with [`Tier::Disk`].
    fn read_tier(&self, command: &ReadCommand, kind: ReadKind, tier: Tier) -> Result<Option<ReadReply>, ReplicaError> {
        if kind == ReadKind::Rows {
            return Ok(self.read_rows(command, tier)?.map(ReadReply::Rows));
        }
        let digest = self.store.digest(command, tier, self.context.options.limits.answer_bytes);
        let digest = digest.map_err(|error| self.failed_read(&error))?;
        Ok(digest.map(|digest| self.alter(ReadReply::Digest(digest))))
    }

    /// Reads the rows of this copy. `None` as in [`LocalReplica::read_tier`].
    fn read_rows(&self, command: &ReadCommand, tier: Tier) -> Result<Option<RowBlock>, ReplicaError> {
        let block = self.store.read_block(command, tier, self.context.options.limits.answer_bytes);
        block.map_err(|error| self.failed_read(&error))
    }

    /// The reply of a kind that is made of rows.
    fn reply_of(&self, block: RowBlock, command: &ReadCommand, kind: ReadKind) -> Result<ReadReply, ReplicaError> {
        if kind == ReadKind::Rows {
            return Ok(ReadReply::Rows(block));
        }
        let mut digester = Digester::new(command.now_seconds, command.purge_before);
        digester.block(&block, &command.columns).map_err(|error| self.failed_read(&error.into()))?;
        Ok(self.alter(ReadReply::Digest(digester.finish())))
    }

    fn alter(&self, reply: ReadReply) -> ReadReply {
        self.context.options.faults.alter_reply(reply, || self.context.world.wall_us())
    }

    fn failed_read(&self, error: &ReadError) -> ReplicaError {
        tracing::warn!(%error, "a read failed on this replica");
        self.context.metrics.replica_read_errors.inc();
        refusal_of_read(error)
    }

    /// Waits for the index that a read asks, if it is being built.
    async fn wait_until_built(&self, command: &ReadCommand) -> Result<(), ReplicaError> {
        let Some(probe) = &command.probe else { return Ok(()) };
        let index = (command.storage_id, probe.index);
        let end = self.context.deadline_after(INDEX_WAIT_TIMEOUT);
        loop {
            let built = self.index_built.notified();
            if self.store.is_built(index) {
                return Ok(());
            }
            if self.context.world.mono() >= end {
                return Err(ReplicaError::Refused(Refusal::NoIndex));
            }
            let sleep = self.context.world.sleep_until(end);
            futures_util::future::select(std::pin::pin!(built), std::pin::pin!(sleep)).await;
        }
    }

    /// Waits until everything that was written before this call is on disk. In group mode it is already.
    async fn wait_until_synced(&self) -> Result<(), ReplicaError> {
        match self.context.options.sync {
            SyncMode::Synced => Ok(()),
            SyncMode::Unsynced => self.syncs.share(|| self.on_disk(Lane::Background, Store::sync)).await,
        }
    }

    /// Marks an index as built, and wakes the reads that wait for it.
    pub(crate) async fn finish_index(&self, index: BuiltIndex) -> Result<(), EngineError> {
        self.on_disk(Lane::Background, move |store| store.finish_index(index)).await?;
        self.index_built.notify_waiters();
        Ok(())
    }

    /// Indexes that the schema has and this copy has not built, and indexes that are left of what was dropped.
    pub(crate) fn indexes_to_change(&self) -> (Vec<BuiltIndex>, Vec<BuiltIndex>) {
        self.store.indexes_to_change()
    }

    /// Refuses what takes room on the disk while only the reserve is left. The node's own needs are never asked for: its clock's lease,
    /// fences, the metadata log, and whatever makes room.
    pub(crate) fn check_room(&self) -> Result<(), ReplicaError> {
        if self.context.is_disk_full() { Err(ReplicaError::Refused(Refusal::Full)) } else { Ok(()) }
    }

    /// Refuses a write or a ballot whose stamp is further ahead of this node's clock than clocks may differ by.
    pub(crate) fn check_stamp(&self, stamp: Micros) -> Result<(), ReplicaError> {
        self.context.check_received_stamp(stamp).map_err(|_| ReplicaError::Refused(Refusal::ClockAhead))
    }

    /// Refuses what nobody waits for any more. Asked after each wait, and by each disk job of a read when its turn comes.
    pub(crate) fn check_time(&self, deadline: Mono) -> Result<(), ReplicaError> {
        if self.context.world.mono() < deadline {
            return Ok(());
        }
        self.context.metrics.requests_late.inc();
        Err(ReplicaError::Refused(Refusal::Overloaded))
    }

    /// True while writes are refused because the disk is full.
    pub(crate) fn is_disk_full(&self) -> bool {
        self.context.is_disk_full()
    }

    /// Ends writes in the combiner, on one of its cores. Those of this node's coordinators that failed are owed to this copy.
    fn complete(&self, core: usize, done: impl Iterator<Item = (u64, Result<(), ReplicaError>)>) {
        self.slots.complete(core, done, |outcome, mutation| {
            if let Err(error) = outcome {
                self.owe(*error, mutation);
            }
        });
    }

    /// Notes a write of this node's coordinators that this copy lacks because of an error.
    pub(crate) fn owe(&self, error: ReplicaError, mutation: SharedMutation) {
        if !self.context.options.faults.forget_own && !self.unapplied.add(mutation, error) {
            self.context.metrics.hints_dropped.inc();
        }
    }

    /// Takes the writes of this node's coordinators that this copy lacks.
    pub(crate) fn take_unapplied(&self) -> Vec<SharedMutation> {
        self.unapplied.take()
    }

    /// Waits until this copy lacks a write. For one task only.
    pub(crate) async fn write_unapplied(&self) {
        self.unapplied.wait_for_one().await;
    }

    /// A range that does not wrap, cut so that the same was proven of all tokens in a piece.
    pub(crate) fn proven_pieces(&self, table: StorageId, range: TokenRange) -> Vec<(TokenRange, Proven)> {
        self.store.proven_pieces(table, range)
    }

    /// Of the parts of a table that were compared: when the newest deletion was that is left out and still stored, and the oldest that
    /// is not.
    pub(crate) fn deletion_times(&self, table: StorageId) -> Option<(i64, i64)> {
        self.trees.deletion_times(table)
    }

    /// Forgets the trees of tables that are not `known`.
    pub(crate) fn retain_trees(&self, known: impl Fn(StorageId) -> bool) {
        self.trees.retain(&self.store, known);
    }

    /// Figures of the storage engine.
    pub(crate) fn figures(&self) -> Figures {
        self.store.figures()
    }

    /// Indexes that are built.
    pub(crate) fn built_indexes(&self) -> BTreeSet<BuiltIndex> {
        self.store.built_indexes()
    }

    /// Bytes that a table takes on disk.
    pub(crate) fn disk_bytes(&self, table: StorageId) -> Result<u64, ReadError> {
        self.store.disk_bytes(table)
    }

    /// Reads and writes of a table that this copy served.
    pub(crate) fn table_requests(&self, table: StorageId) -> TableRequests {
        self.table_counts.of(table)
    }

    /// Forgets the counts of tables that are not `known`.
    pub(crate) fn retain_counts(&self, known: impl Fn(StorageId) -> bool) {
        self.table_counts.retain(known);
    }

    /// Bytes of the hints stored for a peer.
    pub(crate) fn hint_bytes(&self, peer: HostId) -> u64 {
        self.store.hint_bytes(peer)
    }

    /// Number of the hints stored for a peer.
    pub(crate) fn hint_count(&self, peer: HostId) -> u64 {
        self.store.hint_count(peer)
    }

    /// Bytes of the hints stored for all peers.
    pub(crate) fn hint_total(&self) -> u64 {
        self.store.hint_total()
    }

    /// A time before which no hint stored for a peer was created.
    pub(crate) fn oldest_hint(&self, peer: HostId) -> Option<Micros> {
        self.store.oldest_hint(peer)
    }

    /// Peers that are owed hints.
    pub(crate) fn hinted_peers(&self) -> Vec<HostId> {
        self.store.hinted_peers()
    }

    /// Removes all hints stored for a peer, telling `gone` of each. Reads and writes the disk.
    pub(crate) fn truncate_hints(&self, peer: HostId, gone: impl FnMut(&Hint)) -> Result<u64, EngineError> {
        self.store.truncate_hints(peer, gone)
    }

    /// Peers that are owed hints, each with the times of the oldest and the newest. May touch the disk.
    pub(crate) fn pending_hints(&self) -> Vec<(HostId, Result<HintSpan, EngineError>)> {
        self.store.hints_pending()
    }
}

fn refusal_of_read(error: &ReadError) -> ReplicaError {
    ReplicaError::Refused(match error {
        ReadError::UnknownTable => Refusal::UnknownTable,
        ReadError::Row(_) => Refusal::Corrupt,
        ReadError::NoIndex => Refusal::NoIndex,
        _ => Refusal::Other,
    })
}
