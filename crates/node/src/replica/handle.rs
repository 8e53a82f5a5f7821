//! One core's way to this node's own copy.

use crate::ground::steps::{Step, Steps};
use crate::ground::world::{Lane, World};
use crate::replica::LocalReplica;
use crate::replica::pending::{ReadPending, WritePending, refusal_of_write};
use crate::replica::writer;
use henge_base::{Bytes, Mono};
use henge_coordinator::{Local, ReadKind, ReadReply, Refusal, ReplicaError};
use henge_model::{Key, MUTATION_ROWS_MAX, Mutation, Projection, ReadCommand, RowSink, SharedMutation, TombstoneCount};
use henge_storage::{Entries, KeyRemoval, MemoryOutcome, Replacement, Store, Tier, WriteError};
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::Notify;

/// A core's handle of the local replica, cheap to clone. What it writes is written by a task of this core if the combiner is free.
pub(crate) struct ReplicaHandle<W> {
    replica: Arc<LocalReplica<W>>,
    /// The number of the core in the replica's slots.
    core: usize,
    writer_wakeup: Arc<Notify>,
    /// The steps of the request at hand, if it is traced.
    steps: Option<Arc<Steps>>,
}

impl<W> Clone for ReplicaHandle<W> {
    fn clone(&self) -> Self {
        self.with_steps(self.steps.clone())
    }
}

impl<W> ReplicaHandle<W> {
    /// The same handle, which notes steps elsewhere or not at all.
    pub(crate) fn with_steps(&self, steps: Option<Arc<Steps>>) -> Self {
        let (replica, writer_wakeup) = (Arc::clone(&self.replica), Arc::clone(&self.writer_wakeup));
        ReplicaHandle { replica, core: self.core, writer_wakeup, steps }
    }
}

impl<W> Deref for ReplicaHandle<W> {
    type Target = LocalReplica<W>;

    fn deref(&self) -> &LocalReplica<W> {
        &self.replica
    }
}

impl<W: World> ReplicaHandle<W> {
    /// Starts the writer of the calling core, and the task that wakes its callers.
    pub(crate) fn start(replica: Arc<LocalReplica<W>>) -> Self {
        let writer_wakeup = Arc::new(Notify::new());
        let (core, mailbox) = replica.slots.add_core();
        let world = &replica.context.world;
        world.spawn("writer", writer::run(Arc::clone(&replica), core, Arc::clone(&writer_wakeup)));
        world.spawn("outcomes of writes", async move { mailbox.deliver().await });
        if core == 0 {
            world.spawn("overdue writes", writer::end_overdue(Arc::clone(&replica)));
        }
        ReplicaHandle { replica, core, writer_wakeup, steps: None }
    }

    /// Notes a step, if the request is traced.
    pub(crate) fn note(&self, step: Step, count: usize) {
        if let Some(steps) = &self.steps {
            steps.note(self.context.world.mono(), step, count);
        }
    }

    /// A write that is noted once it has ended, if the request is traced.
    fn note_end(&self, pending: WritePending) -> WritePending {
        if self.steps.is_none() {
            return pending;
        }
        let handle = self.clone();
        WritePending::Traced(Box::pin(async move {
            let outcome = pending.await;
            handle.note(if outcome.is_ok() { Step::Applied } else { Step::Refused }, 0);
            outcome
        }))
    }

    /// Gives a mutation to the combiner. The one way for user data to reach this node's disk.
    pub(crate) fn apply(&self, mutation: &Mutation) -> WritePending {
        self.apply_or_owe(mutation, None, None)
    }

    /// As [`ReplicaHandle::apply`], of a mutation that this copy is owed unless it is applied. It is waited for until a deadline: a write that
    /// is stalled may be made later.
    pub(crate) fn apply_owing(&self, mutation: &SharedMutation, deadline: Mono) -> WritePending {
        self.apply_or_owe(mutation.mutation(), Some(mutation), Some(deadline))
    }

    fn apply_or_owe(&self, mutation: &Mutation, owed: Option<&SharedMutation>, deadline: Option<Mono>) -> WritePending {
        let rows = mutation.rows.len();
        let checked = match rows > MUTATION_ROWS_MAX {
            true => Err(ReplicaError::Refused(Refusal::Corrupt)),
            false => self.check_room().and_then(|()| self.check_stamp(mutation.id.issued)),
        };
        if let Err(error) = checked {
            owed.into_iter().for_each(|owed| self.owe(error, owed.clone()));
            return WritePending::from_error(error);
        }
        let mutation = self.context.options.faults.alter_mutation(mutation, || self.context.world.wall_us());
        let give = |store: &Store, ticket| store.submit(&mutation, ticket);
        self.note(Step::QueuedWrite, rows);
        let queued = self.submit_or_owe(give, owed.cloned(), deadline);
        if queued.is_ok() {
            self.count_write(&mutation);
        }
        self.note_end(queued.unwrap_or_else(WritePending::from_error))
    }

    /// Counts a write of the table of a mutation.
    pub(super) fn count_write(&self, mutation: &Mutation) {
        if let Some(table) = mutation.rows.first().and_then(|(key, _)| Key::storage_id(key)) {
            self.table_counts.count_write(table);
        }
    }

    /// As [`ReplicaHandle::apply`], of a mutation that is encoded.
    pub(crate) fn apply_encoded(&self, mutation: Bytes) -> WritePending {
        match Mutation::decode(mutation) {
            Ok(mutation) => self.apply(&mutation),
            Err(_) => WritePending::from_error(ReplicaError::Refused(Refusal::Corrupt)),
        }
    }

    /// Gives the combiner the rows that are left once deletions are purged; refused if the partition was written meanwhile.
    pub(crate) fn replace(&self, replacement: Replacement) -> WritePending {
        self.submit(|store, ticket| store.replace(replacement, ticket)).unwrap_or_else(WritePending::from_error)
    }

    /// Gives the combiner entries of an index that is being built.
    pub(crate) fn write_index_entries(&self, entries: Entries) -> WritePending {
        self.submit(|store, ticket| store.submit_entries(entries, ticket)).unwrap_or_else(WritePending::from_error)
    }

    /// Removes what lies in ranges of the ring. [`Self::note_range_removal`] has to follow its end.
    pub(crate) fn remove(&self, removal: KeyRemoval) -> WritePending {
        self.submit(|store, ticket| store.submit_removal(removal, [], ticket)).unwrap_or_else(WritePending::from_error)
    }

    /// Notes that all there was in some ranges has been removed: states of acceptors that are kept in memory hold no longer.
    pub(crate) fn note_range_removal(&self) {
        self.range_removals.note();
    }

    /// Ends once everything is written that is queued now.
    pub(crate) fn drain_queue(&self) -> WritePending {
        self.submit(|store, ticket| store.submit_nothing(ticket)).unwrap_or_else(WritePending::from_error)
    }

    /// Gives something to the combiner, and takes its turns if nobody else does.
    pub(super) fn submit(
        &self,
        give: impl FnOnce(&Store, u64) -> Result<bool, WriteError>,
    ) -> Result<WritePending, ReplicaError> {
        self.submit_or_owe(give, None, None)
    }

    fn submit_or_owe(
        &self,
        give: impl FnOnce(&Store, u64) -> Result<bool, WriteError>,
        owed: Option<SharedMutation>,
        deadline: Option<Mono>,
    ) -> Result<WritePending, ReplicaError> {
        let (ticket, receiver) = self.slots.open(self.core, owed, deadline);
        match give(&self.store, ticket) {
            Ok(is_free) => {
                if is_free {
                    self.writer_wakeup.notify_one();
                }
                Ok(WritePending::Waiting(receiver))
            }
            Err(error) => {
                let error = refusal_of_write(&error);
                self.complete(self.core, std::iter::once((ticket, Err(error))));
                Err(error)
            }
        }
    }

    /// Has rows folded that reads found in many versions. That takes room until compaction has been there.
    pub(crate) fn fold(&self) {
        if self.check_room().is_ok() && self.store.claim_folds() {
            self.writer_wakeup.notify_one();
        }
    }

    /// Reads from memory into a sink, without waiting.
    pub(crate) fn try_read(&self, command: &ReadCommand, projection: &Projection, sink: &mut dyn RowSink) -> Local {
        match self.store.try_read(command, projection, sink) {
            Ok(MemoryOutcome::WouldBlock) => Local::Miss,
            Ok(_) => {
                self.table_counts.count_read(command.storage_id);
                self.fold();
                Local::Done
            }
            // An error takes the long way, where it is counted and another replica may be asked.
            Err(_) => Local::Miss,
        }
    }

    /// Reads, from memory if that suffices. The disk is not asked once the deadline has passed.
    pub(crate) fn read(&self, command: Arc<ReadCommand>, kind: ReadKind, deadline: Mono) -> ReadPending {
        if command.probe.is_some() {
            return self.read_by_index(command, kind, deadline);
        }
        match self.read_counted(&command, kind, Tier::Memory) {
            Err(error) => ReadPending::Ready(Some(Err(error))),
            Ok(Some(reply)) => {
                self.fold();
                ReadPending::Ready(Some(Ok(reply)))
            }
            Ok(None) => {
                self.note(Step::QueuedForDisk, 0);
                let job = self.disk_read(command, kind, deadline);
                let reply = self.context.world.disk(Lane::Read, job);
                ReadPending::Waiting(Box::pin(async move { reply.await?.ok_or(ReplicaError::Unknown) }))
            }
        }
    }

    /// A check of the time for a disk job, to be made when its turn comes.
    pub(super) fn time_check(&self, deadline: Mono) -> impl FnOnce() -> Result<(), ReplicaError> + Send + use<W> {
        let replica = Arc::clone(&self.replica);
        move || replica.check_time(deadline)
    }

    fn read_by_index(&self, command: Arc<ReadCommand>, kind: ReadKind, deadline: Mono) -> ReadPending {
        let handle = self.clone();
        ReadPending::Waiting(Box::pin(async move {
            handle.wait_until_built(&command).await?;
            handle.note(Step::FoundIndex, 0);
            let job = handle.disk_read(command, kind, deadline);
            let reply = handle.context.world.disk(Lane::Read, job).await;
            handle.fold();
            reply?.ok_or(ReplicaError::Unknown)
        }))
    }

    /// The job on the disk lane that reads.
    fn disk_read(
        &self,
        command: Arc<ReadCommand>,
        kind: ReadKind,
        deadline: Mono,
    ) -> impl FnOnce() -> Result<Option<ReadReply>, ReplicaError> + Send + use<W> {
        let (handle, in_time) = (self.clone(), self.time_check(deadline));
        move || {
            in_time()?;
            handle.note(Step::BeganDiskJob, 0);
            handle.read_counted(&command, kind, Tier::Disk)
        }
    }

    /// As [`Self::read_noted`], and counts a read of the table if it is answered.
    fn read_counted(
        &self,
        command: &ReadCommand,
        kind: ReadKind,
        tier: Tier,
    ) -> Result<Option<ReadReply>, ReplicaError> {
        let reply = self.read_noted(command, kind, tier)?;
        if reply.is_some() {
            self.table_counts.count_read(command.storage_id);
        }
        Ok(reply)
    }

    /// Reads this copy, and notes the rows and tombstones that it met, if the request is traced: a digest is made of the rows then.
    fn read_noted(&self, command: &ReadCommand, kind: ReadKind, tier: Tier) -> Result<Option<ReadReply>, ReplicaError> {
        if self.steps.is_none() {
            return self.read_tier(command, kind, tier);
        }
        let Some(block) = self.read_rows(command, tier)? else { return Ok(None) };
        self.note(if tier == Tier::Memory { Step::ReadMemory } else { Step::ReadDisk }, block.rows.len());
        let tombstones = TombstoneCount::of(&block, command.now_seconds).dead;
        self.note(Step::MetTombstones, usize::try_from(tombstones).unwrap_or(usize::MAX));
        self.reply_of(block, command, kind).map(Some)
    }

    /// Notes the rows and tombstones of a read that was answered from memory, if the request is traced.
    pub(crate) fn note_answered(&self, command: &ReadCommand) {
        if self.steps.is_some() {
            // It was answered already: this is to be told of it.
            let _ = self.read_noted(command, ReadKind::Rows, Tier::Memory);
        }
    }
}
