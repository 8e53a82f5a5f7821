//! All that three acceptors and two requests can come to, gone through state by state. Acceptors and the proposer's conclusions are the code
//! of this crate; the course of a request is that of `henge_coordinator`'s `paxos`.
//!
//! - A message that was sent may be delivered at any time from then on, any number of times, or never. Its first answer counts: links
//!   deliver a request once at most, and an acceptor that has accepted a value would refuse it after a later promise.
//! - An answer comes at once. One that comes late would have late messages follow, and these may be late anyway. One that is lost might as
//!   well not have been given, but for acceptances: so a proposer may give up although a quorum has accepted its value.
//! - A crash before the state is on disk loses the message, and one behind it the answer. It is a step of its own where acceptors answer
//!   before that.
//! - A request that does not get its votes begins anew in any later round, until the rounds are used up.
//!
//! Acceptors are alike, so states that differ in their order are one.
//!
//! - `bench`: the real acceptors and rounds, whose outcomes are kept by number.
//! - `request`: the course of a request.
//! - `rules`: what must be true of every state.

mod bench;
mod request;
mod rules;

use bench::{Bench, Conclusion, DONE, Message, NO_ANSWER};
use henge_fuzz::{Exploration, Model, Violation, explore};
use request::{Phase, RequestState};

/// Rounds have the ballots from 1 to this.
const BALLOT_MAX: u8 = 4;
/// Votes that decide.
const QUORUM: usize = 2;

/// A set of ballots: bit B is that of ballot B.
type Ballots = u8;

fn bit(ballot: u8) -> Ballots {
    1 << ballot
}

/// The ballots of a set.
fn each(ballots: Ballots) -> impl Iterator<Item = u8> {
    (1..=BALLOT_MAX).filter(move |ballot| ballots & bit(*ballot) != 0)
}

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Adds its value, whatever is there.
    Append,
    /// Adds its value if there is none.
    Insert,
    /// Reads at SERIAL.
    Read,
}

/// The rules that a run takes out, to show that it needs them.
#[derive(Clone, Copy, Debug, Default)]
struct Without {
    /// An acceptor answers before its state is on disk.
    syncs: bool,
    /// A proposer does not finish a value that others may have decided.
    finishing: bool,
    /// A proposer does not send the last decision to voters that lack it.
    levelling: bool,
    /// One acceptance decides.
    quorum: bool,
    /// A request whose value is in doubt takes it for one that was not decided.
    doubts: bool,
}

/// The world of two requests.
struct Cluster {
    kinds: [Kind; 2],
    /// Rounds have the ballots from 1 to this.
    ballots: u8,
    /// Rounds of each request.
    rounds: [u32; 2],
    without: Without,
    bench: Bench,
}

/// An acceptor, with what it has told each request of its present round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct AcceptorState {
    /// The number of the state in memory.
    live: u16,
    /// The number of the state on disk.
    disk: u16,
    /// The latest promise that it has answered with.
    promised: u8,
    /// Ballots that it has answered to have accepted.
    accepted: Ballots,
    /// The answers that came to each request in the phase that it is in.
    answers: [u16; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    acceptors: [AcceptorState; 3],
    requests: [RequestState; 2],
    /// The number of the value that was proposed in each round, from 1 on; 0 if none was.
    proposals: [u16; BALLOT_MAX as usize + 1],
    /// Rounds whose value is being committed.
    commits: Ballots,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Begin {
        request: u8,
        ballot: u8,
    },
    Deliver {
        message: Message,
        acceptor: u8,
    },
    /// A proposer hears that a quorum has accepted its value.
    Conclude {
        request: u8,
    },
    /// The state in memory comes to the disk.
    Sync {
        acceptor: u8,
    },
    /// The state in memory is lost.
    Crash {
        acceptor: u8,
    },
}

impl Cluster {
    fn new(kinds: [Kind; 2], ballots: u8, rounds: [u32; 2], without: Without) -> Cluster {
        Cluster { kinds, ballots, rounds, without, bench: Bench::default() }
    }

    /// Begins a round of a request, if it may.
    fn begin(&self, state: &State, request: usize, ballot: u8) -> Option<State> {
        let own = state.requests[request];
        let is_used = state.requests.iter().any(|request| request.rounds & bit(ballot) != 0);
        let may = matches!(own.phase, Phase::Idle | Phase::Proposing | Phase::Levelling);
        if !may || is_used || ballot <= own.ballot || own.rounds.count_ones() >= self.rounds[request] {
            return None;
        }
        let mut next = *state;
        let (decided, refusals) =
            (rules::decided_values(state, &self.bench, self.quorum()), own.refusals(state, request, &self.bench));
        let round = &mut next.requests[request];
        // A value that each voter has refused will not be decided; any other is in doubt.
        if own.phase == Phase::Proposing && own.is_own_value && refusals < 3 && !self.without.doubts {
            round.doubts |= bit(own.ballot);
        }
        (round.phase, round.ballot, round.rounds) = (Phase::Preparing, ballot, own.rounds | bit(ballot));
        (round.known, round.is_own_value, round.seen, round.conclusion) = (decided, false, 0, Conclusion::Again);
        next.acceptors.iter_mut().for_each(|acceptor| acceptor.answers[request] = NO_ANSWER);
        Some(next)
    }

    /// Delivers a message to an acceptor. The answer comes to the request that waits for it.
    fn deliver(&mut self, state: &State, message: Message, at: usize) -> State {
        let mut next = *state;
        let acceptor = &mut next.acceptors[at];
        let (live, answer) = self.bench.serve(acceptor.live, message);
        let is_stored = live != acceptor.live;
        acceptor.live = live;
        if !self.without.syncs {
            acceptor.disk = live;
        }
        let accepts = matches!(message, Message::Propose { .. }) && answer == DONE;
        if accepts {
            acceptor.accepted |= bit(message.ballot());
        }
        // What is committed is accepted again at any time, which changes nothing.
        if is_stored && (accepts || self.bench.is_promise(answer)) {
            let is_kept = message.ballot() >= acceptor.promised;
            acceptor.promised = if is_kept { message.ballot() } else { rules::TAKEN_BACK };
        }
        for request in 0..2 {
            let waits = state.requests[request].waits_for(message);
            if waits && next.acceptors[at].answers[request] == NO_ANSWER {
                next.acceptors[at].answers[request] = answer;
                self.take_answer(&mut next, request, at);
            }
        }
        next
    }

    /// The messages that were sent.
    fn messages(&self, state: &State) -> Vec<Message> {
        let mut sent = Vec::new();
        for (request, ballot) in (0..2).flat_map(|at| each(state.requests[at].rounds).map(move |ballot| (at, ballot))) {
            sent.push(Message::Prepare { ballot, is_write: self.kinds[request] != Kind::Read });
            let proposal = state.proposals[usize::from(ballot)];
            if proposal != 0 {
                sent.push(Message::Propose { ballot, proposal });
            }
            if state.commits & bit(ballot) != 0 {
                sent.push(Message::Commit { ballot, proposal });
            }
        }
        sent
    }

    /// A proposer hears that a quorum has accepted its value, if one has.
    fn conclude(&mut self, state: &State, request: usize) -> Option<State> {
        let own = state.requests[request];
        let has_accepted = |acceptor: &&AcceptorState| acceptor.accepted & bit(own.ballot) != 0;
        let accepted = state.acceptors.iter().filter(has_accepted).count();
        if own.phase != Phase::Proposing || accepted < self.quorum() {
            return None;
        }
        let mut next = *state;
        self.take_decision(&mut next, request);
        Some(next)
    }
}

impl Model for Cluster {
    type State = State;
    type Step = Step;

    fn start(&self) -> State {
        let acceptor = AcceptorState { live: 0, disk: 0, promised: 0, accepted: 0, answers: [NO_ANSWER; 2] };
        let (requests, proposals) = ([RequestState::default(); 2], [0; BALLOT_MAX as usize + 1]);
        State { acceptors: [acceptor; 3], requests, proposals, commits: 0 }
    }

    fn steps(&mut self, state: &State, next: &mut dyn FnMut(Step, State)) {
        let mut found = |step, mut state: State| {
            state.acceptors.sort_unstable();
            next(step, state);
        };
        for (request, ballot) in (0..2).flat_map(|request| (1..=self.ballots).map(move |ballot| (request, ballot))) {
            if let Some(state) = self.begin(state, request, ballot) {
                found(Step::Begin { request: request as u8, ballot }, state);
            }
        }
        for request in 0..2 {
            if let Some(state) = self.conclude(state, request) {
                found(Step::Conclude { request: request as u8 }, state);
            }
        }
        let sent = self.messages(state);
        for at in 0..3 {
            // One that is as another one does what that one does.
            if at > 0 && state.acceptors[at] == state.acceptors[at - 1] {
                continue;
            }
            let acceptor = at as u8;
            for message in &sent {
                found(Step::Deliver { message: *message, acceptor }, self.deliver(state, *message, at));
            }
            let AcceptorState { live, disk, .. } = state.acceptors[at];
            if live != disk {
                let with = |number| {
                    let mut next = *state;
                    (next.acceptors[at].live, next.acceptors[at].disk) = (number, number);
                    next
                };
                found(Step::Sync { acceptor }, with(live));
                found(Step::Crash { acceptor }, with(disk));
            }
        }
    }

    fn broken_rule(&mut self, state: &State) -> Option<String> {
        rules::broken_rule(self, state)
    }
}

/// Goes through all states of two requests.
fn run(kinds: [Kind; 2], rounds: [u32; 2], without: Without) -> Result<Exploration, Violation<Step>> {
    explore(&mut Cluster::new(kinds, rounds.iter().sum::<u32>() as u8, rounds, without), 20_000_000)
}

#[cfg(test)]
mod tests;
