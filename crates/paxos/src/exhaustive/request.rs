//! The course of a request: prepare, finish what others left, bring voters level, propose, commit.

use super::bench::{Bench, Conclusion, DONE, Message, NO_ANSWER, QuorumPermissions, RoundConclusion, Verdicts};
use super::{Ballots, Cluster, QUORUM, State, bit};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// A next round may begin.
    #[default]
    Idle,
    /// Waits for promises.
    Preparing,
    /// Waits for acceptances.
    Proposing,
    /// Waits until the voters that answered have the last decision.
    Levelling,
    /// It has its answer.
    Ended,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct RequestState {
    pub(super) phase: Phase,
    /// Its present round, or its last one.
    pub(super) ballot: u8,
    /// All of its rounds.
    pub(super) rounds: Ballots,
    /// The values that had been decided when the round began.
    pub(super) known: Ballots,
    /// The values in the rows that the round read.
    pub(super) seen: Ballots,
    /// Own values whose outcome is not known.
    pub(super) doubts: Ballots,
    /// True if it proposes a value of its own.
    pub(super) is_own_value: bool,
    /// The round of the decision that voters are sent.
    pub(super) levels: u8,
    /// The end of the round once they have it.
    pub(super) conclusion: Conclusion,
    /// The own value that it has answered to be decided; 0 if none.
    pub(super) written: u8,
}

impl RequestState {
    /// True if the request waits for the answers to a message.
    pub(super) fn waits_for(&self, message: Message) -> bool {
        match (self.phase, message) {
            (Phase::Preparing, Message::Prepare { ballot, .. }) => ballot == self.ballot,
            (Phase::Proposing, Message::Propose { ballot, .. }) => ballot == self.ballot,
            (Phase::Levelling, Message::Commit { ballot, .. }) => ballot == self.levels,
            _ => false,
        }
    }

    /// Acceptors that refused what it proposed.
    pub(super) fn refusals(&self, state: &State, request: usize, bench: &Bench) -> usize {
        let is_refusal = |answer: u16| answer > DONE && !bench.is_permission(answer);
        state.acceptors.iter().filter(|acceptor| is_refusal(acceptor.answers[request])).count()
    }
}

impl Cluster {
    /// Votes that decide.
    pub(super) fn quorum(&self) -> usize {
        if self.without.quorum { 1 } else { QUORUM }
    }

    /// Draws conclusions after an answer has come from an acceptor.
    pub(super) fn take_answer(&mut self, next: &mut State, request: usize, at: usize) {
        match next.requests[request].phase {
            Phase::Preparing => self.take_permission(next, request, at),
            Phase::Levelling => {
                if next.acceptors.iter().all(|acceptor| acceptor.answers[request] == DONE) {
                    let conclusion = next.requests[request].conclusion;
                    self.end_round(next, request, conclusion);
                }
            }
            Phase::Idle | Phase::Proposing | Phase::Ended => {}
        }
    }

    fn take_permission(&mut self, next: &mut State, request: usize, at: usize) {
        if !self.bench.is_permission(next.acceptors[at].answers[request]) {
            return self.enter(next, request, Phase::Idle);
        }
        let permitted: Vec<usize> = (0..3).filter(|at| next.acceptors[*at].answers[request] != NO_ANSWER).collect();
        let [first, second] = permitted[..] else { return };
        let own = next.requests[request];
        let answers = [first, second].map(|at| next.acceptors[at].answers[request]);
        let of = QuorumPermissions { answers, ballot: own.ballot, kind: self.kinds[request], doubts: own.doubts };
        let RoundConclusion { seen, decided, verdict, ready } = self.bench.conclude(of);
        if decided != 0 {
            return self.answer_written(next, request, decided);
        }
        next.requests[request].seen = seen;
        match verdict {
            Verdicts::Superseded => self.enter(next, request, Phase::Idle),
            Verdicts::Finish(proposal) if !self.without.finishing => self.propose(next, request, proposal),
            Verdicts::Commit(ballot, lacking) if !self.without.levelling => {
                self.enter(next, request, Phase::Levelling);
                next.commits |= bit(ballot);
                (next.requests[request].levels, next.requests[request].conclusion) = (ballot, ready);
                next.acceptors.iter_mut().for_each(|acceptor| acceptor.answers[request] = DONE);
                for (at, _) in [first, second].into_iter().zip(lacking).filter(|(_, lacks)| *lacks) {
                    next.acceptors[at].answers[request] = NO_ANSWER;
                }
            }
            Verdicts::Finish(_) | Verdicts::Commit(..) | Verdicts::Ready => self.end_round(next, request, ready),
        }
    }

    fn end_round(&mut self, next: &mut State, request: usize, conclusion: Conclusion) {
        match conclusion {
            Conclusion::Again => self.enter(next, request, Phase::Idle),
            Conclusion::Answer => self.enter(next, request, Phase::Ended),
            Conclusion::Propose(proposal) => self.propose(next, request, proposal),
        }
    }

    fn propose(&mut self, next: &mut State, request: usize, proposal: u16) {
        self.enter(next, request, Phase::Proposing);
        let own = &mut next.requests[request];
        own.is_own_value = self.bench.original(proposal) == own.ballot;
        next.proposals[usize::from(own.ballot)] = proposal;
    }

    /// A proposal is decided: it is committed, and ends the request if its value is its own.
    pub(super) fn take_decision(&mut self, next: &mut State, request: usize) {
        let own = next.requests[request];
        let original = self.bench.original(next.proposals[usize::from(own.ballot)]);
        if original == 0 {
            return self.enter(next, request, Phase::Ended);
        }
        next.commits |= bit(own.ballot);
        if own.is_own_value {
            next.requests[request].written = own.ballot;
            self.enter(next, request, Phase::Ended);
        } else if own.doubts & bit(original) != 0 {
            self.answer_written(next, request, original);
        } else {
            self.enter(next, request, Phase::Idle);
        }
    }

    /// A value of an earlier round turns out to have been decided. What this round has read is of no account then.
    fn answer_written(&mut self, next: &mut State, request: usize, value: u8) {
        next.commits |= bit(value);
        let own = &mut next.requests[request];
        (own.written, own.known, own.seen) = (value, 0, 0);
        self.enter(next, request, Phase::Ended);
    }

    /// Enters a phase, to which no answer has come yet.
    fn enter(&self, next: &mut State, request: usize, phase: Phase) {
        let own = &mut next.requests[request];
        (own.phase, own.levels, own.conclusion) = (phase, 0, Conclusion::Again);
        if phase == Phase::Idle {
            (own.known, own.seen) = (0, 0);
        }
        if phase == Phase::Ended {
            own.doubts = 0;
        }
        next.acceptors.iter_mut().for_each(|acceptor| acceptor.answers[request] = NO_ANSWER);
    }
}
