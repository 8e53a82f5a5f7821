//! Having the voters agree on the next entry: rounds of Paxos, until the log has moved on.

use crate::cluster::Cluster;
use crate::ground::clock::StampError;
use crate::ground::world::{To, World};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use henge_base::{Bytes, DriftError, HostId, MAX_DRIFT_US, Micros, Mono, Random};
use henge_metadata::{Answer, Ballots, ClusterState, Position, Question, SealedEntry};
use henge_paxos::{Ballot, History, Proposal, Reply, Round, Scope, Verdict};
use std::time::Duration;

/// Voters may take so long over one question; without a quorum by then the round begins again.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest pause after the first round that lost; doubled with each further one.
const PAUSE_MIN: Duration = Duration::from_millis(10);
/// The longest pause after any round.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// Between two looks for a stamp that the clock's lease does not cover yet.
const STAMP_WAIT: Duration = Duration::from_millis(2);

/// The next entry was not agreed on in time.
#[derive(Debug, thiserror::Error)]
pub(super) enum AgreementError {
    /// Nothing was proposed, so nothing changed.
    #[error("{0}")]
    NotProposed(String),
    /// The entry was proposed, and may be agreed on yet.
    #[error("{0}")]
    Unknown(String),
}

/// A round's end.
enum Outcome {
    /// The log has moved on: by the entry that was decided, or by others.
    Moved,
    /// Nothing follows on the position, and nothing was to be proposed.
    End,
    /// Another ballot was first; the time of it.
    Beaten(Micros),
    /// Too few voters answered: how many did.
    Silent(usize),
}

/// The answers of voters to one question.
enum Answers<T> {
    /// A quorum said yes.
    Quorum(T),
    /// The log has moved on, or another ballot was first, or too few answered.
    Not(Outcome),
}

impl<W: World> Cluster<W> {
    /// Has the voters decide the entry after `state`: this one, or another's that may have been decided already. True once the log has
    /// moved on; false if no entry was given and nothing follows on the state.
    pub(super) async fn decide(
        &self,
        state: &ClusterState,
        entry: Option<&SealedEntry>,
        deadline: Mono,
    ) -> Result<bool, AgreementError> {
        if state.voters == [self.context.host()] || state.voters.is_empty() {
            // Nobody else is asked, and nobody else proposes.
            return match entry {
                Some(entry) => {
                    self.append(entry).await.map(|()| true).map_err(|e| AgreementError::Unknown(e.to_string()))
                }
                None => Ok(false),
            };
        }
        let mut random = Random::new(self.context.world.random("ballots"));
        let (mut beaten_by, mut pause, mut proposed) = (0, PAUSE_MIN, false);
        loop {
            if self.view().state.position() != state.position() {
                return Ok(true);
            }
            let quorum = self.quorum(state);
            let ballot = match self.ballot(beaten_by, deadline).await {
                Ok(ballot) => ballot,
                Err(refused) if proposed => return Err(AgreementError::Unknown(refused.to_string())),
                Err(refused) => return Err(AgreementError::NotProposed(refused.to_string())),
            };
            let text = match self.round(state, entry, ballot, deadline, &mut proposed).await {
                Outcome::Moved => return Ok(true),
                Outcome::End => return Ok(false),
                Outcome::Beaten(by) => {
                    beaten_by = by;
                    "other proposals were always first".to_owned()
                }
                Outcome::Silent(answered) => {
                    format!("{answered} of {} voters answered, {quorum} are needed", state.voters.len())
                }
            };
            let micros = random.below(pause.as_micros() as u64);
            pause = PAUSE_MAX.min(2 * pause);
            if self.context.deadline_after(Duration::from_micros(micros)) >= deadline {
                return Err(if proposed { AgreementError::Unknown(text) } else { AgreementError::NotProposed(text) });
            }
            self.context.pause(Duration::from_micros(micros)).await;
        }
    }

    /// Succeeds with true once a majority of voters has confirmed that the log ends at `state`; false if it has moved on.
    pub(super) async fn confirm_end(&self, state: &ClusterState, deadline: Mono) -> Result<bool, AgreementError> {
        if state.voters == [self.context.host()] {
            return Ok(self.view().state.position() == state.position());
        }
        let looks = self.ask_all(state, &Question::Look, deadline, self.quorum(state), |answer| match answer {
            Answer::Looked(false) => Some(()),
            _ => None,
        });
        match looks.await {
            Answers::Quorum(_) => Ok(true),
            Answers::Not(Outcome::Moved) => Ok(false),
            // An entry may have been decided that nobody here knows yet.
            Answers::Not(_) => Ok(!self.decide(state, None, deadline).await?),
        }
    }

    async fn round(
        &self,
        state: &ClusterState,
        entry: Option<&SealedEntry>,
        ballot: Ballot,
        deadline: Mono,
        proposed: &mut bool,
    ) -> Outcome {
        let accepted = match self.prepare(state, ballot, deadline).await {
            Answers::Quorum(accepted) => accepted,
            Answers::Not(outcome) => return outcome,
        };
        let (original, update) = match (accepted, entry) {
            (Some(Proposal { original, update: Some(update), .. }), _) => (original, update),
            (_, Some(entry)) => (ballot, entry.bytes().clone()),
            (_, None) => return Outcome::End,
        };
        *proposed |= original == ballot;
        let proposal = Proposal { ballot, original, update: Some(update.clone()), before: History::default() };
        let question = Question::Accept(proposal);
        let accept = |answer| matches!(answer, Answer::Accepted).then_some(());
        match self.ask_all(state, &question, deadline, self.quorum(state), accept).await {
            Answers::Quorum(_) => self.take(update).await,
            Answers::Not(outcome) => outcome,
        }
    }

    /// Appends an entry that was decided.
    async fn take(&self, bytes: Bytes) -> Outcome {
        let appended = match SealedEntry::decode(bytes, self.context.versions.speaks()) {
            Ok(entry) => self.append(&entry).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = appended {
            tracing::error!(%error, "an entry of the metadata log that was agreed on cannot be taken");
            return Outcome::Silent(0);
        }
        Outcome::Moved
    }

    /// Asks for promises; with a quorum of them gives the entry that may have been decided.
    async fn prepare(&self, state: &ClusterState, ballot: Ballot, deadline: Mono) -> Answers<Option<Proposal>> {
        let quorum = self.quorum(state);
        let promise = |answer| match answer {
            Answer::Promised(permission) => Some(permission),
            _ => None,
        };
        let promises = match self.ask_all(state, &Question::Prepare(ballot), deadline, quorum, promise).await {
            Answers::Quorum(promises) => promises,
            Answers::Not(outcome) => return Answers::Not(outcome),
        };
        let mut round = Round::new(quorum);
        for (voter, permission) in promises {
            round.add(voter, Reply::Permitted(permission));
        }
        match round.verdict() {
            Verdict::Finish(proposal) => Answers::Quorum(Some(proposal)),
            Verdict::Ready => Answers::Quorum(None),
            Verdict::Superseded(by) => Answers::Not(Outcome::Beaten(by)),
            // A seat never commits: a decided entry moves the log.
            Verdict::Wait | Verdict::Commit { .. } => Answers::Not(Outcome::Silent(0)),
        }
    }

    /// Asks all voters, and returns as soon as a quorum has said yes, or it is plain that none will.
    async fn ask_all<T>(
        &self,
        state: &ClusterState,
        question: &Question,
        deadline: Mono,
        quorum: usize,
        yes: impl Fn(Answer) -> Option<T>,
    ) -> Answers<Vec<(HostId, T)>> {
        let ballots = Ballots { position: state.position(), question: question.clone() };
        let timeout = QUESTION_TIMEOUT.min(deadline.since(self.context.world.mono()));
        let mut answers: FuturesUnordered<_> =
            state.voters.iter().map(|voter| self.ask_voter(*voter, &ballots, timeout)).collect();
        let (mut said_yes, mut answered, mut beaten_by) = (Vec::new(), 0, None);
        while let Some((voter, answer)) = answers.next().await {
            answered += usize::from(answer.is_some());
            match answer {
                // A voter that promised a ballot from the future must not keep all others from deciding.
                Some(Answer::Rejected(by)) if self.context.clock.check_received(by, self.context.now()).is_err() => {}
                Some(Answer::Rejected(by)) => beaten_by = beaten_by.max(Some(by)),
                Some(Answer::Elsewhere(there)) if self.follow(state.position(), voter, there).await => {
                    return Answers::Not(Outcome::Moved);
                }
                Some(answer) => said_yes.extend(yes(answer).map(|said| (voter, said))),
                None => {}
            }
            if said_yes.len() == quorum {
                return Answers::Quorum(said_yes);
            }
            if said_yes.len() + answers.len() < quorum {
                break;
            }
        }
        Answers::Not(beaten_by.map_or(Outcome::Silent(answered), Outcome::Beaten))
    }

    /// Asks one voter, which may be this node.
    async fn ask_voter(&self, voter: HostId, ballots: &Ballots, timeout: Duration) -> (HostId, Option<Answer>) {
        let answer = match voter == self.context.host() {
            true => self.vote(ballots).await.ok(),
            false => self.peers.ask(To::Host(voter), ballots, timeout).await.ok(),
        };
        (voter, answer)
    }

    /// Catches up with a voter whose log ends elsewhere; true if this node's log has moved.
    async fn follow(&self, here: Position, voter: HostId, there: Position) -> bool {
        if there.epoch > here.epoch {
            self.catch_up_at_once(there.epoch, To::Host(voter)).await;
        } else if there.epoch == here.epoch {
            self.end_if_forked(here, there).await;
        }
        self.view().state.position() != here
    }

    /// Voters that must agree.
    fn quorum(&self, state: &ClusterState) -> usize {
        state.voters.len() / 2 + usize::from(!self.context.options.faults.minority_votes)
    }

    /// A ballot after all that beat this node. Waits for the clock, if that may be worth it.
    async fn ballot(&self, beaten_by: Micros, deadline: Mono) -> Result<Ballot, StampError> {
        loop {
            let now = self.context.now();
            let after = beaten_by.saturating_add(1);
            let refused = match self.context.clock.stamp(now).map(|stamp| stamp.max(after)) {
                Ok(micros) if micros <= now.wall.saturating_add(MAX_DRIFT_US) => {
                    let node = self.context.host().0.as_u64_pair().1;
                    return Ok(Ballot { micros, scope: Scope::Global, node });
                }
                // The other's clock is ahead of this one: its time will come.
                Ok(micros) => StampError::SetBack(DriftError { ahead_us: micros.saturating_sub(now.wall) }),
                Err(refused) => refused,
            };
            if !refused.may_pass_within(deadline.since(now.mono).as_micros() as i64) {
                return Err(refused);
            }
            self.context.pause(STAMP_WAIT).await;
        }
    }
}
