//! This node as an acceptor of Paxos: it serves the requests on a partition one after another, and answers once the state behind an answer
//! is on disk.

use crate::ground::steps::Step;
use crate::ground::world::{Lane, World};
use crate::replica::handle::ReplicaHandle;
use crate::replica::last_acceptor::LastAcceptor;
use crate::replica::pending::WritePending;
use henge_base::{Bytes, Micros, Mono};
use henge_coordinator::{ReadKind, ReadReply, Refusal, ReplicaError};
use henge_model::{Key, KeyRange, Mutation, ReadCommand, WriteId};
use henge_paxos::{Acceptor, Ballot, Permission, PrepareOutcome, Proposal, Reply, Request};
use std::sync::Arc;

/// The most reads that one prepare asks for.
const READS_MAX: usize = 10_000;

impl<W: World> ReplicaHandle<W> {
    /// Answers a proposer. To be run to its end: what it gave to the combiner is stored whether anybody waits for it or not.
    /// A ballot whose time is over is not answered; a decision is taken however late it comes.
    pub(crate) async fn answer_proposer(&self, request: &Request, deadline: Mono) -> Result<Reply, ReplicaError> {
        // A full disk refuses every request: each may store a state, as promises to reads are stored too.
        self.check_room()?;
        // A ballot from the future would refuse all others until its time has come. A decision is a decision, whatever its time.
        let asked = match request {
            Request::Prepare { ballot, .. } | Request::Propose { proposal: Proposal { ballot, .. }, .. } => {
                Some(*ballot)
            }
            Request::Commit { .. } => None,
        };
        asked.map_or(Ok(()), |ballot| self.check_stamp(ballot.micros))?;
        let deadline = if asked.is_none() { Mono(u64::MAX) } else { deadline };
        let mut last = self.acceptor_locks.lock(request.key()).await;
        self.note(Step::LockedPartition, 0);
        self.check_time(deadline)?;
        let removals = self.range_removals.count();
        let mut acceptor = match last.take(request.key(), removals) {
            Some(acceptor) => acceptor,
            None => load(self, request.key(), deadline).await?,
        };
        self.note(Step::ReadState, 0);
        // The fence is looked up after the state. Once a table's fence is raised, states with older ballots are removed: in the other order a
        // ballot could pass an old fence and then meet a partition whose state, with later promises, is gone.
        if let Some(by) = asked.and_then(|ballot| self.ballot_fence(request.key(), ballot)) {
            return Ok(self.reject(by));
        }
        let reply = match request {
            Request::Prepare { key, ballot, is_write, reads } => match acceptor.prepare(*ballot, *is_write) {
                PrepareOutcome::Rejected(by) => self.reject(by),
                PrepareOutcome::Permitted(permission) => {
                    if permission.superseded == Ballot::NONE {
                        store(self, key, &acceptor, None).await?;
                    }
                    self.note(Step::Promised, 0);
                    let rows = read(self, key, reads, deadline).await?;
                    Reply::Permitted(Permission { rows, ..permission })
                }
            },
            Request::Propose { key, proposal } => match acceptor.propose(proposal) {
                Err(by) => self.reject(by),
                Ok(()) => {
                    store(self, key, &acceptor, None).await?;
                    self.note(Step::Accepted, 0);
                    Reply::Done
                }
            },
            // Every replica has this decision in its rows. Written again it could come back over a deletion that has been purged since.
            Request::Commit { key, proposal } if self.has_settled(key, proposal.ballot) => Reply::Done,
            Request::Commit { key, proposal } => {
                acceptor.commit(proposal);
                commit(self, key, &acceptor, proposal).await?;
                self.note(Step::Committed, 0);
                Reply::Done
            }
        };
        last.keep(request.key(), acceptor, removals);
        Ok(reply)
    }

    /// The time of the table's fence, if the ballot is older: states of such rounds have been removed, so that none may begin.
    fn ballot_fence(&self, key: &[u8], ballot: Ballot) -> Option<Micros> {
        self.store.refuses_ballot(Key::storage_id(key)?, ballot.micros)
    }

    /// True if every replica is known to have what was decided in a round in its rows.
    fn has_settled(&self, key: &[u8], ballot: Ballot) -> bool {
        let partition = Key::storage_id(key).zip(Key::token(key));
        partition.is_some_and(|(table, token)| ballot.micros < self.store.settled_before(table, token))
    }

    /// Removes the state of a partition if each round that it knows of began before `settled`: every replica has what was decided by then
    /// in its rows, and refuses the ballots. True if there was one to remove.
    pub(crate) async fn forget_settled(&self, key: &Bytes, settled: Micros) -> Result<bool, ReplicaError> {
        let mut last = self.acceptor_locks.lock(key).await;
        *last = LastAcceptor::default();
        let acceptor = load(self, key, Mono(u64::MAX)).await?;
        if acceptor == Acceptor::default() || !acceptor.is_before(settled) {
            return Ok(false);
        }
        self.submit(|store, ticket| store.submit_acceptor_removal(key, ticket))?.await.map(|()| true)
    }

    fn reject(&self, by: Micros) -> Reply {
        self.note(Step::Rejected, 0);
        Reply::Rejected { by }
    }
}

impl<W: World> ReplicaHandle<W> {
    /// Merges the state of another acceptor of a partition into this node's, which is a new replica of the partition. `submit` gives the
    /// merged state to the combiner, with the rows of a decision that this node lacked.
    pub(super) async fn take_over_acceptor<E: From<ReplicaError>>(
        &self,
        key: &Bytes,
        other: &Acceptor,
        submit: impl Fn(Option<&Mutation>, &Acceptor) -> Result<WritePending, E>,
        is_fenced: impl Fn(&E) -> bool,
    ) -> Result<(), E> {
        let mut last = self.acceptor_locks.lock(key).await;
        // The state that is merged is read from the store, not from memory.
        *last = LastAcceptor::default();
        let before = load(self, key, Mono(u64::MAX)).await?;
        let mut acceptor = before.clone();
        let update = acceptor.take_over(other).and_then(|decided| decided.update);
        if acceptor == before {
            return Ok(());
        }
        let corrupt = ReplicaError::Refused(Refusal::Corrupt);
        let mutation = update.map(Mutation::decode).transpose().map_err(|_| corrupt)?;
        if mutation.iter().flat_map(|mutation| &mutation.rows).any(|(row, _)| !row.starts_with(key)) {
            return Err(corrupt.into());
        }
        let written = match submit(mutation.as_ref(), &acceptor) {
            // Deletions of its time may have been purged: all replicas have had it.
            Err(error) if is_fenced(&error) => submit(None, &acceptor)?,
            written => written?,
        };
        Ok(written.await?)
    }
}

/// Reads the state of a partition, from memory if that suffices: a thread of the disk lane costs more than the read.
async fn load<W: World>(replica: &ReplicaHandle<W>, key: &Bytes, deadline: Mono) -> Result<Acceptor, ReplicaError> {
    replica.check_time(deadline)?;
    let found = match replica.store.acceptor_in_memory(key).transpose() {
        Some(found) => found,
        None => {
            let (key, in_time) = (key.clone(), replica.time_check(deadline));
            replica.on_disk(Lane::Read, move |store| in_time().map(|()| store.acceptor(&key))).await?
        }
    };
    let corrupt = ReplicaError::Refused(Refusal::Corrupt);
    match found {
        Ok(None) => Ok(Acceptor::default()),
        Ok(Some(state)) => Acceptor::decode(&state).map_err(|_| corrupt),
        Err(error) => {
            tracing::warn!(%error, "the state of an acceptor cannot be read");
            Err(corrupt)
        }
    }
}

/// Stores the state, and what is committed with it, and waits until both are on disk.
async fn store<W: World>(
    replica: &ReplicaHandle<W>,
    key: &Bytes,
    acceptor: &Acceptor,
    commit: Option<&Mutation>,
) -> Result<(), ReplicaError> {
    replica.submit(|store, ticket| store.submit_acceptor(key, &acceptor.encode(), commit, ticket))?.await?;
    commit.into_iter().for_each(|mutation| replica.count_write(mutation));
    // Commits are synced like promises. Once a quorum has committed a value, a later round counts it as decided and overwrites it where it
    // was only accepted: were it then lost from the quorum's disks, it would be nowhere.
    let faults = replica.context.options.faults;
    let skips_sync = if commit.is_some() { faults.unsynced_commits } else { faults.unsynced_promises };
    if !skips_sync {
        replica.wait_until_synced().await?;
        replica.note(Step::Synced, 0);
    }
    Ok(())
}

/// Writes a decision to the rows. One that was left unfinished for so long that deletions of its time have been forgotten is
/// written all the same: it is decided.
async fn commit<W: World>(
    replica: &ReplicaHandle<W>,
    key: &Bytes,
    acceptor: &Acceptor,
    proposal: &Proposal,
) -> Result<(), ReplicaError> {
    let corrupt = ReplicaError::Refused(Refusal::Corrupt);
    let Some(update) = &proposal.update else { return store(replica, key, acceptor, None).await };
    let mutation = Mutation::decode(update.clone()).map_err(|_| corrupt)?;
    if !mutation.rows.iter().all(|(row, _)| row.starts_with(key)) {
        return Err(corrupt);
    }
    match store(replica, key, acceptor, Some(&mutation)).await {
        Err(ReplicaError::Refused(Refusal::Fenced)) => {
            let id = WriteId { issued: replica.context.clock.last(), ..mutation.id };
            let now = Mutation { id, ..mutation };
            store(replica, key, acceptor, Some(&now)).await
        }
        outcome => outcome,
    }
}

/// Reads rows of the partition for a prepare. The caller holds the partition's lock, so that no commit falls between state and rows.
async fn read<W: World>(
    replica: &ReplicaHandle<W>,
    key: &Bytes,
    reads: &[Bytes],
    deadline: Mono,
) -> Result<Vec<Bytes>, ReplicaError> {
    let unsupported = ReplicaError::Refused(Refusal::Other);
    if reads.len() > READS_MAX {
        return Err(unsupported);
    }
    let mut rows = Vec::with_capacity(reads.len());
    for read in reads {
        let command = ReadCommand::decode(read.clone()).map_err(|_| unsupported)?;
        let inside = match &command.keys {
            KeyRange::One(one) => one.bytes().starts_with(key),
            KeyRange::Run { start, .. } => start.starts_with(key) && command.probe.is_none(),
            KeyRange::Many(_) => false,
        };
        if !inside {
            return Err(unsupported);
        }
        match replica.read(Arc::new(command), ReadKind::Rows, deadline).await? {
            ReadReply::Rows(block) => rows.push(block.encode()),
            ReadReply::Digest(_) => return Err(ReplicaError::Unknown),
        }
    }
    Ok(rows)
}
