//! A voter's seat: its part as an acceptor of Paxos for the entry after the last one of its log.
//!
//! Each index of the log is decided once, so a seat forgets what it promised as soon as the log has moved on: the entry itself is then the
//! answer to whoever asks.

use crate::Position;
use henge_base::{Bytes, Micros};
use henge_paxos::{Acceptor, Ballot, Permission, PrepareOutcome, Proposal};
use serde::{Deserialize, Serialize};

/// The acceptor's state for the entry after a position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    position: Position,
    acceptor: Acceptor,
}

/// A question to a voter about the entry after a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ballots {
    /// The end of the log of whoever asks.
    pub position: Position,
    /// The question.
    pub question: Question,
}

/// The question itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// To tell the end of its log, and if anything was accepted behind it.
    Look,
    /// To promise a ballot.
    Prepare(Ballot),
    /// To accept an encoded entry.
    Accept(Proposal),
}

/// A voter's answer. Variants differ in size, but there is only one value at a time.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To `Look`: its log ends at the position; true if an entry after it was accepted.
    Looked(bool),
    /// To `Prepare`: promised.
    Promised(Permission),
    /// To `Accept`: accepted.
    Accepted,
    /// A later ballot was promised; the time of that ballot. Nothing changed.
    Rejected(Micros),
    /// The voter's log ends here, not where the asker's does. Nothing changed.
    Elsewhere(Position),
    /// The member does not vote on the entry after the position.
    NoVoter,
}

impl Answer {
    /// True if it rests on a changed seat, which must be on disk before the answer is sent.
    pub fn needs_sync(&self) -> bool {
        matches!(self, Answer::Promised(_) | Answer::Accepted)
    }
}

impl Seat {
    /// Reads what [`Seat::encode`] wrote; `None` if the bytes are no seat.
    pub fn decode(bytes: &[u8]) -> Option<Seat> {
        rmp_serde::from_slice(bytes).ok()
    }

    /// Its bytes on disk.
    pub fn encode(&self) -> Bytes {
        rmp_serde::to_vec_named(self).expect("a seat is made of plain structs").into()
    }

    /// Answers a question about the entry after `position`, where this voter's log ends.
    pub fn answer(&mut self, position: Position, ballots: &Ballots) -> Answer {
        if ballots.position != position {
            return Answer::Elsewhere(position);
        }
        if self.position != position {
            *self = Seat { position, acceptor: Acceptor::default() };
        }
        match &ballots.question {
            Question::Look => Answer::Looked(self.acceptor.has_accepted()),
            Question::Prepare(ballot) => match self.acceptor.prepare(*ballot, true) {
                PrepareOutcome::Permitted(permission) if permission.superseded == Ballot::NONE => {
                    Answer::Promised(permission)
                }
                PrepareOutcome::Permitted(permission) => Answer::Rejected(permission.superseded.micros),
                PrepareOutcome::Rejected(by) => Answer::Rejected(by),
            },
            Question::Accept(proposal) => match self.acceptor.propose(proposal) {
                Ok(()) => Answer::Accepted,
                Err(by) => Answer::Rejected(by),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EntryHash, Epoch};
    use henge_paxos::Scope;

    fn position(index: u64) -> Position {
        Position { epoch: Epoch { lineage: 1, index }, hash: EntryHash::of(&index.to_be_bytes()) }
    }

    fn ballot(micros: i64) -> Ballot {
        Ballot { micros, scope: Scope::Global, node: 1 }
    }

    fn ask(seat: &mut Seat, index: u64, question: Question) -> Answer {
        seat.answer(position(7), &Ballots { position: position(index), question })
    }

    fn proposal(micros: i64) -> Proposal {
        Proposal {
            ballot: ballot(micros),
            original: ballot(micros),
            update: Some(Bytes::from_static(b"entry")),
            before: Default::default(),
        }
    }

    #[test]
    fn an_accepted_entry_is_shown_to_the_next_ballot() {
        let mut seat = Seat::default();
        assert_eq!(ask(&mut seat, 7, Question::Look), Answer::Looked(false));
        assert!(matches!(ask(&mut seat, 7, Question::Prepare(ballot(1))), Answer::Promised(_)));
        assert_eq!(ask(&mut seat, 7, Question::Accept(proposal(1))), Answer::Accepted);
        let mut seat = Seat::decode(&seat.encode()).unwrap();
        assert_eq!(ask(&mut seat, 7, Question::Look), Answer::Looked(true));
        assert_eq!(ask(&mut seat, 7, Question::Prepare(ballot(1))), Answer::Rejected(1));
        let Answer::Promised(permission) = ask(&mut seat, 7, Question::Prepare(ballot(2))) else { panic!() };
        assert_eq!(permission.accepted, Some(proposal(1)));
        assert_eq!(ask(&mut seat, 7, Question::Accept(proposal(1))), Answer::Rejected(2));
    }

    #[test]
    fn only_the_entry_after_the_logs_end_is_voted_on() {
        let mut seat = Seat::default();
        for index in [6, 8] {
            assert_eq!(ask(&mut seat, index, Question::Prepare(ballot(1))), Answer::Elsewhere(position(7)));
        }
        assert_eq!(seat, Seat::default());
    }

    #[test]
    fn a_seat_begins_anew_when_the_log_has_moved_on() {
        let mut seat = Seat::default();
        assert_eq!(ask(&mut seat, 7, Question::Accept(proposal(5))), Answer::Accepted);
        let next = Ballots { position: position(8), question: Question::Prepare(ballot(1)) };
        let Answer::Promised(permission) = seat.answer(position(8), &next) else { panic!() };
        assert_eq!(permission.accepted, None);
    }
}
