//! The beginning of a round: a quorum promises and reads; a value that an earlier round left unfinished is finished first.

use super::electorate::Electorate;
use super::propose::ProposalOutcome;
use crate::block::is_sound;
use crate::candidate::Candidate;
use crate::plan_epoch::names_stale_plan;
use crate::replica_read::ReplicaRead;
use crate::tally::{Loss, Tally};
use crate::{Event, ReadReply, Replicas, Work, WriteError, WriteType};
use henge_base::{Bytes, Micros};
use henge_model::{ReadCommand, RowBlock, RowView, SpeculativeRetry};
use henge_paxos::{Ballot, History, Proposal, Request, Round, SharedRequest, Verdict};
use smallvec::SmallVec;
use std::cell::OnceCell;
use std::sync::Arc;

/// A round in which rows were read.
pub(crate) struct Begun {
    pub(crate) ballot: Ballot,
    /// The values decided before this round.
    pub(crate) before: History,
    /// The rows of each read.
    pub(crate) blocks: Vec<RowBlock>,
    /// No decision can have been missed: without a proposal, the rows are the truth.
    pub(crate) stable: bool,
    /// True if a value may be proposed.
    pub(crate) promised: bool,
    /// The time at which the latest known round after this one began.
    pub(crate) superseded: Micros,
}

/// The outcome of one attempt.
enum Attempt {
    Begun(Begun),
    /// Begin again with a ballot after this; at once, or after a while.
    Again {
        after: Micros,
        at_once: bool,
    },
}

impl<R: Replicas> Electorate<'_, R> {
    /// Begins a round after another, as often as it takes.
    pub(crate) async fn begin(
        &mut self,
        is_write: bool,
        reads: &[Arc<ReadCommand>],
        mut after: Micros,
    ) -> Result<Begun, WriteError> {
        loop {
            let attempt = self.attempt(is_write, reads, after).await;
            let is_refused = attempt.as_ref().is_err_and(is_of_stale_plan);
            if is_refused && self.renew().await? {
                self.check_time(0)?;
                continue;
            }
            match attempt? {
                Attempt::Begun(begun) if self.holds() => return Ok(begun),
                // The partition has other voters by now, or others hold its rows.
                Attempt::Begun(begun) => {
                    after = begun.ballot.micros;
                    self.renew().await?;
                }
                Attempt::Again { after: later, at_once } => {
                    after = later;
                    if !at_once {
                        self.back_off().await?;
                    }
                }
            }
            self.check_time(0)?;
        }
    }

    async fn attempt(
        &mut self,
        is_write: bool,
        reads: &[Arc<ReadCommand>],
        after: Micros,
    ) -> Result<Attempt, WriteError> {
        let ballot = self.ballot(after).await?;
        self.replicas.note(|| {
            let (purpose, level) = (if is_write { "a write" } else { "a read" }, self.consistency);
            format!("Preparing ballot {} for {purpose} at {level}: {} promises needed", ballot.micros, self.quorum())
        });
        let round = self.prepare(ballot, is_write, reads).await?;
        self.doubts.learn(&round, ballot);
        match round.verdict() {
            Verdict::Superseded(by) => return Ok(Attempt::Again { after: by, at_once: false }),
            Verdict::Finish(_) if self.replicas.faults().ignore_accepted => {}
            Verdict::Finish(unfinished) => return self.finish(ballot, unfinished).await,
            Verdict::Commit { decided, had_by, lacked_by } => {
                self.replicas.note(|| format!("Sending the last decision to {} voters that lack it", lacked_by.len()));
                let is_level = self.bring_level(&decided, &lacked_by).await;
                // A voter that is about to hold the partition is not read: a decision that it alone had is in none of the rows.
                let was_read = had_by.iter().any(|voter| self.holds_rows(voter.host));
                if !is_level || !(was_read || self.replicas.faults().trust_unread_commits) {
                    return Ok(Attempt::Again { after: ballot.micros, at_once: is_level });
                }
            }
            Verdict::Ready | Verdict::Wait => {}
        }
        let (stable, promised, superseded) = round.promise_summary();
        let before = round.history(ballot);
        let Some((blocks, is_of_round)) = self.resolve(reads, round).await else {
            return Ok(Attempt::Again { after: ballot.micros, at_once: false });
        };
        // What was read outside of the round may be older or newer than the round.
        let stable = stable && is_of_round;
        Ok(Attempt::Begun(Begun { ballot, before, blocks, stable, promised, superseded }))
    }

    /// Asks all voters for a promise; returns once a quorum permits, or one rejects.
    async fn prepare(
        &self,
        ballot: Ballot,
        is_write: bool,
        reads: &[Arc<ReadCommand>],
    ) -> Result<Round<Candidate>, WriteError> {
        let request =
            |reads| -> SharedRequest { Request::Prepare { key: self.key.clone(), ballot, is_write, reads }.into() };
        // Voters that hold no rows yet are asked for none.
        let (reading, voting) = (request(reads.iter().map(|read| read.encode()).collect()), OnceCell::new());
        let (mut tally, mut under_way) = self.ask(|voter| match self.holds_rows(voter.host) {
            true => reading.clone(),
            false => voting.get_or_init(|| request(Vec::new())).clone(),
        });
        let mut round = Round::new(self.quorum());
        while matches!(round.verdict(), Verdict::Wait) {
            if let Some(loss) = tally.loss() {
                return Err(self.not_begun(tally, loss));
            }
            match under_way.next().await.map(|(voter, reply)| (voter, self.check_reply(reply))) {
                Some((voter, Ok(reply))) => {
                    tally.count_answer(voter.group);
                    round.add(voter, reply);
                }
                Some((voter, Err(error))) => tally.count_failure(voter.group, voter.host, error),
                None => return Err(self.not_begun(tally, Loss::Silent)),
            }
        }
        Ok(round)
    }

    /// Proposes the value that another round left unfinished, and commits it.
    async fn finish(&mut self, ballot: Ballot, unfinished: Proposal) -> Result<Attempt, WriteError> {
        let again = |after, at_once| Ok(Attempt::Again { after, at_once });
        let proposal = Proposal { ballot, ..unfinished };
        match self.propose(&proposal).await {
            ProposalOutcome::Accepted => {
                self.replicas.count(Event::Finished);
                self.doubts.record_decision(&proposal);
                // To every replica, as its own proposer would have: those that are down are owed it.
                let level = self.commit(&proposal, self.consistency).await.is_ok();
                again(ballot.micros, level)
            }
            ProposalOutcome::Refused(by) => again(by.max(ballot.micros), false),
            // It may be decided or not, as before.
            ProposalOutcome::Failed(_) | ProposalOutcome::Unknown(_) => again(ballot.micros, false),
        }
    }

    /// The rows of each read, merged over the replicas that permitted, and true if they can be of one moment. `None` if one
    /// of the replicas sent nonsense.
    ///
    /// They cannot if replicas had to be asked again, or if one has something newer than the others: it may have been told of a
    /// decision by a hint, which brings rows but no state, and lack the decision before, as the others do.
    async fn resolve(&self, reads: &[Arc<ReadCommand>], round: Round<Candidate>) -> Option<(Vec<RowBlock>, bool)> {
        let answers: Vec<(Candidate, Vec<Bytes>)> =
            round.into_rows().into_iter().filter(|(voter, _)| self.holds_rows(voter.host)).collect();
        let mut blocks = Vec::with_capacity(reads.len());
        let mut is_of_round = true;
        for (number, command) in reads.iter().enumerate() {
            let mut replies: SmallVec<[(Candidate, ReadReply); 3]> = SmallVec::new();
            let mut newest: SmallVec<[Option<Micros>; 3]> = SmallVec::new();
            for (voter, rows) in &answers {
                let block = RowBlock::decode(rows.get(number)?.clone()).ok()?;
                if !is_sound(&block, command) {
                    return None;
                }
                newest.push(newest_of(&block));
                replies.push((*voter, ReadReply::Rows(block)));
            }
            let replica_read = ReplicaRead {
                replicas: self.replicas,
                command: Arc::clone(command),
                epoch: self.plan.epoch,
                required: &self.plan.required,
                consistency: self.consistency,
                began: self.replicas.mono(),
                deadline: self.deadline,
                speculation: SpeculativeRetry::default(),
                work: Work::Point,
            };
            let reconciled = replica_read.reconcile(replies).await;
            is_of_round &= !reconciled.asked_again && newest.windows(2).all(|pair| pair[0] == pair[1]);
            blocks.push(reconciled.block);
        }
        Some((blocks, is_of_round))
    }

    fn not_begun(&self, mut tally: Tally<'_>, loss: Loss) -> WriteError {
        let (consistency, received, block_for) = (self.consistency, tally.short(), self.plan.required.block_for());
        match loss {
            Loss::Silent => self.timeout(received),
            // Nothing was proposed, nor will be.
            Loss::Unsent => WriteError::Unavailable { consistency, required: block_for, alive: tally.alive() },
            Loss::Refused => {
                let failures = tally.take_failures();
                WriteError::Failure { consistency, received, block_for, failures, write_type: WriteType::Cas }
            }
        }
    }
}

/// True if voters refused a round because its epoch is not theirs.
fn is_of_stale_plan(error: &WriteError) -> bool {
    matches!(error, WriteError::Failure { failures, .. } if names_stale_plan(failures))
}

/// The newest timestamp of anything in a block.
fn newest_of(block: &RowBlock) -> Option<Micros> {
    let rows = block.rows.iter().chain(&block.context);
    rows.filter_map(|(_, row)| RowView::parse_trusted(row).ok()).map(|row| row.newest()).max()
}
