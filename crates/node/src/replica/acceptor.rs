//! This node as an acceptor of Paxos: one request on a partition after another, and no answer before what it rests on is on disk.

use crate::coordinator::Core;
use crate::ground::world::{Lane, World};
use crate::peers::header::{Header, Status};
use crate::replica::serve::{Access, admit, refuse};
use crate::shared::Shared;
use henge_base::{Bytes, HostId};
use henge_coordinator::{ReadKind, ReadReply, Refusal, ReplicaError, Replicas};
use henge_model::{Key, KeyRange, Mutation, ReadCommand};
use henge_paxos::{Acceptor, Permission, Prepared, Proposal, Reply, Request};
use henge_storage::SyncMode;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Locks; partitions that share one wait for each other.
const STRIPES: usize = 1_024;
/// Reads of one prepare.
const READS_MAX: usize = 10_000;

/// Locks of partitions.
#[derive(Debug)]
pub(crate) struct Turns {
    stripes: Vec<Arc<Mutex<()>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Turns { stripes: (0..STRIPES).map(|_| Arc::default()).collect() }
    }
}

impl Turns {
    /// Waits for the turn of a partition.
    pub(crate) async fn take(&self, key: &[u8]) -> OwnedMutexGuard<()> {
        let stripe = Key::token(key).map_or(0, |token| token.0 as u64) as usize % STRIPES;
        Arc::clone(&self.stripes[stripe]).lock_owned().await
    }
}

/// Serves a peer.
pub(crate) async fn serve<W: World>(core: &Core<W>, from: HostId, header: &Header, body: Bytes) -> Bytes {
    let known = core.current(from, header).await;
    let shared = &core.shared;
    let Ok(request) = Request::decode(&body) else { return shared.reply(Status::Unsupported, &[]) };
    let place = Key::storage_id(request.key()).zip(Key::token(request.key()));
    let Some((storage, token)) = place else { return shared.reply(Status::Corrupt, &[]) };
    let answered = match admit(shared, storage, token, header.epoch, Access::Write) {
        Ok(()) => answer(core, request).await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(reply) => shared.reply(Status::Ok, &reply.encode()),
        Err(error) => refuse(shared, header, known, error),
    }
}

/// Answers a request. To be run to its end: what it gave to the combiner is stored whether anybody waits for it or not.
pub(crate) async fn answer<W: World>(core: &Core<W>, request: Request) -> Result<Reply, ReplicaError> {
    let shared = &core.shared;
    // Each of them stores a state, promises to readers too.
    shared.check_room()?;
    let _turn = shared.acceptors.take(request.key()).await;
    let before = load(shared, request.key()).await?;
    let mut acceptor = before.clone();
    match &request {
        Request::Prepare { key, ballot, is_write, reads } => match acceptor.prepare(*ballot, *is_write) {
            Prepared::Rejected(by) => Ok(Reply::Rejected { by }),
            Prepared::Permitted(permission) => {
                if acceptor != before {
                    store(core, key, &acceptor, None).await?;
                }
                let rows = read(core, key, reads).await?;
                Ok(Reply::Permitted(Permission { rows, ..permission }))
            }
        },
        Request::Propose { key, proposal } => match acceptor.propose(proposal) {
            Err(by) => Ok(Reply::Rejected { by }),
            Ok(()) => {
                store(core, key, &acceptor, None).await?;
                Ok(Reply::Done)
            }
        },
        Request::Commit { key, proposal } => {
            acceptor.commit(proposal);
            commit(core, key, &acceptor, proposal).await?;
            Ok(Reply::Done)
        }
    }
}

async fn load<W: World>(shared: &Arc<Shared<W>>, key: &Bytes) -> Result<Acceptor, ReplicaError> {
    let (job, key) = (Arc::clone(shared), key.clone());
    let found = shared.world.disk(Lane::Read, move || job.store.acceptor(&key)).await;
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
    core: &Core<W>,
    key: &Bytes,
    acceptor: &Acceptor,
    commit: Option<&Mutation>,
) -> Result<(), ReplicaError> {
    core.submit(|store, ticket| store.submit_acceptor(key, &acceptor.encode(), commit, ticket))?.await?;
    // Commits too: a later round that accepts nothing rests on a quorum that has them, and writes over what was accepted elsewhere.
    let is_rash = commit.is_some() && core.shared.options.faults.unsynced_commits;
    if core.shared.options.sync == SyncMode::Unsynced && !is_rash {
        core.shared.syncs.synced(&core.shared).await?;
    }
    Ok(())
}

/// Writes a decision to the rows. One that was left unfinished for so long that deletions of its time have been forgotten is
/// written all the same: it is decided.
async fn commit<W: World>(
    core: &Core<W>,
    key: &Bytes,
    acceptor: &Acceptor,
    proposal: &Proposal,
) -> Result<(), ReplicaError> {
    let corrupt = ReplicaError::Refused(Refusal::Corrupt);
    let Some(update) = &proposal.update else { return store(core, key, acceptor, None).await };
    let mutation = Mutation::decode(update.clone()).map_err(|_| corrupt)?;
    if !mutation.rows.iter().all(|(row, _)| row.starts_with(key)) {
        return Err(corrupt);
    }
    match store(core, key, acceptor, Some(&mutation)).await {
        Err(ReplicaError::Refused(Refusal::Fenced)) => {
            let now = Mutation { issued: core.shared.clock.last(), ..mutation };
            store(core, key, acceptor, Some(&now)).await
        }
        outcome => outcome,
    }
}

/// Reads of the partition, under its lock: as the state is, so are the rows.
async fn read<W: World>(core: &Core<W>, key: &Bytes, reads: &[Bytes]) -> Result<Vec<Bytes>, ReplicaError> {
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
        let deadline = core.shared.world.mono();
        match Replicas::read(core, core.local(), Arc::new(command), ReadKind::Rows, deadline).await? {
            ReadReply::Rows(block) => rows.push(block.encode()),
            ReadReply::Digest(_) => return Err(ReplicaError::Unknown),
        }
    }
    Ok(rows)
}
