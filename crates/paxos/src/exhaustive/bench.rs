//! Acceptors and rounds, each of which is computed once. States hold their numbers.

use super::{Ballots, Kind, QUORUM, bit, each};
use crate::message::encode;
use crate::{Acceptor, Ballot, Fate, Permission, PrepareOutcome, Proposal, Reply, Request, Round, Scope, Verdict};
use henge_base::Bytes;
use std::collections::BTreeMap;

/// No answer has come.
pub(super) const NO_ANSWER: u16 = 0;
/// The number of [`Reply::Done`].
pub(super) const DONE: u16 = 1;

/// A message to an acceptor. Values are given by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Message {
    Prepare { ballot: u8, is_write: bool },
    Propose { ballot: u8, proposal: u16 },
    Commit { ballot: u8, proposal: u16 },
}

impl Message {
    pub(super) fn ballot(self) -> u8 {
        match self {
            Message::Prepare { ballot, .. } | Message::Propose { ballot, .. } | Message::Commit { ballot, .. } => {
                ballot
            }
        }
    }

    /// A number that no other message has.
    fn number(self) -> usize {
        match self {
            Message::Prepare { ballot, is_write } => usize::from(ballot) * 2 + usize::from(is_write),
            Message::Propose { proposal, .. } => usize::from(proposal) * 2 + 16,
            Message::Commit { proposal, .. } => usize::from(proposal) * 2 + 17,
        }
    }
}

/// The place of a list at a number, which is made if it is not there.
fn fill<T: Default>(list: &mut Vec<T>, number: usize) -> &mut T {
    if list.len() <= number {
        list.resize_with(number + 1, T::default);
    }
    &mut list[number]
}

/// A replica: its acceptor, and the values in its rows.
#[derive(Clone)]
struct Replica {
    acceptor: Acceptor,
    rows: Ballots,
}

/// The permissions of a quorum, and the request that got them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct QuorumPermissions {
    pub(super) answers: [u16; QUORUM],
    pub(super) ballot: u8,
    pub(super) kind: Kind,
    /// Values of the request whose outcome it does not know.
    pub(super) doubts: Ballots,
}

/// The conclusions from a quorum's permissions.
#[derive(Clone, Copy)]
pub(super) struct RoundConclusion {
    /// The values in the rows read.
    pub(super) seen: Ballots,
    /// A value in doubt that was decided; 0 if none is known to be.
    pub(super) decided: u8,
    pub(super) verdict: Verdicts,
    /// The end of the round once nothing stands in its way.
    pub(super) ready: Conclusion,
}

/// [`Verdict`], with numbers.
#[derive(Clone, Copy)]
pub(super) enum Verdicts {
    Superseded,
    Finish(u16),
    /// The round of the decided value, and which of the two lack it.
    Commit(u8, [bool; QUORUM]),
    Ready,
}

/// The end of a round that has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Conclusion {
    /// It is superseded.
    #[default]
    Again,
    /// The rows that were read are the answer.
    Answer,
    Propose(u16),
}

/// Things by number, each once.
struct NumberedList<T> {
    things: Vec<T>,
    numbers: BTreeMap<Bytes, u16>,
}

impl<T> NumberedList<T> {
    fn new(first: impl IntoIterator<Item = (Bytes, T)>) -> NumberedList<T> {
        let mut numbered = NumberedList { things: Vec::new(), numbers: BTreeMap::new() };
        first.into_iter().for_each(|(bytes, thing)| {
            numbered.number(bytes, thing);
        });
        numbered
    }

    fn number(&mut self, bytes: Bytes, thing: T) -> u16 {
        *self.numbers.entry(bytes).or_insert_with(|| {
            self.things.push(thing);
            u16::try_from(self.things.len() - 1).unwrap()
        })
    }

    fn at(&self, number: u16) -> &T {
        &self.things[usize::from(number)]
    }
}

pub(super) struct Bench {
    replicas: NumberedList<Replica>,
    answers: NumberedList<Reply>,
    proposals: NumberedList<Proposal>,
    /// By replica and message: the state after it and the answer, or nothing yet.
    served: Vec<Vec<Option<(u16, u16)>>>,
    concluded: BTreeMap<QuorumPermissions, RoundConclusion>,
}

impl Default for Bench {
    fn default() -> Bench {
        let nothing =
            Proposal { ballot: Ballot::NONE, original: Ballot::NONE, update: None, before: Default::default() };
        let no_answer = Reply::Rejected { by: 0 };
        Bench {
            replicas: NumberedList::new([Replica { acceptor: Acceptor::default(), rows: 0 }].map(|r| (r.bytes(), r))),
            answers: NumberedList::new([no_answer, Reply::Done].map(|reply| (reply.encode(), reply))),
            proposals: NumberedList::new([(encode(&nothing), nothing)]),
            served: Vec::new(),
            concluded: BTreeMap::new(),
        }
    }
}

impl Replica {
    fn bytes(&self) -> Bytes {
        encode(&(&self.acceptor, self.rows))
    }

    fn serve(&mut self, request: &Request) -> Reply {
        match request {
            Request::Prepare { ballot, is_write, .. } => match self.acceptor.prepare(*ballot, *is_write) {
                PrepareOutcome::Rejected(by) => Reply::Rejected { by },
                PrepareOutcome::Permitted(permission) => {
                    Reply::Permitted(Permission { rows: vec![vec![self.rows].into()], ..permission })
                }
            },
            Request::Propose { proposal, .. } => match self.acceptor.propose(proposal) {
                Ok(()) => Reply::Done,
                Err(by) => Reply::Rejected { by },
            },
            Request::Commit { proposal, .. } => {
                self.acceptor.commit(proposal);
                self.rows |= bit(number_of(proposal.original));
                Reply::Done
            }
        }
    }
}

fn ballot(number: u8) -> Ballot {
    Ballot { micros: number.into(), scope: Scope::Global, node: number.into() }
}

fn number_of(ballot: Ballot) -> u8 {
    ballot.micros as u8
}

impl Bench {
    /// The state of a replica after a message, and its answer.
    pub(super) fn serve(&mut self, replica: u16, message: Message) -> (u16, u16) {
        let (row, column) = (usize::from(replica), message.number());
        if let Some(Some(outcome)) = self.served.get(row).and_then(|outcomes| outcomes.get(column)) {
            return *outcome;
        }
        let key = Bytes::new();
        let value = |number| self.proposals.at(number).clone();
        let request = match message {
            Message::Prepare { ballot: number, is_write } => {
                Request::Prepare { key, ballot: ballot(number), is_write, reads: Vec::new() }
            }
            Message::Propose { proposal, .. } => Request::Propose { key, proposal: value(proposal) },
            Message::Commit { proposal, .. } => Request::Commit { key, proposal: value(proposal) },
        };
        let mut after = self.replicas.at(replica).clone();
        let reply = after.serve(&request);
        let outcome = (self.replicas.number(after.bytes(), after), self.answers.number(reply.encode(), reply));
        fill(fill(&mut self.served, row), column).replace(outcome);
        outcome
    }

    /// True of an answer that promises something.
    pub(super) fn is_promise(&self, answer: u16) -> bool {
        matches!(self.answers.at(answer), Reply::Permitted(permission) if permission.superseded == Ballot::NONE)
    }

    pub(super) fn is_permission(&self, answer: u16) -> bool {
        matches!(self.answers.at(answer), Reply::Permitted(_))
    }

    /// The round in which a value was first proposed; 0 of one that writes nothing.
    pub(super) fn original(&self, proposal: u16) -> u8 {
        let proposal = self.proposals.at(proposal);
        if proposal.update.is_some() { number_of(proposal.original) } else { 0 }
    }

    /// The values on which it was decided to propose one.
    pub(super) fn base(&self, proposal: u16) -> Ballots {
        self.proposals.at(proposal).update.as_ref().map_or(0, |update| update[1])
    }

    /// The values that a replica has in its rows, or has accepted.
    pub(super) fn known_values(&self, replica: u16) -> Ballots {
        let Replica { acceptor, rows } = self.replicas.at(replica);
        rows | acceptor.undecided_proposal().map_or(0, |accepted| bit(number_of(accepted.original)))
    }

    /// The conclusions from the permissions of a quorum.
    pub(super) fn conclude(&mut self, permitted: QuorumPermissions) -> RoundConclusion {
        if let Some(concluded) = self.concluded.get(&permitted) {
            return *concluded;
        }
        let mut round = Round::new(QUORUM);
        for (from, answer) in permitted.answers.into_iter().enumerate() {
            round.add(from, self.answers.at(answer).clone());
        }
        let decided = |of: &u8| round.fate(ballot(*of), ballot(permitted.ballot)) == Some(Fate::Decided);
        let decided = each(permitted.doubts).find(decided).unwrap_or(0);
        let verdict = match round.verdict() {
            Verdict::Wait | Verdict::Superseded(_) => Verdicts::Superseded,
            Verdict::Finish(unfinished) => {
                let proposal = Proposal { ballot: ballot(permitted.ballot), ..unfinished };
                Verdicts::Finish(self.proposals.number(encode(&proposal), proposal))
            }
            Verdict::Commit { decided, lacked_by, .. } => {
                Verdicts::Commit(number_of(decided.ballot), [0, 1].map(|voter| lacked_by.contains(&voter)))
            }
            Verdict::Ready => Verdicts::Ready,
        };
        let rows: Vec<Ballots> = round.clone().into_rows().iter().map(|(_, rows)| rows[0][0]).collect();
        let seen = rows.iter().fold(0, |all, rows| all | rows);
        // Rows of which one replica has newer ones than another may not be of one moment.
        let is_of_round = each(rows[0]).max() == each(rows[1]).max();
        let ready = self.end_of(&round, permitted, seen, is_of_round);
        let concluded = RoundConclusion { seen, decided, verdict, ready };
        self.concluded.insert(permitted, concluded);
        concluded
    }

    /// The end of a round whose rows may be used, as `conditional` and `serial_read` have it.
    fn end_of(&mut self, round: &Round<usize>, of: QuorumPermissions, seen: Ballots, is_of_round: bool) -> Conclusion {
        let (stable, promised, _) = round.promise_summary();
        let writes = match of.kind {
            Kind::Append => true,
            Kind::Insert => seen == 0,
            Kind::Read => false,
        };
        if !writes && stable && is_of_round && of.doubts == 0 {
            return Conclusion::Answer;
        }
        if !promised {
            return Conclusion::Again;
        }
        let (ballot, update) = (ballot(of.ballot), writes.then(|| vec![of.ballot, seen].into()));
        let proposal = Proposal { ballot, original: ballot, update, before: round.history(ballot) };
        Conclusion::Propose(self.proposals.number(encode(&proposal), proposal))
    }
}
