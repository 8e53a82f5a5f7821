//! One session: the questions of `henge_repair` carried to all replicas of a group, and their answers back.

use super::group::Group;
use crate::coordinator::Coordinator;
use crate::ground::world::World;
use crate::peers::message::Message;
use crate::peers::messages::repair::{
    ComparedPart, FloorNote, RepairMend, RepairProven, RepairRows, RepairTree, RowsQuestion, RowsReply, TreeQuestion,
    TreeReply,
};
use crate::replica::admission::{Access, Place};
use futures_util::future::join_all;
use henge_base::{Bytes, HostId, Micros};
use henge_coordinator::{Recipient, Refusal, ReplicaError, Replicas};
use henge_model::{Key, MUTATION_ROWS_MAX, Mutation, TokenRange, WriteId};
use henge_repair::{Answers, Findings, LeafSum, OutOfTurn, Session, Step};
use std::future::Future;
use std::time::Duration;
use tracing::Instrument;

/// A replica may take so long to answer: longer than it reads before it says that there is more to read.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of rows in one message.
const MEND_BYTES_MAX: usize = 1 << 20;
/// The pause before a replica is asked again that is still reading.
const READING_PAUSE: Duration = Duration::from_millis(10);

/// A session that ended early. It has proven nothing; what it mended stays.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error("{0} did not answer: {1}")]
    Replica(HostId, ReplicaError),
    #[error(transparent)]
    OutOfTurn(#[from] OutOfTurn),
    #[error("another replica knows of more deletions that may be forgotten; the next session leaves them out too")]
    Floors(Vec<(TokenRange, FloorNote)>),
    #[error("a conditional write is undecided, so no deletions and no acceptors are forgotten")]
    Unsettled,
}

/// The result of a session that came to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) findings: Findings,
    /// Leading bits by which replicas have their leaves, at most.
    pub(super) bits: u8,
}

/// A session under way.
pub(super) struct SessionRun<'a, W> {
    pub(super) coordinator: &'a Coordinator<W>,
    pub(super) group: &'a Group,
    pub(super) part: ComparedPart,
    /// When it began. What it writes is issued then.
    pub(super) began: Micros,
    /// Refused from its beginning on is what was issued before.
    pub(super) fence: Option<Micros>,
    /// Refused from its beginning on are ballots from before, which are settled at its end.
    pub(super) ballots: Option<Micros>,
}

impl<W: World> SessionRun<'_, W> {
    /// Goes through all steps.
    pub(super) async fn run(&self) -> Result<Outcome, SessionError> {
        let table = &self.group.table;
        let span = tracing::info_span!(
            "session",
            keyspace = table.keyspace,
            table = table.name,
            ranges = self.part.ranges.len()
        );
        self.take_steps().instrument(span).await
    }

    async fn take_steps(&self) -> Result<Outcome, SessionError> {
        let (mut session, mut step) = Session::new(self.group.replicas.len(), self.part.bits);
        let mut bits = self.part.bits;
        loop {
            let answers = match step {
                Step::Done => return Ok(Outcome { findings: session.findings(), bits }),
                Step::Roots => {
                    let roots = self.ask_all(|host| self.ask_root(host)).await?;
                    bits = roots.iter().map(|(_, bits)| *bits).fold(bits, u8::max);
                    Answers::Roots(roots.into_iter().map(|(root, _)| root).collect())
                }
                Step::Sums { parents, above, bits } => {
                    let ask = TreeQuestion::Sums { parents, above, bits };
                    Answers::Sums(self.ask_all(|host| self.ask_sums(host, ask.clone())).await?)
                }
                Step::List { first, last, from } => {
                    let ask = RowsQuestion::List { first, last, from };
                    let pages = self.ask_all(|host| self.ask_rows(host, ask.clone())).await?;
                    Answers::Lists(take_all(pages, |reply| match reply {
                        RowsReply::Page(page) => Some(page),
                        RowsReply::Rows(_) => None,
                    })?)
                }
                Step::Fetch(keys) => {
                    let mut keys = keys.into_iter();
                    let rows = self.ask_all(|host| self.fetch(host, keys.next().unwrap_or_default())).await?;
                    Answers::Rows(rows)
                }
                Step::Mend(rows) => {
                    let mut rows = rows.into_iter();
                    self.ask_all(|host| self.mend(host, rows.next().unwrap_or_default())).await?;
                    Answers::Mended
                }
            };
            step = session.answer(answers)?;
        }
    }

    /// Tells all replicas what was proven, this one first. Those that are not told are told by the next session.
    pub(super) async fn tell(&self, until: Micros, floor: Option<FloorNote>) -> Result<(), SessionError> {
        let said = RepairProven { part: self.part.clone(), until, floor, settled: self.ballots };
        let local = self.coordinator.local();
        let epoch = (self.group.epoch.lineage, self.group.epoch.index);
        let noted = self.coordinator.replica().note_proven(said.clone(), epoch).await;
        noted.map_err(|error| SessionError::Replica(local, error))?;
        let others = self.group.replicas.iter().filter(|host| **host != local);
        join_all(others.map(|host| self.call(*host, &said))).await;
        Ok(())
    }

    /// Asks all replicas at once.
    async fn ask_all<T, F>(&self, mut ask: impl FnMut(HostId) -> F) -> Result<Vec<T>, SessionError>
    where
        F: Future<Output = Result<T, SessionError>>,
    {
        join_all(self.group.replicas.iter().map(|host| ask(*host))).await.into_iter().collect()
    }

    fn is_own(&self, host: HostId) -> bool {
        host == self.coordinator.local()
    }

    /// Refuses this node's own copy as a peer would its own, once a range has moved.
    fn check_own(&self) -> Result<(), ReplicaError> {
        if self.coordinator.context().options.faults.serve_stale_plans {
            return Ok(());
        }
        let place = |tokens: &TokenRange| Place { storage: self.part.table, tokens: *tokens };
        let check = |tokens| self.coordinator.check_own_fence(self.group.epoch, Some(place(tokens)), Access::Write);
        self.part.ranges.iter().try_for_each(check)
    }

    async fn call<M: Message>(&self, host: HostId, message: &M) -> Result<M::Reply, SessionError> {
        let to = Recipient { host, epoch: self.group.epoch };
        let reply = self.coordinator.call_planned(to, message, ANSWER_TIMEOUT).await;
        reply.map_err(|error| SessionError::Replica(host, error))
    }

    async fn ask_tree(&self, host: HostId, ask: TreeQuestion) -> Result<TreeReply, SessionError> {
        let asked = RepairTree { part: self.part.clone(), ask };
        if !self.is_own(host) {
            return self.call(host, &asked).await;
        }
        let own = async {
            self.check_own()?;
            self.coordinator.replica().answer_tree(asked).await
        };
        own.await.map_err(|error| SessionError::Replica(host, error))
    }

    async fn ask_root(&self, host: HostId) -> Result<(LeafSum, u8), SessionError> {
        loop {
            let (session, floor) = (self.began, self.group.floor);
            let ask = TreeQuestion::Root { session, floor, fence: self.fence, ballots: self.ballots };
            match self.ask_tree(host, ask).await? {
                TreeReply::Root { sum, bits, .. } => return Ok((sum, bits)),
                TreeReply::Reading(_) => self.coordinator.context().pause(READING_PAUSE).await,
                TreeReply::Floors(floors) => return Err(SessionError::Floors(floors)),
                TreeReply::Unsettled => return Err(SessionError::Unsettled),
                TreeReply::Sums(_) => return Err(OutOfTurn.into()),
            }
        }
    }

    async fn ask_sums(&self, host: HostId, ask: TreeQuestion) -> Result<Vec<(u32, LeafSum)>, SessionError> {
        match self.ask_tree(host, ask).await? {
            TreeReply::Sums(sums) => Ok(sums),
            _ => Err(OutOfTurn.into()),
        }
    }

    async fn ask_rows(&self, host: HostId, ask: RowsQuestion) -> Result<RowsReply, SessionError> {
        let asked = RepairRows { part: self.part.clone(), ask };
        if !self.is_own(host) {
            return self.call(host, &asked).await;
        }
        let own = async {
            self.check_own()?;
            self.coordinator.replica().answer_rows(asked).await
        };
        own.await.map_err(|error| SessionError::Replica(host, error))
    }

    async fn fetch(&self, host: HostId, keys: Vec<Bytes>) -> Result<Vec<(Bytes, Option<Bytes>)>, SessionError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        match self.ask_rows(host, RowsQuestion::Fetch(keys)).await? {
            RowsReply::Rows(rows) => Ok(rows),
            RowsReply::Page(_) => Err(OutOfTurn.into()),
        }
    }

    async fn mend(&self, host: HostId, rows: Vec<(Bytes, Bytes)>) -> Result<(), SessionError> {
        for mutations in messages(mutations(rows, self.began)) {
            let bytes: usize = mutations.iter().map(Mutation::encoded_len).sum();
            if self.is_own(host) {
                let own = async {
                    self.check_own()?;
                    self.coordinator.replica().mend_all(&mutations).await
                };
                own.await.map_err(|error| SessionError::Replica(host, error))?;
            } else {
                self.call(host, &RepairMend { mutations: mutations.iter().map(Mutation::encode).collect() }).await?;
            }
            self.coordinator.replica().pace_repair(bytes, Duration::ZERO).await;
        }
        Ok(())
    }
}

/// True of a failure that says that the range has moved, or the table is gone.
pub(super) fn is_stale(error: &SessionError) -> bool {
    matches!(
        error,
        SessionError::Replica(_, ReplicaError::Refused(Refusal::StaleEpoch | Refusal::UnknownTable | Refusal::Behind))
    )
}

fn take_all<T, U>(replies: Vec<T>, take: impl Fn(T) -> Option<U>) -> Result<Vec<U>, SessionError> {
    replies.into_iter().map(|reply| take(reply).ok_or_else(|| OutOfTurn.into())).collect()
}

/// Rows as mutations, each of one partition.
fn mutations(rows: Vec<(Bytes, Bytes)>, issued: Micros) -> Vec<Mutation> {
    let partition = |key: &[u8]| Key::partition(key).unwrap_or(key.len());
    let mut mutations: Vec<Mutation> = Vec::new();
    for (key, row) in rows {
        match mutations.last_mut() {
            Some(last)
                if last.rows.len() < MUTATION_ROWS_MAX
                    && last.rows[0].0[..partition(&last.rows[0].0)] == key[..partition(&key)] =>
            {
                last.rows.push((key, row));
            }
            _ => mutations.push(Mutation::single(WriteId::of_repair(issued), key, row)),
        }
    }
    mutations
}

/// Mutations as messages of about [`MEND_BYTES_MAX`] at most.
fn messages(mutations: Vec<Mutation>) -> Vec<Vec<Mutation>> {
    let (mut messages, mut bytes) = (Vec::<Vec<Mutation>>::new(), usize::MAX);
    for mutation in mutations {
        let size = mutation.encoded_len();
        match messages.last_mut().filter(|_| bytes.saturating_add(size) <= MEND_BYTES_MAX) {
            Some(message) => {
                bytes += size;
                message.push(mutation);
            }
            None => {
                bytes = size;
                messages.push(vec![mutation]);
            }
        }
    }
    messages
}
