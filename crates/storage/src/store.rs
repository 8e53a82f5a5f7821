//! Rows, hints and the node's own facts over an engine.

use crate::combiner::{Combiner, Rows};
use crate::fences::{Fences, OF_BALLOTS, OF_WRITES};
use crate::hints::Hints;
use crate::indexes::{self, Indexes};
use crate::missed_writes::MissedLog;
use crate::proven::ProvenTables;
use crate::read::Source;
use crate::tombstoned_tables::TombstonedTables;
use crate::watched_engine::WatchedEngine;
use crate::{
    Batch, BatchId, BatchPage, DamagedBatch, Engine, EngineError, Family, Figures, LoggedBatch, MemoryOutcome, Op,
    ReadError, Replacement, StoredTable, Stripe, Sweep, SweepStep, SyncMode, TableStatistics, Tier, WriteError,
    acceptors, batchlog, read, statistics, strays,
};
use arc_swap::ArcSwap;
use henge_base::{Bytes, Micros};
use henge_model::{Digest, Key, Mutation, Projection, ReadCommand, RowBlock, RowSink, StorageId, StorageMap};
use std::collections::BTreeMap;
use std::sync::Arc;

mod compared;
mod exported;
mod hinted;
mod indexed;
mod local_facts;
pub(crate) mod metadata_log;
mod renewal;

/// A node's store. All methods may be called from any thread.
pub struct Store {
    engine: WatchedEngine,
    combiner: Combiner,
    hints: Hints,
    missed: MissedLog,
    /// Looked up by every request, and replaced as a whole.
    tables: ArcSwap<StorageMap<StoredTable>>,
    indexes: Indexes,
    tombstoned: TombstonedTables,
    fences: Fences,
    ballot_fences: Fences,
    proven: ProvenTables,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("tables", &self.tables.load().len()).finish_non_exhaustive()
    }
}

/// The outcome of each ticket of a turn.
pub type Outcomes = Vec<(u64, Result<(), WriteError>)>;

impl Store {
    /// A store over an engine. No table is known yet: see [`Store::set_tables`].
    pub fn open(engine: Arc<dyn Engine>) -> Result<Store, EngineError> {
        let hints = Hints::open(&*engine)?;
        let (tombstoned, fences) = (TombstonedTables::open(&*engine)?, Fences::open(&*engine, OF_WRITES)?);
        let ballot_fences = Fences::open(&*engine, OF_BALLOTS)?;
        let proven = ProvenTables::open(&*engine)?;
        let (indexes, combiner, tables) = (Indexes::open(&*engine)?, Combiner::default(), ArcSwap::default());
        let (engine, missed) = (WatchedEngine::new(engine), MissedLog::default());
        Ok(Store { engine, combiner, hints, missed, tables, indexes, tombstoned, fences, ballot_fences, proven })
    }

    /// Has the first failed sync told, whatever was being synced. Nothing is written after it, so the process has to end.
    pub fn on_failure(&self, tell: impl Fn(&EngineError) + Send + Sync + 'static) {
        self.engine.on_failure(tell);
    }

    /// Sets which tables there are and where their rows lie. Others are refused.
    pub fn set_tables<T: Into<StoredTable>>(&self, tables: BTreeMap<StorageId, T>) {
        let tables = tables.into_iter().map(|(id, table)| (id, table.into())).collect();
        self.tables.store(Arc::new(tables));
        self.combiner.renew();
    }

    /// Takes tables away and sets others, leaving all that are in neither list as they are. For one caller at a time.
    pub fn change_tables(&self, gone: &[StorageId], set: impl IntoIterator<Item = (StorageId, StoredTable)>) {
        let mut tables = StorageMap::clone(&self.tables.load());
        for id in gone {
            tables.remove(*id);
        }
        for (id, table) in set {
            tables.insert(id, table);
        }
        self.tables.store(Arc::new(tables));
        self.combiner.renew();
    }

    fn family(&self, storage: StorageId) -> Option<Family> {
        self.tables.load().get(storage).map(|table| table.family)
    }

    fn source(&self, storage: StorageId) -> Result<Source<'_>, ReadError> {
        Ok(Source {
            engine: &self.engine,
            folds: &self.combiner.folds,
            stale: &self.combiner.stale,
            stripes: &self.combiner.stripes,
            family: self.family(storage).ok_or(ReadError::UnknownTable)?,
            tombstones: self.tombstoned.contains(storage),
            proven: self.proven.parts(storage),
        })
    }

    // Reads.

    /// Reads from memory through a projection into a sink, which is left as it was unless the answer is [`MemoryOutcome::Done`].
    pub fn try_read(
        &self,
        command: &ReadCommand,
        projection: &Projection,
        sink: &mut dyn RowSink,
    ) -> Result<MemoryOutcome, ReadError> {
        read::try_read(&self.source(command.storage_id)?, command, projection, sink)
    }

    /// Reads rows as replicas exchange them, at most `max_bytes` of stored rows; `None`: not in memory.
    pub fn read_block(
        &self,
        command: &ReadCommand,
        tier: Tier,
        max_bytes: usize,
    ) -> Result<Option<RowBlock>, ReadError> {
        let source = self.source(command.storage_id)?;
        if let Some(probe) = &command.probe {
            return if tier == Tier::Memory { Ok(None) } else { self.read_probed(&source, command, probe, max_bytes) };
        }
        read::read_block(&source, command, tier, max_bytes)
    }

    /// The digest of what [`Store::read_block`] would answer; `None`: not in memory.
    pub fn digest(&self, command: &ReadCommand, tier: Tier, max_bytes: usize) -> Result<Option<Digest>, ReadError> {
        read::digest(&self.source(command.storage_id)?, command, tier, max_bytes)
    }

    // Writes.

    /// Queues a mutation under a ticket. True: the caller has to take turns ([`Store::turn`]) until one says that nothing is left.
    pub fn submit(&self, mutation: &Mutation, ticket: u64) -> Result<bool, WriteError> {
        loop {
            let generation = self.combiner.generation();
            let rows = self.rows_of(mutation)?;
            match self.combiner.submit(rows, generation, ticket) {
                Err(WriteError::Changed) => {}
                queued => return queued,
            }
        }
    }

    /// A mutation's rows and where they go, if they may be written.
    fn rows_of(&self, mutation: &Mutation) -> Result<Rows, WriteError> {
        if mutation.rows.is_empty() {
            return Err(WriteError::UnknownTable);
        }
        let tables = self.tables.load();
        let (mut rows, mut any_indexed) = (Rows::new(), false);
        for (key, row) in &mutation.rows {
            let storage = Key::storage_id(key).ok_or(WriteError::UnknownTable)?;
            let StoredTable { family, indexed } = tables.get(storage).ok_or(WriteError::UnknownTable)?;
            any_indexed |= indexed.is_some();
            if self.fences.refuses(storage, mutation.id.issued) {
                return Err(WriteError::Fenced);
            }
            if self.fences.holds_back(storage, mutation.id.issued) {
                return Err(WriteError::Stalled);
            }
            match Key::kind(key) {
                Some(kind) if kind.is_tombstone() => self.tombstoned.place(storage, key, row, &mut rows)?,
                _ => rows.push((*family, key.clone(), row.clone())),
            }
        }
        // Behind the rows: by the first of these the partition is known.
        for (key, row) in mutation.rows.iter().filter(|_| any_indexed) {
            let indexed = Key::storage_id(key).and_then(|storage| tables.get(storage)?.indexed.as_ref());
            if let Some(table) = indexed.filter(|_| !Key::kind(key).is_some_and(|kind| kind.is_tombstone())) {
                indexes::place(table, key, row, &mut rows);
            }
        }
        Ok(rows)
    }

    /// Writes a batch of what is queued; says whether there is more. Tickets come back with what became of them. While another
    /// thread is in here this does nothing and says so by false: the other goes on.
    pub fn turn(&self, sync: SyncMode, done: &mut Outcomes) -> bool {
        self.combiner.turn(&self.engine, sync, done)
    }

    /// The first rule of the write path that is broken, for tests and simulations.
    pub fn check(&self) -> Result<(), &'static str> {
        self.combiner.check()
    }

    /// True if a read found a row in so many versions that it should be folded, and nobody takes turns: the caller has to then.
    pub fn claim_folds(&self) -> bool {
        self.combiner.claim_folds()
    }

    /// The numbers of writes that have entered the combiner, and that the engine has returned from, in the stripe of a key.
    pub fn versions(&self, stripe: Stripe) -> (u64, u64) {
        (self.combiner.stripes.queued_writes(stripe), self.combiner.stripes.applied_writes(stripe))
    }

    /// The version of a stripe none of whose writes is on its way, else `None`. Take it before reading what is to be replaced.
    pub fn quiet_version(&self, stripe: Stripe) -> Option<u64> {
        self.combiner.stripes.quiet(stripe)
    }

    /// Queues the replacement of a row by an equivalent one, made from what was read after `version` was taken by
    /// [`Store::quiet_version`]. It happens only if no write and no other replacement of the stripe came between; otherwise its
    /// ticket ends in [`WriteError::Changed`]. As [`Store::submit`] besides.
    pub fn replace_if_unchanged(&self, key: Bytes, row: Bytes, version: u64, ticket: u64) -> Result<bool, WriteError> {
        let storage = Key::storage_id(&key).ok_or(WriteError::UnknownTable)?;
        let family = self.family(storage).ok_or(WriteError::UnknownTable)?;
        self.combiner.submit_replacement(std::iter::once((family, key, row)).collect(), version, ticket)
    }

    // Acceptor state.

    /// The state of the acceptor of a partition, by the prefix of its keys; for a disk lane.
    pub fn acceptor(&self, prefix: &[u8]) -> Result<Option<Bytes>, EngineError> {
        acceptors::get(&self.engine, prefix, Tier::Disk).map(Option::flatten)
    }

    /// As [`Store::acceptor`], without the disk; `None`: not in memory.
    pub fn acceptor_in_memory(&self, prefix: &[u8]) -> Result<Option<Option<Bytes>>, EngineError> {
        acceptors::get(&self.engine, prefix, Tier::Memory)
    }

    /// Queues the state of the acceptor of a partition, and with it what it commits there: both are stored or neither. As
    /// [`Store::submit`] besides. The state may be spoken of only once it is synced, in periodic mode by [`Store::sync`].
    pub fn submit_acceptor(
        &self,
        prefix: &[u8],
        state: &[u8],
        commit: Option<&Mutation>,
        ticket: u64,
    ) -> Result<bool, WriteError> {
        let storage = Key::storage_id(prefix).ok_or(WriteError::UnknownTable)?;
        loop {
            let generation = self.combiner.generation();
            // A state that came behind its table's removal would stay for ever.
            self.family(storage).ok_or(WriteError::UnknownTable)?;
            let mut rows = commit.map_or(Ok(Rows::new()), |commit| self.rows_of(commit))?;
            rows.push(acceptors::row(prefix, state));
            match self.combiner.submit(rows, generation, ticket) {
                Err(WriteError::Changed) => {}
                queued => return queued,
            }
        }
    }

    /// Queues the removal of an acceptor's state, as [`Store::submit`] besides. The partition must have the table's ballot fence behind
    /// its latest ballot, and what it decided in the rows of every replica.
    pub fn submit_acceptor_removal(&self, prefix: &[u8], ticket: u64) -> Result<bool, WriteError> {
        self.combiner.submit_any(std::iter::once(acceptors::removal(prefix)).collect(), ticket)
    }

    /// Refuses from now on, over restarts too, ballots of a table from before `fence`; those who ask go by [`Store::refuses_ballot`].
    pub fn raise_ballot_fence(&self, table: StorageId, fence: Micros) -> Result<(), EngineError> {
        self.ballot_fences.raise(&self.engine, table, fence)
    }

    /// The ballot fence of a table that refuses a ballot of this time.
    pub fn refuses_ballot(&self, table: StorageId, at: Micros) -> Option<Micros> {
        self.ballot_fences.of(table).filter(|fence| at < *fence)
    }

    // The batch log.

    /// Queues a batch that is under way, as [`Store::submit`] besides. It may be spoken of only once it is synced, in periodic
    /// mode by [`Store::sync`].
    pub fn submit_batch(&self, batch: &LoggedBatch, ticket: u64) -> Result<bool, WriteError> {
        self.combiner.submit_any(std::iter::once(batchlog::row(batch)).collect(), ticket)
    }

    /// Queues the removal of batches that are settled, as [`Store::submit`] besides. After a crash one may be replayed once more,
    /// which changes nothing.
    pub fn submit_batch_removals(
        &self,
        batches: impl IntoIterator<Item = BatchId>,
        ticket: u64,
    ) -> Result<bool, WriteError> {
        self.combiner.submit_any(batches.into_iter().map(batchlog::removal).collect(), ticket)
    }

    /// Batches from before a moment, oldest first, behind the key `after`: at most `max`, and fewer if they are large, but one at
    /// least if there is any. What is damaged takes a place among them.
    pub fn batches(&self, after: Option<&Bytes>, before: Micros, max: usize) -> Result<BatchPage, EngineError> {
        batchlog::page(&self.engine, after, before, max)
    }

    /// Removes a damaged batch.
    pub fn remove_damaged_batch(&self, damaged: &DamagedBatch) -> Result<(), EngineError> {
        batchlog::remove_key(&self.engine, damaged.key.clone())
    }

    // Forgetting.

    /// Refuses from now on, over restarts too, writes to a table that were issued before `fence`. To be done before a sweep.
    pub fn raise_fence(&self, table: StorageId, fence: Micros) -> Result<(), EngineError> {
        self.fences.raise(&self.engine, table, fence)
    }

    /// True if there is any row or tombstone of a table; for a disk lane.
    pub fn holds_rows(&self, table: StorageId) -> Result<bool, ReadError> {
        Sweep::new(table, 0).has_more(&self.source(table)?)
    }

    /// Goes on with a sweep; for a disk lane.
    pub fn sweep(&self, sweep: &mut Sweep) -> Result<SweepStep, ReadError> {
        sweep.step(&self.source(sweep.table())?)
    }

    /// Removes the rows of tables that are not among those set, and all facts about such tables; says of how many tables there were
    /// rows. For a disk lane.
    pub fn remove_strays(&self) -> Result<usize, EngineError> {
        let is_known = |table| self.tables.load().contains(table);
        self.missed.forget_unknown(&self.engine, is_known)?;
        self.proven.forget_unknown(&self.engine, is_known)?;
        self.fences.forget_unknown(&self.engine, is_known)?;
        self.ballot_fences.forget_unknown(&self.engine, is_known)?;
        let removed = strays::remove(&self.engine, is_known)?;
        self.tombstoned.forget_unknown(&self.engine, is_known)?;
        Ok(removed)
    }

    /// Queues what a sweep found, as [`Store::replace_if_unchanged`].
    pub fn replace(&self, replacement: Replacement, ticket: u64) -> Result<bool, WriteError> {
        self.combiner.submit_replacement(replacement.rows.into(), replacement.version, ticket)
    }

    /// Brings everything written so far to disk.
    pub fn sync(&self) -> Result<(), EngineError> {
        self.engine.sync().map(|_| ())
    }

    /// A bound below which everything is on disk, for a record of it that outlives a log that does not.
    pub fn durable(&self) -> u64 {
        self.engine.durable()
    }

    /// The last write there is: after a start, the last that was recovered.
    pub fn sequence(&self) -> u64 {
        self.engine.sequence()
    }

    /// The last thing before a clean end: everything on disk, so that the next start has nothing to recover.
    pub fn close(&self) -> Result<(), EngineError> {
        self.engine.sync()?;
        self.engine.flush()
    }

    fn put_synced(&self, family: Family, key: &[u8], value: Bytes) -> Result<(), EngineError> {
        let ops = vec![Op::Put { family, key: Bytes::copy_from_slice(key), value }];
        self.engine.write(&Batch { ops }, SyncMode::Synced).map(|_| ())
    }

    /// The statistics of a table; for a disk lane.
    pub fn statistics(&self, table: StorageId) -> Result<TableStatistics, ReadError> {
        statistics::of(&self.source(table)?, table)
    }

    /// Bytes of a table in files, compressed; for a disk lane.
    pub fn disk_bytes(&self, table: StorageId) -> Result<u64, ReadError> {
        statistics::disk_bytes(&self.source(table)?, table)
    }

    /// Writes memory tables to files; for a disk lane.
    pub fn flush(&self) -> Result<(), EngineError> {
        self.engine.flush()
    }

    /// Figures of the engine, for metrics.
    pub fn figures(&self) -> Figures {
        self.engine.figures()
    }
}
